from odoo import api, fields, models
from odoo.exceptions import UserError


class BaseModuleUninstall(models.TransientModel):
    """Odoo's dialog before an addon goes: with evidence it asks for a reason, and tells what to save before."""

    _name = "base.module.uninstall"
    _inherit = ["base.module.uninstall", "srsp.check.mixin"]

    srsp_event_count = fields.Integer(
        "Events about What Goes", compute="_compute_srsp_event_count"
    )
    srsp_reason = fields.Text("Reason for the Removal")

    @api.depends("module_ids")
    def _compute_srsp_event_count(self):
        for wizard in self:
            wizard.srsp_event_count = wizard._get_modules()._srsp_count_evidence()

    def action_uninstall(self):
        """Remove the addons; where there is evidence, with a reason, which the chain seals.

        :raise UserError: when there is evidence and no reason is given
        """
        self.ensure_one()
        if not self.srsp_event_count:
            return super().action_uninstall()
        reason = " ".join((self.srsp_reason or "").split())
        if not reason:
            raise UserError(
                self.env._("Give a reason for the removal: it stays on record.")
            )
        confirmed = self._get_modules()._srsp_confirm_removal(reason)
        self = self.with_context(**confirmed.env.context)
        return super().action_uninstall()
