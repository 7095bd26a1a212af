from functools import partial

from odoo import models


class SrspRulebook(models.Model):
    _inherit = "srsp.rulebook"

    def _get_effects(self, previous):
        """Add the deadlines of results: in working days, from the last day of each task's window."""
        what = self.env._(
            "Disclosure deadline of a result formed on the last day of the inspection window changes"
        )
        calendar = self.env["srsp.calendar.day"].sudo()
        return [
            *super()._get_effects(previous),
            *self._get_deadline_effects(
                previous,
                self._get_open_tasks(),
                "disclosure_days",
                what,
                partial(calendar._add_working_days, self.company_id),
            ),
        ]
