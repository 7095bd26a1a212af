import csv
import hashlib
import io
from collections import Counter

from markupsafe import Markup

from odoo import api, fields, models

from ...fields import current_company
from ...tools import clock

MAX_LISTED = 100  # deadlines that an event names; the file on the exception has all


class SrspCalendarException(models.Model):
    """A day on which one bureau's calendar differs from the State's, by a document: a deadline counts it or not.

    ``active → revoked``; nothing else of it ever changes. Open deadlines follow at once (``_recount``): each step is
    sealed with those that it has moved, and its history has them as a file.
    """

    _name = "srsp.calendar.exception"
    _description = "Calendar exception"
    _inherit = ["srsp.evidence.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _guarded_fields = ("state", "revoked_by_id", "revoked_on")
    _public_texts = ("name", "document_number", "revocation_document")

    date = fields.Date(required=True, tracking=True)
    name = fields.Char("Reason", required=True, tracking=True)
    is_working = fields.Boolean("Working Day", tracking=True)
    document_number = fields.Char(required=True, tracking=True)
    state = fields.Selection(
        [("active", "In effect"), ("revoked", "Revoked")],
        required=True,
        readonly=True,
        default="active",
        copy=False,
        tracking=True,
    )
    revocation_document = fields.Char(
        "Document Number of the Revocation", copy=False, tracking=True
    )
    revoked_by_id = fields.Many2one(
        "res.users", "Revoked by", readonly=True, copy=False
    )
    revoked_on = fields.Date("Revoked", readonly=True, copy=False)
    company_id = current_company(index=True)

    _date_uniq = models.UniqueIndex(
        "(company_id, date) WHERE state = 'active'",
        "The calendar already has an exception for this day: revoke it first.",
    )
    _document_required = models.Constraint(
        "CHECK (btrim(document_number) != '' AND (state = 'active' OR btrim(revocation_document) != ''))",
        "An exception to the calendar needs a document number, and so does its revocation.",
    )

    @api.depends("date", "name")
    def _compute_display_name(self):
        for exception in self:
            exception.display_name = f"{exception.date} {exception.name}"

    def _check_evidence(self, vals=None):
        if vals is None:
            raise self._logged_error(
                self.env._(
                    "An exception to the calendar is never deleted: revoke it with a document."
                )
            )
        revoked = any(exception.state == "revoked" for exception in self)
        living = {"revocation_document", "state", "revoked_by_id", "revoked_on"}
        if revoked or vals.keys() - living:
            raise self._logged_error(
                self.env._(
                    "An exception to the calendar never changes: revoke it with a document and enter another."
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        """One after the other: each is sealed with the deadlines that it alone has moved."""
        exceptions = self.browse()
        for vals in vals_list:
            exception = super().create([vals])
            exception._take_effect()
            exceptions += exception
        return exceptions

    def action_revoke(self):
        """Take the exception back, by the document whose number has been entered."""
        self._check_step(["group_policy_officer"], "active")
        if not all((record.revocation_document or "").strip() for record in self):
            raise self._logged_error(
                self.env._("Enter the document number of the revocation first.")
            )
        for exception in self:
            vals = {"revoked_by_id": self.env.uid, "revoked_on": clock.today()}
            exception.sudo().write({"state": "revoked", **vals})
            exception._take_effect()

    def _take_effect(self):
        """Count the open deadlines again; seal the step with those that have moved, and tell its history."""
        self.flush_recordset()
        moves = [(n, str(before), str(now)) for n, before, now in self._recount()]
        record = self.company_id.sudo()._srsp_in_language(self).sudo()
        table = record._make_table(moves)
        days = [
            [before, now, count]
            for (before, now), count in sorted(Counter(m[1:] for m in moves).items())
        ]
        moved = {"count": len(moves), "days": days}
        if moves:
            moved["sha256"] = hashlib.sha256(table).hexdigest()
        if len(moves) <= MAX_LISTED:
            moved["deadlines"] = moves
        self.env["srsp.event"]._seal_state(self, "calendar.changed", moved=moved)
        lines = [f"{before} → {now}: {count}" for before, now, count in days]
        first = record.env._(
            "Open deadlines that have moved: %(count)s", count=len(moves)
        )
        record.message_post(
            body=Markup("<br/>").join([first, *lines]),
            attachments=[(f"deadlines-{self.date}.csv", table)] if moves else [],
        )

    def _recount(self):
        """Count again the open deadlines that the day can move; other addons have some.

        :return: ``[(number, deadline before, deadline now), …]`` of those that have moved
        """
        return []

    def _make_table(self, moves):
        """Return ``moves`` as the bytes of a text file that a spreadsheet opens."""
        head = (
            self.env._("Number"),
            self.env._("Previous Deadline"),
            self.env._("New Deadline"),
        )
        text = io.StringIO()
        csv.writer(text).writerows([head, *moves])
        return text.getvalue().encode("utf-8-sig")

    def _prepare_seal(self):
        """Return what the chain seals: the day, by which documents, and whose they were."""
        return {
            "date": fields.Date.to_string(self.date),
            "reason": self.name,
            "is_working": self.is_working,
            "document_number": self.document_number,
            "entered_by_id": self.create_uid.id,
            "state": self.state,
            "revocation_document": (self.state == "revoked" and self.revocation_document) or "",
            "revoked_by_id": self.revoked_by_id.id or None,
        }  # fmt: skip
