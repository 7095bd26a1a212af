from datetime import date, timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestLists(SrspCase):
    def _refuses(self, message, make, **values):
        with (
            self.assertRaisesRegex(ValidationError, message),
            self.env.cr.savepoint(),
        ):
            make(**values)

    def _make_item(self, **values):
        draft = self.env["srsp.list"].create(
            {"kind": "item", "company_id": self.company.id}
        )
        self.env["srsp.item"].create(
            self._item_vals(list_id=draft.id, code="X1", name="Nothing", **values)
        )

    def test_an_item_without_a_legal_basis_is_refused_with_its_name(self):
        message = "X1 Nothing has no legal basis: name the law"
        self._refuses(message, self._make_item, legal_basis_ids=False)

    def test_a_ratio_of_0_or_above_1_is_refused(self):
        message = "above 0 and at most 1; write 5 % as 0.05"
        for ratio in (0, -0.05, 1.01, 5):
            self._refuses(message, self._make_item, ratio=ratio)
            self._refuses(message, self._make_task, ratio=ratio)

    def test_a_published_version_is_frozen_through_every_door(self):
        policy = self._make_user("policy", "policy_officer")
        officer = self._make_user("officer", "division_officer", self.surveying)
        item = self.item.with_user(officer)
        with self.assertRaisesRegex(UserError, "frozen"):
            item.write({"name": "Softer"})
        with self.assertRaisesRegex(UserError, "frozen"):
            item.unlink()
        with self.assertRaisesRegex(UserError, "frozen"):
            self.env["srsp.item"].with_user(officer).create(
                self._item_vals(list_id=self.list.id, code="X1", name="Smuggled")
            )
        with self.assertRaisesRegex(UserError, "frozen"):
            self.list.with_user(policy).write({"approval_number": "other"})
        with self.assertRaisesRegex(UserError, "frozen"):
            self.list.with_user(policy).write(
                {"item_ids": [(1, self.item.id, {"ratio": 0.01})]}
            )
        with self.assertRaisesRegex(UserError, "frozen"):
            self.list.with_user(policy).write({"state": "draft"})
        with self.assertRaises(AccessError):
            self.env["srsp.list"].with_user(policy).create(
                {"kind": "item", "state": "published"}
            )
        smuggled = (
            self.env["srsp.list"]
            .with_user(policy)
            .with_context(default_state="published")
        )
        self.assertEqual(
            smuggled.create({"kind": "item", "company_id": self.company.id}).state,
            "draft",
        )

    def test_a_new_version_supersedes_and_remembers_its_ancestors(self):
        policy = self._make_user("policy", "policy_officer")
        action = self.list.with_user(policy).action_new_version()
        draft = self.env["srsp.list"].browse(action["res_id"])
        self.assertEqual((draft.version, draft.state), (2, "draft"))
        self.assertEqual(
            draft.item_ids.sorted("code").origin_id, self.list.item_ids.sorted("code")
        )
        self._publish_list(draft, effective_date=date(2026, 1, 6))
        self.assertEqual((self.list.state, draft.state), ("superseded", "published"))


@tagged("post_install", "-at_install")
class TestPlans(SrspCase):
    def _generate(self, published):
        published.env.user.lang = "en_US"
        action = published.action_generate_plans()
        wizards = self.env[action["res_model"]].with_user(published.env.user)
        wizard = wizards.with_context(**action["context"]).create({})
        wizard.action_generate()
        return wizard

    @freeze_time("2026-01-15")
    def test_plans_come_from_the_list_and_generating_again_adds_nothing(self):
        policy = self._make_user("policy", "policy_officer")
        published = self.list.with_user(policy)
        self._generate(published)
        plans = self.env["srsp.plan"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            sorted(plans.mapped("number")), ["35990020261000", "35990020261001"]
        )
        plan = plans.filtered(lambda plan: plan.division_id == self.surveying)
        self.assertEqual(
            [
                (task.name, task.date_from, task.date_to, task.ratio, task.number)
                for task in plan.task_ids.sorted("round")
            ],
            [
                (
                    "Quality of surveying results (1/2)",
                    date(2026, 1, 1),
                    date(2026, 7, 1),
                    0.05,
                    "359900202601151000",
                ),
                (
                    "Quality of surveying results (2/2)",
                    date(2026, 7, 2),
                    date(2026, 12, 31),
                    0.05,
                    "359900202601151001",
                ),
            ],
        )
        wizard = self._generate(published)
        self.assertEqual(
            wizard.outcome.splitlines(),
            ["2026 Surveying: tasks made: 0", "2026 Minerals: tasks made: 0"],
        )
        self.assertEqual(
            self.env["srsp.plan"].search([("company_id", "=", self.company.id)]), plans
        )
        self.assertEqual(len(plan.task_ids), 2)

    def test_a_plan_without_a_published_list_says_what_is_missing(self):
        other = self.env["res.company"].create(
            {"name": "Empty Bureau", "srsp_area_code": "350200"}
        )
        division = self.env["srsp.division"].create(
            {"name": "Any", "code": "AN", "company_id": other.id}
        )
        with self.assertRaisesRegex(UserError, "No item list is in force"):
            self.env["srsp.plan"]._generate(division, 2026)._generate_tasks()

    def test_a_bureau_without_area_code_is_told_where_to_set_it(self):
        self.company.srsp_area_code = False
        with self.assertRaisesRegex(UserError, "no area code: set it in Settings"):
            self._make_task()
        with self.assertRaisesRegex(ValidationError, "six digits"):
            self.company.srsp_area_code = "35A100"


