"""The floor of the work plan counts for a whole registry over the year, not only for one draw."""

import math
from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import tagged

from ..common import ROLES, SrspCase

FIGURES = (
    "target_count drawn_count planned_count floor_count missing_count state".split()
)


@tagged("post_install", "-at_install")
class TestCoverage(SrspCase):
    def setUp(self):
        super().setUp()
        freezer = freeze_time("2026-04-01")
        freezer.start()
        self.addCleanup(freezer.stop)

    def _get_figures(self, sector=None, year=2026):
        self.env["srsp.coverage"].invalidate_model()
        rows = self.env["srsp.coverage"].search(
            [("sector_id", "=", (sector or self.sector).id), ("year", "=", year)]
        )
        self.assertEqual(len(rows), 1)
        return tuple(rows[name] for name in FIGURES)

    def test_drawn_and_planned_targets_count_against_the_floor(self):
        self.assertEqual(self._get_figures(), (119, 0, 0, 6, 6, "below"))
        task = self._make_task(ratio=0.02)
        self.assertEqual(self._get_figures(), (119, 0, 3, 6, 3, "below"))
        self._make_task(ratio=0.02)
        self.assertEqual(self._get_figures(), (119, 0, 6, 6, 0, "planned"))
        task.state = "cancelled"
        self.assertEqual(self._get_figures(), (119, 0, 3, 6, 3, "below"))
        self._make_drawn()
        self.assertEqual(self._get_figures(), (119, 6, 3, 6, 0, "met"))

    def test_a_target_counts_once_and_a_substituted_one_not_at_all(self):
        first = self._make_drawn(
            target_domain=self._make_filter(self.targets[:4]), ratio=0.75
        )
        self.assertEqual(self._get_figures()[1], 3)
        again = self._make_filter(first.draw_id.drawn_line_ids.target_id)
        self._make_drawn(target_domain=again, ratio=1.0)
        self.assertEqual(self._get_figures()[1], 3)
        line = first.draw_id.drawn_line_ids[0]
        first.draw_id._substitute([(line, "Wound up")], now=first.draw_at)
        self.assertEqual(self._get_figures()[1], 4)  # the other draw still holds it
        first.draw_ids._void("Wrong filter")
        self.assertEqual(self._get_figures()[1], 3)

    def test_filters_lists_sent_down_and_joint_draws_count_where_their_targets_are(
        self,
    ):
        mines = self._make_targets(40, sector=self.mining)
        mines[:10].region_id = north = self._make_region("North")
        mine_item = self.list.item_ids.filtered(lambda item: item.code == "B1")
        self._make_task(
            cooperating_division_ids=[(6, 0, self.minerals.ids)],
            item_ids=[(6, 0, (self.item | mine_item).ids)],
            target_domain=f"[('region_id', '=', {north.id})]",
            ratio=0.15,
        )
        self.assertEqual(self._get_figures(), (119, 0, 0, 6, 6, "below"))
        self.assertEqual(self._get_figures(self.mining), (40, 0, 2, 2, 0, "planned"))

    def test_removed_targets_leave_the_registry_and_years_stand_apart(self):
        self.targets[:19].write({"state": "cancelled", "state_reason": "Wound up"})
        self._make_task(date_from=date(2027, 1, 4), date_to=date(2027, 2, 1))
        self.assertEqual(self._get_figures(), (100, 0, 0, 5, 5, "below"))
        self.assertEqual(self._get_figures(year=2027), (100, 0, 5, 5, 0, "planned"))

    def test_a_draw_counts_for_the_year_of_its_plan_or_else_its_own(self):
        window = {"date_from": date(2026, 11, 30), "date_to": date(2027, 2, 26)}
        self._make_drawn(**window)
        self.assertEqual(self._get_figures()[1], 6)
        self._make_task(**window, draw_at=datetime(2026, 12, 31, 15, 59), ratio=0.02)
        self.assertEqual(self._get_figures()[2], 3)
        # In Beijing the new year has begun.
        self._make_task(**window, draw_at=datetime(2026, 12, 31, 16, 0), ratio=0.02)
        self.assertEqual(self._get_figures()[2], 3)
        self.assertEqual(self._get_figures(year=2027)[2], 3)
        plan = self.env["srsp.plan"].create(
            {
                "division_id": self.surveying.id,
                "year": 2025,
                "company_id": self.company.id,
            }
        )
        late = self._make_drawn(**window, plan_id=plan.id)
        self.assertEqual(self._get_figures(year=2025)[1], 6)
        self.assertEqual(late.inspection_ids.mapped("year"), [2027] * 6)

    def test_a_past_year_is_held_against_the_registry_confirmed_then(self):
        self._make_task(date_from=date(2026, 3, 24), date_to=date(2026, 6, 30))
        manager = self._make_user("manager", "division_manager", self.surveying)
        self.env["srsp.registry.confirmation"].with_user(manager)._confirm(self.sector)
        self._make_targets(81)
        self.assertEqual(self._get_figures()[0], 200)
        with freeze_time("2027-02-01"):
            self.assertEqual(self._get_figures()[0], 119)
            self.assertEqual(self._get_figures(year=2027)[0], 200)

    def test_a_plan_below_the_floor_is_handed_in_with_a_reason(self):
        manager = self._make_user("manager", "division_manager", self.surveying)
        manager.lang = "en_US"
        plan = self.env["srsp.plan"].create(
            {
                "division_id": self.surveying.id,
                "year": 2026,
                "company_id": self.company.id,
            }
        )
        task = self._make_task(plan_id=plan.id, ratio=0.01)
        plan = plan.with_user(manager)
        self.assertEqual(
            plan.shortfall,
            "Surveying, 2026: 2 of 119 targets drawn or planned; at least 6 required, 4 missing.\n"
            "Surveying, 2026, B: 1 draws held or planned, 2 required, 1 missing.",
        )
        self.assertEqual(
            task.with_user(manager).coverage_warning, plan.shortfall.splitlines()[0]
        )
        with self._refused("(?s)draws less than required.*Surveying, 2026"):
            plan.action_submit()
        plan.shortfall_reason = "The province inspects the others"
        plan.action_submit()
        self.assertEqual(plan.state, "submitted")

    def test_a_plan_that_reaches_the_floor_needs_no_reason(self):
        plan = self.env["srsp.plan"].create(
            {
                "division_id": self.surveying.id,
                "year": 2026,
                "company_id": self.company.id,
            }
        )
        task = self._make_task(plan_id=plan.id)
        self._make_task(plan_id=plan.id, round=2)
        self.assertFalse(plan.shortfall)
        self.assertFalse(task.coverage_warning)
        plan.action_submit()

    def test_each_role_sees_the_sectors_it_answers_for(self):
        self._make_task()
        seen = {}
        for role in ROLES:
            user = self._make_user(role, role, self.minerals)
            rows = (
                self.env["srsp.coverage"].with_user(user).search([("year", "=", 2026)])
            )
            seen[role] = rows.sector_id & (self.sector | self.mining)
        every = self.sector | self.mining
        self.assertEqual(
            seen,
            dict.fromkeys(("policy_officer", "auditor", "administrator"), every)
            | dict.fromkeys(
                ("inspector", "division_officer", "division_manager"), self.mining
            ),
        )

    def test_the_floor_rounds_up_and_follows_the_rulebook(self):
        self.rulebook.floor_ratio = 0.1
        self.assertEqual(self._get_figures()[3], math.ceil(11.9))
