from odoo import api, models

from ...fields import get_data_key


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.model
    def get_param(self, key, default=False):
        """Return the database's secret as the data key has signed it.

        Odoo signs with it what a link allows: a new password, a file, a subscription. Whoever has a copy of the
        database alone, and not the key, cannot forge such a link.
        """
        value = super().get_param(key, default)
        if key == "database.secret" and value:
            return get_data_key(self.env).sign(value)
        return value
