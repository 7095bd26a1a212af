from odoo import api, models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _get_sealed_models(self):
        return {
            **super()._get_sealed_models(),
            "srsp.list": [("state", "in", ("published", "superseded"))],
        }
