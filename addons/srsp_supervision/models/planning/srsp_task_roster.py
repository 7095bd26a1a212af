from odoo import fields, models


class SrspTaskRoster(models.Model):
    """One target on a list that a higher authority sent down. Written by the import alone."""

    _name = "srsp.task.roster"
    _description = "Line of a list from a higher authority"
    _order = "task_id, row"
    _rec_name = "target_id"
    _log_access = False

    task_id = fields.Many2one(
        "srsp.task", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    target_id = fields.Many2one("srsp.target", required=True, readonly=True, index=True)
    row = fields.Integer(
        required=True, readonly=True, help="Row number as shown in a spreadsheet."
    )
    entity_id = fields.Many2one(related="target_id.entity_id")
    sector_id = fields.Many2one(related="target_id.sector_id")
    permit_number = fields.Char(related="target_id.permit_number")
    region = fields.Char(related="target_id.region")
    state = fields.Selection(related="target_id.state")

    _target_uniq = models.UniqueIndex("(task_id, target_id)")


class SrspTarget(models.Model):
    _inherit = "srsp.target"

    roster_ids = fields.One2many(
        "srsp.task.roster",
        "target_id",
        "On Lists from Higher Authorities",
        readonly=True,
    )
