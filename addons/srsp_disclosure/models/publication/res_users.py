from odoo import api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _srsp_get_home_actions(self):
        """Disclosure officers start with the deadlines, unless they manage a division or the rulebook."""
        actions = super()._srsp_get_home_actions()
        clock = (
            "srsp_disclosure.group_disclosure_officer",
            "srsp_disclosure.srsp_publication_action_clock",
        )
        return [*actions[:2], clock, *actions[2:]]
