import hashlib
import logging
import re
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, email_normalize
from odoo.tools.mail import email_split_tuples

from ...actions import get_notification
from ...tools.identity import holds_identity, mask_all
from ...tools.phone import holds_phone, mask_phones

_logger = logging.getLogger(__name__)
# The system parameter that holds the SHA-256 of the token for /srsp/health.
MONITOR_TOKEN = "srsp.monitor_token"
# https anywhere, http on this machine only; no login, query or fragment.
DRAND_URL = r"(https://|http://(127\.0\.0\.1|localhost)(?=[:/]|$))[^\s?#@]+"
CHINESE = "zh_CN"


class ResCompany(models.Model):
    _inherit = "res.company"

    srsp_area_code = fields.Char(
        "Area Code",
        size=6,
        help="Six-digit administrative division code (GB/T 2260); plan and task numbers begin with it.",
    )

    srsp_language = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        "Language of Publications",
        compute="_compute_srsp_language",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
        help="Language of what leaves the bureau: published texts, certificates, deliveries and mails to witnesses. "
        "Chinese for a bureau in China, as soon as that language is installed.",
    )
    srsp_lacks_chinese = fields.Boolean(compute="_compute_srsp_lacks_chinese")
    srsp_drand_urls = fields.Text(
        "drand Addresses",
        default="https://api.drand.sh\nhttps://drand.cloudflare.com",
        help="Queried in this order for the round fixed at the roster lock; one address per line.",
    )
    srsp_witness_emails = fields.Char(
        "Commitment Recipients",
        groups="base.group_erp_manager,srsp_supervision.group_administrator",
        help="Names and addresses outside the bureau, separated by commas: each receives every commitment before the"
        " draw, and the names are published.",
    )

    srsp_return_days = fields.Integer(
        "Days of a Quick Return",
        default=30,
        help="A target that was not active at a roster lock and is active again within this number of days is listed "
        "for the auditor; the number of such targets is published with the draw.",
    )

    _srsp_return_days_least = models.Constraint(
        "CHECK (srsp_return_days > 0)",
        "The number of days of a quick return must be positive.",
    )

    @api.depends("partner_id.country_id")
    def _compute_srsp_language(self):
        installed = dict(self.env["res.lang"].get_installed())
        for company in self:
            wanted = CHINESE if company._srsp_is_in_china() else company.partner_id.lang
            company.srsp_language = wanted if wanted in installed else "en_US"

    @api.depends("partner_id.country_id")
    def _compute_srsp_lacks_chinese(self):
        installed = dict(self.env["res.lang"].get_installed())
        for company in self:
            company.srsp_lacks_chinese = (
                company._srsp_is_in_china() and CHINESE not in installed
            )

    @api.constrains("srsp_drand_urls")
    def _check_srsp_drand_urls(self):
        for company in self:
            for url in company._srsp_get_drand_urls():
                if not re.fullmatch(DRAND_URL, url):
                    raise ValidationError(
                        self.env._(
                            "drand address “%(url)s”: use one that begins with https:// (http:// for this machine"
                            " only), without login, query or fragment.",
                            url=url,
                        )
                    )

    @api.constrains("srsp_witness_emails")
    def _check_srsp_witness_emails(self):
        for company in self:
            for text in (company.srsp_witness_emails or "").split(","):
                if not (address := text.strip()):
                    continue
                if not email_normalize(address):
                    message = self.env._(
                        "“%(text)s” is not a valid e-mail address.", text=address
                    )
                    raise ValidationError(message)
                name = email_split_tuples(address)[0][0]
                if not name or holds_identity(name) or holds_phone(name):
                    message = self.env._(
                        "“%(text)s”: enter the name to be published before the address, e.g. Notary Office"
                        " <notary@example.org>; no number of a person.",
                        text=mask_phones(mask_all(address)),
                    )
                    raise ValidationError(message)

    @api.constrains("srsp_area_code")
    def _check_srsp_area_code(self):
        for code in filter(None, self.mapped("srsp_area_code")):
            if not re.fullmatch(r"[0-9]{6}", code):
                raise ValidationError(
                    self.env._(
                        "Area code “%(code)s”: six digits are expected, e.g. 350100 for Fuzhou.",
                        code=code,
                    )
                )

    def action_srsp_create_monitor_token(self):
        """Make a new token for ``/srsp/health`` and show it this once: the database keeps a digest of it alone."""
        if not self.env.is_system():
            message = self.env._(
                "The token for monitoring can only be created by the system administrator (Settings)."
            )
            raise AccessError(message)
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).hexdigest()
        self.env["ir.config_parameter"].set_param(MONITOR_TOKEN, digest)
        message = self.env._(
            "Token for /srsp/health: %(token)s. Copy it now, it is not shown again.",
            token=token,
        )
        return get_notification("success", message, sticky=True)

    def _srsp_get_drand_urls(self):
        return (self.srsp_drand_urls or "").split()

    def _srsp_get_witness_emails(self):
        """``{address: name}``; in place of a name that was never given, the domain of the address."""
        contacts = email_split_tuples(self.sudo().srsp_witness_emails or "")
        return {
            address: name or address.rpartition("@")[2] for name, address in contacts
        }

    def _srsp_is_in_china(self):
        """Return whether this bureau is in China, which it is where no country is set."""
        return self.partner_id.country_id.code in (False, "CN")

    def _srsp_in_language(self, record):
        """``record`` in the language of this bureau, for texts that stay or leave: nobody's own language."""
        return record.with_context(lang=self.sudo().srsp_language)

    def _srsp_find_readers(self, users, subject):
        """Return who of ``users`` can be told of ``subject``: those not archived, else administrators of this bureau.

        Whoever does not answer for it any more, or never did, leaves a line in the log.
        """
        self.ensure_one()
        readers = users.sudo().filtered("active")
        if readers:
            return readers
        for group in ("srsp_supervision.group_administrator", "base.group_system"):
            members = self._srsp_get_members(group)
            if members:
                _logger.warning(
                    "%s: nobody of %s answers for it, %s told instead: %s",
                    *(subject, self.name, group, ", ".join(members.mapped("login"))),
                )
                return members
        _logger.warning("%s: nobody of %s can be told", subject, self.name)
        return readers

    def _srsp_get_members(self, group):
        """Return the users of this bureau who are in ``group`` (an external ID)."""
        return (
            self.env.ref(group)
            .sudo()
            .all_user_ids.filtered(
                lambda user: user.active and self in user.company_ids
            )
            .sorted("id")
        )

    def _srsp_event_sequence(self):
        """The gap-free sequence of this company's integrity chain, created on first use."""
        self.ensure_one()
        sequences = self.env["ir.sequence"]
        domain = [("code", "=", "srsp.event"), ("company_id", "=", self.id)]
        vals = {"name": "SRSP integrity chain", "implementation": "no_gap"}
        return sequences.search(domain, limit=1) or sequences.create(
            {**vals, "code": "srsp.event", "company_id": self.id}
        )

    def _srsp_next_number(self, model_name, stamp):
        """Next number of the form area code + ``stamp`` + ``1`` + three digits.

        ``stamp`` is the year (4 digits) of a plan or the day (8 digits) of a task, as the national
        publicity system writes them (``34000020171000``, ``340000201709041000``).
        """
        self.ensure_one()
        if not self.srsp_area_code:
            raise UserError(
                self.env._(
                    "%(company)s has no area code: set it in Settings › Companies.",
                    company=self.name,
                )
            )
        model = self.env[model_name]
        model.flush_model(["number"])
        prefix = f"{self.srsp_area_code}{stamp}1"
        # Every numbering updates this row: of two at once, the later one fails to serialize, and Odoo tries it again.
        self.env.execute_query(
            SQL(
                "UPDATE ir_sequence SET number_next = number_next WHERE id = %s RETURNING 1",
                self.sudo()._srsp_event_sequence().id,
            )
        )
        [[last]] = self.env.execute_query(
            SQL(
                "SELECT max(number) FROM %s WHERE number LIKE %s AND length(number) = %s",
                SQL.identifier(model._table),
                f"{prefix}%",
                len(prefix) + 3,
            )
        )
        following = int(last[-3:]) + 1 if last else 0
        if following > 999:
            raise UserError(
                self.env._(
                    "All 1,000 numbers beginning with %(prefix)s are taken.",
                    prefix=prefix,
                )
            )
        return f"{prefix}{following:03d}"
