from odoo import fields, models


class SrspDuty(models.Model):
    """A joint duty (多部门监管责任事项): who leads, who cooperates, on which legal basis."""

    _name = "srsp.duty"
    _description = "Joint duty"
    _inherit = ["srsp.list.line.mixin"]
    _checked_fields = frozenset(("division_id", "cooperating_division_ids"))
    _elements = ("cooperating_division_ids",)
    _later_columns = frozenset({"power_list_code"})
    _sheet_columns = {
        "code": 9,
        "name": 36,
        "power_list_code": 10,
        "legal_basis_ids": 48,
        "division_id": 18,
        "cooperating_division_ids": 36,
    }

    list_id = fields.Many2one(domain=[("kind", "=", "duty"), ("state", "=", "draft")])
    origin_id = fields.Many2one(
        "srsp.duty", "Copied From", readonly=True, index=True, copy=False
    )
    name = fields.Char("Duty", required=True)
    power_list_code = fields.Char(
        help="Code in the published list of powers and responsibilities (权责清单)."
    )
    division_id = fields.Many2one(string="Lead Division")
    legal_basis_ids = fields.Many2many(string="Basis for Supervision")
    cooperating_division_ids = fields.Many2many(
        "srsp.division",
        "srsp_duty_division_rel",
        ondelete="restrict",
        string="Cooperating Divisions",
        check_company=True,
        context={"active_test": False},  # one that is dissolved later stays in the list
    )

    _code_uniq = models.UniqueIndex(
        "(list_id, upper(code))", "A duty with this code is already in the list."
    )

    def _get_divisions(self):
        return super()._get_divisions() | self.cooperating_division_ids
