from odoo import fields, models


class SrspTaskStratum(models.Model):
    """A ratio of its own for one stratum of a task, with the reason that is published."""

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
