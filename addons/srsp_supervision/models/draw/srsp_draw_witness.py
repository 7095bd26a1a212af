import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...tools import canonical
from ...tools.clock import iso

_logger = logging.getLogger(__name__)


class SrspDrawWitness(models.Model):
    """Somebody who had a draw's commitment before its randomness was published, and what they answered.

    Append-only, accepted only between the lock and the announced time, and sealed: the chain's
    sequence also prevents a witness from being added while the draw is being sealed.
    """

    _name = "srsp.draw.witness"
    _description = "Witness of a commitment"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = ("answer",)
    _order = "answered_at, id"
    _rec_name = "who"

    draw_id = fields.Many2one(
        "srsp.draw", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="draw_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("auditor", "Auditor"), ("mail", "Mailed copy")], required=True, readonly=True
    )
    who = fields.Char(required=True, readonly=True)
    answered_at = fields.Datetime(required=True, readonly=True)
    answer = fields.Char(
        required=True,
        readonly=True,
        help="The digest that was seen, the message's number, the platform's receipt.",
    )

    _once_uniq = models.UniqueIndex(
        "(draw_id, kind, who)", "This witness has already answered."
    )

    @api.model_create_multi
    def create(self, vals_list):
        ids = {vals["draw_id"] for vals in vals_list}
        for draw in self.env["srsp.draw"].browse(ids):
            draw.lock_for_update()
            if not draw._is_witness_time():
                raise UserError(
                    self.env._(
                        "Draw %(draw)s: a commitment can only be witnessed between the lock and the announced time.",
                        draw=draw.number,
                    )
                )
        witnesses = super().create(vals_list)
        self.env["srsp.event"]._seal_state(witnesses, "draw.witnessed")
        return witnesses

    @api.model
    def _cron_record_mails(self):
        """Record who has been sent a commitment in time, each in a transaction of its own.

        Sending and sealing are apart: a slow mail server holds no lock of the chain, and a chain that is busy does not
        undo that a mail has left. What cannot be recorded now is recorded by the next run, one minute later.
        """
        cron = self.env["ir.cron"]
        mails = self._find_unrecorded_mails()
        cron._commit_progress(remaining=len(mails))
        for mail in mails:
            draw = self.env["srsp.draw"].browse(mail.res_id)
            name = draw.company_id._srsp_get_witness_emails()[mail.email_to]
            try:
                if draw._is_witness_time():
                    draw._add_witness("mail", name, mail.message_id)
            except (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Mail %s makes no witness", mail.id)
            if not cron._commit_progress(1):
                break

    @api.model
    def _find_unrecorded_mails(self):
        """Return the mails that took a commitment away whose draw is still to come."""
        now = fields.Datetime.now()
        draws = self.env["srsp.draw"].search(
            [("state", "=", "committed"), ("announced_for", ">", now)]
        )
        witnesses = self.search([("draw_id", "in", draws.ids), ("kind", "=", "mail")])
        known = {(witness.draw_id.id, witness.who) for witness in witnesses}
        mails = self.env["mail.mail"].search(
            [
                ("model", "=", draws._name),
                ("res_id", "in", draws.ids),
                ("state", "=", "sent"),
                ("email_to", "!=", False),
            ],
            order="id",
        )
        names = {draw.id: draw.company_id._srsp_get_witness_emails() for draw in draws}
        by_witness = {
            (mail.res_id, names[mail.res_id].get(mail.email_to)): mail for mail in mails
        }
        new = [
            mail
            for (draw, name), mail in by_witness.items()
            if name and (draw, name) not in known
        ]
        return mails.concat(*new)

    def _check_evidence(self, vals=None):
        raise self._logged_error(
            self.env._("The answer of a witness cannot be changed.")
        )

    def _prepare_seal(self):
        return {
            "draw": self.draw_id.number,
            "commitment_digest_hex": self.draw_id.commitment_digest_hex,
            "witness": self._get_certificate_row(),
        }

    def _get_certificate_row(self):
        """Return the entry of ``witnesses`` as described in readme/CERTIFICATE.md."""
        return [self.who, iso(self.answered_at), self.answer]


class SrspDraw(models.Model):
    """The commitment as it is given to witnesses: shown to auditors, mailed to the addresses of the bureau."""

    _inherit = "srsp.draw"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    witness_ids = fields.One2many(
        "srsp.draw.witness", "draw_id", "Witnesses of the Commitment", readonly=True
    )
    commitment_digest_hex = fields.Char(
        "Digest of the Commitment",
        compute="_compute_commitment_digest_hex",
        help="SHA-256 of the commitment as canonical JSON.",
    )
    can_witness = fields.Boolean(compute="_compute_can_witness")

    @api.depends("roster_digest_hex")
    def _compute_commitment_digest_hex(self):
        for draw in self:
            draw.commitment_digest_hex = canonical.digest(draw._get_commitment())

    @api.depends("state", "announced_for", "witness_ids")
    @api.depends_context("uid")
    def _compute_can_witness(self):
        is_auditor = self.env.user.has_group("srsp_supervision.group_auditor")
        own = [("kind", "=", "auditor"), ("create_uid", "=", self.env.uid)]
        for draw in self:
            seen = draw.witness_ids.filtered_domain(own)
            draw.can_witness = is_auditor and not seen and draw._is_witness_time()

    def action_witness(self):
        """Record that the current user, an auditor, has seen the commitment, by its digest."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("srsp_supervision.group_auditor"):
            raise UserError(
                self.env._(
                    "Only an auditor can declare that a commitment has been witnessed."
                )
            )
        draw = self.sudo()
        who = self.env.user._srsp_get_signature(self.company_id)
        draw._add_witness("auditor", who, draw.commitment_digest_hex)

    def _is_witness_time(self):
        """Return whether the roster is locked and its randomness is not public yet."""
        is_early = fields.Datetime.now() < self.announced_for
        return self.state == "committed" and is_early and not self.iteration_ids

    def _add_witness(self, kind, who, answer):
        """Record the answer of ``who``.

        :raise UserError: before the lock and from the announced time on
        """
        self.ensure_one()
        return self.env["srsp.draw.witness"].create(
            {
                "draw_id": self.id,
                "kind": kind,
                "who": who,
                "answer": answer,
                "answered_at": fields.Datetime.now(),
            }
        )

    def _ask_witnesses(self):
        """Hook: the roster has been locked and published; send the commitment to whoever keeps it."""
        addresses = [*self.company_id._srsp_get_witness_emails()]
        if addresses and self._is_witness_time():
            vals_list = [self._prepare_mail_vals(address) for address in addresses]
            self.env["mail.mail"].sudo().create(vals_list)
            # Not by this transaction nor right after it: a slow mail server would hold up the next lock.
            self.env["ir.cron"]._srsp_wake("mail.ir_cron_mail_scheduler_action")

    def _prepare_mail_vals(self, address):
        draw = self.company_id._srsp_in_language(self)
        text = draw.env._(
            "%(bureau)s has locked a roster and will draw from it at %(time)s (UTC). Please keep this "
            "message: the attached commitment determines the possible outcomes. Its SHA-256 digest is "
            "%(digest)s.",
            bureau=self.head["bureau"],
            time=iso(self.announced_for),
            digest=self.commitment_digest_hex,
        )
        return {
            "model": self._name,
            "res_id": self.id,
            "email_to": address,
            "subject": draw.env._("Commitment of draw %(draw)s", draw=self.number),
            "body_html": Markup("<p>%s</p>") % text,
            "attachment_ids": [
                fields.Command.create(
                    {
                        "name": f"commitment-{self.number}.json",
                        "raw": canonical.dumps(self._get_commitment()),
                        "mimetype": "application/json",
                    }
                )
            ],
        }
