from odoo import api, fields, models

from ...actions import get_dialog_action
from ...fields import UnconstrainedMany2one


class SrspDrawLine(models.Model):
    """One row of a locked roster: a target, its stratum, whether and how it was drawn or left out.

    Written only by SQL (``RosterLock.fill``, ``srsp.draw.iteration._select``): the ORM refuses to create, change or
    delete a row.
    """

    _name = "srsp.draw.line"
    _description = "Roster line"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = tuple("label stratum excluded_reason position".split())
    _order = "draw_id, iteration, stratum, position, id"
    _rec_name = "label"
    _log_access = False
    _sealed_rows = False  # the commitment of the draw seals every column

    draw_id = UnconstrainedMany2one("srsp.draw", required=True, ondelete="restrict")
    company_id = fields.Many2one(related="draw_id.company_id")
    target_id = UnconstrainedMany2one("srsp.target", required=True, ondelete="restrict")
    entity_id = UnconstrainedMany2one(
        "srsp.entity", required=True, ondelete="restrict", help="As of the roster lock."
    )
    label = fields.Char(required=True)
    stratum = fields.Char(required=True)
    class_index = fields.Integer(
        "Eligibility Class",
        groups="srsp_supervision.group_auditor",
        help="Index into the classes of the draw.",
    )
    excluded_reason = fields.Char(
        help="Reason for the exclusion; empty for targets in the roster."
    )
    stratum_name = fields.Char(compute="_compute_names")
    excluded_reason_name = fields.Char("Exclusion Reason", compute="_compute_names")
    iteration = fields.Integer(
        help="Iteration that drew it; empty for those not drawn."
    )
    position = fields.Char(help="HMAC-SHA256 in hexadecimal, for those drawn.")

    _label_uniq = models.UniqueIndex('(draw_id, label COLLATE "C")')
    _drawn_idx = models.Index("(draw_id, iteration) WHERE iteration IS NOT NULL")
    _excluded_idx = models.Index("(draw_id) WHERE excluded_reason IS NOT NULL")
    _target_idx = models.Index("(target_id) WHERE iteration IS NOT NULL")

    @api.depends("stratum", "excluded_reason")
    @api.depends_context("lang")
    def _compute_names(self):
        reasons = self.env["srsp.draw"]._get_exclusion_reasons()
        for line in self:
            line.stratum_name = line.draw_id._get_stratum_name(line.stratum)
            line.excluded_reason_name = reasons.get(line.excluded_reason)

    def init(self):
        # A session takes a thousand ids at a time: a roster has as many rows as the registry.
        self.env.cr.execute("ALTER SEQUENCE srsp_draw_line_id_seq CACHE 1000")

    def action_open_to_company(self):
        """Make the proof of what the certificate hides about this line, for the company that has asked for it."""
        self.ensure_one()
        self.check_access("read")
        draw = self.draw_id.sudo()
        draw.task_id.with_env(self.env)._check_role("group_policy_officer")
        opening = draw._get_opening(self)
        what = {
            "format": 1,
            "label": self.label,
            "kind": opening["kind"],
            "by": self.env.user.login,
        }
        self.env["srsp.event"]._seal(draw, "draw.opened", what)
        wizard = self.env["srsp.draw.opening"].sudo().create({"line_id": self.id})
        wizard._fill(opening)
        title = self.env._("Opening of %(target)s", target=self.label)
        return get_dialog_action(wizard, title)

    @api.model_create_multi
    def create(self, vals_list):
        if vals_list:
            self._check_evidence()
        return super().create(vals_list)

    def _check_evidence(self, vals=None):
        raise self._logged_error(
            self.env._("A locked roster and its commitment never change.")
        )
