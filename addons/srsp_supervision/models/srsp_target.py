from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.working_days import beijing_date
from .srsp_rulebook import RISK_CLASSES
from .srsp_target_change import RISK_SOURCES


class SrspTarget(models.Model):
    """One entry of a registry: an entity seen by one sector (a mining right, a surveying licence).

    ``code`` is the public label in draws and never changes. Nothing is deleted: a target leaves its
    registry by state.
    """

    _name = "srsp.target"
    _description = "Target"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "code"
    _check_company_auto = True
    _rec_names_search = ["code", "entity_id.name", "permit_number"]

    code = fields.Char(readonly=True, copy=False, index=True)
    entity_id = fields.Many2one(
        "srsp.entity",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    sector_id = fields.Many2one(
        "srsp.sector",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    division_id = fields.Many2one(
        related="sector_id.division_id", store=True, index=True
    )
    company_id = fields.Many2one(related="sector_id.company_id", store=True, index=True)
    name = fields.Char(
        "Object", help="The project, right or area, where it has a name of its own."
    )
    region = fields.Char()
    latitude = fields.Float(digits=(9, 6), help="Degrees north; 0: unknown.")
    longitude = fields.Float(digits=(9, 6), help="Degrees east; 0: unknown.")
    permit_name = fields.Char()
    permit_number = fields.Char("Permit")
    permit_authority = fields.Char("Permit Granted By")
    permit_granted_on = fields.Date("Permit Granted On")
    permit_valid_until = fields.Date()
    risk_class = fields.Selection(
        RISK_CLASSES, tracking=True, help="Empty: not classified yet."
    )
    risk_date = fields.Date("Risk Class Of", help="The day from which the class holds.")
    risk_source = fields.Selection(RISK_SOURCES, readonly=True, copy=False)
    is_key = fields.Boolean("Key Target", tracking=True, help="Listed in 重点抽查名录.")
    key_reason = fields.Char("Reason of the Key Mark", tracking=True)
    key_by_id = fields.Many2one("res.users", "Marked By", readonly=True, copy=False)
    key_date = fields.Date("Marked On", readonly=True, copy=False)
    state = fields.Selection(
        [("active", "Active"), ("suspended", "Suspended"), ("cancelled", "Removed")],
        required=True,
        default="active",
        tracking=True,
    )
    state_reason = fields.Char("Reason", tracking=True)
    state_date = fields.Date(readonly=True)
    last_inspected_on = fields.Date(
        compute="_compute_last_inspected_on", store=True, compute_sudo=True
    )
    properties = fields.Properties(definition="sector_id.target_properties_definition")
    change_ids = fields.One2many("srsp.target.change", "target_id", "History")
    inspection_line_ids = fields.One2many(
        "srsp.inspection.line", "target_id", "Inspections"
    )

    _permit_uniq = models.UniqueIndex(
        "(entity_id, sector_id, coalesce(permit_number, ''))",
        "This entity is in the registry of the sector with this permit already.",
    )
    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "A target with this code exists already."
    )

    @api.depends(
        "inspection_line_ids.inspection_id.stage",
        "inspection_line_ids.inspection_id.started_at",
    )
    def _compute_last_inspected_on(self):
        """The day of the latest visit whose result has been formed."""
        visits = self.env["srsp.inspection.line"]._read_group(
            [("target_id", "in", self.ids), ("inspection_id.stage", "=", "closed")],
            ["target_id"],
            ["inspection_id:recordset"],
        )
        days = {
            target.id: max(
                beijing_date(visit.started_at)
                if visit.started_at
                else visit.result_date
                for visit in found
            )
            for target, found in visits
        }
        for target in self:
            target.last_inspected_on = days.get(target.id)

    @api.constrains("state", "state_reason", "is_key", "key_reason")
    def _check_reasons(self):
        for target in self:
            if target.state != "active" and not (target.state_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "%(target)s: say why it is suspended or removed (field Reason).",
                        target=target.display_name,
                    )
                )
            if target.is_key and not (target.key_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "%(target)s: say why it is a key target.",
                        target=target.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create(
            [{k: v for k, v in vals.items() if k != "code"} for vals in vals_list]
        )
        sequence = self.env["ir.sequence"].sudo()
        for target in targets:
            target.sudo().code = (
                f"{target.sector_id.code}-{sequence.next_by_code('srsp.target')}"
            )
        return targets

    def write(self, vals):
        if {"entity_id", "sector_id"} & vals.keys() and not self.env.su:
            raise ValidationError(
                self.env._(
                    "A target stays with its entity and sector: remove this one and enter another."
                )
            )
        if "code" in vals and not self.env.su:
            raise ValidationError(
                self.env._(
                    "The code of a target is its label in draws and never changes."
                )
            )
        if "state" in vals:
            vals = dict(vals, state_date=fields.Date.context_today(self))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise ValidationError(
            self.env._(
                "A target is not deleted: remove it from the registry by its state, with a reason."
            )
        )

    @api.depends("code", "entity_id.name", "name")
    @api.depends_context("code_only")
    def _compute_display_name(self):
        for target in self:
            parts = [target.code]
            if not self.env.context.get("code_only"):
                parts += [target.entity_id.name, target.name]
            target.display_name = " ".join(part for part in parts if part)
