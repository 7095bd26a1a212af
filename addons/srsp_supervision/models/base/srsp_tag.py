import random

from odoo import fields, models


class SrspTag(models.Model):
    """A label that a bureau gives to entities for its own use; it has no effect on draws."""

    _name = "srsp.tag"
    _description = "Tag"
    _inherit = ["srsp.check.mixin"]
    _order = "name"

    name = fields.Char(required=True)
    color = fields.Integer(default=lambda self: random.randint(1, 11))
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _name_uniq = models.UniqueIndex(
        "(company_id, lower(name))", "This tag already exists."
    )
    _name_format = models.Constraint(
        "CHECK (name !~ '[,，、;；\n]')",
        "A tag must not contain commas, semicolons or line breaks: one cell of a file can hold several tags.",
    )
