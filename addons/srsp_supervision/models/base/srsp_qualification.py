from odoo import fields, models


class SrspQualification(models.Model):
    """What an officer may have to hold beside the enforcement certificate: items demand it, inspectors have it."""

    _name = "srsp.qualification"
    _description = "Qualification"
    _order = "name"
    _check_company_auto = True

    name = fields.Char(required=True)
    note = fields.Text("Evidence", help="How an inspector proves this qualification.")
    active = fields.Boolean(default=True)
    inspector_ids = fields.Many2many(
        "srsp.inspector",
        "srsp_inspector_qualification_rel",
        "qualification_id",
        "inspector_id",
        "Qualified Inspectors",
        readonly=True,
    )
    item_ids = fields.Many2many(
        "srsp.item",
        "srsp_item_qualification_rel",
        "qualification_id",
        "item_id",
        "Required By",
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _name_uniq = models.UniqueIndex(
        "(company_id, lower(name))", "This qualification already exists."
    )
    _name_format = models.Constraint(
        "CHECK (name !~ '[,，、;；\n]')",
        (
            "A qualification must not contain commas, semicolons or line breaks: one cell of a file can "
            "hold several qualifications."
        ),
    )
