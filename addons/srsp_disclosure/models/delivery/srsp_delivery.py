import datetime
import json
import logging
import time
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.srsp_supervision.models.base.mail_activity_mixin import TODO
from odoo.addons.srsp_supervision.tools.uscc import is_valid

from ...tools.platform_client import (
    PlatformRejected,
    PlatformRetryable,
    Silent,
    Unusable,
)

_logger = logging.getLogger(__name__)

# Who may deliver results again: 信息处、法规处 by the work plan, section 三.
DELIVERERS = (
    "srsp_disclosure.group_disclosure_officer",
    "srsp_supervision.group_policy_officer",
)
MAX_BATCH = 100  # deliveries to one channel in one run of the scheduled action
MAX_SECONDS = 20  # for one channel in one run, and the exchange that has begun
REST = datetime.timedelta(minutes=2)  # for a channel that did not answer
# How long a worker has for one exchange; afterwards another may take over.
LEASE = datetime.timedelta(minutes=5)
MAX_CLOCK_DRIFT = datetime.timedelta(minutes=5)  # between the platform's clock and ours
MIN_WAIT = datetime.timedelta(minutes=1)  # between attempts: doubled each time
MAX_WAIT = datetime.timedelta(hours=6)

LINE_FIELDS = ("target", "result", "measure", "facts")  # of a result, as delivered


