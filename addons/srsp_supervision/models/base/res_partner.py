from odoo import models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Nobody with a role in supervision chooses the name that evidence gives them, through whatever door."""
        if "name" in vals:
            self._srsp_check_name(vals["name"])
        return super().write(vals)

    def _srsp_check_name(self, name):
        user = self.env.user
        if user._is_superuser() or user.has_group("base.group_erp_manager"):
            return
        roles = self.env.ref("srsp_supervision.res_groups_privilege_srsp").sudo()
        for partner in self.sudo().with_context(active_test=False):
            if (
                partner.name != name
                and partner.user_ids.all_group_ids & roles.group_ids
            ):
                raise AccessError(
                    self.env._(
                        "%(name)s has a role in supervision: the name stands in evidence, and only an administrator"
                        " changes it.",
                        name=partner.name,
                    )
                )
