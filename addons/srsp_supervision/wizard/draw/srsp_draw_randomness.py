from odoo import fields, models


class SrspDrawRandomness(models.TransientModel):
    """One person's entry of a public lottery result before witnesses; the second of two draws."""

    _name = "srsp.draw.randomness"
    _description = "Randomness of a draw"
    _inherit = ["srsp.wizard.mixin"]

    draw_id = fields.Many2one("srsp.draw", required=True, readonly=True)
    entered_by_id = fields.Many2one(related="draw_id.entered_by_id")
    value = fields.Char(
        "Lottery Result",
        required=True,
        help="Exactly as announced, e.g. 9.18.26.34.41.45",
    )
    witnesses = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        task = self.draw_id.task_id
        task._check_role("group_division_manager", "group_policy_officer")
        task.check_access("write")
        draw, value, witnesses = self.draw_id.sudo(), self.value, self.witnesses
        self.unlink()  # what was typed stays nowhere
        return draw._enter(value, witnesses)
