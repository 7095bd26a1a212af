import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError


class SrspPlan(models.Model):
    """The yearly plan of one division, generated from the published item list.

    ``draft → submitted → consolidated → published``: the division hands in, the policy division
    consolidates and publishes.
    """

    _name = "srsp.plan"
    _description = "Yearly plan"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "year desc, number desc"
    _check_company_auto = True
    _rec_names_search = ["number", "division_id.name"]
    _guarded_fields = ("state", "number", "published_on", "return_reason")

    name = fields.Char(compute="_compute_name")
    number = fields.Char(readonly=True, copy=False)
    year = fields.Integer(
        required=True, default=lambda self: fields.Date.context_today(self).year
    )
    division_id = fields.Many2one(
        "srsp.division",
        required=True,
        index=True,
        check_company=True,
        default=lambda self: self.env["srsp.division"]._find_own(),
    )
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
    return_reason = fields.Text("Sent Back Because", readonly=True, copy=False)
    note = fields.Text("Requirements")
    shortfall = fields.Text(compute="_compute_shortfall", compute_sudo=True)
    shortfall_reason = fields.Text(
        "Reason for Drawing Less",
        help="Why the year's draws stay below the floor. Published with the plan.",
    )
    task_ids = fields.One2many("srsp.task", "plan_id", "Tasks")
    task_count = fields.Integer(compute="_compute_task_count")
    done_count = fields.Integer(compute="_compute_task_count")
    progress = fields.Integer(compute="_compute_task_count")
    repealed_basis = fields.Char(
        compute="_compute_repealed_basis",
        compute_sudo=True,
        help="What tasks still to be done rest on but no longer holds.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _division_uniq = models.UniqueIndex(
        "(division_id, year)", "This division has a plan of this year already."
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
            tasks = plan.task_ids.filtered(lambda task: task.state != "cancelled")
            plan.task_count = len(tasks)
            plan.done_count = len(
                tasks.filtered(lambda task: task.state in ("disclosed", "done"))
            )
            plan.progress = 100 * plan.done_count // plan.task_count if tasks else 0

    @api.depends("task_ids.repealed_basis", "task_ids.state")
    def _compute_repealed_basis(self):
        for plan in self:
            tasks = plan.task_ids.filtered(
                lambda task: task.state not in ("done", "cancelled")
            )
            bases = tasks.item_ids.legal_basis_ids
            plan.repealed_basis = bases._describe_repealed()

    @api.depends("division_id", "year", "task_ids.ratio", "task_ids.state")
    def _compute_shortfall(self):
        rows = self.env["srsp.coverage"]._find_missing(
            [
                ("division_id", "in", self.division_id.ids),
                ("year", "in", self.mapped("year")),
            ]
        )
        for plan in self:
            plan.shortfall = rows.filtered(
                lambda row, plan=plan: (
                    row.division_id == plan.division_id and row.year == plan.year
                )
            )._describe()

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
        self._check_role("group_division_officer", "group_policy_officer")
        self._check_state("draft")
        self.check_access("write")
        for plan in self:
            plan._generate_tasks()

    def action_submit(self):
        self._check_role("group_division_manager", "group_policy_officer")
        self._check_state("draft")
        self.check_access("write")
        for plan in self:
            if not plan.task_ids:
                raise UserError(
                    self.env._(
                        "%(plan)s has no task: generate them from the item list.",
                        plan=plan.name,
                    )
                )
            plan._check_shortfall()
        self.sudo().write({"state": "submitted", "return_reason": False})
        self.sudo().activity_feedback(["mail.mail_activity_data_todo"])

    def _check_shortfall(self):
        """Raise when the year's draws stay below the floor and nobody says why (work plan, 二（二）)."""
        if self.shortfall and not (self.shortfall_reason or "").strip():
            raise UserError(
                self.env._(
                    "%(plan)s stays below the floor. Plan more, or give a reason, which will be published.\n%(what)s",
                    plan=self.name,
                    what=self.shortfall,
                )
            )

    def action_consolidate(self):
        self._check_role("group_policy_officer")
        self._check_state("submitted")
        self.sudo().state = "consolidated"

    def action_return(self):
        self.ensure_one()
        return self.env["srsp.reason"]._open(self, "plan_return")

    def _return(self, reason):
        """Send a plan that was handed in back to its division, which is told why."""
        self._check_role("group_policy_officer")
        self._check_state("submitted", "consolidated")
        plan = self.company_id._srsp_in_language(self.sudo())
        plan.write({"state": "draft", "return_reason": reason})
        plan.message_post(body=reason)
        plan.division_id._schedule(
            plan, plan.env._("The plan was sent back: change it and submit it"), reason
        )

    def action_publish(self):
        self._check_role("group_policy_officer")
        self._check_state("consolidated")
        for plan in self.sudo():
            plan.write(
                {"state": "published", "published_on": fields.Date.context_today(self)}
            )
            plan._after_publish()

    @api.model
    def _generate(self, division, year):
        """The plan of ``division`` for ``year`` with its tasks; made where it is missing."""
        plan = self.search([("division_id", "=", division.id), ("year", "=", year)])
        if not plan:
            plan = self.create(
                {
                    "division_id": division.id,
                    "year": year,
                    "company_id": division.company_id.id,
                }
            )
        if plan.state == "draft":
            plan._generate_tasks()
        return plan

    def _generate_tasks(self):
        """One task per item and yearly draw, spread over the year; existing ones stay."""
        self.ensure_one()
        published = self.env["srsp.list"]._get_in_force("item", self.company_id)
        if not published:
            raise UserError(
                self.env._("No item list is in force: a plan is generated from one.")
            )
        known = {
            (item.code, task.round) for task in self.task_ids for item in task.item_ids
        }
        vals_list = [
            self._prepare_task_vals(item, number)
            for item in published.item_ids.filtered(
                lambda item: item.division_id == self.division_id
            )
            for number in range(1, item.frequency + 1)
            if (item.code, number) not in known
        ]
        self.sudo().list_id = published
        self.env["srsp.task"].sudo().create(vals_list)

    def _prepare_task_vals(self, item, number):
        """Values of the ``number``-th task of ``item``: its window is that share of the year."""
        first, last = datetime.date(self.year, 1, 1), datetime.date(self.year, 12, 31)
        span = ((last - first).days + 1) / item.frequency
        start = first + datetime.timedelta(days=round(span * (number - 1)))
        end = first + datetime.timedelta(days=round(span * number) - 1)
        return {
            "name": item.name
            if item.frequency == 1
            else f"{item.name} ({number}/{item.frequency})",
            "plan_id": self.id,
            "division_id": self.division_id.id,
            "company_id": self.company_id.id,
            "sector_id": item.sector_id.id,
            "item_ids": [(6, 0, item.ids)],
            "round": number,
            "date_from": start,
            "date_to": end,
        }

    def _after_publish(self):
        """Hook: the plan has just been published."""