@tagged("post_install", "-at_install")
class TestTasks(SrspCase):
    def setUp(self):
        super().setUp()
        self.manager = self._make_user("manager", "division_manager", self.surveying)
        freezer = freeze_time(DRAW_AT - timedelta(days=3))
        freezer.start()
        self.addCleanup(freezer.stop)

    def test_announcing_fixes_what_is_drawn_and_wakes_the_scheduled_actions(self):
        task = self._make_task(draw_at=DRAW_AT).with_user(self.manager)
        self.assertEqual(task.lock_at, DRAW_AT - timedelta(hours=24))
        task.action_announce()
        triggers = self.env["ir.cron.trigger"].search([])
        for cron, moment in (
            ("ir_cron_lock_roster", task.lock_at),
            ("ir_cron_draw", task.draw_at),
        ):
            cron_id = self.env.ref(f"srsp_supervision.{cron}").id
            called = triggers.filtered_domain([("cron_id", "=", cron_id)])
            self.assertIn(moment, called.mapped("call_at"))
        for vals in (
            {"draw_at": DRAW_AT + timedelta(days=1)},
            {"ratio": 1.0},
            {"target_domain": "[('is_key', '=', True)]"},
            {"item_ids": [(5,)]},
            {"use_detachment": False},
        ):
            with self.assertRaisesRegex(UserError, "can no longer change"):
                task.write(vals)
        with self._refused("can no longer change"):
            task.action_announce()

    def test_bad_tasks_are_refused_before_anything_is_announced(self):
        for message, values in (
            ("no item to inspect", {"item_ids": [(5,)], "ratio": 0.05}),
            ("set a draw time in the future", {"draw_at": False}),
            (
                "set a draw time in the future",
                {"draw_at": DRAW_AT - timedelta(days=4)},
            ),
            (
                "must be in the list in force, under the task's sector",
                {"sector_id": self.quiet.id},
            ),
            ("below the rulebook's floor", {"ratio": 0.04}),
        ):
            task = self._make_task(**{"draw_at": DRAW_AT, **values}).with_user(
                self.manager
            )
            with self.assertRaisesRegex(UserError, message):
                task.action_announce()
            self.assertFalse(task.announced_on)
        self.officers[1:].on_duty = False
        with self.assertRaisesRegex(UserError, "1 officers are eligible"):
            self._make_task(draw_at=DRAW_AT).with_user(self.manager).action_announce()

    def test_a_division_that_does_not_inspect_has_no_task(self):
        office = self._make_division("Office", "OF", kind="office")
        with self._refused("Office does not inspect", ValidationError):
            self._make_task(
                division_id=office.id, cooperating_division_ids=self.surveying.ids
            )

    def test_a_filter_that_cannot_be_read_is_refused(self):
        for domain in (
            "[('risk_class', '=', ",
            "[('no_such_field', '=', 1)]",
            "__import__('os')",
        ):
            with self.assertRaisesRegex(ValidationError, "filter cannot be read"):
                self._make_task(target_domain=domain)

    def test_states_move_by_their_buttons_alone(self):
        task = self._make_task().with_user(self.manager)
        for vals in (
            {"state": "drawn"},
            {"announced_on": DRAW_AT},
            {"number": "1"},
            {"draw_id": False},
        ):
            with self.assertRaisesRegex(AccessError, "use the buttons"):
                task.write(vals)

    def test_cancelling_needs_a_reason_that_stays(self):
        task = self._make_task().with_user(self.manager)
        action = task.action_cancel()
        wizard = (
            self.env["srsp.reason"]
            .with_user(self.manager)
            .with_context(**action["context"])
        )
        with self.assertRaisesRegex(UserError, "Give a reason"):
            wizard.create({"reason": "  "}).action_confirm()
        wizard.create({"reason": "Sector dissolved"}).action_confirm()
        self.assertEqual(
            (task.state, task.cancel_reason), ("cancelled", "Sector dissolved")
        )


