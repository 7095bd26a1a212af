from odoo import api, fields, models


class SrspReason(models.TransientModel):
    _inherit = "srsp.reason"

    step = fields.Selection(
        selection_add=[
            ("import_cancel_missing", "Remove the targets missing from the file")
        ],
        ondelete={"import_cancel_missing": "cascade"},
    )

    @api.model
    def _get_steps(self):
        return super()._get_steps() | {
            "import_cancel_missing": ("srsp.registry.import", "_cancel_missing")
        }
