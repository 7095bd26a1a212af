from odoo import api, fields, models
from odoo.fields import Domain

from .srsp_inspector_declaration import SrspInspectorDeclaration


class SrspRecusal(models.Model):
    """Why an inspector must not visit an entity (行政处罚法 43). The reason is never published;
    that somebody is missing from a drawn entity's eligibility class can be read off the certificate.

    What the inspector declares counts at once, until somebody dismisses it: nobody is sent where
    they say that they cannot be impartial. What the system proposes from a recorded tie counts once confirmed.
    """

    _name = "srsp.recusal"
    _description = "Recusal"
    _inherit = "srsp.inspector.declaration"
    _guarded_fields = (*SrspInspectorDeclaration._guarded_fields, "source", "tie_id")
    _dismiss_step = "recusal_dismiss"

    entity_id = fields.Many2one(
        "srsp.entity", required=True, index=True, check_company=True
    )
    reason = fields.Char(required=True)
    source = fields.Selection(
        [
            ("declared", "Declared by the inspector"),
            ("recorded", "Recorded by the division"),
            ("system", "Proposed by the system"),
        ],
        default="declared",
        required=True,
        readonly=True,
        copy=False,
    )
    tie_id = fields.Many2one(
        "srsp.inspector.tie",
        "Recorded Conflict of Interest",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    @api.depends("inspector_id", "entity_id")
    def _compute_display_name(self):
        for recusal in self:
            names = [recusal.inspector_id.name, recusal.entity_id.name]
            recusal.display_name = " – ".join(filter(None, names))

    def _prepare_recorded_vals(self):
        return super()._prepare_recorded_vals() | {"source": "recorded"}

    def _prepare_seal(self):
        names = ("entity_id", "source", "tie_id")
        values = self.env["srsp.event"]._read_values(self, names)
        return super()._prepare_seal() | values

    def _bears_on(self, task):
        return super()._bears_on(task) and bool(
            task.sector_ids & self.entity_id.target_ids.sector_id
        )

    def _get_effective_domain(self):
        declared = Domain("state", "=", "proposed") & Domain("source", "=", "declared")
        return super()._get_effective_domain() | declared
