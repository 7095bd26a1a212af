from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.certificate import one_line


class SrspDrawChange(models.TransientModel):
    """Draw more targets, or withdraw an inspector from a draw; either is public, with its reason."""

    _name = "srsp.draw.change"
    _description = "Change after a draw"
    _inherit = ["srsp.wizard.mixin"]

    draw_id = fields.Many2one("srsp.draw", required=True, readonly=True)
    kind = fields.Selection(
        [("extension", "Draw more"), ("withdrawal", "Replace an inspector")],
        required=True,
        readonly=True,
    )
    stratum = fields.Selection(selection="_selection_stratum")
    number = fields.Integer("Additional Quantity", default=1)
    inspector_ids = fields.Many2many(
        "srsp.inspector", string="Team Members", compute="_compute_inspector_ids"
    )
    inspector_id = fields.Many2one(
        "srsp.inspector", domain="[('id', 'in', inspector_ids)]"
    )
    reason = fields.Text(required=True)

    @api.model
    def _selection_stratum(self):
        """Return the strata of the draw in the context; without one, of all draws in state ``drawn``."""
        draws = self.env["srsp.draw"].browse(self.env.context.get("srsp_draw_id"))
        names = {}
        for draw in draws or draws.search([("state", "=", "drawn")]):
            names |= draw._name_strata()
        return list(names.items())

    @api.depends("draw_id")
    def _compute_inspector_ids(self):
        for wizard in self:
            visits = wizard.draw_id.inspection_ids
            wizard.inspector_ids = visits.officer_ids | visits.expert_ids

    def action_confirm(self):
        self.ensure_one()
        task = self.draw_id.task_id
        task._check_role("group_division_manager", "group_policy_officer")
        task.check_access("write")
        reason = one_line(self.reason or "")
        if not reason:
            raise UserError(self.env._("Give a reason: it stays on record."))
        draw = self.draw_id.sudo()
        if self.kind == "extension":
            if self.stratum not in draw._name_strata():
                raise UserError(
                    self.env._("Choose a stratum of draw %(draw)s.", draw=draw.number)
                )
            draw._extend({self.stratum: self.number}, reason)
        elif self.inspector_id:
            draw._withdraw(self.inspector_id.sudo(), reason)
        else:
            raise UserError(self.env._("Choose the inspector who can no longer serve."))
        return {"type": "ir.actions.act_window_close"}
