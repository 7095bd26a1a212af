from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    srsp_division_ids = fields.Many2many(
        "srsp.division",
        "srsp_division_users_rel",
        "user_id",
        "division_id",
        string="Divisions",
    )

    def write(self, vals):
        result = super().write(vals)
        if "srsp_division_ids" in vals:
            self.env.registry.clear_cache()  # record rules are cached with the user's divisions
        return result
