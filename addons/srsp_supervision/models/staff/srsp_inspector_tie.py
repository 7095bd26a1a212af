from datetime import MAXYEAR

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ...fields import company_of
from ...tools import clock

# 行政处罚法 43 asks for recusal where a tie may touch impartiality and names no time. For a former employer
# the rule that does is taken over: three years, 政府采购法实施条例 (State Council decree 658) 9 (1).
EMPLOYER_YEARS = 3


class SrspInspectorTie(models.Model):
    """A recorded fact that ties an inspector to an entity: former employment, or kin who work there.

    From each one the system proposes a recusal, which a person decides about. Facts are never edited; only
    the inspector, the head of the division, policy officers and auditors read them.
    """

    _name = "srsp.inspector.tie"
    _description = "Conflict of interest of an inspector with an entity"
    _inherit = ["srsp.evidence.mixin"]
    _order = "inspector_id, id desc"
    _check_company_auto = True

    inspector_id = fields.Many2one(
        "srsp.inspector",
        required=True,
        index=True,
        check_company=True,
        domain=lambda self: list(self.env["srsp.inspector"]._get_declarable_domain()),
        default=lambda self: self.env["srsp.inspector"]._find_own(),
    )
    division_id = fields.Many2one(
        related="inspector_id.division_id", store=True, index=True
    )
    company_id = company_of("inspector_id")
    entity_id = fields.Many2one(
        "srsp.entity", required=True, index=True, check_company=True
    )
    kind = fields.Selection(
        [("employer", "Former employer"), ("kin", "Relative works there")],
        required=True,
        default="employer",
    )
    left_on = fields.Date("Employed Until")
    note = fields.Char(
        "Post and Person", help="Post held; for a relative, also who it is."
    )
    recusal_ids = fields.One2many("srsp.recusal", "tie_id", "Recusals")

    @api.depends("inspector_id", "entity_id")
    def _compute_display_name(self):
        for tie in self:
            names = [tie.inspector_id.name, tie.entity_id.name]
            tie.display_name = " – ".join(filter(None, names))

    @api.constrains("kind", "left_on", "note")
    def _check_particulars(self):
        for tie in self:
            if tie.kind == "employer" and not tie.left_on:
                raise ValidationError(
                    self.env._("Enter the date until which the inspector worked there.")
                )
            if tie.kind == "kin" and not (tie.note or "").strip():
                message = self.env._("Enter who works there, and in which post.")
                raise ValidationError(message)

    def _can_create(self):
        return self.env["srsp.recusal"]._can_create()

    @api.model_create_multi
    def create(self, vals_list):
        ties = super().create(vals_list)
        ties.sudo()._propose()
        return ties

    def _check_evidence(self, vals=None):
        # The form needs the right to write, or it would not save a new record.
        if vals is not None and not self.env.su:
            raise AccessError(
                self.env._("A recorded conflict of interest cannot be edited.")
            )

    def _propose(self):
        """Propose the recusals that follow from these facts, where they still reach into the future."""
        today = clock.today()
        proposed = [
            tie.company_id._srsp_in_language(tie)._prepare_recusal_vals(today)
            for tie in self
        ]
        self.env["srsp.recusal"].create(
            [it for it in proposed if not it["date_to"] or it["date_to"] >= today]
        )

    def _prepare_recusal_vals(self, today):
        until = False
        # 9999-12-31 means: still employed.
        if self.kind == "employer" and self.left_on.year <= MAXYEAR - EMPLOYER_YEARS:
            until = self.left_on + relativedelta(years=EMPLOYER_YEARS)
        label = self._fields["kind"].convert_to_export(self.kind, self)
        return {
            "inspector_id": self.inspector_id.id,
            "entity_id": self.entity_id.id,
            "tie_id": self.id,
            "source": "system",
            "reason": f"{label}: {self.note}" if self.note else label,
            "date_from": today,
            "date_to": until,
        }
