from odoo import api, fields, models


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

    @api.model
    def _srsp_get_home_actions(self):
        """``[(group, action), …]`` as external ids: the first group that a user is in decides."""
        actions = {
            "group_policy_officer": "srsp_task_action",
            "group_division_manager": "srsp_task_action",
            "group_auditor": "srsp_draw_action",
            "group_division_officer": "srsp_task_action",
            "group_inspector": "srsp_inspection_action_mine",
        }
        addon = "srsp_supervision"
        return [(f"{addon}.{group}", f"{addon}.{a}") for group, a in actions.items()]

    def _srsp_get_home_action(self):
        """The action that opens after sign-in for the role of this user; none without a role."""
        self.ensure_one()
        for group, action in self._srsp_get_home_actions():
            if self.has_group(group):
                return self.env.ref(action).sudo()
        return self.env["ir.actions.act_window"]

    def _on_webclient_bootstrap(self):
        """Users with a role here are not greeted by OdooBot, whose chat window would cover their work."""
        if (
            "odoobot_state" in self._fields
            and self.odoobot_state in (False, "not_initialized")
            and self._srsp_get_home_action()
        ):
            self.sudo().odoobot_state = "disabled"
        return super()._on_webclient_bootstrap()
