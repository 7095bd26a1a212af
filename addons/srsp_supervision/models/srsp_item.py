from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SrspItem(models.Model):
    """An inspection item with the nine elements of the work plan, section 二（一）."""

    _name = "srsp.item"
    _description = "Inspection item"
    _inherit = ["srsp.list.line.mixin"]
    _order = "list_id desc, code, id"
    _check_company_auto = True

    list_id = fields.Many2one(domain=[("kind", "=", "item"), ("state", "=", "draft")])
    origin_id = fields.Many2one(
        "srsp.item", "Copied From", readonly=True, index=True, copy=False
    )
    code = fields.Char(required=True)
    name = fields.Char("Item", required=True)
    sector_id = fields.Many2one(
        "srsp.sector", required=True, index=True, check_company=True
    )
    category = fields.Selection(
        [("key", "Key item"), ("general", "General item")],
        required=True,
        default="general",
    )
    level = fields.Selection(
        [("province", "Province"), ("city", "City"), ("county", "County")],
        required=True,
        default="city",
    )
    legal_basis = fields.Text()
    inspecting_body = fields.Char()
    target = fields.Char("Targets Inspected")
    content = fields.Text("Content of the Inspection")
    standard = fields.Text("Standard and Key Points")
    method = fields.Char(
        help="On site, written, testing, network monitoring, commissioned body …"
    )
    ratio = fields.Float(digits=(5, 4), default=0.05, required=True)
    ratio_reason = fields.Char(
        "Reason for a Low Ratio", help="Published with the draw."
    )
    frequency = fields.Integer("Draws a Year", default=2, required=True)
    annual_visit_cap = fields.Integer(
        "Visits a Year at Most", help="0: the rulebook's cap alone."
    )

    _code_uniq = models.UniqueIndex(
        "(list_id, code)", "An item with this code is in the list already."
    )

    @api.constrains("ratio", "frequency", "ratio_reason")
    def _check_numbers(self):
        for item in self:
            if not 0 < item.ratio <= 1:
                raise ValidationError(
                    self.env._(
                        "Item %(code)s %(name)s: ratio %(ratio)s is not above 0 and at most 1; write 5 %% as 0.05.",
                        code=item.code,
                        name=item.name,
                        ratio=item.ratio,
                    )
                )
            if item.frequency < 1:
                raise ValidationError(
                    self.env._(
                        "Item %(code)s %(name)s: at least one draw a year is needed.",
                        code=item.code,
                        name=item.name,
                    )
                )

    @api.constrains("name", "legal_basis")
    def _check_legal_basis(self):
        for item in self:
            if not (item.legal_basis or "").strip():
                raise ValidationError(
                    self.env._(
                        "Item %(code)s %(name)s has no legal basis: name the law and article that allow it.",
                        code=item.code,
                        name=item.name,
                    )
                )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for item in self:
            item.display_name = f"{item.code} {item.name}"
