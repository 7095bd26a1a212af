from odoo import api, fields, models
from odoo.exceptions import UserError

from ...actions import get_dialog_action

# Steps whose reason the public reads.
PUBLIC = ("task_withdraw",)
# Step: (label, model, private method that takes the reason and checks the role).
STEPS = {
    "task_cancel": ("Cancel the task", "srsp.task", "_cancel"),
    "task_withdraw": ("Withdraw the announcement", "srsp.task", "_withdraw"),
    "task_refuse": ("Refuse the approval", "srsp.task", "_refuse"),
    "plan_return": ("Send the plan back", "srsp.plan", "_return"),
    "change_refuse": ("Refuse the request", "srsp.draw.request", "_refuse"),
    "visit_return": ("Send back for completion", "srsp.inspection", "_return"),
    "part_return": ("Send the part back", "srsp.list.part", "_return"),
    "approval_withdraw": ("Withdraw the approval", "srsp.list", "_withdraw_approval"),
    "absence_dismiss": ("Dismiss the absence", "srsp.inspector.absence", "_dismiss"),
    "recusal_dismiss": ("Dismiss the recusal", "srsp.recusal", "_dismiss"),
    "key_decline": ("Decline the proposal", "srsp.key.target", "_decline"),
    "key_delist": ("Propose delisting", "srsp.key.target", "_propose_delisting"),
}


class SrspReason(models.TransientModel):
    """Asks for a reason before a step that stays on record for good."""

    _name = "srsp.reason"
    _description = "Reason for a step"

    step = fields.Selection(
        [(step, label) for step, (label, _model, _method) in STEPS.items()],
        required=True,
        readonly=True,
    )
    res_id = fields.Integer("Record ID", required=True, readonly=True)
    reason = fields.Text(required=True)
    is_public = fields.Boolean(compute="_compute_is_public")

    @api.depends("step", "res_id")
    def _compute_is_public(self):
        for wizard in self:
            task = self.env["srsp.task"].browse(wizard.res_id)
            wizard.is_public = wizard.step in PUBLIC or (
                wizard.step == "task_cancel" and bool(task.announced_on)
            )

    @api.model
    def _get_steps(self):
        """Step → (model, private method that takes the reason and checks the role)."""
        return {step: target for step, (_label, *target) in STEPS.items()}

    @api.model
    def _open(self, record, step):
        """The action that opens the form for ``step`` on ``record``, a single one."""
        record.ensure_one()
        labels = dict(self._fields["step"]._description_selection(self.env))
        context = {"default_step": step, "default_res_id": record.id}
        return get_dialog_action(self.browse(), labels[step], context=context)

    def action_confirm(self):
        self.ensure_one()
        reason = " ".join((self.reason or "").split())
        if not reason:
            raise UserError(self.env._("Give a reason: it stays on record."))
        model, method = self._get_steps()[self.step]
        record = self.env[model].browse(self.res_id).exists()
        record.check_access("read")
        getattr(record, method)(reason)
        return {"type": "ir.actions.act_window_close"}
