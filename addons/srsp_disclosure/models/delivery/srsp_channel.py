import datetime
import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from odoo.addons.srsp_supervision.actions import get_notification
from odoo.addons.srsp_supervision.fields import EncryptedChar
from odoo.addons.srsp_supervision.models.base.mail_activity_mixin import TODO
from odoo.addons.srsp_supervision.tools.clock import beijing_time

from ...tools.platform_client import PlatformClient, PlatformError, PlatformRejected

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

ALARM_HOURS = 4  # of a platform's failing, unless a system parameter says otherwise
# Deliveries whose last attempt got no answer about the record.
FAILED = Domain("state", "in", ("pending", "sent", "error")) & Domain(
    "failed_at", "!=", False
)
# Deliveries that wait for a person, or whose receipt waits for its seal.
STUCK = Domain("state", "=", "error") | Domain("is_unsealed", "=", True)
UNKNOWN_KEY = "srsp-connection-test"
# The messages of the client that are shown with an error, for translation.
CLIENT_MESSAGES = {
    text._source: text
    for text in (
        _lt("the key name may only contain letters, digits and signs"),
        _lt("no secret has been set"),
        _lt("the address is not valid"),
        _lt("the address must begin with https://"),
        _lt("the address must have no login, query or fragment"),
        _lt("the port must be 80, 443 or at least 1024"),
        _lt("the address leads to a network that is not allowed"),
        _lt("the answer is not signed by the platform"),
        _lt("the answer is not JSON"),
        _lt("the answer is not a list of receipts"),
        _lt("the answer does not match the records sent"),
        _lt("the answer does not state the outcome of a record"),
    )
}


