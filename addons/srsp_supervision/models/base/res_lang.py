from odoo import models
from odoo.exceptions import UserError

from .res_company import CHINESE


class ResLang(models.Model):
    """The languages of bureaus: Chinese is taken up as soon as it is installed, and none is taken away."""

    _inherit = "res.lang"

    def write(self, vals):
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        codes = self.mapped("code")
        if "active" in vals and not vals["active"]:
            company = companies.search([("srsp_language", "in", codes)], limit=1)
            if company:
                raise UserError(
                    self.env._(
                        "%(company)s publishes in this language: choose another one for it first (Settings › Companies,"
                        " tab Random Supervision).",
                        company=company.name,
                    )
                )
        result = super().write(vals)
        if vals.get("active") and CHINESE in codes:
            country = "partner_id.country_id"
            in_china = ["|", (country, "=", False), (f"{country}.code", "=", "CN")]
            companies.search(in_china).srsp_language = CHINESE
        return result
