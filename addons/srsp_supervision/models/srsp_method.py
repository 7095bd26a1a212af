from odoo import fields, models


class SrspMethod(models.Model):
    """A way of inspecting (抽查方式): an item names those that it allows, so that they can be counted."""

    _name = "srsp.method"
    _description = "Inspection method"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for every bureau."
    )

    _name_uniq = models.UniqueIndex(
        "(coalesce(company_id, 0), (name->>'en_US'))",
        "This inspection method is known already.",
    )
