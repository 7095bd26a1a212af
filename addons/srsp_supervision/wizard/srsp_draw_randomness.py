import re

from odoo import fields, models
from odoo.exceptions import UserError


class SrspDrawRandomness(models.TransientModel):
    """Keys in a public lottery result before witnesses, then draws."""

    _name = "srsp.draw.randomness"
    _description = "Randomness of a draw"

    draw_id = fields.Many2one("srsp.draw", required=True, readonly=True)
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
        draw = self.draw_id.sudo()
        value = ".".join(re.findall(r"[0-9]+", self.value or ""))
        if not value or not (self.witnesses or "").strip():
            raise UserError(
                self.env._("Enter the lottery result and name the witnesses.")
            )
        draw.lock_for_update()
        draw._check_due(fields.Datetime.now())
        if draw.randomness_kind != "lottery" or draw.iteration_ids:
            raise UserError(
                self.env._(
                    "Draw %(draw)s has its randomness, or takes it from another source.",
                    draw=draw.number,
                )
            )
        self.env["srsp.draw.iteration"].sudo().create(
            {
                "draw_id": draw.id,
                "number": 1,
                "randomness_hex": value.encode().hex(),
                "witnesses": self.witnesses.strip(),
            }
        )
        self.env[
            "ir.cron"
        ]._commit_progress()  # nobody keys in another one from here on
        draw._draw()
        return {"type": "ir.actions.act_window_close"}
