from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...actions import get_action
from ...fields import current_company, planning_division, selection_of
from ...tools import clock
from ..base.srsp_division import INSPECTING, MANAGERS
from .target_filter import (
    check_filter,
    describe_filter,
    get_filter_domain,
    get_public_filter,
)

MIN_RATIO = 0.05  # of the work plan, 二（二）, while no rulebook is in force
FROZEN_FIELDS = frozenset(
    "name plan_id division_id company_id sector_id item_ids round cooperating_division_ids use_detachment target_domain"
    " mode stratify_by stratify_reason stratum_ids ratio ratio_reason team_size experts randomness_kind lottery"
    " lottery_outcomes date_from date_to draw_at lock_at scope names_public ad_hoc_reason".split()
)
# What a plan that has been submitted says of its tasks.
PLANNED_FIELDS = frozenset(
    "plan_id division_id sector_id item_ids round mode target_domain".split()
)


class SrspTask(models.Model):
    """A task: some items, a pool of targets, one announced draw, one window of inspections.

    ``division_id`` answers for it; items of cooperating divisions make it a joint one, whose pool holds the targets of
    all its sectors. ``mode`` says whether the bureau draws, or takes over a list that a higher authority has drawn.

    ``planned → committed → drawn → inspecting → disclosed → done`` or ``cancelled``. Announcing fixes what will be
    drawn and when; from then on the scheduled actions lock the roster and draw.
    """

    _name = "srsp.task"
    _description = "Task"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _unchecked_texts = tuple(
        "number blocked_reason waiting_reason obstacle external_digest_hex".split()
    )
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _guarded_fields = tuple(
        "state number announced_on rulebook_id draw_id cancel_reason withdrawal_reason"
        " blocked_reason blocked_since obstacle waiting_reason"
        " approval_state approval_requested_by_id approved_by_id approved_on refusal_reason external_authority"
        " external_document external_issued_on external_file external_file_name external_digest_hex roster_ids".split()
    )

    name = fields.Char(required=True, tracking=True)
    number = fields.Char(readonly=True, copy=False)
    plan_id = fields.Many2one(
        "srsp.plan", index=True, ondelete="restrict", check_company=True, copy=False
    )
    division_id = planning_division()
    company_id = current_company(index=True)
    handler_id = fields.Many2one(
        "res.users",
        "Handled By",
        domain=[("share", "=", False)],
        help="Person in the division who handles the task. Not published.",
    )
    sector_id = fields.Many2one(
        "srsp.sector", required=True, index=True, check_company=True
    )
    item_ids = fields.Many2many("srsp.item", string="Items", check_company=True)
    round = fields.Integer("Draw Number in the Year", default=1, readonly=True)
    cooperating_division_ids = fields.Many2many(
        "srsp.division",
        "srsp_task_division_rel",
        string="Cooperating Divisions",
        check_company=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
    )
    use_detachment = fields.Boolean(
        "Detachment Support",
        default=True,
        help="Detachment officers complete the teams if the division has too few officers.",
    )
    target_domain = fields.Char(
        "Target Filter",
        default="[]",
        tracking=True,
        help="Published with the roster, and with it whoever the filter leaves out. A filter asks about sector,"
        " region, risk class, key mark, kind of entity or the end of the permit, not about single targets.",
    )
    is_directed = fields.Boolean(
        "Directed",
        compute="_compute_is_directed",
        store=True,
        help="A filter narrows the pool (定向); otherwise every target of the sectors can be drawn (不定向).",
    )
    scope = fields.Char(
        "Scope Description",
        size=200,
        help="Readable description of the targets that remain after filtering. Published.",
    )
    names_public = fields.Boolean(
        "Publish Drawn Names",
        help="Publish the names of the drawn companies with the draw, before the visits. Otherwise only "
        "their registry codes are public until a result is published.",
    )
    stratify_by = fields.Selection(
        [
            ("none", "Not stratified"),
            ("risk_class", "Risk class"),
            ("key", "Key mark"),
            ("region", "Region"),
            ("risk_class+key", "Risk class and key mark"),
            ("risk_class+region", "Risk class and region"),
            ("key+region", "Key mark and region"),
            ("risk_class+key+region", "Risk class, key mark and region"),
        ],
        string="Stratified by",
        default=lambda self: self._default_stratify_by(),
        required=True,
        tracking=True,
    )
    stratify_reason = fields.Char(
        "Reason for Different Strata",
        tracking=True,
        help="Reason why the draw does not distinguish the groups for which the rulebook sets separate "
        "ratios. Published with the draw.",
    )
    stratum_ids = fields.One2many(
        "srsp.task.stratum", "task_id", "Separate Sampling Ratios"
    )
    ratio = fields.Float(
        "Sampling Ratio",
        digits=(5, 4),
        compute="_compute_ratio",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    ratio_reason = fields.Char("Reason for Low Ratio", help="Published with the draw.")
    team_size = fields.Integer(
        "Officers per Team",
        compute="_compute_team_size",
        store=True,
        readonly=False,
        precompute=True,
        help="0: as set in the rulebook. A joint team has at least one officer from each division that has any.",
    )
    experts = fields.Integer(
        "Experts per Team", help="Drawn from the expert pool to join the officers."
    )
    randomness_kind = fields.Selection(
        selection=selection_of("srsp.draw", "randomness_kind"),
        string="Source of Randomness",
        help="Empty: as set in the rulebook.",
    )
    lottery = fields.Char(
        "Lottery and Issue",
        help="Name and issue of the public lottery; enter its numbers in the order drawn, separated by dots. "
        "Published.",
    )
    lottery_outcomes = fields.Float(
        "Possible Results",
        digits=(40, 0),
        help="Number of possible results of the lottery: 17,721,088 for 6 numbers of 33 and 1 of 16.",
    )
    date_from = fields.Date(
        "Inspection Start Date", required=True, default=lambda self: clock.today()
    )
    date_to = fields.Date(
        "Inspection End Date", required=True, default=lambda self: clock.today()
    )
    draw_at = fields.Datetime("Announced Draw Time", copy=False, tracking=True)
    year = fields.Integer(
        compute="_compute_year",
        store=True,
        aggregator=False,
        help="Year of the plan or, without a plan, of the draw. The draw counts towards the floor of that year.",
    )
    lock_at = fields.Datetime(
        "Roster Lock",
        compute="_compute_lock_at",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
    )
    announced_on = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("committed", "Roster locked"),
            ("drawn", "Drawn"),
            ("inspecting", "Inspecting"),
            ("disclosed", "Disclosed"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        default="planned",
        required=True,
        copy=False,
        tracking=True,
        group_expand=True,
        index=True,
    )
    rulebook_id = fields.Many2one(
        "srsp.rulebook",
        readonly=True,
        copy=False,
        help="The rulebook in force when the roster was locked.",
    )
    draw_ids = fields.One2many("srsp.draw", "task_id", "Draws")
    draw_id = fields.Many2one("srsp.draw", readonly=True, copy=False)
    blocked_reason = fields.Text("Blocking Reason", readonly=True, copy=False)
    blocked_since = fields.Datetime(readonly=True, copy=False)
    # What blocks, where its text differs from attempt to attempt.
    obstacle = fields.Char(readonly=True, copy=False)
    waiting_reason = fields.Text(
        "Waiting For",
        readonly=True,
        copy=False,
        help="What the draw is waiting for; nothing is wrong.",
    )
    cancel_reason = fields.Char(readonly=True, copy=False)
    withdrawal_reason = fields.Char(
        "Announcement Withdrawal Reason", readonly=True, copy=False
    )
    inspection_ids = fields.One2many("srsp.inspection", "task_id", "Inspections")
    inspection_count = fields.Integer(
        "Visits", compute="_compute_inspection_count", compute_sudo=True
    )
    closed_count = fields.Integer(
        "Closed", compute="_compute_inspection_count", compute_sudo=True
    )
    progress = fields.Integer(compute="_compute_inspection_count", compute_sudo=True)
    color_state = fields.Selection(
        [("normal", "On time"), ("done", "Closed"), ("blocked", "Blocked")],
        compute="_compute_color_state",
        store=True,
    )
    sector_ids = fields.Many2many(
        "srsp.sector",
        string="Sectors",
        compute="_compute_sector_ids",
        compute_sudo=True,
        help="The sectors of the task and of its items: more than one in a joint draw.",
    )
    target_count = fields.Integer(
        "Targets in Scope", compute="_compute_target_count", compute_sudo=True
    )
    repealed_basis = fields.Char(compute="_compute_repealed_basis", compute_sudo=True)
    coverage_warning = fields.Text(
        compute="_compute_coverage_warning", compute_sudo=True
    )

    _number_uniq = models.UniqueIndex("(number)")
    _experts_least = models.Constraint(
        "CHECK (experts >= 0)", "The number of experts must not be negative."
    )
    _due_idx = models.Index(
        "(state, lock_at, draw_at) WHERE state IN ('planned', 'committed')"
    )

    @api.model
    def _default_stratify_by(self):
        rulebook = self.env["srsp.rulebook"]._find_in_force(self.env.company)
        return rulebook._get_stratify_by()

    @api.depends("item_ids.ratio", "mode")
    def _compute_ratio(self):
        for task in self:
            ratios = task.item_ids.mapped("ratio")
            if task.announced_on and task.ratio:
                ratios = [task.ratio]  # no item moves it any more
            elif task.mode == "external":
                ratios = [1.0]
            elif not ratios:
                rulebook = self.env["srsp.rulebook"]._find_in_force(task.company_id)
                ratios = [task.ratio or rulebook.floor_ratio or MIN_RATIO]
            task.ratio = max(ratios)

    @api.depends("plan_id.year", "draw_at", "date_to")
    def _compute_year(self):
        for task in self:
            day = clock.beijing_date(task.draw_at) if task.draw_at else task.date_to
            task.year = task.plan_id.year or (day and day.year)

    @api.depends("target_domain")
    def _compute_is_directed(self):
        for task in self:
            task.is_directed = not get_filter_domain(task).is_true()

    @api.depends("draw_at")
    def _compute_lock_at(self):
        for company, tasks in self.grouped("company_id").items():
            published = self.env["srsp.rulebook"]._find_published(company)
            for task in tasks:
                task.lock_at = task.draw_at and published._get_lock_at(task.draw_at)

    @api.depends("division_id", "cooperating_division_ids", "item_ids")
    def _compute_team_size(self):
        """A joint team is large enough for every division that has officers; else what was entered stays."""
        for task in self.filtered(lambda task: not task.announced_on):
            rulebook = self.env["srsp.rulebook"]._find_in_force(task.company_id)
            size = task._get_team_size(rulebook)
            if size > (task.team_size or rulebook.team_size or 1):
                task.team_size = size

    @api.depends("inspection_ids.stage")
    def _compute_inspection_count(self):
        stages = defaultdict(Counter)
        domain = [("task_id", "in", self.ids), ("stage", "!=", "cancelled")]
        for task, stage, count in self.env["srsp.inspection"]._read_group(
            domain, ["task_id", "stage"], ["__count"]
        ):
            stages[task][stage] = count
        for task in self:
            task.inspection_count = stages[task].total()
            task.closed_count = stages[task]["closed"]
            task.progress = 100 * task.closed_count // (task.inspection_count or 1)

    @api.depends("state", "blocked_reason")
    def _compute_color_state(self):
        for task in self:
            color = "done" if task.state in ("disclosed", "done") else "normal"
            task.color_state = "blocked" if task.blocked_reason else color

    @api.depends("sector_id", "item_ids.sector_id")
    def _compute_sector_ids(self):
        for task in self:
            task.sector_ids = task.sector_id | task.item_ids.sector_id

    @api.depends("sector_ids", "target_domain", "mode")
    def _compute_target_count(self):
        for task in self:
            try:
                task.target_count = self.env["srsp.target"].search_count(
                    task._get_pool_domain()
                )
            except UserError:
                task.target_count = 0

    @api.depends("item_ids.repealed_basis")
    @api.depends_context("lang")
    def _compute_repealed_basis(self):
        for task in self:
            task.repealed_basis = task.item_ids.legal_basis_ids._describe_repealed()

    @api.depends("state", "announced_on", "sector_ids", "year", "ratio", "item_ids")
    @api.depends_context("lang")
    def _compute_coverage_warning(self):
        self.coverage_warning = False
        open_tasks = self.filtered(
            lambda task: task._origin and task.state == "planned" and task.year
        )
        domain = [("sector_id", "in", open_tasks.sector_ids.ids)]
        rows = self.env["srsp.coverage"]._find_missing(domain)
        for task in open_tasks:
            own = [("sector_id", "in", task.sector_ids.ids), ("year", "=", task.year)]
            task.coverage_warning = rows.filtered_domain(own)._describe()

    @api.constrains("ratio", "name", "mode")
    def _check_ratio(self):
        for task in self:
            if not 0 < task.ratio <= 1:
                message = self.env._(
                    "Task %(task)s: ratio %(ratio)s must be above 0 and at most 1; write 5 %% as 0.05.",
                    task=task.name,
                    ratio=task.ratio,
                )
            elif task.mode == "external" and task.ratio != 1:
                message = self.env._(
                    "Task %(task)s: every target on a list drawn elsewhere is inspected; the ratio is 100 %%.",
                    task=task.name,
                )
            else:
                continue
            raise ValidationError(message)

    @api.constrains("date_from", "date_to", "draw_at", "lock_at")
    def _check_dates(self):
        for task in self:
            if task.date_to < task.date_from:
                message = self.env._(
                    "Task %(task)s: the window ends before it begins.", task=task.name
                )
                raise ValidationError(message)
            if task.draw_at and task.lock_at and task.lock_at >= task.draw_at:
                message = self.env._(
                    "Task %(task)s: the roster must be locked before the draw.",
                    task=task.name,
                )
                raise ValidationError(message)

    @api.constrains("sector_id", "division_id", "cooperating_division_ids", "plan_id")
    def _check_division(self):
        for task in self:
            keeper = task.sector_id.division_id
            if task.division_id.kind not in INSPECTING:
                message = self.env._(
                    "Task %(task)s: %(division)s does not inspect.",
                    task=task.name,
                    division=task.division_id.name,
                )
            elif keeper not in task._get_units():
                message = self.env._(
                    "Task %(task)s: sector %(sector)s belongs to %(division)s, which does not take part.",
                    task=task.name,
                    sector=task.sector_id.name,
                    division=keeper.name,
                )
            elif task.plan_id and task.plan_id.division_id != task.division_id:
                message = self.env._(
                    "Task %(task)s: its plan belongs to another division.",
                    task=task.name,
                )
            else:
                continue
            raise ValidationError(message)

    @api.constrains("target_domain")
    def _check_target_domain(self):
        for task in self:
            check_filter(task)

    @api.model
    def _can_create(self):
        return self.env["srsp.division"]._can_plan()

    @api.model_create_multi
    def create(self, vals_list):
        tasks = super().create(vals_list)
        tasks._check_plan_open()
        stamp = clock.today().strftime("%Y%m%d")
        for task in tasks.sudo():
            task.number = task.company_id._srsp_next_number(self._name, stamp)
        return tasks

    def write(self, vals):
        if not self.env.su and FROZEN_FIELDS & vals.keys():
            self._check_not_announced()
        if PLANNED_FIELDS & vals.keys():
            self._check_plan_open()
        result = super().write(vals)
        if "plan_id" in vals:
            self._check_plan_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        if any(
            task.state != "planned"
            or task.announced_on
            or task.withdrawal_reason
            or task.approval_state == "refused"
            or task._is_plan_closed()
            for task in self
        ):
            message = self.env._(
                "A task that has been announced, refused, or submitted in a plan is cancelled, not deleted."
            )
            raise self._logged_error(message)

    def action_view_inspections(self):
        self.ensure_one()
        domain = [("task_id", "=", self.id)]
        return get_action(self.env, "srsp_inspection_action", domain=domain, context={})

    def action_view_targets(self):
        self.ensure_one()
        domain = list(self._get_pool_domain())
        return get_action(self.env, "srsp_target_action", domain=domain, context={})

    def action_done(self):
        self._check_step(MANAGERS)
        for task in self:
            task._check_completable()
        self.sudo().state = "done"

    def action_cancel(self):
        return self.env["srsp.reason"]._open(self, "task_cancel")

    def _check_not_announced(self):
        """Raise, and leave a trace, when the draw of one of these tasks has been announced."""
        if announced := self.filtered("announced_on"):
            message = self.env._(
                "The draw has been announced: what it covers and when it happens can no longer change."
            )
            raise announced._logged_error(message)

    def _is_plan_closed(self):
        """Whether the plan of the task has been submitted: only business methods change what it says."""
        return self.sudo().plan_id.state not in (False, "draft")

    def _check_plan_open(self):
        """Raise when a user changes what a submitted plan says of these tasks, or adds one to it."""
        closed = self.filtered(lambda task: task._is_plan_closed())
        if closed and not self.env.su:
            message = self.env._(
                "The plan has been submitted: what it says of its tasks stays. Cancel the task, or make one"
                " outside the plan."
            )
            raise closed._logged_error(message)

    def _get_ratio_reason(self):
        """Why the ratio is below the floor, in the words of the task or of its items."""
        reasons = [self.ratio_reason, *self.item_ids.mapped("ratio_reason")]
        return next((reason for reason in reasons if (reason or "").strip()), "")

    def _get_team_size(self, rulebook):
        """How many officers a team of this task needs: one at least of each division that has any."""
        inspectors = self._get_units().sudo().inspector_ids
        officers = inspectors.filtered(lambda one: one.pool_kind != "expert")
        return max(self.team_size or rulebook.team_size, len(officers.division_id))

    def _get_units(self):
        """The divisions that take part, the responsible one first."""
        return self.division_id | self.cooperating_division_ids

    def _is_whole(self):
        """Whether the task draws from all targets of its sectors."""
        return self.mode == "own" and (self.target_domain or "[]").strip() == "[]"

    @api.model
    def _group_open(self):
        """The tasks that are not drawn yet, of all companies, in lists that draw from the same targets."""
        tasks = self.sudo().search([("state", "in", ("planned", "committed"))])
        return tasks.grouped(
            lambda task: (
                task.company_id,
                task.sector_ids,
                task.target_domain,
                task.mode == "external" and task.id,
            )
        ).values()

    def _get_pool_domain(self):
        """Targets that can be drawn or are left out with a reason: a Domain on targets."""
        self.ensure_one()
        return self._get_scope_domain() & Domain("state", "!=", "cancelled")

    def _get_lock_domain(self):
        """The pool, and who is shown as left out: by the filter, or gone from the registry since the announcement."""
        known = Domain("state", "!=", "cancelled")
        known |= Domain("state_date", ">=", self.announced_on)
        return self._get_sector_domain() & known

    def _get_scope_domain(self):
        """Targets of the task's sectors that match its filter, whatever their state."""
        return get_filter_domain(self) & self._get_sector_domain()

    def _get_sector_domain(self):
        """Targets of the task's sectors, whatever its filter and their state."""
        sectors = Domain("sector_id", "in", self.sector_ids.ids)
        return Domain("company_id", "=", self.company_id.id) & sectors

    def _check_completable(self):
        self._check_state("inspecting", "disclosed")
        if open_count := self.inspection_count - self.closed_count:
            message = self.env._(
                "Task %(task)s: %(open)s visits are not closed yet.",
                task=self.name,
                open=open_count,
            )
            raise UserError(message)

    def _cancel(self, reason):
        self._check_step(MANAGERS, "planned", "committed")
        if self.draw_id:
            raise UserError(
                self.env._(
                    "Task %(task)s: its roster is locked. Request to void draw %(draw)s first (button Void the Draw); "
                    "once that is approved, the task can be cancelled.",
                    task=self.name,
                    draw=self.draw_id.number,
                )
            )
        vals = {"cancel_reason": reason, "blocked_reason": False}
        self.sudo().write({"state": "cancelled", **vals})
        if self.announced_on:
            self.env["srsp.notice"]._notify_policy(self, False, reason)
            self._after_withdraw()

    def _get_public_filter(self):
        """The target filter as a program of the public reads it."""
        return get_public_filter(self)

    def _describe_filter(self):
        """The target filter in words; empty where every target of the sectors can be drawn."""
        return describe_filter(self) if self.mode == "own" else ""

    def _after_announce(self):
        """Hook: a draw has been announced."""

    def _after_withdraw(self):
        """Hook: an announcement no longer holds: withdrawn, lapsed, its draw voided or its task cancelled."""
