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
        """Rows sealed while 19.0.1.1.0 was in development bear the names of their fields."""
        sealed, live = json.loads(row.payload), version._get_seal_payload()
        if sealed.get("lines_digest") != live["lines_digest"]:
            by_field = version._get_seal_payload(sealed_names={})
            if sealed.get("lines_digest") == by_field["lines_digest"]:
                return sealed, by_field
        return sealed, live
