from odoo import api, fields, models
from odoo.exceptions import UserError


class SrspTaskStratum(models.Model):
    """A ratio of its own for one stratum of a task, with the reason that is published.

    Whoever may write the task may set it, until the draw has been announced.
    """

    _name = "srsp.task.stratum"
    _description = "Ratio of a stratum"
    _inherit = ["srsp.guard.mixin"]
    _order = "task_id, key"
    _rec_name = "key"

    task_id = fields.Many2one(
        "srsp.task", required=True, index=True, ondelete="cascade"
    )
    key = fields.Char("Stratum", required=True, help="Its key, e.g. D, key or D/Gulou.")
    ratio = fields.Float(digits=(5, 4), required=True)
    reason = fields.Char(required=True, help="Published with the roster.")

    _key_uniq = models.UniqueIndex("(task_id, key)")
    _ratio_range = models.Constraint(
        "CHECK (ratio > 0 AND ratio <= 1)",
        "Ratios lie above 0 and not above 1 (5 % is 0.05).",
    )

    @api.model_create_multi
    def create(self, vals_list):
        strata = super().create(vals_list)
        strata._check_task_open()
        return strata

    def write(self, vals):
        self._check_task_open()
        result = super().write(vals)
        self._check_task_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        self._check_task_open()

    def _check_task_open(self):
        if self.env.su:
            return
        self.task_id.check_access("write")
        if any(task.announced_on for task in self.task_id):
            raise UserError(
                self.env._(
                    "The draw has been announced: what it covers and when it happens can no longer change."
                )
            )
