from odoo import api, fields, models


class ResGroups(models.Model):
    _inherit = "res.groups"

    srsp_two_factor = fields.Boolean(
        "Requires Two-Factor Authentication",
        help="Who has this group signs in with a second factor: the code of an app, or else a code sent by e-mail.",
    )

    @api.constrains("implied_ids", "implied_by_ids", "user_ids")
    def _check_srsp_code_writers(self):
        """A group that implies another one gives its rights to everybody in it."""
        self.env.registry.clear_cache("groups")
        self.with_context(active_test=False).all_user_ids._check_srsp_code_writers()
