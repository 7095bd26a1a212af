import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...fields import UnconstrainedMany2many, UnconstrainedMany2one
from ...tools import clock

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
EDITABLE = frozenset(
    "scheduled_date expert_ids line_ids review_note record_scan record_scan_name".split()
)


class SrspInspection(models.Model):
    """One visit to one entity, with a line per target and item.

    ``assigned → scheduled → on_site → recorded → reviewed → closed``. The team or the division records, an officer who
    was drawn confirms, a manager who is not on the team reviews and closes; closing forms the result, which is sealed
    and never changes. Where no officer of the team has a login, a scan of the record that they signed stands for that.
    """

    _name = "srsp.inspection"
    _description = "Inspection"
    _inherit = ["srsp.evidence.mixin", "mail.thread", "mail.activity.mixin"]
    _unchecked_texts = ("number",)
    _order = "scheduled_date desc, id desc"
    _check_company_auto = True
    _rec_name = "number"
    _rec_names_search = ["number", "entity_id.name"]
    _guarded_fields = tuple(
        "stage number task_id draw_id entity_id officer_ids company_id year started_at recorded_on recorded_by_id"
        " recorder_ids confirmed_by_id confirmed_on reviewed_by_id result_date cancel_reason".split()
    )

    number = fields.Char(readonly=True, copy=False)
    task_id = fields.Many2one("srsp.task", required=True, readonly=True, index=True)
    draw_id = UnconstrainedMany2one("srsp.draw", readonly=True, index=True)
    division_id = UnconstrainedMany2one(
        related="task_id.division_id", store=True, index=True
    )
    company_id = UnconstrainedMany2one(
        "res.company", required=True, readonly=True, index=True
    )
    year = fields.Integer(compute="_compute_year", store=True, index=True)
    repealed_basis = fields.Char(related="task_id.repealed_basis")
    entity_id = fields.Many2one("srsp.entity", required=True, readonly=True, index=True)
    region = fields.Char(related="entity_id.region")
    officer_ids = UnconstrainedMany2many(
        "srsp.inspector",
        "srsp_inspection_officer_rel",
        "inspection_id",
        "inspector_id",
        "Officers",
        readonly=True,
        context={"active_test": False},  # who has left since still inspected
    )
    experts_drawn = fields.Integer(related="draw_id.experts")
    expert_ids = fields.Many2many(
        "srsp.inspector",
        "srsp_inspection_expert_rel",
        string="Experts",
        domain=[("pool_kind", "=", "expert")],
        context={"active_test": False},
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
        "res.users",
        string="Results Recorded By",
        readonly=True,
        copy=False,
        context={"active_test": False},
    )
    confirmed_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        help="An officer who was drawn for this visit.",
    )
    confirmed_on = fields.Datetime(readonly=True, copy=False)
    record_scan = fields.Binary(
        "Scan of the Signed Record",
        attachment=True,
        copy=False,
        prefetch=False,
        help="Signed by the officers of the team. Required where none of them has a login to confirm the result.",
    )
    record_scan_name = fields.Char(copy=False)
    can_confirm = fields.Boolean(compute="_compute_can_confirm")
    needs_scan = fields.Boolean(compute="_compute_needs_scan", compute_sudo=True)
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
        compute="_compute_is_mine",
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
            end = inspection.task_id.date_to
            inspection.year = end.year if end else 0

    @api.depends("line_ids.is_finding")
    def _compute_finding_count(self):
        for inspection in self:
            inspection.finding_count = len(inspection.line_ids.filtered("is_finding"))

    @api.depends_context("uid")
    @api.depends(
        "division_id",
        "officer_ids.user_id",
        "officer_ids.division_id",
        "expert_ids.user_id",
        "expert_ids.division_id",
    )
    def _compute_is_mine(self):
        mine = self.filtered_domain(self._search_is_mine("in", [True]))
        supporting = self.filtered_domain(self._search_is_supporting("in", [True]))
        for inspection in self:
            inspection.is_mine = inspection in mine
            inspection.is_supporting = inspection in supporting

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        user = self.env.user.ids
        officer = Domain("officer_ids.user_id", "in", user)
        return officer | Domain("expert_ids.user_id", "in", user)

    def _search_is_supporting(self, operator, value):
        if operator != "in":
            return NotImplemented
        own = self.env.user.srsp_division_ids.ids
        return Domain("division_id", "not in", own) & (
            Domain("officer_ids.division_id", "in", own)
            | Domain("expert_ids.division_id", "in", own)
        )

    @api.depends("stage", "date_to")
    def _compute_timeliness(self):
        today = clock.today()
        for inspection in self:
            is_done = inspection.stage in ("closed", "cancelled")
            is_late = inspection.date_to and inspection.date_to < today
            state = "late" if is_late else "on_time"
            inspection.timeliness = "done" if is_done else state

    @api.depends_context("uid")
    @api.depends("stage", "confirmed_by_id", "officer_ids.user_id")
    def _compute_can_confirm(self):
        for inspection in self:
            waiting = inspection.stage == "recorded" and not inspection.confirmed_by_id
            drawn = inspection.sudo().officer_ids.user_id
            inspection.can_confirm = waiting and self.env.user in drawn

    @api.depends("stage", "officer_ids.user_id.active")
    def _compute_needs_scan(self):
        for inspection in self:
            is_open = inspection.stage in ("on_site", "recorded")
            people = inspection.officer_ids.user_id.filtered("active")
            inspection.needs_scan = is_open and not people

    @api.depends("number", "entity_id.name")
    def _compute_display_name(self):
        for inspection in self:
            names = (inspection.number, inspection.entity_id.name)
            inspection.display_name = " ".join(filter(None, names))

    @api.model_create_multi
    def create(self, vals_list):
        inspections = super().create(vals_list)
        for task, visits in inspections.sudo().grouped("task_id").items():
            numbered = [("task_id", "=", task.id), ("number", "!=", False)]
            first = self.sudo().search_count(numbered) + 1
            for number, visit in enumerate(visits, first):
                visit.number = f"{task.number}-{number:03d}"
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
        self._check_team("assigned")
        for inspection in self:
            if not inspection.scheduled_date:
                message = self.env._(
                    "Inspection %(number)s: enter the day of the visit first.",
                    number=inspection.number,
                )
                raise UserError(message)
        self.sudo().stage = "scheduled"

    def action_start(self):
        self._check_team("scheduled")
        self.sudo().write({"stage": "on_site", "started_at": fields.Datetime.now()})
        tasks = self.task_id.sudo()
        tasks.filtered_domain([("state", "=", "drawn")]).state = "inspecting"

    def action_record(self):
        self._check_team("on_site")
        for inspection in self:
            inspection.line_ids._check_complete()
        recorded = {"recorded_on": clock.today(), "recorded_by_id": self.env.uid}
        self.sudo().write({"stage": "recorded", **recorded})
        self.filtered("can_confirm").action_confirm_result()
        self.env["srsp.notice"]._pass_on(self)

    def action_confirm_result(self):
        """Confirm what has been recorded, as an officer who was drawn for the visit."""
        self._check_team("recorded")
        for inspection in self:
            if self.env.user not in inspection.sudo().officer_ids.user_id:
                message = self.env._(
                    "Inspection %(number)s: its result is confirmed by an officer who was drawn for it.",
                    number=inspection.number,
                )
                raise inspection._logged_error(message)
        confirmed = {"confirmed_by_id": self.env.uid}
        self.sudo().write({**confirmed, "confirmed_on": fields.Datetime.now()})

    def action_review(self):
        self._check_reviewer("recorded")
        self._check_confirmed()
        self.sudo().write({"stage": "reviewed", "reviewed_by_id": self.env.uid})

    def action_return(self):
        return self.env["srsp.reason"]._open(self, "visit_return")

    def action_close(self):
        self._check_reviewer("reviewed")
        self.sudo()._close(clock.today())

    def action_unavailable(self):
        self.ensure_one()
        return self.draw_id._open_change("substitution", inspection_id=self.id)

    def _check_stage(self, *stages):
        labels = dict(self._fields["stage"]._description_selection(self.env))
        for inspection in self:
            if inspection.stage not in stages:
                message = self.env._(
                    "Inspection %(number)s is in stage “%(stage)s”; this step needs: %(needed)s.",
                    number=inspection.number,
                    stage=labels[inspection.stage],
                    needed=", ".join(labels[stage] for stage in stages),
                )
                raise UserError(message)

    def _check_team(self, stage):
        """Raise unless the user is on the team, or a division officer, and the visit in that stage."""
        self._check_role("group_inspector")
        self.check_access("write")
        self._check_stage(stage)

    def _check_reviewer(self, *stages):
        """Raise for whoever was on the team or recorded the result: somebody else reviews it, in these stages."""
        self._check_role("group_division_manager")
        self.check_access("write")
        for inspection in self:
            people = inspection.officer_ids.user_id | inspection.recorded_by_id
            people |= inspection.recorder_ids
            if not self.env.su and self.env.user in people:
                message = self.env._(
                    "Inspection %(number)s: people who inspected or recorded results cannot review it.",
                    number=inspection.number,
                )
                raise UserError(message)
        self._check_stage(*stages)

    def _check_confirmed(self):
        """Raise unless somebody who was drawn for each visit stands for its result."""
        for inspection in self:
            if inspection.confirmed_by_id:
                continue
            if not inspection.needs_scan:
                names = inspection.sudo().officer_ids.filtered("user_id.active")
                message = self.env._(
                    "Inspection %(number)s: one of the officers drawn for it must confirm the result first: "
                    "%(officers)s.",
                    number=inspection.number,
                    officers=", ".join(names.mapped("display_name")),
                )
                raise inspection._logged_error(message)
            if not inspection.record_scan:
                message = self.env._(
                    "Inspection %(number)s: none of its officers has a login. Attach a scan of the record that they "
                    "signed (field Scan of the Signed Record).",
                    number=inspection.number,
                )
                raise inspection._logged_error(message)

    def _return(self, reason):
        self._check_reviewer("recorded", "reviewed")
        again = dict.fromkeys(("reviewed_by_id", "confirmed_by_id", "confirmed_on"))
        self.sudo().write({"stage": "on_site", **again})
        self.sudo().message_post(
            body=self.env._("Sent back: %(reason)s", reason=reason)
        )
        self.env["srsp.notice"]._notify_returned(self, reason)

    def _close(self, date):
        """Form the result on ``date``: seal it, open the rectifications, call the hook."""
        for inspection in self:
            inspection.write({"stage": "closed", "result_date": date})
            inspection.line_ids._open_rectifications(date)
            named = inspection.company_id._srsp_in_language(inspection)
            self.env["srsp.event"]._seal_state(
                inspection, "inspection.closed", result=named._get_result()
            )
            inspection._after_close()

    def _get_day(self):
        """Return the day of the visit, in Beijing."""
        start = self.started_at
        return clock.beijing_date(start) if start else self.scheduled_date

    def _get_result(self):
        """Return the result as it is published: the national system's fields plus our numbers."""
        task, entity, day = self.task_id, self.entity_id, self._get_day()
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
            "inspected_on": fields.Date.to_string(day),
            "result_date": fields.Date.to_string(self.result_date),
            "lines": [line._get_result() for line in self.line_ids],
        }

    def _prepare_seal(self):
        """Return what of a result depends on no name and no language; ``_get_result`` is sealed beside it."""
        day = self._get_day()
        return {
            "number": self.number,
            "draw": self.draw_id.number,
            "task": self.task_id.number,
            "inspected_on": fields.Date.to_string(day),
            "result_date": fields.Date.to_string(self.result_date),
            "stage": self.stage,
            "entity_id": self.entity_id.id,
            "officer_ids": sorted(self.officer_ids.ids),
            "expert_ids": sorted(self.expert_ids.ids),
            "recorded_by_id": self.recorded_by_id.id,
            "confirmed_by_id": self.confirmed_by_id.id,
            "record_scan_digest_hex": self._digest_record_scan(),
            "reviewed_by_id": self.reviewed_by_id.id,
            "lines": [line._prepare_seal() for line in self.line_ids],
        }

    def _digest_record_scan(self):
        """Return the SHA-256 of the signed record in hexadecimal, or an empty text without one."""
        file = self.with_context(bin_size=False).record_scan
        return hashlib.sha256(base64.b64decode(file)).hexdigest() if file else ""

    def _replace(self, reason, request=None):
        """Cancel the visit and draw a substitute for its targets.

        :param request: the ``srsp.draw.request`` that was approved, if a person asked for it
        """
        self._check_replaceable()
        draw = self.draw_id.sudo()
        targets = self.sudo().line_ids.target_id
        lines = draw.drawn_line_ids.filtered(lambda line: line.target_id in targets)
        self.sudo()._cancel(reason)
        draw._substitute([(line, reason) for line in lines], request=request)

    def _check_replaceable(self):
        """Raise unless the visit can still be replaced by another."""
        self._check_stage("assigned", "scheduled", "on_site")
        if self.recorded_on or any(self.line_ids.mapped("result")):
            message = self.env._(
                "Inspection %(number)s has results: close it with them, it cannot be replaced.",
                number=self.number,
            )
            raise UserError(message)

    def _cancel(self, reason):
        current = self.filtered(lambda visit: visit.stage != "cancelled")
        self.write({"stage": "cancelled", "cancel_reason": reason})
        self.env["srsp.notice"]._notify_cancelled(current, reason)

    def _count_members(self):
        """Return ``[(inspector id, number of these visits, the first one's id), …]`` of officers and experts."""
        query = SQL(
            """SELECT inspector_id, count(*), min(inspection_id)
                 FROM (SELECT inspection_id, inspector_id FROM srsp_inspection_officer_rel
                       UNION ALL SELECT srsp_inspection_id, srsp_inspector_id FROM srsp_inspection_expert_rel) member
                WHERE inspection_id = ANY(%s) GROUP BY inspector_id ORDER BY inspector_id""",
            self.ids,
        )
        return self.env.execute_query(query)

    def _after_close(self):
        """Hook: the result has been formed."""
