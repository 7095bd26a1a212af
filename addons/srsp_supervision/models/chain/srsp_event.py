from collections import namedtuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.base.models.ir_sequence import _update_nogap

from ...tools import canonical

BATCH_EVENTS = 500
BATCH_BYTES = 8 * 1024 * 1024
Row = namedtuple(
    "Row", "id sequence kind res_model res_id record_name payload previous_hash hash"
)
# Held by `_seal` alone: no context that comes from outside can carry this very object.
SEAL = object()


class SrspEvent(models.Model):
    """The integrity chain: one append-only row for each event that must stay on record.

    Each row seals a payload: ``hash = SHA-256(previous hash || canonical JSON of kind, payload and
    sequence)``, per company, numbered without a gap. The ``no_gap`` sequence row is the lock: of two
    transactions that append at once, one fails and is tried again by Odoo. Auditors and policy officers read it.
    """

    _name = "srsp.event"
    _description = "Chained event"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = tuple("res_model record_name payload previous_hash hash".split())
    _order = "sequence desc"
    _sealed_rows = False  # the chain seals itself

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    sequence = fields.Integer("Number in the Chain", required=True, readonly=True)
    kind = fields.Selection(
        lambda self: list(self._get_kind_names().items()),
        "Event",
        required=True,
        readonly=True,
    )
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char(readonly=True)
    payload = fields.Text(required=True, readonly=True, prefetch=False)
    previous_hash = fields.Char(required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)

    _sequence_uniq = models.UniqueIndex("(company_id, sequence)")
    _record_idx = models.Index("(res_model, res_id)")

    def init(self):
        """Compress payloads, which may be many megabytes, with LZ4 where PostgreSQL was built with it."""
        self.env.cr.execute(
            "SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
        )
        if self.env.cr.rowcount:
            self.env.cr.execute(
                "ALTER TABLE srsp_event ALTER COLUMN payload SET COMPRESSION lz4"
            )

    @api.depends("sequence", "kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        names = self._get_kind_names()
        for event in self:
            event.display_name = self.env._(
                "No. %(sequence)s: %(event)s",
                sequence=event.sequence,
                event=names.get(event.kind, event.kind),
            )

    @api.model
    def _get_kind_names(self):
        """Return ``{kind: readable name}``; an addon that seals another kind adds its name.

        No ``selection_add``: uninstalling an addon would have to rewrite what it has sealed.
        """
        return {
            "chain.head": self.env._("Head of the chain sent"),
            "addon.removal_confirmed": self.env._("Removal of an addon confirmed"),
            "addon.removed": self.env._("Addon removed"),
            "records.recorded": self.env._("Rows recorded for the first time"),
            "records.changed": self.env._("Rows changed"),
            "list.published": self.env._("List published"),
            "registry.confirmed": self.env._("Registry confirmed"),
            "draw.identified": self.env._("Roster labels sealed"),
            "draw.committed": self.env._("Roster locked"),
            "draw.witnessed": self.env._("Commitment witnessed"),
            "draw.entries_differ": self.env._("Two lottery entries differed"),
            "draw.drawn": self.env._("Drawn"),
            "draw.substituted": self.env._("Drawn in place of others"),
            "draw.extended": self.env._("Drawn in addition"),
            "draw.withdrawn": self.env._("Inspector replaced"),
            "draw.voided": self.env._("Draw voided"),
            "draw.opened": self.env._("Opened to a company"),
            "draw.change_requested": self.env._("Change of a draw requested"),
            "draw.change_approved": self.env._("Change of a draw approved"),
            "draw.change_refused": self.env._("Change of a draw refused"),
            "inspection.closed": self.env._("Result formed"),
            "rulebook.published": self.env._("Rulebook published"),
            "plan.published": self.env._("Plan published"),
            "task.announced": self.env._("Draw announced"),
            "task.announcement_changed": self.env._("Announcement changed"),
            "task.announcement_withdrawn": self.env._("Announcement withdrawn"),
            "declaration.made": self.env._("Absence or recusal declared"),
            "declaration.confirmed": self.env._("Absence or recusal confirmed"),
            "declaration.dismissed": self.env._("Absence or recusal dismissed"),
            "certificate.changed": self.env._("Certificate of an inspector changed"),
            "rectification.ordered": self.env._("Rectification ordered"),
            "rectification.deadline_moved": self.env._(
                "Rectification deadline changed"
            ),
            "rectification.verified": self.env._("Rectification verified"),
            "rectification.handed_over": self.env._("Handed over to enforcement"),
            "calendar.changed": self.env._("Exception to the calendar"),
        }

    @api.model
    def _seal(self, record, kind, payload):
        """Append one event about ``record``.

        :param record: the record the event is about, with a ``company_id``
        :param str kind: dotted name, e.g. ``draw.drawn``
        :param payload: JSON-serialisable value
        :return: the new event
        """
        return self._seal_all(kind, [(record, payload)])

    @api.model
    def _seal_all(self, kind, entries):
        """Append an event of one kind about each of ``[(record, payload), …]``, records of one company."""
        company = entries[0][0].company_id
        counter = company.sudo()._srsp_event_sequence()
        first = _update_nogap(counter, len(entries))
        self.env.cr.postcommit.data[self._name] = True
        previous = self.sudo().search(
            [("company_id", "=", company.id), ("sequence", "=", first - 1)]
        )
        previous_hash = bytes.fromhex(previous.hash) if previous else canonical.GENESIS
        vals_list = []
        for sequence, (record, payload) in enumerate(entries, first):
            text = canonical.dumps(payload)
            event_hash = canonical.seal(previous_hash, sequence, kind, text)
            vals_list.append(
                {
                    "company_id": company.id,
                    "sequence": sequence,
                    "kind": kind,
                    "res_model": record._name,
                    "res_id": record.id,
                    "record_name": record.display_name,
                    "payload": text.decode(),
                    "previous_hash": previous_hash.hex(),
                    "hash": event_hash.hex(),
                }
            )
            previous_hash = event_hash
        return self.sudo().with_context(srsp_seal=SEAL).create(vals_list)

    @api.model
    def _holds_chain(self):
        """Return whether this transaction has appended, so that nobody else can until it commits."""
        return self._name in self.env.cr.postcommit.data

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("srsp_seal") is SEAL:
            return super().create(vals_list)
        raise self._logged_error(
            self.env._("The integrity chain can only be written by the system.")
        )

    def _check_evidence(self, vals=None):
        changed = self.env._("An event of the integrity chain cannot be changed.")
        deleted = self.env._("An event of the integrity chain cannot be deleted.")
        raise self._logged_error(deleted if vals is None else changed)

    @api.model
    def _stream(self, company):
        """Yield the events of ``company`` in their order, as rows with the names of ``Row``.

        A batch ends at ``BATCH_EVENTS`` events or ``BATCH_BYTES`` of payload, whichever comes first: memory
        does not grow with the length of the chain.
        """
        self.flush_model()
        last = None
        while True:
            query = SQL(
                """
                SELECT id, sequence, kind, res_model, res_id, record_name, payload, previous_hash, hash
                  FROM (SELECT *, sum(octet_length(payload)) OVER (ORDER BY sequence) AS bytes
                          FROM (SELECT * FROM srsp_event
                                 WHERE company_id = %(company)s AND (%(last)s IS NULL OR sequence > %(last)s)
                              ORDER BY sequence LIMIT %(events)s) event) batch
                 WHERE bytes - octet_length(payload) < %(size)s
              ORDER BY sequence
                """,
                company=company.id,
                last=last,
                events=BATCH_EVENTS,
                size=BATCH_BYTES,
            )
            rows = [Row(*values) for values in self.env.execute_query(query)]
            if not rows:
                return
            yield from rows
            last = rows[-1].sequence

    @api.model
    def _hash_row(self, row):
        """Return the hash of a row, computed from its text as stored; empty where the previous hash is not one."""
        try:
            previous_hash = bytes.fromhex(row.previous_hash)
            payload = row.payload.encode()
            return canonical.seal(previous_hash, row.sequence, row.kind, payload).hex()
        except ValueError:
            return ""
