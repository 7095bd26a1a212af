import logging

from markupsafe import Markup

from odoo import api, fields, models

from ...tools import clock
from ...tools.clock import beijing_midnight, beijing_time, iso

_logger = logging.getLogger(__name__)


class SrspChainHead(models.Model):
    """The end of the integrity chain as it was on one day, sent out of the house.

    Whoever can write to the database can compute the whole chain anew, but not take back a number and a hash that
    others have kept. Once a day the last event's are mailed to the auditors and to the witnesses outside the bureau,
    recorded here and sealed. The check of the chain compares every head with the event of that number.
    """

    _name = "srsp.chain.head"
    _description = "Head of the integrity chain"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = ("hash", "recipients")
    _order = "sent_at desc, id desc"
    _rec_name = "sequence"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    sequence = fields.Integer("Number of the Last Event", required=True, readonly=True)
    hash = fields.Char("Hash of the Last Event", required=True, readonly=True)
    event_at = fields.Datetime("Time of the Last Event", required=True, readonly=True)
    sent_at = fields.Datetime("Sent", required=True, readonly=True)
    recipients = fields.Char(
        readonly=True,
        groups="srsp_supervision.group_auditor,srsp_supervision.group_policy_officer",
        help="E-mail addresses to which number and hash were sent.",
    )

    _sent_idx = models.Index("(company_id, sent_at DESC, id DESC)")

    def _check_evidence(self, vals=None):
        changed = self.env._("A head of the chain cannot be changed.")
        deleted = self.env._("A head of the chain cannot be deleted.")
        raise self._logged_error(deleted if vals is None else changed)

    @api.model
    def _cron_send(self):
        """Send the head of every chain that was not sent yet today; what fails is tried again by the next run."""
        cron = self.env["ir.cron"]
        since = beijing_midnight(clock.today())
        sent = self.search([("sent_at", ">=", since)]).company_id
        domain = [("company_id", "not in", sent.ids)]
        companies = self.env["srsp.event"]._read_group(domain, ["company_id"])
        cron._commit_progress(remaining=len(companies))
        for [company] in companies:
            try:
                self._send(company)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The head of chain %s was not sent", company.id)
            cron._commit_progress(1)

    @api.model
    def _send(self, company):
        """Record the head of the chain of ``company`` and mail it to everybody who keeps it."""
        addresses = self._get_addresses(company)
        head = self._record(company, recipients=", ".join(addresses))
        vals_list = [head._prepare_mail_vals(address) for address in addresses]
        self.env["mail.mail"].sudo().create(vals_list)
        self.env["ir.cron"]._srsp_wake("mail.ir_cron_mail_scheduler_action")

    @api.model
    def _record(self, company, **vals):
        """Record and seal the head of the chain of ``company``, which is not empty; return the new record."""
        events = self.env["srsp.event"].sudo()
        own = [("company_id", "=", company.id)]
        last = events.search(own, order="sequence desc", limit=1)
        head = self.sudo().create(
            {
                "company_id": company.id,
                "sequence": last.sequence,
                "hash": last.hash,
                "event_at": last.create_date.replace(microsecond=0),
                "sent_at": fields.Datetime.now(),
                **vals,
            }
        )
        events._seal_state(head, "chain.head")
        return head

    @api.model
    def _get_addresses(self, company):
        """Return the addresses of the auditors of ``company`` (else administrators) and of its witnesses, each once."""
        auditors = company._srsp_get_members("srsp_supervision.group_auditor")
        readers = company._srsp_find_readers(auditors, "The head of the chain")
        addresses = [user.email_normalized for user in readers]
        addresses += [*company._srsp_get_witness_emails()]
        return list(dict.fromkeys(filter(None, addresses)))

    def _prepare_seal(self):
        return {
            "company": self.company_id.id,
            "sequence": self.sequence,
            "hash": self.hash,
            "event_at": iso(self.event_at),
            "sent_at": iso(self.sent_at),
            "recipients": self.recipients or "",
        }

    def _prepare_mail_vals(self, address):
        head = self.company_id._srsp_in_language(self)
        text = head.env._(
            "The last event of the integrity chain of %(bureau)s has the number %(number)s and the hash %(hash)s "
            "(%(time)s, Beijing time). Please keep this message: as long as the chain is intact, the event with this "
            "number has this hash.",
            bureau=self.company_id.name,
            number=self.sequence,
            hash=self.hash,
            time=beijing_time(self.event_at),
        )
        return {
            "email_to": address,
            "subject": head.env._(
                "Integrity chain, event %(number)s", number=self.sequence
            ),
            "body_html": Markup("<p>%s</p>") % text,
        }
