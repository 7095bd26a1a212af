import json

from odoo import api, models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"

    @api.model
    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "srsp.publication": []}

    def _compare_srsp_publication(self, row, publication):
        """Compare what was sealed with the publication and the bytes of its original as they are now."""
        sealed = json.loads(row.payload)
        live = {
            **publication._prepare_seal(),
            "original": publication._digest_original(),
        }
        return {**sealed, "original": sealed["digest"]}, live
