from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import clock
from ..base.srsp_division import OFFICERS
from .srsp_task import FROZEN_FIELDS

ACTIVITY = "srsp_supervision.mail_activity_approval"
# What may still be set once a task has been requested or approved.
FREE_FIELDS = frozenset(("draw_at", "lock_at"))


class SrspTask(models.Model):
    """Tasks that no published plan names (临时任务): a reason, and the approval of the policy division.

    ``none → requested → approved`` or ``refused``. Whoever asks for the approval does not give it. What was
    approved is what is drawn: a change of the task afterwards needs a new approval.
    """

    _inherit = "srsp.task"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    origin = fields.Selection(
        [
            ("plan", "Annual plan"),
            ("supplement", "Supplement to the plan"),
            ("ad_hoc", "Ad hoc"),
        ],
        compute="_compute_origin",
        store=True,
        help="A task outside the annual plan needs a reason and an approval before its draw is announced.",
    )
    ad_hoc_reason = fields.Char(
        "Reason for the Ad Hoc Task",
        help="For example a complaint, a lead or an order from a higher authority. Published with the draw.",
    )
    approval_state = fields.Selection(
        [
            ("none", "Not requested"),
            ("requested", "Requested"),
            ("approved", "Approved"),
            ("refused", "Refused"),
        ],
        default="none",
        required=True,
        copy=False,
        tracking=True,
    )
    approval_requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Date(readonly=True, copy=False)
    refusal_reason = fields.Char("Approval Refusal Reason", readonly=True, copy=False)

    @api.depends("plan_id")
    def _compute_origin(self):
        for task in self:
            own = "supplement" if task.origin == "supplement" else "ad_hoc"
            task.origin = "plan" if task.plan_id else own

    def write(self, vals):
        """A change of what was asked for, or approved, needs a new approval."""
        result = super().write(vals)
        if vals.keys() & FROZEN_FIELDS - FREE_FIELDS:
            self._forget_approval()
        return result

    def action_request_approval(self):
        self._check_step(OFFICERS, "planned")
        for task in self:
            task._check_needs_approval()
            if task.approval_state == "requested":
                message = self.env._(
                    "Task %(task)s: its approval has been requested already.",
                    task=task.name,
                )
                raise UserError(message)
            if not (task.ad_hoc_reason or "").strip():
                message = self.env._(
                    "Task %(task)s: enter why it is needed outside the plan (field Reason for the Ad Hoc Task).",
                    task=task.name,
                )
                raise UserError(message)
            vals = {"approval_state": "requested", "refusal_reason": False}
            task.sudo().write({"approval_requested_by_id": self.env.uid, **vals})
            policy = self.env["srsp.division"]._find_policy(task.company_id)
            localised = task.company_id._srsp_in_language(task)
            summary = localised.env._("Approve or refuse the ad hoc task")
            policy._schedule(localised, summary, task.ad_hoc_reason, kind=ACTIVITY)

    def action_approve(self):
        """Approve a task outside the plan: by a policy officer who has not asked for it."""
        self._check_approver()
        tasks = self.sudo()
        vals = {"approved_by_id": self.env.uid, "approved_on": clock.today()}
        tasks.write({"approval_state": "approved", **vals})
        tasks.activity_feedback([ACTIVITY])

    def action_refuse(self):
        return self.env["srsp.reason"]._open(self, "task_refuse")

    def _forget_approval(self):
        """Ask for a new approval after a user has changed the task; business methods keep the one there is."""
        states = ("requested", "approved")
        changed = self.sudo().filtered(lambda task: task.approval_state in states)
        if changed and not self.env.su:
            vals = {"approved_by_id": False, "approved_on": False}
            changed.write({"approval_state": "none", **vals})
            changed.activity_unlink([ACTIVITY])

    def _find_approval_obstacles(self):
        """Yield what is wrong unless a published plan names the task, or it has been approved without one."""
        if self.plan_id and self.plan_id.state != "published":
            yield self.env._(
                "Task %(task)s: %(plan)s has not been published yet. A draw is announced after the plan.",
                task=self.name,
                plan=self.plan_id.name,
            )
        if self.origin != "plan" and self.approval_state != "approved":
            yield self.env._(
                "Task %(task)s is not in a plan: give a reason and have the policy division approve it first.",
                task=self.name,
            )

    def _refuse(self, reason):
        """Refuse the approval; the division can change the task and ask again."""
        self._check_approver()
        task = self.sudo()
        task.write({"approval_state": "refused", "refusal_reason": reason})
        task.activity_feedback([ACTIVITY], feedback=reason)
        partner = task.approval_requested_by_id.partner_id
        task.message_post(body=reason, partner_ids=partner.ids)

    def _check_approver(self):
        self._check_step(["group_policy_officer"])
        for task in self:
            task._check_needs_approval()
            if task.approval_state != "requested":
                message = self.env._(
                    "Task %(task)s: no approval has been requested.", task=task.name
                )
                raise UserError(message)
            if task.approval_requested_by_id == self.env.user and not self.env.su:
                message = self.env._(
                    "Task %(task)s: the person who requested the approval cannot give it.",
                    task=task.name,
                )
                raise UserError(message)

    def _check_needs_approval(self):
        if self.origin == "plan" or self.announced_on:
            message = self.env._(
                "Task %(task)s needs no approval: its plan names it, or its draw has been announced.",
                task=self.name,
            )
            raise UserError(message)
