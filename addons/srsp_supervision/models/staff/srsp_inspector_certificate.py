import math
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...fields import company_of
from ...tools import clock
from ..base.isolation import do_each
from ..registry.srsp_target import PERMIT_STATES, get_permit_state

# Certificates that allow to enforce the law: only these make an officer eligible.
OFFICIAL = ("department", "provincial")
SEALED_FIELDS = ("inspector_id", "kind", "number", "valid_from", "valid_until")
FIRST_NOTICE, LAST_NOTICE = 60, 15  # days before the last day


class SrspInspectorCertificate(models.Model):
    """A certificate of an inspector: to enforce the law (by a ministry or the province), or another one.

    A renewal under the same number moves the last day; a withdrawn certificate ends on the day it was
    withdrawn. Nothing is deleted, every change is tracked, and nobody changes their own certificate.
    """

    _name = "srsp.inspector.certificate"
    _description = "Certificate of an inspector"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "valid_until desc, id desc"
    _rec_name = "number"
    _check_company_auto = True
    _guarded_fields = ("first_notice_on", "last_notice_on")
    _phone_texts = ("number",)

    inspector_id = fields.Many2one(
        "srsp.inspector",
        required=True,
        index=True,
        check_company=True,
        domain=lambda self: list(self.env["srsp.inspector"]._get_kept_domain()),
    )
    division_id = fields.Many2one(
        related="inspector_id.division_id", store=True, index=True
    )
    company_id = company_of("inspector_id")
    kind = fields.Selection(
        [
            ("department", "Enforcement certificate (ministry)"),
            ("provincial", "Enforcement certificate (province)"),
            ("other", "Other"),
        ],
        required=True,
        default="provincial",
        tracking=True,
    )
    number = fields.Char(required=True, tracking=True)
    valid_from = fields.Date(tracking=True, help="Empty: no start date.")
    valid_until = fields.Date(required=True, index=True, tracking=True)
    state = fields.Selection(PERMIT_STATES[1:], compute="_compute_state")
    scan = fields.Binary(attachment=True)
    scan_name = fields.Char("File Name")
    first_notice_on = fields.Date("First Reminder", readonly=True, copy=False)
    last_notice_on = fields.Date("Last Reminder", readonly=True, copy=False)

    @api.depends("valid_until")
    def _compute_state(self):
        for certificate in self:
            until = certificate.valid_until
            certificate.state = until and get_permit_state(until)

    @api.constrains("valid_from", "valid_until")
    def _check_dates(self):
        for record in self:
            if record.valid_from and record.valid_until < record.valid_from:
                message = self.env._(
                    "Certificate %(number)s ends before it begins.",
                    number=record.number,
                )
                raise ValidationError(message)

    @api.model_create_multi
    def create(self, vals_list):
        certificates = super().create(vals_list)
        self.env["srsp.event"]._seal_state(certificates, "certificate.changed")
        certificates._register_change()
        return certificates

    def write(self, vals):
        self.inspector_id._check_not_own()
        if "inspector_id" in vals and self.inspector_id.ids != [vals["inspector_id"]]:
            raise ValidationError(self.env._("A certificate stays with its inspector."))
        result = super().write(vals)
        if "valid_until" in vals:
            self.sudo().write({"first_notice_on": False, "last_notice_on": False})
        if set(SEALED_FIELDS) & vals.keys():
            self.env["srsp.event"]._seal_state(self, "certificate.changed")
        if {"kind", "valid_from", "valid_until"} & vals.keys():
            self._register_change()
        return result

    def _prepare_seal(self):
        return self.env["srsp.event"]._read_values(self, SEALED_FIELDS)

    def _register_change(self):
        """Notify the announced tasks that the certificates have changed.

        :raise AccessError: when users change their own certificate
        """
        self.inspector_id._check_not_own()
        self.inspector_id._notify_tasks(lambda env: env._("certificates changed"))

    def _find_longest(self):
        """The certificate among these that lets its holder enforce the law for the longest time."""
        return (
            self._filter_official()
            .filtered("valid_until")
            .sorted(lambda it: (it.valid_until, it._origin.id or math.inf))[-1:]
        )

    def _find_official(self, number):
        """The one among these to enforce the law that has this number, or none."""
        official = self._filter_official()
        return official.filtered(lambda record: record.number == number)[:1]

    def _filter_official(self):
        return self.filtered(lambda record: record.kind in OFFICIAL)

    def _get_covering_domain(self, date_from, date_to):
        """Certificates to enforce the law that hold on every day from the first to the second date."""
        begun = Domain("valid_from", "=", False) | Domain("valid_from", "<=", date_from)
        official = Domain("kind", "in", OFFICIAL)
        return official & begun & Domain("valid_until", ">=", date_to)

    def _cron_remind(self):
        """Remind 60 and 15 days before a certificate ends, once each."""
        today = clock.today()
        first, last = today + timedelta(FIRST_NOTICE), today + timedelta(LAST_NOTICE)
        early = Domain([("valid_until", "<=", first), ("first_notice_on", "=", False)])
        late = Domain([("valid_until", "<=", last), ("last_notice_on", "=", False)])
        valid = [("inspector_id.active", "=", True), ("valid_until", ">=", today)]
        due = self.search(Domain(valid) & (early | late))
        due = due.filtered(lambda record: not record._is_replaced())
        heads = due.inspector_id._get_heads()

        def remind(certificate):
            localized = certificate.company_id._srsp_in_language(certificate)
            localized._remind(heads[certificate.inspector_id.id])
            certificate.first_notice_on = certificate.first_notice_on or today
            if certificate.valid_until <= last:
                certificate.last_notice_on = today

        do_each(due, remind)

    def _is_replaced(self):
        """Whether another certificate to enforce the law takes over before this one ends, and lasts longer."""
        after = self.valid_until + timedelta(days=1)
        return self.kind in OFFICIAL and any(
            other.valid_until > self.valid_until
            and (not other.valid_from or other.valid_from <= after)
            for other in self.inspector_id.certificate_ids._filter_official()
        )

    def _remind(self, head):
        inspector = self.inspector_id
        text = self.env._(
            "Certificate %(number)s of %(name)s expires on %(date)s.",
            number=self.number,
            name=inspector.display_name,
            date=self.valid_until,
        )
        inspector._srsp_tell(head, text, deadline=self.valid_until)
        if inspector.user_id:
            inspector.message_notify(
                partner_ids=inspector.user_id.partner_id.ids,
                subject=self.env._("Renew your certificate"),
                body=text,
            )
