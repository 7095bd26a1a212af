import base64
import datetime
import json
from functools import cache
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import file_open, mute_logger

from ..models.base.mail_activity_mixin import TODO
from ..models.base.silence import SILENT
from ..tools import clock, verify_draw

DRAW_TIME = datetime.time(1, 30)  # UTC: half past nine in Fuzhou
SETTLED = ("done", "disclosed")
EXTENSION = "近期群众反映较集中，拟增加抽查 2 家"
LOTTERY = "03.08.14.19.26.31.11"
WITNESSES = "许云舒（信息处）、邱景行（综合行政执法支队）"
# Of the tasks that are not drawn by all the strata of the rulebook.
STRATIFY_REASON = (
    "本批次按全库统一比例抽取，高风险对象和重点对象由本年度后续批次按细则规定的比例抽取"
)
OWN_RATIO = {
    "key": "C/ordinary",
    "ratio": 0.6,
    "reason": "C类矿山上年度发现问题较多，本批次提高抽查比例",
}


class Scene(NamedTuple):
    """One task on its way, an entry of ``scenes.json``.

    The entries are in the order in which their draws happened: an officer's load counts the visits drawn
    before. Every number of days counts from the day of installation, negative ones lie in the past.

    ``visits`` holds a word per visit, in order: a key of ``findings.json`` for a closed visit (``ok``: nothing
    was found), else the stage it has reached (``overdue``: scheduled, for a day that has passed). Visits beyond
    the last word repeat it. ``step`` names a turn of its own, ``_step_<step>``, and ``reason`` says why.
    """

    item: str
    round: int
    window: tuple[int, int]
    draw: int | None = None
    state: str = "planned"
    visits: str = ""
    vals: dict = {}
    step: str = ""
    reason: str = ""


@cache
def read_json(name):
    with file_open(f"srsp_supervision/demo/{name}.json") as file:
        return json.load(file)


def read_binary(name):
    """A file of this folder, as a binary field wants it."""
    with file_open(f"srsp_supervision/demo/{name}", "rb") as file:
        return base64.b64encode(file.read())


