from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...fields import BigramChar, company_of
from .name_search import get_bigram_index
from .srsp_target import PERMIT_STATES, get_permit_state


class SrspTargetPermit(models.Model):
    """A permit of a target beside the main one, which stands in the target itself and tells targets apart."""

    _name = "srsp.target.permit"
    _description = "Further permit of a target"
    _inherit = ["srsp.guard.mixin"]
    _order = "target_id, valid_until, id"
    _rec_name = "number"
    _phone_texts = ("number",)

    target_id = fields.Many2one(
        "srsp.target", required=True, index=True, ondelete="cascade"
    )
    company_id = company_of("target_id")
    name = fields.Char("Permit Name", required=True)
    number = BigramChar("Permit Number", required=True)
    authority = fields.Char("Granted By")
    granted_on = fields.Date()
    valid_until = fields.Date("Permit Valid Until", help="Empty: no end.")
    state = fields.Selection(PERMIT_STATES, compute="_compute_state")

    _number_uniq = models.UniqueIndex(
        "(target_id, number)", "The target already has a permit with this number."
    )
    _number_bigrams = models.Index(get_bigram_index("number"))

    @api.depends("valid_until")
    def _compute_state(self):
        for permit in self:
            permit.state = get_permit_state(permit.valid_until)

    def _can_create(self):
        return self.env["srsp.target"]._can_create()

    def write(self, vals):
        if "target_id" in vals and self.target_id.ids != [vals["target_id"]]:
            message = self.env._(
                "A permit stays with its target: enter it again on the other target."
            )
            raise ValidationError(message)
        return super().write(vals)

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Further Permits"),
                "template": "/srsp_supervision/static/xls/further_permits.xlsx",
            }
        ]
