from odoo import api, fields, models

from ...fields import current_company
from ...tools import clock


class SrspCalendarException(models.Model):
    """A day on which one bureau's calendar differs from the State's, by a document: a deadline counts it or not.

    ``active → revoked``, both sealed; nothing else of it ever changes. Open deadlines follow (``_recount``).
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
        exceptions = super().create(vals_list)
        exceptions._take_effect()
        return exceptions

    def action_revoke(self):
        """Take the exception back, by the document whose number has been entered."""
        self._check_step(["group_policy_officer"], "active")
        if not all((record.revocation_document or "").strip() for record in self):
            raise self._logged_error(
                self.env._("Enter the document number of the revocation first.")
            )
        self.sudo().write(
            {
                "state": "revoked",
                "revoked_by_id": self.env.uid,
                "revoked_on": clock.today(),
            }
        )
        self._take_effect()

    def _take_effect(self):
        """Seal the exceptions as they are now, and count the open deadlines again."""
        self.flush_recordset()
        self.env["srsp.event"]._seal_state(self, "calendar.changed")
        for company, exceptions in self.grouped("company_id").items():
            if count := exceptions._recount(company):
                message = self.env._(
                    "%(count)s open deadlines have been counted again.", count=count
                )
                for exception in exceptions:
                    exception.sudo().message_post(body=message)

    def _recount(self, company):
        """Count the open deadlines of ``company`` again and return how many have moved; other addons have some."""
        return 0

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
