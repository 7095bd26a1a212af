from odoo import models


class SrspRulebook(models.Model):
    _inherit = "srsp.rulebook"

    def _get_effects(self, previous):
        """The deadlines of results too: in working days, from the last day of each task's window."""
        what = self.env._(
            "Result formed on the last day of the window is due on another day"
        )
        return [
            *super()._get_effects(previous),
            *self._get_deadline_effects(
                previous,
                self._get_open_tasks(),
                "disclosure_days",
                what,
                self.env["srsp.calendar.day"].sudo()._add_working_days,
            ),
        ]
