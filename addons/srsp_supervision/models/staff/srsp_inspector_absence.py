from odoo import api, fields, models

from .srsp_inspector_declaration import REASON_GROUPS


class SrspInspectorAbsence(models.Model):
    """Days on which an inspector cannot inspect. Confirmed, it keeps him out of every draw whose window it touches."""

    _name = "srsp.inspector.absence"
    _description = "Absence"
    _inherit = "srsp.inspector.declaration"
    _dismiss_step = "absence_dismiss"

    kind = fields.Selection(
        [
            ("leave", "Leave"),
            ("illness", "Illness"),
            ("secondment", "Seconded elsewhere"),
            ("training", "Training"),
            ("other", "Other"),
        ],
        required=True,
        default="leave",
        groups=REASON_GROUPS,
    )

    @api.depends("inspector_id", "date_from", "date_to")
    def _compute_display_name(self):
        for absence in self:
            days = f"{absence.date_from} – {absence.date_to or ''}"
            name = absence.inspector_id.name
            absence.display_name = name and f"{name} {days}"
