"""Plans of a chosen year: what the list and the rulebook ask for, items that moved, what a published plan lacks."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import ROLES, SrspCase

DAY = "2026-04-01 02:00:00"


class PlanCase(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.their_manager = cls._make_user("theirs", "division_manager", cls.minerals)
        cls.policy = cls._make_user("policy", "policy_officer")
        (cls.manager | cls.their_manager | cls.policy).lang = "en_US"
        cls.surveying.manager_id = cls.manager
        cls.minerals.manager_id = cls.their_manager

    def setUp(self):
        super().setUp()
        freezer = freeze_time(DAY)
        freezer.start()
        self.addCleanup(freezer.stop)

    def _make_plan(self, year=2026, division=None, user=None):
        plans = self.env["srsp.plan"].with_user(user or self.manager)
        return plans.create(
            {
                "division_id": (division or self.surveying).id,
                "year": year,
                "company_id": self.company.id,
            }
        )

    def _publish(self, plan):
        plan.sudo().shortfall_reason = "Tried"
        plan.sudo().action_submit()
        plan.with_user(self.policy).action_consolidate()
        plan.with_user(self.policy).action_publish()

    def _publish_version(self, day, change):
        """A new version of the list, in force from ``day``; ``change(version)`` edits it first."""
        action = self.list.with_user(self.policy).action_new_version()
        draft = self.env["srsp.list"].browse(action["res_id"])
        change(draft)
        return self._publish_list(draft, effective_date=day)

    def _move_item(self, draft):
        item = draft.item_ids.filtered(lambda item: item.code == "A1")
        item.division_id = self.minerals

    def _open(self, user, **values):
        wizards = self.env["srsp.plan.generation"].with_user(user)
        return wizards.create({"company_id": self.company.id, **values})

    def _list_tasks(self, plan):
        return [
            (task.name, task.round, task.target_domain, task.stratify_by)
            for task in plan.sudo().task_ids.sorted(
                lambda task: (task.name, task.round)
            )
        ]


@tagged("post_install", "-at_install")
class TestYears(PlanCase):
    def test_from_october_on_the_next_year_is_planned(self):
        for day, year in (("2026-09-30", 2026), ("2026-10-01", 2027)):
            with freeze_time(f"{day} 02:00:00"):
                self.assertEqual(self.env["srsp.plan"].new({}).year, year)
                self.assertEqual(self._open(self.policy).year, str(year))

    def test_next_years_plan_follows_the_list_of_its_first_day(self):
        def rename(draft):
            item = draft.item_ids.filtered(lambda item: item.code == "A1")
            item.write({"name": "Quality, next year", "frequency": 3})

        coming = self._publish_version(date(2027, 1, 1), rename)
        wizard = self._open(self.policy, year="2027")
        wizard.action_generate()
        plan = self.env["srsp.plan"].search(
            [("division_id", "=", self.surveying.id), ("year", "=", 2027)]
        )
        self.assertEqual(plan.list_id, coming)
        self.assertEqual(
            [task.name for task in plan.task_ids.sorted("round")],
            [f"Quality, next year ({number}/3)" for number in (1, 2, 3)],
        )
        this_year = self._make_plan()
        this_year.action_generate()
        self.assertEqual(this_year.list_id, self.list)
        self.assertEqual(len(this_year.task_ids), 2)

    def test_the_whole_bureau_is_for_a_policy_officer(self):
        with self._refused("made by a policy officer"):
            self._open(self.manager).action_generate()
        with self.assertRaises(AccessError):
            self.list.with_user(self.manager).action_generate_plans()

    def test_another_bureaus_plans_are_not_made(self):
        other = self.env["res.company"].create({"name": "Other Bureau"})
        stranger = self._make_user("stranger", "policy_officer", company=other)
        stranger.lang = "en_US"
        wizards = self.env["srsp.plan.generation"].with_user(stranger)
        wizard = wizards.with_context(allowed_company_ids=other.ids).create(
            {"company_id": self.company.id, "year": "2026"}
        )
        with self._refused("plans of another bureau", AccessError):
            wizard.action_generate()

    def test_one_division_that_fails_leaves_the_others(self):
        self.company.srsp_area_code = False
        wizard = self._open(self.policy, year="2026")
        wizard.action_generate()
        self.assertRegex(wizard.outcome, "(?s)Surveying: .*no area code.*Minerals: .*")
        self.company.srsp_area_code = "359900"
        item = self.list.item_ids.filtered(lambda item: item.code == "B1")
        self.env.cr.execute("UPDATE srsp_item SET ratio = 0 WHERE id = %s", [item.id])
        item.invalidate_recordset()
        wizard = self._open(self.policy, year="2026")
        wizard.action_generate()
        lines = wizard.outcome.splitlines()
        self.assertEqual(lines[0], "2026 Surveying: tasks made: 2")
        self.assertEqual(lines[1], "2026 Minerals: tasks made: 0")
        self.assertIn("Mining within the licence (1/2): ratio 0.0 is not", lines[2])


@tagged("post_install", "-at_install")
class TestMovedItems(PlanCase):
    def test_an_item_whose_sector_stays_elsewhere_gets_joint_tasks(self):
        self._publish_version(date(2026, 4, 1), self._move_item)
        plan = self._make_plan(division=self.minerals, user=self.their_manager)
        plan.action_generate()
        tasks = plan.task_ids.filtered(lambda task: task.item_ids.code == "A1")
        self.assertEqual(len(tasks), 2)
        self.assertEqual(tasks.sector_id, self.sector)
        self.assertEqual(tasks.cooperating_division_ids, self.surveying)
        self.assertEqual(len(plan.task_ids), 4)

    def test_handing_in_warns_of_the_sector(self):
        action = self.list.with_user(self.policy).action_new_version()
        draft = self.env["srsp.list"].browse(action["res_id"])
        self._move_item(draft)
        draft.deadline = date(2026, 5, 1)
        draft.action_open()
        part = draft.part_ids.filtered(lambda one: one.division_id == self.minerals)
        warning = (
            "A1 Quality of surveying results belongs to Minerals, its sector Surveying to Surveying:"
            " tasks will be joint ones of both."
        )
        self.assertEqual(part.with_user(self.their_manager).sector_warning, warning)
        self.assertEqual(draft.with_user(self.policy).sector_warning, warning)
        part.with_user(self.their_manager).action_hand_in()
        self.assertIn(warning, part.message_ids.mapped("preview"))

    def test_both_divisions_are_told_and_the_former_hands_the_task_over(self):
        plan = self._make_plan()
        plan.action_generate()
        version = self._publish_version(date(2026, 4, 1), self._move_item)
        first, second = plan.task_ids.sorted("round")
        notice = (
            "A1 Quality of surveying results belongs to Minerals: hand the task over, let that division cooperate,"
            " or cancel the task."
        )
        self.assertEqual(first.with_user(self.manager).moved_notice, notice)
        [activity] = first.sudo().activity_ids
        self.assertEqual((activity.user_id, activity.summary), (self.manager, notice))
        part = version.part_ids.filtered(lambda one: one.division_id == self.minerals)
        self.assertEqual(part.activity_ids.user_id, self.their_manager)
        self.assertIn(first.number, " ".join(part.activity_ids.mapped("summary")))
        theirs = self._make_plan(division=self.minerals, user=self.their_manager)
        said = theirs.action_generate()["params"]["message"]
        self.assertIn(f"task {first.number} is still with Surveying", said)
        self.assertEqual(len(theirs.task_ids), 2)  # those of B1
        with self.assertRaises(AccessError):
            first.with_user(self.their_manager).action_hand_over()
        first.with_user(self.manager).action_hand_over()
        self.assertEqual(
            (first.division_id, first.plan_id, first.cooperating_division_ids),
            (self.minerals, theirs, self.surveying),
        )
        self.assertFalse(first.moved_notice)
        told = first.sudo().activity_ids.filtered(
            lambda one: one.user_id == self.their_manager
        )
        self.assertEqual(told.summary, "The task has been handed over to you")
        second.with_user(self.manager)._cancel("Minerals inspects by itself")
        theirs.action_generate()
        self.assertEqual(
            sorted(
                theirs.task_ids.filtered(
                    lambda task: task.item_ids.code == "A1"
                ).mapped("round")
            ),
            [1, 2],
        )

    def test_a_task_handed_over_enters_no_submitted_plan(self):
        plan = self._make_plan()
        plan.action_generate()
        theirs = self._make_plan(division=self.minerals, user=self.their_manager)
        theirs.action_generate()
        self._publish(theirs)
        self._publish_version(date(2026, 4, 1), self._move_item)
        task = plan.task_ids[0]
        task.with_user(self.manager).action_hand_over()
        self.assertEqual(
            (task.division_id, task.plan_id.ids, task.origin, task.approval_state),
            (self.minerals, [], "supplement", "none"),
        )

    def test_an_announced_task_and_one_of_ones_own_are_not_handed_over(self):
        task = self._make_task()
        theirs = self._make_task(
            sector_id=self.mining.id,
            item_ids=self.list.item_ids.filtered(lambda item: item.code == "B1").ids,
            cooperating_division_ids=self.minerals.ids,
        )
        for one in (task, theirs):
            with self._refused("have not moved to one other division"):
                one.with_user(self.manager).action_hand_over()
        announced = self._make_announced()
        with self._refused("can no longer change"):
            announced.with_user(self.manager).action_hand_over()


@tagged("post_install", "-at_install")
class TestSupplements(PlanCase):
    def _add_item(self, draft):
        self.env["srsp.item"].create(
            self._item_vals(
                list_id=draft.id,
                code="A9",
                name="Maps",
                frequency=1,
                frequency_reason="Maps come once a year",
            )
        )

    def test_a_published_plan_says_what_it_lacks_and_gets_it_as_additional_tasks(self):
        plan = self._make_plan()
        plan.action_generate()
        self._publish(plan)
        self._publish_version(date(2026, 4, 1), self._add_item)
        action = plan.action_compare()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard = wizard.with_user(self.manager)
        self.assertEqual(
            wizard.missing, "2026 Surveying lacks “Maps”, 2026-01-01 – 2026-12-31."
        )
        with self._refused("Give a reason"):
            wizard.action_supplement()
        wizard.reason = "New since March"
        wizard.action_supplement()
        self.assertFalse(wizard.missing)
        task = self.env["srsp.task"].search([("name", "=", "Maps")])
        self.assertEqual(
            (task.origin, task.ad_hoc_reason, task.date_from, task.year),
            ("supplement", "New since March", date(2026, 4, 1), 2026),
        )
        self.assertEqual(len(plan.task_ids), 2)
        self.assertIn("New since March", plan.message_ids[0].body)
        with self._refused("use the buttons", AccessError):
            task.with_user(self.manager).origin = "plan"

    def test_the_bureau_wide_button_shows_what_published_plans_lack(self):
        plan = self._make_plan()
        plan.action_generate()
        self._publish(plan)
        self._publish_version(date(2026, 4, 1), self._add_item)
        wizard = self._open(self.policy, year="2026")
        wizard.action_generate()
        self.assertEqual(wizard.outcome, "2026 Minerals: tasks made: 2")
        self.assertIn("2026 Surveying lacks “Maps”", wizard.missing)

    def test_a_division_supplements_its_own_plan_alone(self):
        plan = self._make_plan()
        plan.action_generate()
        self._publish(plan)
        with self.assertRaises(AccessError):
            plan.with_user(self.their_manager).action_compare()
        officer = self._make_user("officer", "division_officer", self.surveying)
        action = plan.with_user(officer).action_compare()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.with_user(officer).reason = "New"
        with self._refused("reserved for", AccessError):
            wizard.with_user(officer).action_supplement()


@tagged("post_install", "-at_install")
class TestFrequencies(PlanCase):
    def _get_rows(self, user=None, year=2026):
        rows = self.env["srsp.coverage.frequency"].with_user(user or self.policy)
        self.env.flush_all()
        rows.invalidate_model()
        found = rows.search([("year", "=", year), ("company_id", "=", self.company.id)])
        return {
            (row.sector_id.code, row.kind): (
                row.required_count,
                row.held_count,
                row.planned_count,
                row.missing_count,
            )
            for row in found
        }

    def test_a_class_with_more_draws_gets_tasks_of_its_own(self):
        self.rulebook.write({"frequency_d": 4, "frequency_key": 3, "frequency_a": 1})
        self.targets[:5].risk_class = "D"
        self.targets[4:9].sudo().write({"is_key": True, "key_reason": "Listed"})
        plan = self._make_plan()
        plan.action_generate()
        name = "Quality of surveying results"
        strata = "risk_class+key"
        self.assertEqual(
            self._list_tasks(plan),
            [
                (f"{name} (1/2)", 1, "[]", strata),
                (
                    f"{name} (1/2), high risk",
                    3,
                    "['|', ('risk_class', 'in', ['D']), ('is_key', '=', True)]",
                    strata,
                ),
                (f"{name} (2/2)", 2, "[]", strata),
                (
                    f"{name} (2/2), high risk",
                    4,
                    "[('risk_class', 'in', ['D'])]",
                    strata,
                ),
            ],
        )
        self.assertFalse(plan.shortfall)
        self.assertEqual(
            self._get_rows(),
            {
                ("SUR", "B"): (2, 0, 3, 0),  # a key target of class B
                ("SUR", "D"): (4, 0, 4, 0),
                ("SUR", "key"): (3, 0, 4, 0),  # one of class D
            },
        )
        plan.action_generate()
        self.assertEqual(len(plan.task_ids), 4)

    def test_fewer_draws_than_asked_for_need_a_reason(self):
        self.rulebook.frequency_d = 4
        self.targets[:5].risk_class = "D"
        plan = self._make_plan()
        plan.action_generate()
        plan.task_ids.filtered(lambda task: task.round > 2).unlink()
        words = "Surveying, 2026, D: 2 draws are held or planned, 4 are asked for; 2 are missing."
        self.assertEqual(plan.shortfall, words)
        with self._refused("(?s)draws less than is asked for.*2 are missing"):
            plan.action_submit()
        plan.shortfall_reason = "Five targets only, visited by the province"
        plan.action_submit()
        self.assertEqual(plan.state, "submitted")

    def test_draws_that_happened_count_by_class_and_voided_ones_do_not(self):
        self.rulebook.frequency_d = 3
        self.targets[:10].risk_class = "D"
        self.assertEqual(
            self._get_rows(), {("SUR", "B"): (2, 0, 0, 2), ("SUR", "D"): (3, 0, 0, 3)}
        )
        self._make_drawn()
        self.assertEqual(
            self._get_rows(), {("SUR", "B"): (2, 1, 0, 1), ("SUR", "D"): (3, 1, 0, 2)}
        )
        only_d = "[('risk_class', '=', 'D')]"
        by_class = self._make_drawn(target_domain=only_d, stratify_by="risk_class")
        flat = self._make_drawn(target_domain=only_d)
        self.assertEqual(
            self._get_rows(), {("SUR", "B"): (2, 1, 0, 1), ("SUR", "D"): (3, 3, 0, 0)}
        )
        flat.draw_id._void("Wrong filter")
        flat.state = "cancelled"
        by_class.draw_id._void("Wrong filter")
        self.assertEqual(
            self._get_rows(), {("SUR", "B"): (2, 1, 0, 1), ("SUR", "D"): (3, 1, 1, 1)}
        )

    def test_key_targets_count_by_their_mark(self):
        self.rulebook.frequency_key = 3
        self.targets[:10].write({"is_key": True, "key_reason": "Listed"})
        self._make_drawn(stratify_by="key")
        self._make_drawn(target_domain="[('is_key', '=', False)]")
        self._make_drawn(
            target_domain="[('is_key', '=', False)]", stratify_by="risk_class+key"
        )
        self.assertEqual(
            self._get_rows(), {("SUR", "B"): (2, 3, 0, 0), ("SUR", "key"): (3, 1, 0, 2)}
        )

    def test_each_role_sees_what_it_answers_for(self):
        self._make_targets(3, sector=self.mining)
        seen = {}
        for role in ROLES:
            user = self._make_user(role, role, self.minerals)
            seen[role] = {sector for sector, _kind in self._get_rows(user)}
        self.assertEqual(
            seen,
            dict.fromkeys(
                ("policy_officer", "auditor", "administrator"), {"SUR", "MIN"}
            )
            | dict.fromkeys(
                ("inspector", "division_officer", "division_manager"), {"MIN"}
            ),
        )
