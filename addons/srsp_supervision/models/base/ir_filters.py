from odoo import api, models
from odoo.exceptions import ValidationError


class IrFilters(models.Model):
    _inherit = "ir.filters"

    @api.constrains("is_default", "user_ids", "model_id")
    def _check_srsp_default(self):
        """Nobody decides which supervision records others see when they open a list."""
        if self.env.user.has_group("base.group_system"):
            return
        for search in self.filtered("is_default"):
            if search.model_id.startswith("srsp.") and search.user_ids != self.env.user:
                raise ValidationError(
                    self.env._(
                        "“%(filter)s”: a default filter on supervision records can only be your own. Save it for"
                        " yourself, or share it without making it the default.",
                        filter=search.name,
                    )
                )
