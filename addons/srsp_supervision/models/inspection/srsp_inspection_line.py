import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...fields import UnconstrainedMany2one

# Codes of the national enterprise credit publicity system.
RESULTS = [
    ("1", "No problem found"),
    ("6", "Unreachable at the registered address"),
    ("7", "Closed down or being wound up"),
    ("8", "Refused to cooperate, serious"),
    ("9", "Deregistered"),
    ("10", "Licence revoked"),
    ("11", "Registration cancelled"),
    ("12", "Moved away"),
    ("A", "Problem found, pending further action"),
    ("B", "Information not published as required"),
    ("C", "Information concealed or falsified"),
    ("E", "Problem found and rectified on order"),
    ("F", "No business activity covered by the inspection found"),
    ("N", "Violates rules on land, planning, minerals, surveying or sea areas"),
    ("5", "Violates rules of other departments"),
]
FINDINGS = frozenset("8ABCEN5")
MEASURES = [
    ("none", "None needed"),
    ("daily", "Back to daily supervision"),
    ("rectify", "Order to rectify"),
    ("enforce", "Hand over to enforcement"),
    ("copy", "Copy to other departments"),
    ("other", "Other"),
]


class SrspInspectionLine(models.Model):
    """One item checked on one target during a visit."""

    _name = "srsp.inspection.line"
    _description = "Inspection line"
    _inherit = ["srsp.guard.mixin"]
    _order = "inspection_id, id"
    _rec_name = "item_id"

    inspection_id = fields.Many2one(
        "srsp.inspection", required=True, readonly=True, index=True
    )
    company_id = UnconstrainedMany2one(related="inspection_id.company_id", store=True)
    division_id = UnconstrainedMany2one(
        related="inspection_id.division_id", store=True, index=True
    )
    stage = fields.Selection(related="inspection_id.stage")
    target_id = UnconstrainedMany2one(
        "srsp.target", required=True, readonly=True, index=True
    )
    item_id = UnconstrainedMany2one("srsp.item", required=True, readonly=True)
    content = fields.Text(related="item_id.content")
    standard = fields.Text(related="item_id.standard")
    repealed_basis = fields.Char(related="item_id.repealed_basis")
    result = fields.Selection(RESULTS)
    is_finding = fields.Boolean(compute="_compute_is_finding", store=True)
    facts = fields.Text()
    measure = fields.Selection(MEASURES, default="none")
    rectification_ids = fields.One2many(
        "srsp.rectification", "line_id", "Rectifications"
    )

    # Finds the lines of an item, too.
    _line_uniq = models.UniqueIndex("(item_id, target_id, inspection_id)")

    @api.depends("result")
    def _compute_is_finding(self):
        for line in self:
            line.is_finding = line.result in FINDINGS

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - {"result", "facts", "measure"}:
                message = self.env._(
                    "Only result, facts and measure of an inspection line can be entered."
                )
                raise UserError(message)
            self.inspection_id._check_stage("on_site")
            self._remember_writer(vals)
        return super().write(vals)

    def _remember_writer(self, vals):
        """Record who enters results, who cannot review them; keep what was recorded before in the history."""
        for line in self:
            line.inspection_id.sudo().recorder_ids |= self.env.user
            if line.inspection_id.recorded_on and vals:
                before = filter(None, (line.result, line.facts, line.measure))
                body = self.env._(
                    "%(item)s was recorded as: %(before)s",
                    item=line.item_id.name,
                    before=" · ".join(before),
                )
                line.inspection_id.sudo().message_post(body=body)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("An inspection is never deleted."))

    def _check_complete(self):
        """Raise unless every line has a result, and every finding its facts and a measure."""
        for line in self:
            names = {"item": line.item_id.name, "target": line.target_id.display_name}
            if not line.result:
                message = self.env._(
                    "Item “%(item)s” on %(target)s: choose a result.", **names
                )
                raise UserError(message)
            lacks = not (line.facts or "").strip() or line.measure in (False, "none")
            if line.is_finding and lacks:
                message = self.env._(
                    "Item “%(item)s” on %(target)s: a finding needs its facts and a measure.",
                    **names,
                )
                raise UserError(message)

    def _open_rectifications(self, date):
        """Open a rectification for each line with an order to rectify, due as the task's rulebook says."""
        vals_list = []
        for line in self.filtered_domain([("measure", "=", "rectify")]):
            days = line.inspection_id.task_id.rulebook_id.rectification_days
            deadline = date + datetime.timedelta(days)
            vals = {"line_id": line.id, "requirement": line.facts, "deadline": deadline}
            vals_list.append(vals)
        return self.env["srsp.rectification"].create(vals_list)

    def _prepare_seal(self):
        """Return the result of this item as its inspection seals it."""
        return {
            "target_id": self.target_id.id,
            "item_id": self.item_id.id,
            "result": self.result,
            "measure": self.measure,
            "facts": self.facts or "",
        }

    def _get_result(self):
        """Return the result of this item as it is published, with codes and names."""
        result, measure = self._fields["result"], self._fields["measure"]
        return {
            "target": self.target_id.code,
            "item_code": self.item_id.code,
            "item": self.item_id.name,
            "result": self.result,
            "result_name": result.convert_to_export(self.result, self) or None,
            "measure": measure.convert_to_export(self.measure, self),
            "facts": self.facts or "",
        }
