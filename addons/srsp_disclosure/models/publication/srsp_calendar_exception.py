from odoo import models


class SrspCalendarException(models.Model):
    _inherit = "srsp.calendar.exception"

    def _recount(self):
        """Count again the deadlines of results that are not disclosed yet and have the day within them."""
        domain = [
            ("company_id", "=", self.company_id.id),
            ("formed_on", "<", self.date),
            ("deadline", ">=", self.date),
        ]
        publications = self.env["srsp.publication"]
        return super()._recount() + publications._recount_deadlines(domain)
