from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        """A website that bears the bureau's name follows a change of it."""
        before = {company: company.name for company in self} if "name" in vals else {}
        result = super().write(vals)
        for company, name in before.items():
            websites = (
                self.env["website"].sudo().search([("company_id", "=", company.id)])
            )
            websites.filtered(
                lambda site, name=name: site.name == name
            ).name = company.name
        return result
