import datetime
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..tools import clock, verify_draw
from .scenes import (
    ACTIVITIES,
    CANCEL_REASON,
    DRAW_TIME,
    LOTTERY,
    SCENES,
    SUBSTITUTE_REASON,
    VOID_REASON,
    WITNESSES,
)

SETTLED = ("done", "disclosed")


class SrspDemo(models.AbstractModel):
    """Brings the demonstration to life with the methods that people's buttons call.

    Everything is dated from the day of installation. Nothing here is called outside a demonstration.
    """

    _name = "srsp.demo"
    _description = "Demonstration of the Fuzhou bureau"

    @api.model
    def _activate_chinese(self):
        """Make Chinese available, should the database not have it yet, and what the addon says in it."""
        chinese = (
            self.env["res.lang"]
            .with_context(active_test=False)
            .search([("code", "=", "zh_CN")])
        )
        if not chinese.active:
            self.env["base.language.install"].create(
                {"lang_ids": [(6, 0, chinese.ids)], "overwrite": False}
            ).lang_install()
        # The addon's own Chinese, which is otherwise loaded after the demonstration.
        addon = self.env["ir.module.module"].search([("name", "=", "srsp_supervision")])
        addon._update_translations(["zh_CN"])

    @api.model
    def _run_fuzhou(self):
        """Publish lists and plans and play every scene; does nothing where draws exist."""
        if self.env["srsp.draw"].search_count([], limit=1):
            return
        story = self.with_context(
            lang="zh_CN",
            tz="Asia/Shanghai",
            tracking_disable=True,
            mail_activity_quick_update=True,
            mail_create_nosubscribe=True,
        )
        story._date_registries()
        story._publish_documents()
        for scene in SCENES:
            story._play(scene)
        story._schedule_activities()
        story._run_list_cycle()
        story._begin_next_year()
        story._request_approval()
        story._verify()

    # Dates ---------------------------------------------------------------------------------------

    @api.model
    def _day(self, offset):
        """The working day ``offset`` days from today; a day off moves away from today, today itself back."""
        day = clock.today() + datetime.timedelta(days=offset)
        step = datetime.timedelta(days=1 if offset > 0 else -1)
        while True:
            known = self.env["srsp.calendar.day"].search([("date", "=", day)])
            if known.is_working if known else day.weekday() < 5:
                return day
            day += step

    @api.model
    def _date_registries(self):
        """Permits that run out over the coming years."""
        year = clock.today().year
        bureau = [("company_id", "=", self.env.company.id)]
        targets = self.env["srsp.target"].search(bureau)
        gone = targets.filtered(lambda target: target.state == "cancelled")
        gone.write({"permit_valid_until": datetime.date(year - 1, 12, 31)})
        for part in range(4):
            until = datetime.date(year + 1 + part, 6 + 2 * part, 30)
            (targets - gone)[part::4].write({"permit_valid_until": until})

    # Lists and plans -----------------------------------------------------------------------------

    @api.model
    def _publish_documents(self):
        self.env.ref("srsp_supervision.demo_rulebook")._publish()
        lists = self._publish_lists()
        year = clock.today().year
        plans = self.env["srsp.plan"]
        plans._generate_all(lists.company_id, year)
        plans = plans.search([("state", "=", "draft")])
        self._number(plans.task_ids)
        plans.action_submit()
        detachment = self.env.ref("srsp_supervision.demo_division_detachment")
        self._publish_plans(
            plans.filtered(lambda plan: plan.division_id != detachment), -150
        )

    @api.model
    def _begin_next_year(self):
        """Plans of next year, still without tasks: each division is about to generate its own."""
        year = clock.today().year + 1
        for name in ("survey", "mineral", "sea"):
            division = self.env.ref(f"srsp_supervision.demo_division_{name}")
            plan = self.env["srsp.plan"]._generate(division, year)
            plan.note = "编制中：请结合本年度抽查结果和风险分类，合理确定抽查比例和频次，12月20日前提交。"

    @api.model
    def _request_approval(self):
        """An ad hoc task after a complaint, directed at some targets, for the policy division to approve."""
        officer = self.env.ref("srsp_supervision.demo_user_survey_officer")
        item = self.env.ref("srsp_supervision.demo_item_sur01")
        item = (
            self.env["srsp.list"]
            ._get_in_force("item", item.company_id)
            .item_ids.filtered(lambda line: line.code == item.code)
        )
        day = clock.today()
        task = self.env["srsp.task"].create(
            {
                "name": "涉密测绘成果管理专项抽查（投诉举报）",
                "division_id": item.division_id.id,
                "sector_id": item.sector_id.id,
                "item_ids": [(6, 0, item.ids)],
                "handler_id": officer.id,
                "target_domain": "[('risk_class', 'in', ['C', 'D'])]",
                "scope": "风险分类为C、D的测绘资质单位",
                "stratify_by": "none",
                "stratify_reason": "只在风险分类C、D的单位中抽取，比例一致",
                "ratio": 0.5,
                "ad_hoc_reason": "11月收到实名举报，反映多家单位涉密测绘成果保管不规范",
                "date_from": day,
                "date_to": day + datetime.timedelta(days=45),
            }
        )
        task.with_user(officer).action_request_approval()

    @api.model
    def _number(self, tasks):
        """Number ``tasks`` as of the day on which their plan was made."""
        stamp = self._day(-155).strftime("%Y%m%d")
        for task in tasks.sorted("id"):
            task.number = task.company_id._srsp_next_number("srsp.task", stamp)

    @api.model
    def _publish_plans(self, plans, offset):
        plans.action_consolidate()
        plans.action_publish()
        plans.published_on = self._day(offset)

    @api.model
    def _get_task(self, item_name, number, year):
        """The task of the plan of ``year``; a plan of last year holds what the scenes need alone."""
        item = self.env.ref(f"srsp_supervision.demo_item_{item_name}")
        plan = self._get_plan(item, year)
        task = plan.task_ids.filtered(
            lambda task: task.item_ids == item and task.round == number
        )
        if not task:
            vals = plan._prepare_task_vals(item, number)
            task = self.env["srsp.task"].create(vals)
            self._number(task)
        if plan.state == "draft":
            plan.action_submit()
            self._publish_plans(plan, -150)
        return task

    @api.model
    def _get_plan(self, item, year):
        division = item.division_id
        key = [("division_id", "=", division.id), ("year", "=", year)]
        plans = self.env["srsp.plan"]
        return plans.search(key) or plans.create(
            {"division_id": division.id, "year": year, "list_id": item.list_id.id}
        )

    # Tasks ---------------------------------------------------------------------------------------

    @api.model
    def _play(self, scene):
        first, last = map(self._day, scene.window)
        today = clock.today()
        # What was over before the year began belongs to the plan of the year before.
        task = self._get_task(scene.item, scene.round, min(last.year, today.year))
        task.write({"date_from": first, "date_to": last, **scene.vals})
        if scene.draw is not None:
            self._set_draw_time(task, scene.draw)
        if scene.step:
            getattr(self, f"_step_{scene.step}")(task, scene)
        if scene.state == "committed":
            self._lock(task)
        elif scene.visits:
            if not task.draw_id:
                self._draw(task)
            self._visit(task, scene)
        if scene.state in SETTLED:
            task._check_completable()
            task.state = scene.state
        if task.state != scene.state:
            raise AssertionError(f"{task.name}: {task.state}, not {scene.state}")

    @api.model
    def _set_draw_time(self, task, offset):
        task.draw_at = datetime.datetime.combine(self._day(offset), DRAW_TIME)

    @api.model
    def _lock(self, task):
        """Announce and lock at the times that the task would have had."""
        now = fields.Datetime.now()
        if task.draw_at > now:
            task.action_announce()
        else:
            task.announced_on = task.draw_at - datetime.timedelta(days=5)
        task.lock_at = min(task.lock_at, now)
        task._lock_roster(now=task.lock_at)

    @api.model
    def _draw(self, task):
        self._lock(task)
        draw = task.draw_id
        if draw.randomness_kind == "lottery":
            policy = self.env.ref("srsp_supervision.demo_user_policy")
            self.env["srsp.draw.iteration"].create(
                {
                    "draw_id": draw.id,
                    "number": 1,
                    "randomness_hex": LOTTERY.encode().hex(),
                    "entered_by": [task.division_id.manager_id.name, policy.name],
                    "witnesses": WITNESSES,
                }
            )
        draw._draw(now=task.draw_at)

    @api.model
    def _step_void(self, task, scene):
        """Draw without one county, void, widen the filter; the draw that counts follows."""
        county = self.env.ref("srsp_supervision.demo_region_350122")
        task.target_domain = f"[('region_id', '!=', {county.id})]"
        self._draw(task)
        task.draw_id._void(VOID_REASON)
        task.target_domain = "[]"
        self._set_draw_time(task, -2)

    @api.model
    def _step_substitute(self, task, scene):
        self._draw(task)
        task.inspection_ids[:1]._replace(SUBSTITUTE_REASON)

    @api.model
    def _step_block(self, task, scene):
        """Ask for what the division cannot give and let the lock fail."""
        now = fields.Datetime.now()
        task.announced_on = now - datetime.timedelta(days=2)
        task.lock_at = now - datetime.timedelta(hours=1)
        try:
            with self.env.cr.savepoint():
                task._lock_roster()
        except UserError as error:
            with mute_logger("odoo.addons.srsp_supervision.models.planning.srsp_task"):
                task._block(str(error))

    @api.model
    def _step_announce(self, task, scene):
        task.action_announce()

    @api.model
    def _step_cancel(self, task, scene):
        task._cancel(CANCEL_REASON)

    # The end -------------------------------------------------------------------------------------

    @api.model
    def _schedule_activities(self):
        year = clock.today().year
        for item, number, login, days, summary in ACTIVITIES:
            self._get_task(item, number, year).activity_schedule(
                "mail.mail_activity_data_todo",
                self._day(days),
                summary=summary,
                user_id=self.env.ref(f"srsp_supervision.demo_user_{login}").id,
            )

    @api.model
    def _verify(self):
        """Raise unless every draw recomputes as it would for an outsider and the chain holds."""
        for draw in self.env["srsp.draw"].search([("state", "!=", "committed")]):
            certificate = json.dumps(draw._get_certificate()).encode()
            verify_draw.verify(verify_draw.load(certificate))
        findings, _counts = self.env["srsp.event.check"]._walk(self.env.company)
        if findings:
            raise AssertionError(f"The chain breaks: {findings}")