class SrspChannel(models.Model):
    """A platform that results are delivered to (发布渠道), with its address and key.

    The secret can be entered but never read: no interface reads ``secret``, ``secret_input`` is always
    empty, and both are left out of exports and copies. Only the system administrator sets the address, as the secret:
    it decides where this server connects to, and where the results of the bureau go.

    An archived channel delivers nothing, and its results stay undisclosed. Each change of ``active`` is sealed
    in the integrity chain with the number of deliveries that were not accepted at that moment.
    """

    _name = "srsp.channel"
    _description = "Channel"
    _inherit = ["mail.thread", "mail.activity.mixin", "srsp.guard.mixin"]
    _unchecked_texts = ("secret", "secret_input")
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    kind = fields.Selection(
        [("platform", "Credit platform")], required=True, default="platform"
    )
    url = fields.Char(
        "Address",
        required=True,
        tracking=True,
        help="https; plain http is allowed for this machine only.",
    )
    key_id = fields.Char("Key Name", required=True, tracking=True)
    secret = EncryptedChar(
        "Stored Secret", groups=fields.NO_ACCESS, copy=False, exportable=False
    )
    secret_input = fields.Char(
        "Secret",
        compute="_compute_secret_input",
        inverse="_inverse_secret_input",
        groups="base.group_system",
        copy=False,
        exportable=False,
        help="Write only: a new value replaces the old one.",
    )
    has_secret = fields.Boolean("Secret Set", compute="_compute_has_secret")
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        domain=[("share", "=", False)],
        help="Notified when the platform refuses a delivery; if empty, the first disclosure officer is notified.",
    )
    takes_commitments = fields.Boolean(
        "Witness Commitments",
        tracking=True,
        help="Deliver every commitment to this channel before its draw; the receipt is included in the certificate.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    delivery_ids = fields.One2many("srsp.delivery", "channel_id", "Deliveries")
    last_success = fields.Datetime(compute="_compute_last")
    last_failure = fields.Datetime(compute="_compute_last")
    open_count = fields.Integer("Not Accepted", compute="_compute_last")

    @api.constrains("url", "key_id")
    def _check_address(self):
        for channel in self:
            try:
                PlatformClient(channel.url, channel.key_id, b"any")
            except PlatformRejected as error:
                raise ValidationError(
                    self.env._(
                        "Channel %(channel)s: use an address that begins with https:// (http:// for this machine"
                        " only) without login, query or fragment, with port 80, 443 or one from 1024 on, and a key"
                        " name in plain ASCII.",
                        channel=channel.name,
                    )
                ) from error

    def _compute_secret_input(self):
        self.secret_input = False

    def _inverse_secret_input(self):
        for channel in self.filtered("secret_input"):
            channel.sudo().secret = channel.secret_input

    @api.depends("secret_input")
    def _compute_has_secret(self):
        for channel in self:
            channel.has_secret = bool(channel.sudo().secret)

    @api.depends("delivery_ids.state", "delivery_ids.failed_at")
    def _compute_last(self):
        read_group = self.env["srsp.delivery"]._read_group
        domain = Domain("channel_id", "in", self.ids)
        rows = read_group(domain, ["channel_id"], ["received_at:max", "failed_at:max"])
        moments = {channel: last for channel, *last in rows}
        domain &= Domain("state", "!=", "accepted")
        counts = dict(read_group(domain, ["channel_id"], ["__count"]))
        for channel in self:
            last = moments.get(channel, (False, False))
            channel.last_success, channel.last_failure = last
            channel.open_count = counts.get(channel, 0)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_system()
        return super().create(vals_list)

    def write(self, vals):
        if "url" in vals:
            self._check_system()
        changed = self.filtered(
            lambda c: "active" in vals and c.active != vals["active"]
        )
        result = super().write(vals)
        for channel in changed:
            kind = "channel.restored" if channel.active else "channel.archived"
            owed = {"channel": channel.name, "owed": channel.sudo().open_count}
            self.env["srsp.event"]._seal(channel, kind, {"format": 1, **owed})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().delivery_ids:
            raise UserError(
                self.env._("A channel that has been used is archived, not deleted.")
            )

    def action_test_connection(self):
        """Ask the platform about a key that it cannot know, and show the outcome."""
        self.ensure_one()
        self._check_officer()
        try:
            self._get_client().inquire([UNKNOWN_KEY])
        except PlatformError as error:
            return get_notification("danger", self._explain(error), sticky=True)
        message = self.env._(
            "Connection successful: the platform accepts the key name and the secret."
        )
        return get_notification("success", message, sticky=False)

    def action_queue_missing(self):
        """Put every result into the outbox that these channels have not been given yet."""
        self._check_officer()
        for channel in self.sudo():
            missing = channel.env["srsp.publication"].search(
                [
                    ("company_id", "=", channel.company_id.id),
                    ("kind", "=", "result"),
                    ("state", "=", "published"),
                    ("delivery_ids", "not any", [("channel_id", "=", channel.id)]),
                ],
                order="formed_at, id",
            )
            channel._queue(missing)

    def action_view_deliveries(self):
        """Show the deliveries of this channel."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "srsp_disclosure.srsp_delivery_action"
        )
        return dict(action, domain=[("channel_id", "=", self.id)], context={})

    def _check_system(self):
        if not self.env.is_system():
            raise AccessError(
                self.env._(
                    "The address of a channel can only be set by the system administrator (Settings)."
                )
            )

    def _check_officer(self):
        self.check_access("read")
        self._check_role("srsp_disclosure.group_disclosure_officer")

    def _queue(self, publications):
        """Put ``publications`` into the outbox of these channels, and trigger the scheduled action."""
        if self and publications:
            deliveries = self.env["srsp.delivery"].sudo()
            deliveries.create(
                [
                    deliveries._prepare_vals(publication, channel)
                    for publication in publications
                    for channel in self
                ]
            )
            deliveries._wake()

    def _get_client(self):
        """Return the platform client of this channel.

        :raise PlatformRejected: when address, key or secret cannot be used
        """
        channel = self.sudo()
        networks = self.env["ir.config_parameter"]._srsp_get_allowed_networks()
        return PlatformClient(
            channel.url, channel.key_id, channel.secret or "", allowed=networks
        )

    @api.model
    def _explain(self, error):
        """Return an error of a delivery in the user's language, followed by the technical text."""
        texts = {
            "settings": self.env._(
                "The channel's address, key name or secret cannot be used"
            ),
            "silent": self.env._("The platform does not answer"),
            "busy": self.env._("The platform is temporarily unavailable"),
            "unusable": self.env._("The platform's answer cannot be trusted"),
            "refused": self.env._("The platform refuses the request"),
        }
        if isinstance(error, PlatformError):
            text, detail = texts[error.code], str(error)
            if known := CLIENT_MESSAGES.get(detail):
                detail = known._translate(self.env.lang or "en_US")
        else:
            text = self.env._("The delivery failed on this server")
            detail = f"{type(error).__name__}: {error}"
        return self.env._("%(text)s (%(detail)s)", text=text, detail=detail)

    def _is_failing(self):
        """Return whether the last exchange with this platform came to nothing."""
        self.ensure_one()
        failed, succeeded = self.last_failure, self.last_success
        return bool(failed and (not succeeded or succeeded < failed))

    def _check_health(self):
        """Tell of platforms from which nothing comes any more, and take it back when they answer again."""
        cron = self.env["ir.cron"]
        for channel in self:
            try:
                channel = channel.company_id._srsp_in_language(channel)
                channel._update_todo()
                cron._commit_progress()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The state of channel %s is not known", channel.id)

    def _update_todo(self):
        """Keep one to-do as long as this channel needs a person."""
        deliveries = self.env["srsp.delivery"]
        own = Domain("channel_id", "=", self.id)
        since = self._get_failing_since()
        if since and since <= fields.Datetime.now() - self._get_patience():
            last = deliveries.search(
                own & FAILED, order="failed_at DESC, id DESC", limit=1
            )
            summary = self.env._(
                "The platform has accepted nothing since %(time)s (Beijing time)",
                time=beijing_time(since),
            )
            self._notify_once(summary, last.reason)
        elif not since and not deliveries.search_count(own & STUCK, limit=1):
            self.activity_unlink([TODO])

    def _get_failing_since(self):
        """Return since when every attempt has come to nothing (naive UTC); False when the last one was answered."""
        read_group = self.env["srsp.delivery"]._read_group
        own = Domain("channel_id", "=", self.id)
        answered = own & Domain("state", "in", ("accepted", "rejected"))
        [[accepted, rejected]] = read_group(
            answered, [], ["received_at:max", "failed_at:max"]
        )
        answer = max(filter(None, (accepted, rejected)), default=datetime.datetime.min)
        failed = own & FAILED & Domain("failed_at", ">", answer)
        [[first]] = read_group(failed, [], ["first_sent_at:min"])
        return first and max(first, answer)

    def _get_patience(self):
        """Return how long a platform may fail before somebody is told."""
        parameters = self.env["ir.config_parameter"].sudo()
        hours = parameters.get_param("srsp_disclosure.alarm_hours", ALARM_HOURS)
        return datetime.timedelta(hours=float(hours))

    def _notify_once(self, summary, note):
        """Give this channel a to-do, unless it has one."""
        if not self.activity_search([TODO]):
            self._notify(self, summary, note)

    def _notify(self, record, summary, note):
        """Give the responsible officer a to-do on ``record``; ``note`` is text of others, not HTML."""
        _logger.warning("%s, %s: %s", self, record, summary)
        record._srsp_tell(self._get_responsible(), summary, note)

    def _get_responsible(self):
        """Return the user to notify: the channel's own, or the first disclosure officer of its company, or none."""
        officers = "srsp_disclosure.group_disclosure_officer"
        members = self.company_id._srsp_get_members(officers)
        return self.user_id.filtered("active") or members[:1]
