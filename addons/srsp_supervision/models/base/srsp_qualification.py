from odoo import fields, models


class SrspQualification(models.Model):
    """A qualification beyond the enforcement certificate: items require it, inspectors hold it."""

    _name = "srsp.qualification"
    _description = "Qualification"
    _inherit = ["srsp.guard.mixin"]
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True)
    note = fields.Text("Evidence", help="How an inspector proves this qualification.")
    active = fields.Boolean(default=True)
    # Entered with the inspector and the item, where the rules for both hold.
    inspector_ids = fields.Many2many(
        "srsp.inspector", string="Qualified Inspectors", compute="_compute_holders"
    )
    item_ids = fields.Many2many(
        "srsp.item", string="Required By", compute="_compute_holders"
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _name_uniq = models.UniqueIndex(
        "(company_id, lower(name))", "This qualification already exists."
    )
    _name_format = models.Constraint(
        "CHECK (name !~ '[,，、;；\n]')",
        "A qualification must not contain commas, semicolons or line breaks: one cell of a file can "
        "hold several qualifications.",
    )

    def _compute_holders(self):
        for name in ("inspector_ids", "item_ids"):
            rows = self.env[self._fields[name].comodel_name]._read_group(
                [("qualification_ids", "in", self.ids)],
                ["qualification_ids"],
                ["id:recordset"],
            )
            found = dict(rows)
            for qualification in self:
                qualification[name] = found.get(qualification._origin)
