from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...fields import company_of
from ...tools import clock
from ..base.mail_activity_mixin import TODO

# Why somebody is away or not impartial is for themselves, the head of their division and policy officers, of whose
# records the rules tell. An auditor sees that it was declared, when, and who decided.
REASON_GROUPS = "srsp_supervision.group_inspector,srsp_supervision.group_policy_officer"


class SrspInspectorDeclaration(models.AbstractModel):
    """What keeps an inspector from inspecting for a time: an absence, a recusal.

    ``proposed → confirmed`` or ``dismissed``, with who and when. The inspector declares it, or the system
    proposes it; the head of a division or a policy officer decides, never about themselves. What such
    a person records about somebody else is confirmed at once. Nothing is edited or deleted: what was wrong
    is dismissed, with a reason, and declared again. When a draw has been announced that the inspector
    may be in, a reason is due, and the task says that its pool has changed.
    """

    _name = "srsp.inspector.declaration"
    _description = "Declaration about an inspector"
    _inherit = ["srsp.evidence.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _guarded_fields = tuple(
        "state decided_by_id decided_on dismissal_reason task_ids".split()
    )
    _dismiss_step = ""  # the step of srsp.reason

    inspector_id = fields.Many2one(
        "srsp.inspector",
        required=True,
        index=True,
        check_company=True,
        domain=lambda self: list(self.env["srsp.inspector"]._get_declarable_domain()),
        default=lambda self: self.env["srsp.inspector"]._find_own(),
    )
    division_id = fields.Many2one(
        related="inspector_id.division_id", store=True, index=True
    )
    company_id = company_of("inspector_id")
    reason = fields.Char(tracking=True, groups=REASON_GROUPS)
    date_from = fields.Date("From", required=True, default=lambda self: clock.today())
    date_to = fields.Date("Until", help="Empty: until further notice.", tracking=True)
    state = fields.Selection(
        [
            ("proposed", "To confirm"),
            ("confirmed", "Confirmed"),
            ("dismissed", "Dismissed"),
        ],
        default="proposed",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    dismissal_reason = fields.Char(
        readonly=True, copy=False, tracking=True, groups=REASON_GROUPS
    )
    task_ids = fields.Many2many(
        "srsp.task",
        string="Previously Announced Tasks",
        readonly=True,
        copy=False,
        help="Draws that had been announced but not yet held when this was declared or decided.",
    )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for record in self:
            if record.date_to and record.date_to < record.date_from:
                message = self.env._(
                    "%(name)s: it cannot end before it begins.",
                    name=record.display_name,
                )
                raise ValidationError(message)

    def _can_create(self):
        inspectors = self.env["srsp.inspector"]
        domain = inspectors._get_declarable_domain()
        return bool(inspectors.search_count(domain, limit=1))

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["srsp.event"]._seal_state(records, "declaration.made")
        if not self.env.su:  # the record rules have let users record this about others
            user = self.env.user
            others = records.sudo().filtered(lambda it: it.inspector_id.user_id != user)
            others.write(self._prepare_recorded_vals())
        records.sudo()._note_announced()
        records.sudo()._ask()
        return records

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self.env["srsp.event"]._seal_state(self, f"declaration.{vals['state']}")
        return result

    def _prepare_seal(self):
        """Return what draws and decisions read, without the reasons, which can be about somebody's health."""
        names = "inspector_id date_from date_to state decided_by_id decided_on".split()
        return self.env["srsp.event"]._read_values(self, names)

    def _check_evidence(self, vals=None):
        # The form needs the right to write, or it would not save a new record.
        if vals is not None and not self.env.su:
            raise AccessError(
                self.env._(
                    "A declaration cannot be edited: dismiss it and declare again."
                )
            )

    def action_confirm(self):
        self._decide(("proposed",), {"state": "confirmed"})

    def action_dismiss(self):
        return self.env["srsp.reason"]._open(self, self._dismiss_step)

    def _dismiss(self, reason):
        vals = {"state": "dismissed", "dismissal_reason": reason}
        self._decide(("proposed", "confirmed"), vals)

    def _decide(self, states, vals):
        """Write a decision of the user, who must be allowed to take it."""
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("read")
        self._check_state(*states)
        if not self.env.su and self.env.user in self.sudo().inspector_id.user_id:
            raise AccessError(
                self.env._("Matters that concern you are decided by another person.")
            )
        records = self.sudo()
        was_binding = records._filter_binding()
        records.write({**vals, **self._prepare_decision_vals()})
        binding = records._filter_binding()
        ((was_binding | binding) - (was_binding & binding))._note_announced()
        records.activity_unlink([TODO])

    def _prepare_decision_vals(self):
        return {"decided_by_id": self.env.uid, "decided_on": fields.Datetime.now()}

    def _prepare_recorded_vals(self):
        """What is written when somebody records this about another: it is confirmed."""
        return {"state": "confirmed", **self._prepare_decision_vals()}

    def _ask(self):
        """An activity for whoever has to decide."""
        waiting = self.filtered(lambda record: record.state == "proposed")
        heads = waiting.inspector_id._get_heads()
        for record in waiting:
            head = heads[record.inspector_id.id]
            localized = record.company_id._srsp_in_language(record)
            localized._srsp_tell(head, localized.env._("Confirm or dismiss"))

    def _note_announced(self):
        """Remember which announced draws these come after, and tell their tasks what now binds or no longer does.

        :raise UserError: when such a draw is concerned and no reason is given
        """
        known = self.inspector_id._find_announced_tasks()
        for record in self:
            tasks = known[record.inspector_id.id].filtered(record._bears_on)
            if not tasks:
                continue
            if not (record.dismissal_reason or record.reason or "").strip():
                message = self.env._(
                    "The draw of “%(task)s” has been announced: enter this with a reason.",
                    task=tasks[0].name,
                )
                raise UserError(message)
            record.task_ids |= tasks
            record.inspector_id._notify_tasks(
                lambda env, record=record: record.with_env(env)._get_notice(),
                {record.inspector_id.id: tasks},
            )

    def _bears_on(self, task):
        """Whether it can matter to a draw of ``task``, whose window it must touch."""
        date_to = self.date_to or task.date_from
        return self.date_from <= task.date_to and date_to >= task.date_from

    def _get_notice(self):
        """What the readers of a task learn about this: one line, never why, and nothing that tells it."""
        state = self._fields["state"].convert_to_export(self.state, self)
        return self.env._(
            "not available, %(from)s – %(until)s: %(state)s",
            **{"from": self.date_from, "until": self.date_to or "", "state": state},
        )

    def _get_effective_domain(self):
        """Those that count, whatever their dates."""
        return Domain("state", "=", "confirmed")

    def _get_binding_domain(self, date_from, date_to):
        """Those that count on some day between two dates, both included."""
        lasting = Domain("date_to", "=", False) | Domain("date_to", ">=", date_from)
        begun = Domain("date_from", "<=", date_to)
        return self._get_effective_domain() & begun & lasting

    def _filter_binding(self):
        return self.filtered_domain(self._get_effective_domain())