class SrspDelivery(models.Model):
    """The outbox: one result owed to one channel (报送).

    ::

        pending ──attempt──> sent ──receipt──> accepted (receipt to be sealed) ──next transaction──> accepted
           ^                 │  ^─no answer: again after a wait
           │                 ├──receipt──> rejected ─┐
           │                 └──refusal──> error ────┤
           └──────────────── a person's retry ───────┘

    ``sent`` and the number of the attempt are committed *before* the request is sent, so that they stay after a crash
    or a lost answer. Whatever the state was: once there was an attempt, the next one asks the platform first, and
    submits under the same idempotency key only what the platform has not accepted. So a delivery is attempted at
    least once and accepted at most once, however many workers there are. Only code writes a delivery.

    A receipt is stored in a transaction that does nothing else. Sealing it, counting the result as disclosed and
    making the platform a witness need the chain, which may be busy: they follow in the next transaction, and are
    tried again by every run until they are done (``is_unsealed``).

    No state is left alone. ``pending`` and ``sent`` come back by themselves, also with the end of a worker's lease;
    ``rejected``, the platform's decision on the record, and ``error``, its refusal of the whole request or a failure
    on this server, wait for a person who has a to-do; of a platform that does not answer for long the channel tells
    (``srsp.channel._check_health``).

    Channels do not wait for each other for long: each has a batch of its own with a limit in time, which also ends
    when the platform does not answer; those that failed last come last.
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
    first_sent_at = fields.Datetime("First Attempt", readonly=True)
    idempotency_key = fields.Char(required=True, readonly=True)
    receipt_number = fields.Char("Receipt", readonly=True, tracking=True)
    received_at = fields.Datetime("Receipt Time", readonly=True)
    is_unsealed = fields.Boolean("Receipt to Be Sealed", readonly=True)
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
    _unsealed_idx = models.Index("(id) WHERE is_unsealed")

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
        refused.state = "pending"
        owed.next_try_at = fields.Datetime.now()
        refused.activity_unlink([TODO])
        self._wake()

    @api.model
    def _wake(self, moment=None):
        """Deliver what is due at ``moment``, to the minute, or right after the commit."""
        if moment and (moment.second or moment.microsecond):
            moment = moment.replace(second=0, microsecond=0) + MIN_WAIT
        self.env["ir.cron"]._srsp_wake("srsp_disclosure.ir_cron_deliver", moment)

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
        self.search([("is_unsealed", "=", True)])._seal_receipts()
        domain = Domain(self._get_due_domain())
        counts = dict(self._read_group(domain, ["channel_id"], ["__count"]))
        self.env["ir.cron"]._commit_progress(remaining=sum(counts.values()))
        channels = self.env["srsp.channel"].concat(*counts)
        for channel in channels.sorted(lambda one: (one._is_failing(), one.id)):
            self._deliver_batch(domain & Domain("channel_id", "=", channel.id))
        channels.search([("active", "=", True)])._check_health()
        # Two workers that finish the last two results of a task do not see each other's.
        tasks = self.env["srsp.task"].search([("state", "=", "inspecting")])
        tasks._disclose_complete()

    @api.model
    def _deliver_batch(self, domain):
        """Deliver what is due to one channel, in the time that one channel has."""
        end = time.monotonic() + MAX_SECONDS
        for delivery in self.search(domain, limit=MAX_BATCH):
            is_silent = delivery._attempt(domain)
            delivery._seal_receipts()
            self.env["ir.cron"]._commit_progress(1)
            if is_silent:
                self._put_off(domain)
            if is_silent or time.monotonic() > end:
                break

    @api.model
    def _put_off(self, domain):
        """Let the deliveries in ``domain`` that nobody is working on wait for a while."""
        next_try_at = fields.Datetime.now() + REST
        try:
            self.search(domain).try_lock_for_update().next_try_at = next_try_at
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self.env.cr.rollback()  # another worker has done so
        self._wake(next_try_at)
        remaining = self.search_count(self._get_due_domain())
        self.env["ir.cron"]._commit_progress(remaining=remaining)

    def _attempt(self, domain):
        """Deliver this one if it is still in ``domain``, and commit what came of it; an error belongs to its record.

        :return: whether the platform was silent
        """
        delivery = self.company_id._srsp_in_language(self)
        try:
            delivery = delivery.try_lock_for_update().filtered_domain(domain)
            is_silent = bool(delivery) and delivery._deliver_one()
            self.env["ir.cron"]._commit_progress()
        except (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            self.env.cr.rollback()  # another worker was faster; the lease brings it back
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Delivery %s failed", self.id)
            # What another worker has taken to its end meanwhile stays as it is.
            locked = delivery.try_lock_for_update()
            if locked.filtered_domain([("state", "in", ("pending", "sent"))]):
                locked._settle_error(error)
            self.env["ir.cron"]._commit_progress()
        else:
            return is_silent
        return False

    def _seal_receipts(self):
        """Finish those whose receipt is stored but not sealed, each in a transaction of its own.

        What fails is tried again by the next run, a minute later.
        """
        cron = self.env["ir.cron"]
        for delivery in self.sorted("id"):
            delivery = delivery.company_id._srsp_in_language(delivery)
            try:
                delivery.try_lock_for_update().filtered("is_unsealed")._seal_receipt()
                cron._commit_progress()
            except (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self.env.cr.rollback()
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Receipt of delivery %s not sealed", delivery.id)
                channel = delivery.channel_id
                summary = delivery.env._("A receipt could not be sealed")
                channel._notify_once(summary, channel._explain(error))
            else:
                continue
            delivery._wake(fields.Datetime.now() + MIN_WAIT)
            cron._commit_progress()

    def _deliver_one(self):
        """Make one attempt at one delivery, locked by the caller; commit before the request is sent.

        A job queue would call this method. No transaction is open while the platform answers.

        :return: whether the platform was silent
        """
        self.ensure_one()
        ask_first, is_silent = self.attempts > 0, False
        key, record = self.idempotency_key, self._prepare_record()
        attempts, now = self.attempts + 1, fields.Datetime.now()
        self.write(
            {
                "state": "sent",
                "attempts": attempts,
                "first_sent_at": self.first_sent_at or now,
                "next_try_at": now + LEASE,
            }
        )
        try:
            client = self.channel_id._get_client()
            self.env["ir.cron"]._commit_progress()
            receipt = client.inquire([key])[key] if ask_first else None
            if not receipt or receipt.status != "accepted":
                receipt = client.submit([record])[key]
            settle = partial(self._settle, receipt, self._check_received_at(receipt))
        except PlatformRetryable as error:
            is_silent = isinstance(error, Silent)
            settle = partial(self._settle_retryable, error)
        except PlatformRejected as error:
            settle = partial(self._settle_error, error)
        # After the end of the lease another worker may have taken it over.
        locked = self.try_lock_for_update()
        if locked and (self.state, self.attempts) == ("sent", attempts):
            settle()
        return is_silent

    def _check_received_at(self, receipt):
        """Return the moment of a receipt (naive UTC), which decides whether the deadline was met.

        :raises Unusable: when it is before the first attempt or in the future
        """
        moment = receipt.received_at.replace(tzinfo=None, microsecond=0)
        earliest = self.first_sent_at - MAX_CLOCK_DRIFT
        if not earliest <= moment <= fields.Datetime.now() + MAX_CLOCK_DRIFT:
            raise Unusable(f"The receipt bears an impossible time: {moment} UTC")
        return moment

    def _settle(self, receipt, moment):
        """Store the platform's answer, and nothing else when it is a receipt."""
        is_accepted = receipt.status == "accepted"
        self.write(
            {
                "state": receipt.status,
                "receipt_number": receipt.number,
                "reason": receipt.reason,
                "received_at": is_accepted and moment,
                "is_unsealed": is_accepted,
                "next_try_at": False,
            }
        )
        if not is_accepted:
            self.failed_at = fields.Datetime.now()
            summary = self.env._("The platform rejected this record")
            self.channel_id._notify(self, summary, receipt.reason)

    def _seal_receipt(self):
        """Seal the receipt, count the result as disclosed, and make a platform that has a commitment a witness."""
        for delivery in self:
            delivery.is_unsealed = False
            publication = delivery.publication_id
            publication._update_disclosed()
            if publication.kind == "roster":
                draw = self.env["srsp.draw"].sudo().browse(publication.res_id)
                # Only a receipt that comes in time makes a witness; the receipt is the answer.
                if draw._is_witness_time():
                    answer = delivery.receipt_number
                    draw._add_witness("channel", delivery.channel_id.name, answer)
            self.env["srsp.event"]._seal_state(delivery, "delivery.accepted")

    def _prepare_seal(self):
        names = "publication_id channel_id state receipt_number received_at"
        return self.env["srsp.event"]._read_values(self, names.split())

    def _settle_retryable(self, error):
        """Stay ``sent``, since it may have arrived, and ask again after increasing waits."""
        wait = min(MIN_WAIT * 2 ** min(self.attempts - 1, 16), MAX_WAIT)
        now = fields.Datetime.now()
        next_try_at = now + wait
        reason = self.channel_id._explain(error)
        self.write({"reason": reason, "failed_at": now, "next_try_at": next_try_at})
        self._wake(next_try_at)

    def _settle_error(self, error):
        """Record that the whole request was refused, and notify the channel's officer."""
        self.write(
            {
                "state": "error",
                "reason": self.channel_id._explain(error),
                "failed_at": fields.Datetime.now(),
                "next_try_at": False,
            }
        )
        summary = self.env._("The platform refuses deliveries")
        self.channel_id._notify_once(summary, self.reason)

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
