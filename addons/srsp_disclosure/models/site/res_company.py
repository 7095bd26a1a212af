from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        """Rename the websites that have the bureau's name together with it; let them speak its language."""
        websites = self.env["website"].sudo()
        if "name" in vals:
            websites = websites.search([("company_id", "in", self.ids)])
            websites = websites.filtered(lambda site: site.name == site.company_id.name)
        result = super().write(vals)
        for website in websites:
            website.name = website.company_id.name
        if "srsp_language" in vals:
            sites = self.env["website"].sudo()
            sites.search([("company_id", "in", self.ids)])._srsp_speak()
        return result
