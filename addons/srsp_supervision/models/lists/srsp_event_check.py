import json

from odoo import api, models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _get_sealed_models(self):
        return {
            **super()._get_sealed_models(),
            "srsp.list": [("state", "in", ("published", "superseded"))],
        }

    def _compare_srsp_list(self, row, version):
        return json.loads(row.payload), version._get_seal_payload()
