from odoo import api, models


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.constrains("implied_ids", "implied_by_ids", "user_ids")
    def _check_srsp_code_writers(self):
        """A group that implies another one gives its rights to everybody in it."""
        self.env.registry.clear_cache("groups")
        self.with_context(active_test=False).all_user_ids._check_srsp_code_writers()
