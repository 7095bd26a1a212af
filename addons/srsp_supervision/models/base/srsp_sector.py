from odoo import api, fields, models


class SrspSector(models.Model):
    _name = "srsp.sector"
    _description = "Sector"
    _inherit = ["srsp.check.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char(
        required=True, help="Prefix of the public codes of the sector's targets."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Text()
    division_id = fields.Many2one(
        "srsp.division",
        "Responsible Division",
        required=True,
        index=True,
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    target_ids = fields.One2many("srsp.target", "sector_id", "Targets")
    target_properties_definition = fields.PropertiesDefinition("Properties of Targets")
    target_count = fields.Integer(compute="_compute_target_count")

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "A sector with this code already exists."
    )
    _code_format = models.Constraint(
        "CHECK (code ~ '^[A-Z]{1,8}$')",
        "The code of a sector is one to eight capital letters, e.g. SUR.",
    )

    @api.model
    def _get_kept_domain(self):
        """The sectors whose registry the user keeps: of the own divisions, an administrator all."""
        return self.env["srsp.division"]._get_kept_domain()

    @api.depends("target_ids")
    def _compute_target_count(self):
        rows = self.env["srsp.target"]._read_group(
            [("sector_id", "in", self.ids)], ["sector_id"], ["__count"]
        )
        counts = dict(rows)
        for sector in self:
            sector.target_count = counts.get(sector, 0)