@tagged("post_install", "-at_install")
class TestChinese(SrspCase):
    def test_what_goes_wrong_is_said_in_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        item, task = (
            self.env[name].with_context(lang="zh_CN")
            for name in ("srsp.item", "srsp.task")
        )
        draft = self.env["srsp.list"].create(
            {"kind": "item", "company_id": self.company.id}
        )
        no_basis = self._item_vals(
            list_id=draft.id, code="X1", name="甲", legal_basis_ids=False
        )
        too_much = self._item_vals(list_id=draft.id, code="X2", name="乙", ratio=1.5)
        empty = self._make_announced(
            target_domain=self._make_filter(self.targets.browse())
        )
        alone = self._make_announced()
        self.officers[1:].on_duty = False
        for attempt, words in (
            (lambda: item.create(no_basis), ("X1", "甲", "依据")),
            (lambda: item.create(too_much), ("X2", "乙", "1.5", "0.05")),
            (
                lambda: task.browse(alone.id)._lock_roster(NOW),
                ("1", "2", "执法检查人员"),
            ),
            (
                lambda: self._lock_with_officers(task.browse(empty.id)),
                ("没有可供抽取",),
            ),
        ):
            with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                attempt()
            for word in words:
                self.assertIn(word, str(caught.exception))

    def _lock_with_officers(self, task):
        self.officers.on_duty = True
        task._lock_roster(NOW)


@tagged("post_install", "-at_install")
class TestRegistries(SrspCase):
    def test_credit_codes_are_checked_and_spelled_one_way(self):
        entity = self.env["srsp.entity"].create(
            {"name": "Harbour Works", "uscc": " 11370300mb286462xu "}
        )
        self.assertEqual(
            (entity.uscc, entity.code), ("11370300MB286462XU", "11370300MB286462XU")
        )
        for valid in ("1137068200427624XD", "12100000401359321Q"):
            self.assertEqual(
                self.env["srsp.entity"].create({"name": valid, "uscc": valid}).code,
                valid,
            )
        for wrong in ("11370300MB286462X1", "12345", "1137068200427624X0"):
            with self.assertRaisesRegex(
                ValidationError, f"Wrong: credit code “{wrong}” is not valid"
            ):
                self.env["srsp.entity"].create({"name": "Wrong", "uscc": wrong})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.env["srsp.entity"].create(
                {"name": "Twin", "uscc": "11370300MB286462XU"}
            )

    def test_an_entity_without_a_credit_code_gets_one_of_ours(self):
        first, second = self.env["srsp.entity"].create(
            [{"name": "Pier", "kind": "project"}, {"name": "Pier 2", "kind": "project"}]
        )
        self.assertRegex(first.code, r"^E\d{8}$")
        self.assertNotEqual(first.code, second.code)

    def test_a_target_keeps_its_code_and_leaves_by_state_with_a_reason(self):
        target = self.targets[0]
        officer = self._make_user("officer", "division_officer", self.surveying)
        self.assertRegex(target.code, r"^SUR-\d{6}$")
        with self.assertRaisesRegex(ValidationError, "never changes"):
            target.with_user(officer).code = "SUR-1"
        with self._refused(
            "enter the reason for suspending or removing it", ValidationError
        ):
            target.with_user(officer).state = "cancelled"
        with self.assertRaisesRegex(ValidationError, "not deleted"):
            target.unlink()
        with self.assertRaises(AccessError):
            target.with_user(officer).unlink()
        with freeze_time("2026-05-04"):
            target.with_user(officer).write(
                {"state": "cancelled", "state_reason": "Wound up"}
            )
        self.assertEqual(target.state_date, date(2026, 5, 4))


@tagged("post_install", "-at_install")
class TestCalendar(SrspCase):
    def test_twenty_working_days_skip_holidays_and_count_make_up_days(self):
        days = self.env["srsp.calendar.day"]
        days.search([]).unlink()
        days._load_years([2025])
        # 国庆 and 中秋 2025: closed 1-8 October, worked on Sunday 28 September and Saturday 11 October.
        self.assertEqual(
            days._add_working_days(self.company, date(2025, 9, 19), 20),
            date(2025, 10, 23),
        )
        self.assertEqual(
            days._add_working_days(self.company, date(2025, 9, 27), 1),
            date(2025, 9, 28),
        )
        self.assertEqual(days.search_count([("provisional", "=", True)]), 0)

    def test_a_year_not_announced_is_provisional(self):
        days = self.env["srsp.calendar.day"]
        days.search([]).unlink()
        loaded = days._load_years([2035])
        self.assertTrue(loaded)
        self.assertEqual(set(loaded.mapped("provisional")), {True})
        self.assertEqual(set(loaded.mapped("is_working")), {False})
