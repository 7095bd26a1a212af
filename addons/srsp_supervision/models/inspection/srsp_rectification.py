from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import clock


class SrspRectification(models.Model):
    """An order to an entity to rectify a finding (责令改正): what, by when, and whether it has been done."""

    _name = "srsp.rectification"
    _description = "Rectification"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "deadline, id"
    _guarded_fields = ("state", "line_id", "requirement", "verified_on")

    line_id = fields.Many2one(
        "srsp.inspection.line", required=True, readonly=True, index=True
    )
    inspection_id = fields.Many2one(
        related="line_id.inspection_id", store=True, index=True
    )
    entity_id = fields.Many2one(
        related="inspection_id.entity_id", store=True, index=True
    )
    division_id = fields.Many2one(
        related="inspection_id.division_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="inspection_id.company_id", store=True, index=True
    )
    repealed_basis = fields.Char(related="line_id.repealed_basis")
    requirement = fields.Text(required=True, readonly=True)
    deadline = fields.Date(required=True, tracking=True)
    state = fields.Selection(
        [
            ("open", "To Rectify"),
            ("verified", "Rectified"),
            ("handed_over", "Handed over"),
        ],
        default="open",
        required=True,
        readonly=True,
        tracking=True,
    )
    verification = fields.Text(help="Situation found at verification.")
    verified_on = fields.Date(readonly=True)
    is_late = fields.Boolean(compute="_compute_is_late")

    @api.depends("state", "deadline")
    def _compute_is_late(self):
        today = clock.today()
        for order in self:
            order.is_late = order.state == "open" and order.deadline < today

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        self.env["srsp.event"]._seal_state(orders, "rectification.ordered")
        return orders

    def write(self, vals):
        if not self.env.su and {"deadline", "verification"} & vals.keys():
            self._check_state("open")
            if "deadline" in vals:
                self._check_role("group_division_manager")
        result = super().write(vals)
        if {"state", "deadline"} & vals.keys():
            step = vals.get("state", "deadline_moved")
            self.env["srsp.event"]._seal_state(self, f"rectification.{step}")
        return result

    def _prepare_seal(self):
        """Return the order and, once it is concluded, what was verified: until then this is being written."""
        names = ["line_id", "requirement", "deadline", "state"]
        if self.state != "open":
            names += ["verification", "verified_on"]
        return self.env["srsp.event"]._read_values(self, names)

    def action_verify(self):
        self._conclude("verified")

    def action_hand_over(self):
        self._conclude("handed_over")

    def _conclude(self, state):
        self._check_role("group_division_officer")
        self.check_access("write")
        self._check_state("open")
        for rectification in self:
            if not (rectification.verification or "").strip():
                message = self.env._(
                    "%(entity)s: write down what was verified first.",
                    entity=rectification.entity_id.name,
                )
                raise UserError(message)
        self.sudo().write({"state": state, "verified_on": clock.today()})

    @api.depends("entity_id.name", "deadline")
    def _compute_display_name(self):
        for order in self:
            name = f"{order.entity_id.name or ''} {order.deadline or ''}"
            order.display_name = name
