import json

from odoo import models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "srsp.registry.confirmation": []}

    def _compare_srsp_registry_confirmation(self, row, confirmation):
        """Compare all but names and codes, which may change."""
        sealed, live = json.loads(row.payload), confirmation._get_payload()
        names = ("year", "version", "confirmed_on", "counts", "digest")
        return [{name: side[name] for name in names} for side in (sealed, live)]
