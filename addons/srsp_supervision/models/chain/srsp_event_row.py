from odoo import api, fields, models

from ...fields import UnconstrainedMany2one


class SrspEventRow(models.Model):
    """The digest of a row of a sealed table after a change; empty where the change deleted it.

    Written by SQL alone, by ``srsp.event.change``; the last one of a row is what the row must be.
    """

    _name = "srsp.event.row"
    _description = "Recorded row"
    _inherit = ["srsp.evidence.mixin"]
    _order = "id desc"
    _rec_name = "res_table"
    _log_access = False
    _sealed_rows = False

    change_id = UnconstrainedMany2one(
        "srsp.event.change",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="change_id.company_id")
    res_table = fields.Char("Table", required=True, readonly=True)
    res_id = fields.Integer("Row", required=True, readonly=True)
    other_id = fields.Integer(
        "Linked Row", required=True, readonly=True, help="0 except for a link."
    )
    digest = fields.Binary("SHA-256", attachment=False, readonly=True)
    outside = fields.Boolean(
        "Changed outside before",
        readonly=True,
        help="Before this change the row was not what had been recorded last.",
    )

    _row_idx = models.Index("(res_table, res_id, other_id, change_id)")
    _outside_idx = models.Index("(change_id) WHERE outside")

    @api.model_create_multi
    def create(self, vals_list):
        self._check_evidence()
        return super().create(vals_list)

    def _check_evidence(self, vals=None):
        raise self._logged_error(
            self.env._("The integrity chain can only be written by the system.")
        )
