from odoo import fields, models


class SrspInspectorRegion(models.Model):
    """A region that inspectors serve, written as the registry of targets writes it."""

    _name = "srsp.inspector.region"
    _description = "Region of inspectors"
    _order = "name"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _name_uniq = models.UniqueIndex("(company_id, name)", "This region exists already.")
