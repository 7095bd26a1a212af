from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...fields import UnconstrainedMany2one
from ...tools import clock
from ...tools.clock import beijing_date

STAGES = [
    ("assigned", "Assigned"),
    ("scheduled", "Scheduled"),
    ("on_site", "On site"),
    ("recorded", "Recorded"),
    ("reviewed", "Reviewed"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
# Fields that can be edited on the form, until a manager has reviewed it.
EDITABLE = frozenset({"scheduled_date", "expert_ids", "line_ids", "review_note"})


class SrspInspection(models.Model):
    """One visit to one entity, with a line per target and item.

    ``assigned → scheduled → on_site → recorded → reviewed → closed``. The team records, a manager who is
    not on the team reviews and closes; closing forms the result, which is sealed and never changes.
    """

    _name = "srsp.inspection"
    _description = "Inspection"
    _inherit = ["srsp.evidence.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "scheduled_date desc, id desc"
    _check_company_auto = True
    _rec_name = "number"
    _rec_names_search = ["number", "entity_id.name"]
    _guarded_fields = tuple(
        "stage number task_id draw_id entity_id officer_ids company_id year started_at recorded_on recorded_by_id"
        " recorder_ids reviewed_by_id result_date cancel_reason".split()
    )

    number = fields.Char(readonly=True, copy=False)
    task_id = fields.Many2one(
        "srsp.task", required=True, readonly=True, index=True, ondelete="restrict"
    )
    draw_id = fields.Many2one(
        "srsp.draw", readonly=True, index=True, ondelete="restrict"
    )
    division_id = UnconstrainedMany2one(
        related="task_id.division_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    year = fields.Integer(compute="_compute_year", store=True, index=True)
    repealed_basis = fields.Char(related="task_id.repealed_basis")
    entity_id = fields.Many2one(
        "srsp.entity", required=True, readonly=True, index=True, ondelete="restrict"
    )
    region = fields.Char(related="entity_id.region")
    officer_ids = fields.Many2many(
        "srsp.inspector",
        "srsp_inspection_officer_rel",
        "inspection_id",
        "inspector_id",
        "Officers",
        readonly=True,
    )
    experts_drawn = fields.Integer(related="draw_id.experts")
    expert_ids = fields.Many2many(
        "srsp.inspector",
        "srsp_inspection_expert_rel",
        string="Experts",
        domain=[("pool_kind", "=", "expert")],
    )
    stage = fields.Selection(
        STAGES,
        default="assigned",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
        index=True,
    )
    date_to = fields.Date(
        related="task_id.date_to", string="Inspection Deadline", store=True
    )
    scheduled_date = fields.Date("Visit Date", tracking=True)
    started_at = fields.Datetime("On Site Since", readonly=True, copy=False)
    recorded_on = fields.Date(readonly=True, copy=False)
    recorded_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    recorder_ids = fields.Many2many(
        "res.users", string="Results Recorded By", readonly=True, copy=False
    )
    reviewed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    review_note = fields.Text("Review Comments")
    result_date = fields.Date("Result Formed On", readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False)
    line_ids = fields.One2many("srsp.inspection.line", "inspection_id", "Items")
    rectification_ids = fields.One2many(
        "srsp.rectification", "inspection_id", "Rectifications"
    )
    finding_count = fields.Integer(
        "Findings", compute="_compute_finding_count", store=True
    )
    is_mine = fields.Boolean(compute="_compute_is_mine", search="_search_is_mine")
    is_supporting = fields.Boolean(
        compute="_compute_is_supporting",
        search="_search_is_supporting",
        help="Officers of your division take part in a visit of another division.",
    )
    timeliness = fields.Selection(
        [("on_time", "On time"), ("done", "Closed"), ("late", "Late")],
        compute="_compute_timeliness",
    )

    _number_uniq = models.UniqueIndex("(number)")

    @api.depends("task_id.date_to")
    def _compute_year(self):
        for inspection in self:
            inspection.year = (
                inspection.task_id.date_to.year if inspection.task_id.date_to else 0
            )

    @api.depends("line_ids.is_finding")
    def _compute_finding_count(self):
        for inspection in self:
            inspection.finding_count = len(inspection.line_ids.filtered("is_finding"))

    @api.depends_context("uid")
    @api.depends("officer_ids.user_id", "expert_ids.user_id")
    def _compute_is_mine(self):
        for inspection in self:
            team = inspection.officer_ids | inspection.expert_ids
            inspection.is_mine = self.env.user in team.user_id

    @api.model
    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = Domain("officer_ids.user_id", "in", self.env.user.ids) | Domain(
            "expert_ids.user_id", "in", self.env.user.ids
        )
        return mine if True in value else ~mine

    @api.depends_context("uid")
    @api.depends("division_id", "officer_ids.division_id", "expert_ids.division_id")
    def _compute_is_supporting(self):
        own = self.env.user.srsp_division_ids
        for inspection in self:
            team = inspection.officer_ids | inspection.expert_ids
            inspection.is_supporting = inspection.division_id not in own and bool(
                team.division_id & own
            )

    @api.model
    def _search_is_supporting(self, operator, value):
        if operator != "in":
            return NotImplemented
        own = self.env.user.srsp_division_ids.ids
        supporting = Domain("division_id", "not in", own) & (
            Domain("officer_ids.division_id", "in", own)
            | Domain("expert_ids.division_id", "in", own)
        )
        return supporting if True in value else ~supporting

    @api.depends("stage", "date_to")
    def _compute_timeliness(self):
        today = clock.today()
        for inspection in self:
            if inspection.stage in ("closed", "cancelled"):
                inspection.timeliness = "done"
            else:
                late = inspection.date_to and inspection.date_to < today
                inspection.timeliness = "late" if late else "on_time"

    @api.depends("number", "entity_id.name")
    def _compute_display_name(self):
        for inspection in self:
            inspection.display_name = (
                f"{inspection.number or ''} {inspection.entity_id.name or ''}".strip()
            )

    @api.model_create_multi
    def create(self, vals_list):
        inspections = super().create(vals_list)
        numbers = {}
        for inspection in inspections.sudo():
            task = inspection.task_id
            if task not in numbers:
                numbers[task] = self.sudo().search_count(
                    [("task_id", "=", task.id), ("number", "!=", False)]
                )
            numbers[task] += 1
            inspection.number = f"{task.number}-{numbers[task]:03d}"
        return inspections

    def _check_evidence(self, vals=None):
        if vals is None:
            raise UserError(self.env._("An inspection is never deleted."))
        if "review_note" in vals:
            self._check_role("group_division_manager")
        if not self.env.su and EDITABLE & vals.keys():
            self._check_stage("assigned", "scheduled", "on_site", "recorded")
        if (
            not self.env.su
            and "expert_ids" in vals
            and any(self.mapped("experts_drawn"))
        ):
            raise self._logged_error(
                self.env._(
                    "These experts were drawn. An expert who cannot take part is withdrawn from the draw and "
                    "replaced by a substitute."
                )
            )

    def action_schedule(self):
        self._check_team()
        self._check_stage("assigned")
        for inspection in self:
            if not inspection.scheduled_date:
                raise UserError(
                    self.env._(
                        "Inspection %(number)s: enter the day of the visit first.",
                        number=inspection.number,
                    )
                )
        self.sudo().stage = "scheduled"

    def action_start(self):
        self._check_team()
        self._check_stage("scheduled")
        self.sudo().write({"stage": "on_site", "started_at": fields.Datetime.now()})
        self.task_id.sudo().filtered(
            lambda task: task.state == "drawn"
        ).state = "inspecting"

    def action_record(self):
        self._check_team()
        self._check_stage("on_site")
        for inspection in self:
            inspection.line_ids._check_complete()
        self.sudo().write(
            {
                "stage": "recorded",
                "recorded_on": clock.today(),
                "recorded_by_id": self.env.uid,
            }
        )
        self.env["srsp.notice"]._pass_on(self)

    def action_review(self):
        self._check_reviewer()
        self._check_stage("recorded")
        self.sudo().write({"stage": "reviewed", "reviewed_by_id": self.env.uid})

    def action_return(self):
        return self.env["srsp.reason"]._open(self, "visit_return")

    def action_close(self):
        self._check_reviewer()
        self._check_stage("reviewed")
        self.sudo()._close(clock.today())

    def action_unavailable(self):
        return self.env["srsp.reason"]._open(self, "visit_unavailable")

    def _check_stage(self, *stages):
        labels = dict(self._fields["stage"]._description_selection(self.env))
        for inspection in self:
            if inspection.stage not in stages:
                raise UserError(
                    self.env._(
                        "Inspection %(number)s is in stage “%(stage)s”; this step needs: %(needed)s.",
                        number=inspection.number,
                        stage=labels[inspection.stage],
                        needed=", ".join(labels[stage] for stage in stages),
                    )
                )

    def _check_team(self):
        """Raise unless the user is on the team, or a division officer."""
        self._check_role("group_inspector")
        self.check_access("write")

    def _check_reviewer(self):
        """Raise for whoever was on the team or recorded the result: somebody else reviews it."""
        self._check_role("group_division_manager")
        self.check_access("write")
        for inspection in self:
            if (
                not self.env.su
                and self.env.user
                in inspection.officer_ids.user_id
                | inspection.recorded_by_id
                | inspection.recorder_ids
            ):
                raise UserError(
                    self.env._(
                        "Inspection %(number)s: people who inspected or recorded results cannot review it.",
                        number=inspection.number,
                    )
                )

    def _return(self, reason):
        self._check_reviewer()
        self._check_stage("recorded", "reviewed")
        self.sudo().write({"stage": "on_site", "reviewed_by_id": False})
        self.message_post(body=self.env._("Sent back: %(reason)s", reason=reason))
        self.env["srsp.notice"]._notify_returned(self, reason)

    def _close(self, date):
        """Form the result on ``date``: seal it, open the rectifications, call the hook."""
        for inspection in self:
            inspection.write({"stage": "closed", "result_date": date})
            inspection.line_ids._open_rectifications(date)
            seal = inspection.company_id._srsp_in_language(inspection)._prepare_seal()
            self.env["srsp.event"]._seal(inspection, "inspection.closed", seal)
            inspection._after_close()

    def _get_result(self):
        """Return the result as it is published: the national system's fields plus our numbers."""
        self.ensure_one()
        task, entity = self.task_id, self.entity_id
        return {
            "number": self.number,
            "draw": self.draw_id.number,
            "plan": task.plan_id.number or "",
            "plan_name": task.plan_id.name or "",
            "task": task.number,
            "task_name": task.name,
            "bureau": self.company_id.name,
            "division": self.division_id.name,
            "entity": entity.name,
            "entity_kind": entity.kind,
            "uscc": entity.code,
            "inspected_on": fields.Date.to_string(
                beijing_date(self.started_at)
                if self.started_at
                else self.scheduled_date
            ),
            "result_date": fields.Date.to_string(self.result_date),
            "lines": [line._get_result() for line in self.line_ids],
        }

    def _prepare_seal(self):
        """Return the result as it is sealed; ``keys`` holds what does not depend on names and language."""
        self.ensure_one()
        return {
            **self._get_result(),
            "keys": {
                "stage": self.stage,
                "entity_id": self.entity_id.id,
                "officer_ids": sorted(self.officer_ids.ids),
                "expert_ids": sorted(self.expert_ids.ids),
                "reviewed_by_id": self.reviewed_by_id.id,
                "lines": [
                    {
                        "target_id": line.target_id.id,
                        "item_id": line.item_id.id,
                        "result": line.result,
                        "measure": line.measure,
                        "facts": line.facts or "",
                    }
                    for line in self.line_ids
                ],
            },
        }

    def _replace(self, reason):
        """Cancel the visit and draw a substitute for its targets."""
        self.ensure_one()
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        self._check_stage("assigned", "scheduled", "on_site")
        if self.recorded_on or any(self.line_ids.mapped("result")):
            raise UserError(
                self.env._(
                    "Inspection %(number)s has results: close it with them, it cannot be replaced.",
                    number=self.number,
                )
            )
        draw = self.draw_id.sudo()
        targets = self.sudo().line_ids.target_id
        lines = draw.drawn_line_ids.filtered(lambda line: line.target_id in targets)
        self.sudo()._cancel(reason)
        draw._substitute([(line, reason) for line in lines])

    def _cancel(self, reason):
        current = self.filtered(lambda visit: visit.stage != "cancelled")
        self.write({"stage": "cancelled", "cancel_reason": reason})
        self.env["srsp.notice"]._notify_cancelled(current, reason)

    def _count_members(self):
        """Return ``[(inspector id, number of these visits, the first one's id), …]`` of officers and experts."""
        if not self:
            return []
        return self.env.execute_query(
            SQL(
                """SELECT inspector_id, count(*), min(inspection_id)
                     FROM (SELECT inspection_id, inspector_id FROM srsp_inspection_officer_rel
                           UNION ALL SELECT srsp_inspection_id, srsp_inspector_id FROM srsp_inspection_expert_rel)
                          member
                    WHERE inspection_id = ANY(%s) GROUP BY inspector_id ORDER BY inspector_id""",
                self.ids,
            )
        )

    def _after_close(self):
        """Hook: the result has been formed."""
