import datetime
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ...actions import RELOAD, get_notification
from ...fields import current_company, planning_division
from ...tools import clock
from ..base.mail_activity_mixin import TODO
from ..base.srsp_division import MANAGERS, OFFICERS

NEXT_YEAR_FROM = 10  # the month from which plans are made for the year after


class SrspPlan(models.Model):
    """The yearly plan of one division, generated from the published item list.

    ``draft → submitted → consolidated → published``: the division hands in, the policy division does the rest.
    """

    _name = "srsp.plan"
    _description = "Yearly plan"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _phone_texts = ("note",)
    _unchecked_texts = ("number",)
    _order = "year desc, number desc"
    _check_company_auto = True
    _rec_names_search = ["number", "division_id.name"]
    _guarded_fields = ("state", "number", "published_on", "return_reason")

    name = fields.Char(compute="_compute_name")
    number = fields.Char(readonly=True, copy=False)
    year = fields.Integer(required=True, default=lambda self: self._get_default_year())
    division_id = planning_division()
    list_id = fields.Many2one(
        "srsp.list", "Item List", readonly=True, check_company=True
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("consolidated", "Consolidated"),
            ("published", "Published"),
        ],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
    )
    published_on = fields.Date(readonly=True, copy=False)
    return_reason = fields.Text(readonly=True, copy=False)
    note = fields.Text("Requirements")
    shortfall = fields.Text(compute="_compute_shortfall", compute_sudo=True)
    shortfall_reason = fields.Text(
        help="Reason why the draws of the year stay below the floor, or are fewer than the item list and the "
        "rulebook require. Published with the plan.",
    )
    task_ids = fields.One2many("srsp.task", "plan_id", "Tasks")
    task_count = fields.Integer(compute="_compute_task_count")
    done_count = fields.Integer(compute="_compute_task_count")
    progress = fields.Integer(compute="_compute_task_count")
    repealed_basis = fields.Char(
        compute="_compute_repealed_basis",
        compute_sudo=True,
        help="Repealed legal basis of tasks that are not completed yet.",
    )
    company_id = current_company()

    _division_uniq = models.UniqueIndex(
        "(division_id, year)", "This division already has a plan for this year."
    )
    _number_uniq = models.UniqueIndex("(number)")

    @api.depends("year", "division_id.name")
    @api.depends_context("lang")
    def _compute_name(self):
        for plan in self:
            plan.name = self.env._(
                "%(year)s %(division)s",
                year=plan.year,
                division=plan.division_id.name or "",
            )

    @api.depends("task_ids.state")
    def _compute_task_count(self):
        for plan in self:
            states = Counter(plan.task_ids.mapped("state"))
            plan.task_count = states.total() - states["cancelled"]
            plan.done_count = states["disclosed"] + states["done"]
            plan.progress = 100 * plan.done_count // (plan.task_count or 1)

    @api.depends("task_ids.repealed_basis", "task_ids.state")
    @api.depends_context("lang")
    def _compute_repealed_basis(self):
        ended = ("done", "cancelled")
        for plan in self:
            tasks = plan.task_ids.filtered(lambda task: task.state not in ended)
            plan.repealed_basis = tasks.item_ids.legal_basis_ids._describe_repealed()

    @api.depends(
        "division_id",
        "year",
        "task_ids.ratio",
        "task_ids.state",
        "task_ids.target_domain",
        "task_ids.item_ids",
    )
    @api.depends_context("lang")
    def _compute_shortfall(self):
        """Targets below the floor of the year, and draws of the items and classes that are missing."""
        domain = [
            ("division_id", "in", self.division_id.ids),
            ("year", "in", self.mapped("year")),
        ]
        targets = self.env["srsp.coverage"]._find_missing(domain)
        draws = self.env["srsp.coverage.frequency"]._find_missing(domain)
        for plan in self:
            own = [("division_id", "=", plan.division_id.id), ("year", "=", plan.year)]
            texts = [rows.filtered_domain(own)._describe() for rows in (targets, draws)]
            plan.shortfall = "\n".join(filter(None, texts))

    @api.model
    def _can_create(self):
        return self.env["srsp.division"]._can_plan()

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        for plan in plans.sudo():
            plan.number = plan.company_id._srsp_next_number(self._name, plan.year)
        return plans

    def write(self, vals):
        if not self.env.su and any(plan.state == "published" for plan in self):
            raise UserError(self.env._("A published plan is frozen."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if any(plan.state == "published" for plan in self):
            raise UserError(self.env._("A published plan cannot be deleted."))

    def action_generate(self):
        """Add the tasks that the published item list asks for and the plan lacks."""
        self._check_step(OFFICERS, "draft")
        lines = [line for plan in self for line in plan._generate_tasks()]
        sticky = len(lines) > len(self)
        return get_notification("info", "\n".join(lines), sticky=sticky, next=RELOAD)

    def action_compare(self):
        """Show what the item list asks for and this plan, no longer a draft, lacks."""
        self.ensure_one()
        self._check_step(OFFICERS, "submitted", "consolidated", "published")
        vals = {"company_id": self.company_id.id, "year": str(self.year)}
        wizard = self.env["srsp.plan.generation"].create({"plan_id": self.id, **vals})
        return wizard._show()

    def action_submit(self):
        self._check_step(MANAGERS, "draft")
        for plan in self:
            plan._check_complete()
        self.sudo().write({"state": "submitted", "return_reason": False})
        self.sudo().activity_feedback([TODO])

    def action_consolidate(self):
        self._check_step(["group_policy_officer"], "submitted")
        self.sudo().state = "consolidated"

    def action_return(self):
        return self.env["srsp.reason"]._open(self, "plan_return")

    def action_publish(self):
        self._check_step(["group_policy_officer"], "consolidated")
        for plan in self.sudo():
            plan.write({"state": "published", "published_on": clock.today()})
            tasks = plan.task_ids.filtered(lambda task: task.state != "cancelled")
            numbers = sorted(tasks.mapped("number"))
            self.env["srsp.event"]._seal_state(plan, "plan.published", tasks=numbers)
            plan._after_publish()

    def _check_complete(self):
        """Raise without tasks, or when their draws stay below the floor and nobody says why (work plan, 二（二）)."""
        if not self.task_ids:
            message = self.env._(
                "%(plan)s has no tasks: generate them from the item list.",
                plan=self.name,
            )
            raise UserError(message)
        if self.shortfall and not (self.shortfall_reason or "").strip():
            message = self.env._(
                "%(plan)s draws less than required. Plan more draws, or give a reason, which will be "
                "published.\n%(what)s",
                plan=self.name,
                what=self.shortfall,
            )
            raise UserError(message)

    def _return(self, reason):
        """Send a plan that was handed in back to its division, which is told why."""
        self._check_step(["group_policy_officer"], "submitted", "consolidated")
        plan = self.company_id._srsp_in_language(self.sudo())
        plan.write({"state": "draft", "return_reason": reason})
        plan.message_post(body=reason)
        summary = plan.env._("The plan was sent back: change it and submit it")
        plan.division_id._schedule(plan, summary, reason)

    @api.model
    def _get_default_year(self):
        """This year; from October on the next one."""
        today = clock.today()
        return today.year + (today.month >= NEXT_YEAR_FROM)

    @api.model
    def _get_first_day(self, year):
        """The day whose list and rulebook a plan of ``year`` follows: the year's first, or today once it has passed."""
        return max(datetime.date(year, 1, 1), clock.today())

    @api.model
    def _get_list(self, company, year):
        """The item list that plans of ``year`` are made from; a UserError when there is none."""
        day = self._get_first_day(year)
        if version := self.env["srsp.list"]._get_in_force("item", company, day):
            return version
        raise UserError(
            self.env._("No item list is in force: a plan is generated from one.")
        )

    @api.model
    def _generate_all(self, company, year):
        """Make the plan of every division with items in the list, one by one, and return the outcome in lines."""
        lines = []
        for division in self._get_list(company, year).item_ids.division_id:
            try:
                with self.env.cr.savepoint():
                    lines += self._generate(division, year)._generate_tasks()
            except UserError as error:
                lines.append(f"{division.name}: {error}")
        return "\n".join(lines)

    @api.model
    def _generate(self, division, year):
        """The plan of ``division`` for ``year``; made where it is missing."""
        plan = self.search([("division_id", "=", division.id), ("year", "=", year)])
        vals = {"division_id": division.id, "company_id": division.company_id.id}
        return plan or self.create({"year": year, **vals})

    def _generate_tasks(self):
        """Add what the plan lacks, if it is a draft, and return the outcome in lines; a task that fails is left out."""
        self.ensure_one()
        if self.state != "draft":
            return []
        self.sudo().list_id = self._get_list(self.company_id, self.year)
        wanted, notes = self._find_missing_tasks()
        made, failed = self._create_tasks(wanted)
        count = self.env._(
            "%(plan)s: tasks made: %(count)s", plan=self.name, count=len(made)
        )
        return [count, *notes, *failed]

    def _create_tasks(self, vals_list):
        """Create tasks one by one. :return: those made, and why others could not be, in lines"""
        tasks = self.env["srsp.task"].sudo().with_company(self.company_id)
        made, failed = tasks.browse(), []
        for vals in vals_list:
            try:
                with self.env.cr.savepoint():
                    made |= tasks.create(vals)
            except UserError as error:
                failed.append(str(error))
        return made, failed

    def _find_missing_tasks(self):
        """The values of the tasks that the plan lacks, and lines on what another division still has.

        The item list asks for one task per item and yearly draw, spread over the year; where the rulebook wants a class
        or the key targets drawn more often, additional tasks draw from these alone, so that nobody else is inspected
        more often than the list says.
        """
        company, day = self.company_id, self._get_first_day(self.year)
        rulebook = self.env["srsp.rulebook"]._find_in_force(company, day)
        items = self._get_list(company, self.year).item_ids.filtered(
            lambda item: item.division_id == self.division_id
        )
        known = self._find_known_tasks(items)
        present = self._find_classes(items.sector_id)
        strata = rulebook._get_stratify_by()
        wanted, notes = [], []
        for item in items:
            frequencies = {
                kind: number
                for kind, number in rulebook._get_frequencies().items()
                if (item.sector_id.id, kind) in present
            }
            most = max([item.frequency, *frequencies.values()])
            for number in range(1, most + 1):
                task = known.get((item.code.upper(), number))
                if not task:
                    kinds = [
                        kind
                        for kind, least in frequencies.items()
                        if least >= number > item.frequency
                    ]
                    vals = self._prepare_task_vals(item, number, kinds, most)
                    wanted.append({**vals, "stratify_by": strata})
                elif task.division_id != self.division_id and task.state == "planned":
                    notes.append(
                        self.env._(
                            "%(item)s: task %(task)s is still with %(division)s, which must hand it over or cancel it.",
                            item=item.display_name,
                            task=task.number,
                            division=task.division_id.name,
                        )
                    )
        return wanted, notes

    def _find_known_tasks(self, items):
        """{(code of one of ``items``, draw of the year): the task that exists}.

        Tasks of this plan, supplements to it, and those that another division has although all their items are here.
        """
        codes = {item.code.upper() for item in items}
        planned = Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "cancelled"),
                ("year", "=", self.year),
                ("origin", "!=", "ad_hoc"),
            ]
        )
        known, own_tasks = {}, Domain("plan_id", "=", self.id)
        for task in self.env["srsp.task"].sudo().search(own_tasks | planned):
            own = {item.code.upper() for item in task.item_ids}
            if task.plan_id == self or own <= codes:
                known |= {(code, task.round): task for code in own}
        return known

    @api.model
    def _find_classes(self, sectors):
        """{(sector id, risk class or "key")} of which the registry has active targets."""
        targets = self.env["srsp.target"].sudo()
        groups = targets._read_group(
            [("sector_id", "in", sectors.ids), ("state", "=", "active")],
            ["sector_id"],
            ["risk_class:array_agg_distinct", "is_key:bool_or"],
        )
        return {
            (sector.id, kind)
            for sector, classes, has_key in groups
            for kind in (*classes, has_key and "key")
        }

    def _prepare_task_vals(self, item, number, kinds=(), most=0):
        """Values of the ``number``-th task of ``item``: its window is that share of the year.

        :param kinds: the risk classes, and ``key``, from which alone it draws; everybody if empty
        :param int most: how many draws a year there are in all, additional ones of ``kinds`` among them
        """
        first, last = datetime.date(self.year, 1, 1), datetime.date(self.year, 12, 31)
        count = most - item.frequency if kinds else item.frequency
        place = number - item.frequency if kinds else number
        span = ((last - first).days + 1) / count
        start = first + datetime.timedelta(days=round(span * (place - 1)))
        end = first + datetime.timedelta(days=round(span * place) - 1)
        name = item.name if count == 1 else f"{item.name} ({place}/{count})"
        if kinds:
            plan = self.company_id._srsp_in_language(self)
            name = plan.env._("%(task)s, high risk", task=name)
        # Of an item that has moved: whoever keeps the registry takes part.
        keepers = item.sector_id.division_id - self.division_id
        return {
            "name": name,
            "plan_id": self.id,
            "division_id": self.division_id.id,
            "company_id": self.company_id.id,
            "sector_id": item.sector_id.id,
            "cooperating_division_ids": [Command.set(keepers.ids)],
            "item_ids": [Command.set(item.ids)],
            "target_domain": _get_filter(kinds),
            "scope": kinds and self._describe_kinds(kinds),
            "round": number,
            "date_from": start,
            "date_to": end,
        }

    def _describe_kinds(self, kinds):
        """Whom a task draws from that is for these risk classes, and key targets, alone."""
        plan = self.company_id._srsp_in_language(self)
        return plan.env._(", ").join(
            plan.env._("key targets")
            if kind == "key"
            else plan.env._("risk class %(name)s", name=kind)
            for kind in kinds
        )

    def _describe_missing_tasks(self):
        """What this plan lacks, in lines."""
        wanted, notes = self._find_missing_tasks()
        lines = [
            self.env._(
                "%(plan)s lacks “%(task)s”, %(first)s – %(last)s.",
                plan=self.name,
                task=vals["name"],
                first=vals["date_from"],
                last=vals["date_to"],
            )
            for vals in wanted
        ]
        return [*lines, *notes]

    def _supplement(self, reason):
        """Add what the plan lacks as additional tasks outside of it, which stays as it was published."""
        self.ensure_one()
        self._check_step(MANAGERS, "submitted", "consolidated", "published")
        wanted, _notes = self._find_missing_tasks()
        vals_list = [self._prepare_supplement_vals(vals, reason) for vals in wanted]
        made, failed = self._create_tasks(vals_list)
        if failed:
            raise UserError("\n".join(failed))
        if made:
            body = self.env._(
                "Additional tasks outside of the plan: %(tasks)s. Reason: %(reason)s",
                tasks=", ".join(made.mapped("display_name")),
                reason=reason,
            )
            self.sudo().message_post(body=body)
        return made

    def _prepare_supplement_vals(self, vals, reason):
        """Values of an additional task for what this plan lacks; no window lies in the past alone."""
        first = max(vals["date_from"], clock.today())
        return {
            **vals,
            "plan_id": False,
            "origin": "supplement",
            "ad_hoc_reason": reason,
            "date_from": first,
            "date_to": max(vals["date_to"], first + datetime.timedelta(days=30)),
        }

    def _prepare_seal(self):
        names = (
            "number year division_id list_id state published_on note shortfall_reason"
        )
        return self.env["srsp.event"]._read_values(self, names.split())

    def _after_publish(self):
        """Hook: the plan has just been published."""


def _get_filter(kinds):
    """The target filter of a task that draws from these risk classes, and key targets, alone."""
    classes = [kind for kind in kinds if kind != "key"]
    leaves = [("risk_class", "in", classes)] if classes else []
    leaves += [("is_key", "=", True)] if "key" in kinds else []
    return repr(["|"] * (len(leaves) - 1) + leaves)
