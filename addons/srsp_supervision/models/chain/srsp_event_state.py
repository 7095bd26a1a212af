import datetime
import json

from odoo import api, models

from ...tools import canonical


class SrspEvent(models.Model):
    """Events that seal what a record says at one moment, and who has decided it.

    A model whose steps are sealed so says in ``_prepare_seal`` what of a record counts; its records must keep saying
    what the last such event has sealed. Records from before an event of their kind existed have none, which is no
    problem: their next step is sealed.
    """

    _inherit = "srsp.event"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _seal_state(self, records, kind, **more):
        """Append an event about each record: what it says now, by whom, and ``more``, which is not compared."""
        user = self.env.user.sudo()
        by = {"name": user.name, "login": user.login}
        for record in records.sudo():
            self._seal(record, kind, {**more, "by": by, **record._prepare_seal()})

    @api.model
    def _read_values(self, record, names):
        """Return ``{name: value}`` as JSON: of a relation the ids in ascending order, of a date its text."""
        record = record.with_context(active_test=False)
        return {name: _to_json(record[name]) for name in names}


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _compare_state(self, row, record):
        """Compare a record with the last event about it, in what both know: a later version may seal more."""
        later = [
            ("res_model", "=", row.res_model),
            ("res_id", "=", row.res_id),
            ("sequence", ">", row.sequence),
        ]
        if self.env["srsp.event"].search_count(later, limit=1):
            return None
        sealed = dict(json.loads(row.payload))
        live = json.loads(canonical.dumps(record._prepare_seal()))
        both = sealed.keys() & live.keys()
        return [{name: side[name] for name in both} for side in (sealed, live)]


def _to_json(value):
    if isinstance(value, models.BaseModel):
        return sorted(value.ids)
    return str(value) if isinstance(value, datetime.date) else value
