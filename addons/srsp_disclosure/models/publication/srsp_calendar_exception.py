from odoo import models


class SrspCalendarException(models.Model):
    _inherit = "srsp.calendar.exception"

    def _recount(self, company):
        """Count the deadlines of results that have not been disclosed yet, too."""
        moved = super()._recount(company)
        domain = [("company_id", "=", company.id)]
        return moved + self.env["srsp.publication"]._recount_deadlines(domain)
