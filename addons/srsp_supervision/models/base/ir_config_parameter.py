from odoo import api, models
from odoo.exceptions import ValidationError

from ...tools.outgoing import parse_networks

ALLOWED_NETWORKS = "srsp.allowed_networks"


class IrConfigParameter(models.Model):
    """The networks that requests of ours may reach beside the public internet, kept by the system administrator."""

    _inherit = "ir.config_parameter"

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
