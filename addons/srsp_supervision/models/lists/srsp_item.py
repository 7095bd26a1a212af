from odoo import api, fields, models
from odoo.exceptions import ValidationError

MAX_A_YEAR = 366  # draws, visits


class SrspItem(models.Model):
    """An inspection item with the nine elements of the work plan, section 二（一）."""

    _name = "srsp.item"
    _description = "Inspection item"
    _inherit = ["srsp.list.line.mixin"]
    _checked_fields = frozenset(
        ("division_id", "ratio", "frequency", "ratio_reason", "frequency_reason")
    )
    # Of the nine elements those that a draft may lack; the other four are compulsory from the start.
    _elements = ("inspecting_body", "target", "content", "standard", "method_ids")
    _sheet_columns = {
        "code": 8,
        "name": 16,
        "category": 8,
        "level": 6,
        "sector_id": 9,
        "division_id": 10,
        "power_list_code": 10,
        "legal_basis_ids": 30,
        "inspecting_body": 13,
        "target": 14,
        "content": 30,
        "standard": 32,
        "method_ids": 12,
        "ratio": 8,
        "ratio_reason": 10,
        "frequency": 8,
        "frequency_reason": 12,
        "annual_visit_cap": 8,
        "officer_qualification": 16,
        "qualification_ids": 12,
        "materials": 22,
    }

    list_id = fields.Many2one(domain=[("kind", "=", "item"), ("state", "=", "draft")])
    origin_id = fields.Many2one(
        "srsp.item", "Copied From", readonly=True, index=True, copy=False
    )
    name = fields.Char("Item", required=True)
    legal_basis_ids = fields.Many2many(string="Basis for Inspection")
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
    power_list_code = fields.Char(
        help="Code in the published list of powers and responsibilities (权责清单)."
    )
    inspecting_body = fields.Char()
    target = fields.Char("Inspection Targets")
    content = fields.Text("Inspection Content")
    standard = fields.Text("Standard and Key Points")
    method_ids = fields.Many2many(
        "srsp.method",
        ondelete="restrict",
        check_company=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
    )
    ratio = fields.Float("Sampling Ratio", digits=(5, 4), default=0.05, required=True)
    ratio_reason = fields.Char("Reason for Low Ratio", help="Published with the draw.")
    frequency = fields.Integer("Sampling Frequency", default=2, required=True)
    frequency_reason = fields.Char(
        "Reason for Low Frequency", help="Published with the list."
    )
    annual_visit_cap = fields.Integer(
        "Annual Inspection Limit", help="0: only the rulebook's limit applies."
    )
    officer_qualification = fields.Char(
        "Officer Qualification Requirements",
        help="Qualification that the officers need.",
    )
    qualification_ids = fields.Many2many(
        "srsp.qualification",
        "srsp_item_qualification_rel",
        "item_id",
        "qualification_id",
        "Required Qualifications",
        ondelete="restrict",
        check_company=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
        help="Officers who lack one of these qualifications are not drawn for tasks with this item.",
    )
    materials = fields.Text(
        "Materials Needed", help="Materials that the inspected party must have ready."
    )

    _code_uniq = models.UniqueIndex(
        "(list_id, upper(code))", "An item with this code is already in the list."
    )

    @api.constrains("ratio", "frequency", "annual_visit_cap")
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
            for name, least in (("frequency", 1), ("annual_visit_cap", 0)):
                if not least <= item[name] <= MAX_A_YEAR:
                    raise ValidationError(
                        self.env._(
                            "%(item)s: “%(field)s” is %(value)s; it must be between %(least)s and %(most)s.",
                            item=item.display_name,
                            field=self._fields[name]._description_string(self.env),
                            value=item[name],
                            least=least,
                            most=MAX_A_YEAR,
                        )
                    )

    def _check_rules(self):
        """Raise for the first item below the rulebook's floor that does not say why, too (work plan, 二（二）)."""
        for item in self:
            day = item.list_id.effective_date
            rulebook = self.env["srsp.rulebook"]._find_in_force(item.company_id, day)
            for field, floor, reason in (
                ("ratio", rulebook.floor_ratio, item.ratio_reason),
                ("frequency", rulebook.floor_frequency, item.frequency_reason),
            ):
                if item[field] < floor and not (reason or "").strip():
                    raise ValidationError(
                        self.env._(
                            "%(item)s: “%(field)s” is %(value)s, below the rulebook's floor of %(floor)s. Raise it, or"
                            " give a reason, which will be published.",
                            item=item.display_name,
                            field=self._fields[field]._description_string(self.env),
                            value=item[field],
                            floor=floor,
                        )
                    )
        return super()._check_rules()

    def _get_lineage(self):
        """These items in every version of their list: what they were copied from and what was copied from them."""
        found = self.sudo()
        while True:
            copies = self.sudo().search([("origin_id", "in", found.ids)])
            grown = found | found.origin_id | copies
            if grown == found:
                return found
            found = grown

    def _find_successors(self, version):
        """{item: what became of it in ``version``}, as a comparison of the two shows; a retired item is missing."""
        found = {}
        for earlier, items in self.grouped("list_id").items():
            pairs = version._find_ancestors(earlier.item_ids, version.item_ids)
            found |= {old: new for new, old in pairs.items() if old in items}
        return found

    def _describe_foreign_sectors(self):
        """The items whose sector another division keeps, one line each: their tasks need that division too."""
        return "\n".join(
            self.env._(
                "%(item)s belongs to %(division)s, but its sector %(sector)s belongs to %(keeper)s: the tasks "
                "will be joint tasks of both divisions.",
                item=item.display_name,
                division=item.division_id.name,
                sector=item.sector_id.name,
                keeper=item.sector_id.division_id.name,
            )
            for item in self
            if item.division_id and item.sector_id.division_id != item.division_id
        )
