import json

from odoo import api, models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _compare_srsp_rulebook(self, row, record):
        return self._compare_state(row, record)

    @api.model
    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "srsp.calendar.exception": []}

    def _compare_srsp_calendar_exception(self, row, exception):
        """Compare the last event of an exception; the one before is of the time before it was revoked."""
        sealed, live = json.loads(row.payload), exception._prepare_seal()
        domain = [("res_model", "=", row.res_model), ("res_id", "=", row.res_id)]
        last = self.env["srsp.event"].search(domain, limit=1)
        if row.id != last.id:
            names = ("date", "reason", "is_working", "document_number", "entered_by_id")
            return tuple(
                {name: side[name] for name in names} for side in (sealed, live)
            )
        return sealed, live
