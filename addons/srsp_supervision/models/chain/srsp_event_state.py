import datetime
import json

from odoo import api, models

from ...tools import canonical


class SrspEvent(models.Model):
    """Events that seal what a record says at one moment, and who has decided it.

    A model whose steps are sealed so says in ``_prepare_seal`` what of a record counts; its records must keep saying
    what the last such event has sealed. Records from before an event of their kind existed have none, which is no
    problem: their next step is sealed.

    What ``_prepare_seal`` returns is open: a later version, or an addon, adds keys, and older events stay what they
    are (``srsp.event.check``, ``_compare_state``). That works where every key is always there, empty or not, and what
    is keyed by data is a list of pairs. A key that changes its meaning raises ``_seal_format``; then
    ``_prepare_seal_<number>`` goes on saying what events of the former format have sealed.
    """

    _inherit = "srsp.event"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _seal_state(self, records, kind, **more):
        """Append an event about each record: what it says now (``record``), by whom, and ``more``.

        The check compares ``record`` alone.
        """
        user = self.env.user.sudo()
        by = {"name": user.name, "login": user.login}
        more = {**more, "by": by, "format": records._seal_format}
        for chained in records.sudo().grouped("company_id").values():
            states = [(one, {**more, "record": one._prepare_seal()}) for one in chained]
            self._seal_all(kind, states)

    @api.model
    def _read_values(self, record, names):
        """Return ``{name: value}`` as JSON: of a relation the ids in ascending order, of a date its text."""
        record = record.with_context(active_test=False)
        return {name: _to_json(record[name]) for name in names}


class SrspEventCheck(models.Model):
    """Comparing records with events of any version."""

    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _compare_state(self, row, record):
        """Return what the last event about a record has sealed of it, and what the record says of that now."""
        later = [
            ("res_model", "=", row.res_model),
            ("res_id", "=", row.res_id),
            ("sequence", ">", row.sequence),
        ]
        if self.env["srsp.event"].search_count(later, limit=1):
            return None
        sealed = json.loads(row.payload)
        number, name = sealed["format"], "_prepare_seal"
        if number != record._seal_format:
            name = f"{name}_{number}"
        if not hasattr(record, name):
            text = self.env._("Format %(format)s, not known here", format=number)
            raise ValueError(text)
        live = getattr(record, name)()
        return sealed["record"], json.loads(canonical.dumps(live))


def _to_json(value):
    if isinstance(value, models.BaseModel):
        return sorted(value.ids)
    return str(value) if isinstance(value, datetime.date) else value
