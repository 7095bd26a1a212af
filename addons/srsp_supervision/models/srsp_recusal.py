from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SrspRecusal(models.Model):
    """Why an inspector must not visit an entity (行政处罚法 43). The reason is never published;
    that somebody is missing from a drawn entity's eligibility class can be read off the certificate."""

    _name = "srsp.recusal"
    _description = "Recusal"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    inspector_id = fields.Many2one(
        "srsp.inspector",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    entity_id = fields.Many2one(
        "srsp.entity",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    division_id = fields.Many2one(
        related="inspector_id.division_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="inspector_id.company_id", store=True, index=True
    )
    reason = fields.Char(required=True, tracking=True)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("Until", help="Empty: until further notice.", tracking=True)

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for recusal in self:
            if recusal.date_to and recusal.date_to < recusal.date_from:
                raise ValidationError(
                    self.env._("A recusal cannot end before it begins.")
                )

    @api.depends("inspector_id", "entity_id")
    def _compute_display_name(self):
        for recusal in self:
            recusal.display_name = (
                f"{recusal.inspector_id.name} – {recusal.entity_id.name}"
            )
