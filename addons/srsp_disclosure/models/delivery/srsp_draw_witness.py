from odoo import fields, models


class SrspDrawWitness(models.Model):
    _inherit = "srsp.draw.witness"

    kind = fields.Selection(
        selection_add=[("channel", "Platform's receipt")],
        ondelete={"channel": "cascade"},
    )