class SrspDemo(models.AbstractModel):
    """Brings the demonstration to life with the methods that people's buttons call.

    Everything is dated from the day of installation. Nothing here is called outside a demonstration.
    """

    _name = "srsp.demo"
    _description = "Demonstration of the Fuzhou bureau"

    @api.model
    def _activate_chinese(self):
        """Make Chinese available, should the database not have it yet, and what the addon says in it."""
        languages = self.env["res.lang"].with_context(active_test=False)
        languages.search([("code", "=", "zh_CN")]).action_unarchive()
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
            tracking_disable=SILENT,
            mail_activity_quick_update=True,
            mail_create_nosubscribe=True,
        )
        story._date_registries()
        story._publish_documents()
        for scene in read_json("scenes"):
            story._play(Scene(**scene))
        story._return_target()
        story._schedule_activities()
        story._run_list_cycle()
        story._begin_next_year()
        story._request_approval()
        story._verify()

    def _ref(self, name):
        """The record of the demonstration with the external id ``demo_<name>``."""
        return self.env.ref(f"srsp_supervision.demo_{name}")

    def _day(self, offset):
        """The working day ``offset`` days from today; a day off moves away from today, today itself back."""
        day = clock.today() + datetime.timedelta(days=offset)
        step = datetime.timedelta(days=1 if offset > 0 else -1)
        while True:
            known = self.env["srsp.calendar.day"]._get_days(self.env.company, day, day)
            if known.get(day, day.weekday() < 5):
                return day
            day += step

    def _moment(self, offset):
        """Half past nine in Fuzhou (UTC, naive) on the working day ``offset`` days from today."""
        return datetime.datetime.combine(self._day(offset), DRAW_TIME)

    # Plans ---------------------------------------------------------------------------------------

    def _publish_documents(self):
        self._ref("rulebook")._publish()
        lists = self._publish_lists()
        plans = self.env["srsp.plan"]
        plans._generate_all(lists.company_id, clock.today().year)
        plans = plans.search([("state", "=", "draft")])
        self._number(plans.task_ids)
        plans.action_submit()
        detachment = self._ref("division_detachment")
        self._publish_plans(plans.filtered(lambda p: p.division_id != detachment))

    def _begin_next_year(self):
        """Plans of next year, still without tasks: each division is about to generate its own."""
        for name in ("survey", "mineral", "sea"):
            division = self._ref(f"division_{name}")
            plan = self.env["srsp.plan"]._generate(division, clock.today().year + 1)
            plan.note = "编制中：请结合本年度抽查结果和风险分类，合理确定抽查比例和频次，12月20日前提交。"

    def _request_approval(self):
        """An ad hoc task after a complaint, directed at some targets, for the policy division to approve."""
        officer = self._ref("user_survey_officer")
        first = self._ref("item_sur01")
        current = self.env["srsp.list"]._get_in_force("item", first.company_id)
        item = current.item_ids.filtered(lambda item: item.code == first.code)
        day = clock.today()
        task = self.env["srsp.task"].create(
            {
                "name": "涉密测绘成果管理专项抽查（投诉举报）",
                "division_id": item.division_id.id,
                "sector_id": item.sector_id.id,
                "item_ids": [Command.set(item.ids)],
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

    def _number(self, tasks):
        """Number ``tasks`` as of the day on which their plan was made."""
        stamp = self._day(-155).strftime("%Y%m%d")
        for task in tasks.sorted("id"):
            task.number = task.company_id._srsp_next_number("srsp.task", stamp)

    def _publish_plans(self, plans):
        plans.action_consolidate()
        plans.action_publish()
        plans.published_on = self._day(-150)
        self.env["srsp.event"]._seal_state(plans, "plan.published")

    def _get_task(self, item_name, number, year):
        """The task of the plan of ``year``; a plan of last year holds what the scenes need alone."""
        item = self._ref(f"item_{item_name}")
        division = item.division_id
        plans = self.env["srsp.plan"]
        plan = plans.search(
            [("division_id", "=", division.id), ("year", "=", year)]
        ) or plans.create(
            {"division_id": division.id, "year": year, "list_id": item.list_id.id}
        )
        task = plan.task_ids.filtered(
            lambda task: task.item_ids == item and task.round == number
        )
        if not task:
            task = task.create(plan._prepare_task_vals(item, number))
            self._number(task)
        if plan.state == "draft":
            plan.action_submit()
            self._publish_plans(plan)
        return task

    # Tasks ---------------------------------------------------------------------------------------

    def _play(self, scene):
        first, last = map(self._day, scene.window)
        # What was over before the year began belongs to the plan of the year before.
        year = min(last.year, clock.today().year)
        task = self._get_task(scene.item, scene.round, year)
        vals = {"date_from": first, "date_to": last, **scene.vals}
        if vals.get("stratify_by") in ("none", "key"):
            vals["stratify_reason"] = STRATIFY_REASON
        task.write(vals)
        if scene.draw is not None:
            task.draw_at = self._moment(scene.draw)
        if scene.step:
            getattr(self, f"_step_{scene.step}")(task, scene)
        if scene.state == "committed" and not task.draw_id:
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

    def _lock(self, task):
        """Announce and lock at the times that the task would have had."""
        now = fields.Datetime.now()
        if task.draw_at > now:
            task.action_announce()
        else:
            task.announced_on = task.draw_at - datetime.timedelta(days=5)
        task.lock_at = min(task.lock_at, now)
        task._lock_roster(now=task.lock_at)

    def _draw(self, task):
        self._lock(task)
        draw = task.draw_id
        if draw.randomness_kind == "lottery":
            people = task.division_id.manager_id | self._ref("user_policy")
            self.env["srsp.draw.iteration"].create(
                {
                    "draw_id": draw.id,
                    "number": 1,
                    "randomness_hex": LOTTERY.encode().hex(),
                    "entered_by": people.mapped("name"),
                    "witnesses": WITNESSES,
                }
            )
        draw._draw(now=task.draw_at)

    def _step_void(self, task, scene):
        """Draw without one county, void, widen the filter; the draw that counts follows."""
        county = self._ref("region_350122")
        task.target_domain = f"[('region_id', '!=', {county.id})]"
        self._draw(task)
        task.draw_id._void(scene.reason)
        task.target_domain = "[]"
        task.draw_at = self._moment(-2)

    def _step_substitute(self, task, scene):
        """Request a substitute as the head of the division, approve it as the policy division; leave a request open."""
        self._draw(task)
        request = self._request(
            task,
            "substitution",
            inspection_id=task.inspection_ids[:1].id,
            reason=scene.reason,
            evidence=read_binary("record.pdf"),
            evidence_name="现场核查记录.pdf",
        )
        request.with_user(self._ref("user_policy")).action_approve()
        self._request(task, "extension", stratum="all", number=2, reason=EXTENSION)

    def _request(self, task, kind, **vals):
        wizards = self.env["srsp.draw.change"].with_user(task.division_id.manager_id)
        draw = task.draw_id
        wizards.create({"draw_id": draw.id, "kind": kind, **vals}).action_confirm()
        return draw.request_ids[:1]

    def _step_block(self, task, scene):
        """Ask for what the division cannot give and let the lock fail."""
        now = fields.Datetime.now()
        task.announced_on = now - datetime.timedelta(days=2)
        task.lock_at = now - datetime.timedelta(hours=1)
        try:
            with self.env.cr.savepoint():
                task._lock_roster()
        except UserError as error:
            with mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_task"):
                task._block(str(error))

    def _step_witness(self, task, scene):
        """Lock with a ratio of its own for one stratum; the auditor sees the commitment before the draw."""
        task.stratum_ids = [Command.create(OWN_RATIO)]
        self._lock(task)
        task.draw_id.with_user(self._ref("user_auditor")).action_witness()

    def _step_announce(self, task, scene):
        task.action_announce()

    def _step_cancel(self, task, scene):
        task._cancel(scene.reason)

    def _step_join(self, task, scene):
        """Let another division's item, and so its registry and its officers, take part; for one county's risky ones."""
        item = self._ref("item_sea01")
        task.cooperating_division_ids = item.division_id
        task.item_ids |= item
        county = self._ref("region_350123")
        task.target_domain = (
            f"[('region_id', '=', {county.id}), ('risk_class', 'in', ['C', 'D'])]"
        )
        task.ratio = scene.vals["ratio"]

    def _step_take_over(self, task, scene):
        """Take over a list that the province sent down as the officer would."""
        wizard = self.env["srsp.task.roster.import"].create(
            {
                "authority": "福建省自然资源厅（演示）",
                "document": "演示闽自然资函〔2026〕17号",
                "task_id": task.id,
                "issued_on": self._day(scene.draw - 12),
                "file": read_binary("list_sent_down.txt"),
                "file_name": "下发名单.csv",
            }
        )
        wizard.action_confirm()
        if wizard.problems:
            raise AssertionError(f"{task.name}: {wizard.problems}")

    # The end -------------------------------------------------------------------------------------

    def _return_target(self):
        """A mine whose rights were being extended when the latest rosters were locked is in operation again."""
        target = self._ref("target_min_018")
        officer = self._ref("user_mineral_officer")
        target.with_user(officer).write(
            {"state": "active", "state_reason": "采矿权延续登记已办结，恢复生产"}
        )

    def _schedule_activities(self):
        year = clock.today().year
        for activity in read_json("activities"):
            task = self._get_task(activity["item"], activity["round"], year)
            task.activity_schedule(
                TODO,
                self._day(activity["days"]),
                summary=activity["summary"],
                user_id=self._ref(f"user_{activity['user']}").id,
            )

    def _verify(self):
        """Raise unless every draw recomputes as it would for an outsider and the chain holds."""
        for draw in self.env["srsp.draw"].search([("state", "!=", "committed")]):
            certificate = json.dumps(draw._get_certificate()).encode()
            verify_draw.verify(verify_draw.load(certificate))
        check = self.env["srsp.event.check"]._check(self.env.company)
        if check.state != "sound":
            raise AssertionError(f"The chain breaks: {check.report}")
