from odoo import api, fields, models


class SrspListLineMixin(models.AbstractModel):
    """A line of one of the two lists: frozen with its version, linked to its ancestor when copied."""

    _name = "srsp.list.line.mixin"
    _description = "Line of a supervision list"
    _inherit = ["srsp.guard.mixin"]

    list_id = fields.Many2one(
        "srsp.list",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    list_state = fields.Selection(related="list_id.state", string="List State")
    company_id = fields.Many2one(related="list_id.company_id", store=True, index=True)
    division_id = fields.Many2one(
        "srsp.division", required=True, index=True, check_company=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.list_id._check_open()
        return lines

    def write(self, vals):
        self.list_id._check_open()
        result = super().write(vals)
        self.list_id._check_open()  # not moved into a frozen version either
        return result

    def copy_data(self, default=None):
        return [
            dict(vals, origin_id=line.id)
            for line, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self.list_id._check_open()
