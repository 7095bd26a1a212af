from odoo import api, fields, models

from ...tools import clock


class SrspTraining(models.Model):
    """A training that has been held: topic, day, hours, and who took part."""

    _name = "srsp.training"
    _description = "Training"
    _inherit = ["srsp.check.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char("Topic", required=True)
    date = fields.Date(required=True, index=True, default=lambda self: clock.today())
    hours = fields.Float(required=True, default=1, aggregator="sum")
    division_id = fields.Many2one(
        "srsp.division",
        "Held by",
        required=True,
        index=True,
        check_company=True,
        default=lambda self: self.env.user.srsp_division_ids[:1],
    )
    participant_ids = fields.Many2many(
        "srsp.inspector",
        string="Participants",
        check_company=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
    )
    participant_count = fields.Integer(compute="_compute_participant_count")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _hours_positive = models.Constraint(
        "CHECK (hours > 0 AND hours <= 1000)",
        "The hours of a training must be greater than 0 and at most 1,000.",
    )

    @api.depends("participant_ids")
    def _compute_participant_count(self):
        for training in self:
            training.participant_count = len(training.participant_ids)
