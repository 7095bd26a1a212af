import datetime
import json
import logging
from functools import partial

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import plaintext2html

from odoo.addons.srsp_supervision.tools.uscc import is_valid

from ...tools.platform_client import PlatformRejected, PlatformRetryable, Unusable

_logger = logging.getLogger(__name__)

# Who may deliver results again: 信息处、法规处 by the work plan, section 三.
DELIVERERS = (
    "srsp_disclosure.group_disclosure_officer",
    "srsp_supervision.group_policy_officer",
)
MAX_BATCH = 100  # deliveries in one run of the scheduled action
# How long a worker has for one exchange; afterwards another may take over.
LEASE = datetime.timedelta(minutes=5)
MAX_CLOCK_DRIFT = datetime.timedelta(minutes=5)  # between the platform's clock and ours
MIN_WAIT = datetime.timedelta(minutes=1)  # between attempts: doubled each time
MAX_WAIT = datetime.timedelta(hours=6)

LINE_FIELDS = ("target", "result", "measure", "facts")  # of a result, as delivered


class SrspDelivery(models.Model):
    """The outbox: one result owed to one channel (报送).

    ``pending → sent → accepted | rejected | error``. ``sent`` is committed *before* the request is sent,
    so that it stays after a crash or a lost answer: the next attempt asks the platform first, and submits
    under the same idempotency key only what the platform has not accepted. So a delivery is attempted at
    least once and accepted at most once, however many workers there are. ``rejected`` is the platform's
    decision on the record, ``error`` its refusal of the whole request: both wait for a person. Only code
    writes a delivery.
    """

    _name = "srsp.delivery"
    _description = "Delivery"
    _inherit = ["mail.thread", "mail.activity.mixin", "srsp.guard.mixin"]
    _unchecked_texts = ("idempotency_key", "receipt_number", "reason")
    _order = "deadline, id"
    _rec_name = "idempotency_key"

    publication_id = fields.Many2one(
        "srsp.publication",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    channel_id = fields.Many2one(
        "srsp.channel", required=True, readonly=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("sent", "Sent, no receipt yet"),
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("error", "Error"),
        ],
        default="pending",
        required=True,
        readonly=True,
        tracking=True,
        group_expand=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try_at = fields.Datetime(
        "Next Attempt", readonly=True, default=fields.Datetime.now
    )
    idempotency_key = fields.Char(required=True, readonly=True)
    receipt_number = fields.Char("Receipt", readonly=True, tracking=True)
    received_at = fields.Datetime("Receipt Time", readonly=True)
    failed_at = fields.Datetime("Last Failure", readonly=True)
    reason = fields.Char(readonly=True, tracking=True)
    title = fields.Char(related="publication_id.title")
    entity_name = fields.Char(related="publication_id.entity_name")
    deadline = fields.Date(related="publication_id.deadline", store=True, index=True)
    deadline_state = fields.Selection(related="publication_id.deadline_state")
    division_id = fields.Many2one(
        related="publication_id.division_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="publication_id.company_id", store=True, index=True
    )

    _key_uniq = models.UniqueIndex("(idempotency_key)")
    _once_uniq = models.UniqueIndex("(publication_id, channel_id)")
    _due_idx = models.Index("(next_try_at) WHERE state IN ('pending', 'sent')")

    @api.depends("publication_id.number", "channel_id.name")
    def _compute_display_name(self):
        for delivery in self.sudo():
            delivery.display_name = (
                f"{delivery.publication_id.number} → {delivery.channel_id.name}"
            )

    @api.model
    def _prepare_vals(self, publication, channel):
        """Return the values of one delivery.

        The key stays the same for every attempt. The digest is part of it, so that a restored database that
        gives a number a second time does not repeat a key.
        """
        return {
            "publication_id": publication.id,
            "channel_id": channel.id,
            "idempotency_key": f"{publication.number}-{channel.id}-{publication.digest[:12]}",
        }

    def action_retry(self):
        """Deliver again what was rejected or refused, or do not wait for the next attempt."""
        self._check_role(*DELIVERERS)
        self.check_access("read")
        self.lock_for_update()
        owed = self.sudo().filtered(lambda delivery: delivery.state != "accepted")
        refused = owed.filtered(lambda d: d.state in ("rejected", "error"))
        refused.state = "pending"  # `sent` stays: the platform is asked first
        owed.next_try_at = fields.Datetime.now()
        refused.activity_unlink(["mail.mail_activity_data_todo"])
        self.env.ref("srsp_disclosure.ir_cron_deliver").sudo()._trigger()

    @api.model
    def _get_due_domain(self):
        return [
            ("state", "in", ("pending", "sent")),
            ("next_try_at", "<=", fields.Datetime.now()),
            ("channel_id.active", "=", True),
        ]

    @api.model
    def _cron_deliver(self):
        """Deliver what is due, each in its own transactions; any number of workers may run this.

        Nobody is logged in, so the texts are in the language of the delivery's bureau.
        """
        cron = self.env["ir.cron"]
        domain = self._get_due_domain()
        deliveries = self.search(domain, limit=MAX_BATCH)
        cron._commit_progress(remaining=self.search_count(domain))
        for delivery in deliveries:
            delivery = delivery.company_id._srsp_in_language(delivery)
            try:
                delivery = delivery.try_lock_for_update().filtered_domain(domain)
                if delivery:
                    delivery._deliver_one()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()  # another worker was faster; the lease brings it back
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Delivery %s failed", delivery.id)
                delivery._settle_error(error)
            if not cron._commit_progress(1):
                break
        # Two workers that finish the last two results of a task do not see each other's.
        tasks = self.env["srsp.task"].search([("state", "=", "inspecting")])
        tasks._disclose_complete()

    def _deliver_one(self):
        """Make one attempt at one delivery, locked by the caller; commit before the request is sent.

        A job queue would call this method. No transaction is open while the platform answers.
        """
        self.ensure_one()
        ask_first = self.state == "sent"
        key, record = self.idempotency_key, self._prepare_record()
        attempts = self.attempts + 1
        lease = fields.Datetime.now() + LEASE
        self.write({"state": "sent", "attempts": attempts, "next_try_at": lease})
        try:
            client = self.channel_id._get_client()
            self.env["ir.cron"]._commit_progress()
            receipt = client.inquire([key])[key] if ask_first else None
            if not receipt or receipt.status != "accepted":
                receipt = client.submit([record])[key]
            settle = partial(self._settle, receipt, self._check_received_at(receipt))
        except PlatformRetryable as error:
            settle = partial(self._settle_retryable, error)
        except PlatformRejected as error:
            settle = partial(self._settle_error, error)
        # After the end of the lease another worker may have taken it over.
        locked = self.try_lock_for_update()
        if locked and (self.state, self.attempts) == ("sent", attempts):
            settle()

    def _check_received_at(self, receipt):
        """Return the moment of a receipt (naive UTC), which decides whether the deadline was met.

        :raises Unusable: when it is before this delivery was created or in the future
        """
        moment = receipt.received_at.replace(tzinfo=None, microsecond=0)
        earliest = self.create_date - MAX_CLOCK_DRIFT
        if not earliest <= moment <= fields.Datetime.now() + MAX_CLOCK_DRIFT:
            raise Unusable(f"The receipt bears an impossible time: {moment} UTC")
        return moment

    def _settle(self, receipt, moment):
        self.write(
            {
                "state": receipt.status,
                "receipt_number": receipt.number,
                "reason": receipt.reason,
                "next_try_at": False,
            }
        )
        if receipt.status != "accepted":
            self.failed_at = fields.Datetime.now()
            self._notify(self, self.env._("The platform rejected this record"))
            return
        self.received_at = moment
        publication = self.publication_id
        publication._update_disclosed()
        # A platform that has accepted a commitment in time is a witness; its receipt is the answer.
        if publication.kind == "roster":
            draw = self.env["srsp.draw"].sudo().browse(publication.res_id)
            if draw._is_witness_time():
                draw._add_witness("channel", self.channel_id.name, self.receipt_number)

    def _settle_retryable(self, error):
        """Stay ``sent``, since it may have arrived, and ask again after increasing waits."""
        wait = min(MIN_WAIT * 2 ** min(self.attempts - 1, 16), MAX_WAIT)
        now = fields.Datetime.now()
        next_try_at = now + wait
        reason = self.channel_id._explain(error)
        self.write({"reason": reason, "failed_at": now, "next_try_at": next_try_at})
        self.env.ref("srsp_disclosure.ir_cron_deliver").sudo()._trigger(next_try_at)

    def _settle_error(self, error):
        """Record that the whole request was refused; the channel's officer is notified once per channel."""
        self.write(
            {
                "state": "error",
                "reason": self.channel_id._explain(error),
                "failed_at": fields.Datetime.now(),
                "next_try_at": False,
            }
        )
        if not self.channel_id.activity_ids:
            self._notify(self.channel_id, self.env._("The platform refuses deliveries"))

    def _notify(self, record, summary):
        """Schedule an activity on ``record`` for the responsible officer, with the platform's reason."""
        officer = self.channel_id._get_responsible()
        if officer:
            record.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=plaintext2html(self.reason),
                user_id=officer.id,
            )

    def _prepare_record(self):
        """Return the record as ``readme/PROTOCOL.md`` describes it, from the frozen payload."""
        publication = self.publication_id
        payload = json.loads(publication.payload)
        if publication.kind == "result":
            payload = self._prepare_result(payload)
        return {
            "idempotency_key": self.idempotency_key,
            "kind": publication.kind,
            "number": publication.number,
            "digest": publication.digest,
            "payload": payload,
        }

    @api.model
    def _prepare_result(self, result):
        code = result["uscc"]
        return {
            "uscc" if is_valid(code) else "entity_code": code,
            "entity_name": result["entity"],
            "bureau": result["bureau"],
            "plan_number": result["plan"],
            "plan_name": result["plan_name"],
            "task_number": result["task"],
            "task_name": result["task_name"],
            "inspected_on": result["inspected_on"],
            "result_date": result["result_date"],
            "items": [
                {"name": line["item"]} | {name: line[name] for name in LINE_FIELDS}
                for line in result["lines"]
            ],
        }
