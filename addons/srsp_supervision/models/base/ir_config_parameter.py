from odoo import api, models
from odoo.exceptions import ValidationError

from ...fields import get_data_key
from ...tools.outgoing import parse_networks

ALLOWED_NETWORKS = "srsp.allowed_networks"


class IrConfigParameter(models.Model):
    """The database's secret, signed by the data key, and the networks that requests of ours may reach.

    Beside the public internet those are the networks that the system administrator names.
    """

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

    @api.constrains("key", "value")
    def _check_srsp_allowed_networks(self):
        for parameter in self:
            if parameter.key != ALLOWED_NETWORKS:
                continue
            try:
                parse_networks(parameter.value)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "%(key)s: enter networks separated by commas, e.g. 10.1.0.0/16.",
                        key=parameter.key,
                    )
                ) from error

    @api.model
    def _srsp_get_allowed_networks(self):
        return parse_networks(self.sudo().get_param(ALLOWED_NETWORKS) or "")
