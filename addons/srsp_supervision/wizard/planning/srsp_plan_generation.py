from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...actions import get_action, get_dialog_action
from ...tools import clock
from ...tools.certificate import one_line


class SrspPlanGeneration(models.TransientModel):
    """Makes the plans of a year from the item list, and says what plans lack that are no longer drafts.

    Of one plan (``plan_id``), or of the whole bureau. What a plan lacks can be added as additional tasks outside of it,
    with a reason.
    """

    _name = "srsp.plan.generation"
    _description = "Generation of plans"

    plan_id = fields.Many2one("srsp.plan", readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    year = fields.Selection(
        selection="_selection_year",
        required=True,
        default=lambda self: str(self.env["srsp.plan"]._get_default_year()),
    )
    state = fields.Selection(
        [("choose", "Year"), ("done", "Outcome")], default="choose", readonly=True
    )
    outcome = fields.Text(readonly=True)
    missing = fields.Text("What the Plans Lack", readonly=True)
    reason = fields.Char(
        "Reason for the Additional Tasks",
        help="Why they are drawn outside the plan.",
    )

    @api.model
    def _selection_year(self):
        year = clock.today().year
        plan_years = self.env["srsp.plan"].sudo()._read_group([], ["year"])
        years = {year, year + 1, *(known for [known] in plan_years)}
        return [(str(one), str(one)) for one in sorted(years)]

    def action_generate(self):
        """Make what is missing from every plan that is still a draft."""
        self._check_policy()
        if self.plan_id:
            raise UserError(
                self.env._("A single plan is generated with the button of its form.")
            )
        plans = self.env["srsp.plan"].sudo().with_context(lang=self.env.lang)
        self.outcome = plans._generate_all(self.company_id, int(self.year))
        return self._show()

    def action_supplement(self):
        """Add what is missing from plans that are no longer drafts, as additional tasks outside of them."""
        reason = one_line(self.reason or "")
        if not reason:
            raise UserError(
                self.env._("Give a reason: it stays with the additional tasks.")
            )
        tasks = self.env["srsp.task"]
        for plan in self._get_plans():
            tasks |= plan._supplement(reason)
        self.outcome = self.env._("Additional tasks made: %(count)s", count=len(tasks))
        return self._show()

    def action_open_plans(self):
        domain = [("year", "=", int(self.year))]
        return get_action(self.env, "srsp_plan_action", domain=domain)

    def _check_policy(self):
        if not self.env.user.has_group("srsp_supervision.group_policy_officer"):
            raise UserError(
                self.env._(
                    "The plans of the whole bureau are made by a policy officer."
                )
            )
        if self.company_id not in self.env.companies:
            raise AccessError(
                self.env._("The plans of another bureau are not made from here.")
            )

    def _get_plans(self):
        """The plans that this is about and that are no longer drafts, as the user may change them."""
        if not self.plan_id:
            self._check_policy()
        plans = self.plan_id or self.env["srsp.plan"].search(
            [("company_id", "=", self.company_id.id), ("year", "=", int(self.year))]
        )
        plans.check_access("write")
        return plans.filtered(lambda plan: plan.state != "draft")

    def _show(self):
        """The outcome, and what plans lack that are no longer drafts."""
        lines = []
        for plan in self._get_plans():
            lines += plan._describe_missing_tasks()
        self.write({"state": "done", "missing": "\n".join(lines), "reason": False})
        name = self.env._("Plans of %(year)s", year=self.year)
        return get_dialog_action(self, name)
