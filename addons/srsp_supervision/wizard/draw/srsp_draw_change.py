from odoo import api, fields, models
from odoo.exceptions import UserError

from ...actions import get_form_action
from ...models.draw.srsp_draw_request import KINDS
from ...tools.certificate import one_line


class SrspDrawChange(models.TransientModel):
    """Requests a change of a draw: a second person decides on it (``srsp.draw.request``)."""

    _name = "srsp.draw.change"
    _description = "Change after a draw"
    _inherit = ["srsp.wizard.mixin"]

    draw_id = fields.Many2one("srsp.draw", required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    inspection_id = fields.Many2one("srsp.inspection", readonly=True)
    stratum = fields.Selection(selection="_selection_stratum")
    number = fields.Integer("Additional Quantity", default=1)
    inspector_ids = fields.Many2many(
        "srsp.inspector", string="Team Members", compute="_compute_inspector_ids"
    )
    inspector_id = fields.Many2one(
        "srsp.inspector", domain="[('id', 'in', inspector_ids)]"
    )
    missing_ground = fields.Char(compute="_compute_missing_ground")
    reason = fields.Text()
    evidence = fields.Binary(
        help="A photograph or a scan. Its SHA-256 digest is sealed and published, the file is not."
    )
    evidence_name = fields.Char()

    @api.model
    def _selection_stratum(self):
        """Return the strata of the draw in the context; without one, of all draws in state ``drawn``."""
        draws = self.env["srsp.draw"].browse(self.env.context.get("srsp_draw_id"))
        names = {}
        for draw in draws or draws.search([("state", "=", "drawn")]):
            names |= draw._name_strata()
        return list(names.items())

    @api.depends("draw_id")
    def _compute_inspector_ids(self):
        for wizard in self:
            visits = wizard.draw_id.inspection_ids
            wizard.inspector_ids = visits.officer_ids | visits.expert_ids

    @api.depends("draw_id", "inspector_id")
    @api.depends_context("lang")
    def _compute_missing_ground(self):
        requests = self.env["srsp.draw.request"]
        for wizard in self:
            wizard.missing_ground = False
            if inspector := wizard.inspector_id:
                vals = {"kind": "withdrawal", "inspector_id": inspector.id}
                if not any(requests._find_ground(wizard.draw_id, vals).values()):
                    wizard.missing_ground = requests._explain_missing_ground(inspector)

    def action_confirm(self):
        self.ensure_one()
        draw = self.draw_id
        draw.check_access("read")
        request = self.env["srsp.draw.request"]._request(draw, self._prepare_vals())
        return get_form_action(request.sudo(False))

    def _prepare_vals(self):
        """Return what is requested.

        :raise UserError: when it names nothing to change, or what can no longer change
        """
        draw = self.draw_id
        reason = one_line(self.reason or "")
        if self.kind != "withdrawal" and not reason:
            raise UserError(self.env._("Give a reason: it stays on record."))
        vals = {"kind": self.kind, "reason": reason}
        if self.kind == "void":
            draw.sudo()._check_voidable()
            return vals
        draw.sudo()._check_changeable()
        if self.kind == "extension":
            if self.stratum not in draw._name_strata():
                raise UserError(
                    self.env._("Choose a stratum of draw %(draw)s.", draw=draw.number)
                )
            return vals | {"stratum": self.stratum, "places": self.number}
        if self.kind == "withdrawal":
            if self.inspector_id not in self.inspector_ids:
                raise UserError(
                    self.env._("Choose the inspector who can no longer serve.")
                )
            return {"kind": self.kind, "inspector_id": self.inspector_id.id}
        visit = self.inspection_id
        visit._check_replaceable()
        return vals | {
            "inspection_id": visit.id,
            "evidence": self.with_context(bin_size=False).evidence,
            "evidence_name": self.evidence_name,
        }
