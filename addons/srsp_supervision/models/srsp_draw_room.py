from odoo import api, fields, models


class SrspDraw(models.Model):
    """The draw room: what a projector shows while a draw happens before witnesses."""

    _inherit = "srsp.draw"

    can_open_room = fields.Boolean(compute="_compute_can_open_room")

    @api.depends_context("uid")
    def _compute_can_open_room(self):
        for draw in self:
            draw.can_open_room = draw._is_room_open()

    def _is_room_open(self):
        """Tell whether the user is an auditor, or a manager who runs the task."""
        user = self.env.user
        if not self.has_access("read"):
            return False
        if user.has_group("srsp_supervision.group_auditor"):
            return True
        is_manager = user.has_group("srsp_supervision.group_division_manager")
        return is_manager and self.task_id.has_access("write")

    def action_open_room(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/srsp/draw_room/{self.id}",
            "target": "new",
        }
