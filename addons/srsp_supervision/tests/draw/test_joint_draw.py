"""One draw over the registries of several divisions: one visit, several items, officers of each."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestJointDraw(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine_item = cls.list.item_ids.filtered(lambda item: item.code == "B1")
        cls.mines = cls._make_targets(40, sector=cls.mining)
        # One entity stands in both registries.
        cls.mines[0].entity_id = cls.targets[0].entity_id
        cls.officers.sector_ids = cls.sector
        cls.miners = cls.env["srsp.inspector"].union(
            *(
                cls._make_inspector(
                    f"MN-{number:02d}",
                    division_id=cls.minerals.id,
                    sector_ids=[(6, 0, cls.mining.ids)],
                )
                for number in range(1, 4)
            )
        )
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.manager.lang = "en_US"

    @classmethod
    def _joint_vals(cls, **values):
        return {
            "cooperating_division_ids": [(6, 0, cls.minerals.ids)],
            "item_ids": [(6, 0, (cls.item | cls.mine_item).ids)],
            **values,
        }

    def test_the_pool_holds_the_targets_of_every_items_sector(self):
        task = self._make_task(**self._joint_vals())
        pool = self.env["srsp.target"].search(task._get_pool_domain())
        self.assertEqual(pool, self.targets | self.mines)
        self.assertEqual(task.sector_ids, self.sector | self.mining)
        task.target_domain = self._make_filter(self.mines[:3])
        self.assertEqual(task.target_count, 3)

    def test_after_the_announcement_the_task_tells_what_moves_any_of_its_pools(self):
        task = self._make_announced(**self._joint_vals())
        told = task.message_ids
        mine = self.mines[1]
        mine.region_id = self._make_region("Harbour")
        [note] = (task.message_ids - told).mapped("body")
        self.assertIn(mine.code, note)
        with freeze_time(NOW):
            recusal = self.env["srsp.recusal"].create(
                {
                    "inspector_id": self.miners[0].id,
                    "entity_id": mine.entity_id.id,
                    "reason": "Sister",
                }
            )
        self.assertEqual(recusal.task_ids, task)

    def test_every_item_belongs_to_a_division_that_takes_part(self):
        task = self._make_task(
            **self._joint_vals(draw_at=DRAW_AT, cooperating_division_ids=[(5,)])
        ).with_user(self.manager)
        with (
            freeze_time(NOW),
            self._refused("B1 .* belongs to Minerals, which does not take part"),
        ):
            task.action_announce()
        task.cooperating_division_ids = self.minerals
        with freeze_time(NOW), self._refused("have the policy division approve it"):
            task.action_announce()
        task.sudo().approval_state = "approved"
        with freeze_time(NOW):
            task.action_announce()
        self.assertTrue(task.announced_on)

    def test_a_team_is_large_enough_for_every_division_with_inspectors(self):
        third = self._make_division("Third", "TD")
        outside = self._make_division("Outside", "OU", kind="external")
        self._make_inspector("TD-01", division_id=third.id)
        divisions = self.minerals | third | outside
        task = self._make_task(
            **self._joint_vals(cooperating_division_ids=[(6, 0, divisions.ids)])
        )
        self.assertEqual(task.team_size, 3)
        self.assertEqual(self._make_task(**self._joint_vals()).team_size, 0)
        task.team_size = 5
        task.cooperating_division_ids -= outside
        self.assertEqual(task.team_size, 5)

    def test_divisions_without_officers_make_no_team_larger_at_the_lock_either(self):
        units = self.minerals
        for number in range(6):
            unit = self._make_division(f"Unit {number}", f"U{number}")
            self._make_inspector(
                f"EX-{number}", pool_kind="expert", division_id=unit.id
            )
            units |= unit
        vals = self._joint_vals(cooperating_division_ids=[(6, 0, units.ids)])
        task = self._make_announced(**vals)
        self.assertEqual(task.team_size, 0)
        draw = task._lock_roster(NOW)
        self.assertEqual((draw.team_size, len(draw.units)), (2, 8))
        draw._draw(DRAW_AT)
        self.assertEqual(draw._find_difference(), "")

    def test_whoever_cannot_be_served_is_told_how_many_a_team_needs(self):
        for officer in self.officers[2:] | self.miners:
            self.env["srsp.recusal"].create(
                {
                    "inspector_id": officer.id,
                    "entity_id": self.targets[0].entity_id.id,
                    "reason": "Kin",
                    "date_from": date(2026, 1, 1),
                }
            )
        task = self._make_announced(**self._joint_vals(team_size=3))
        with self._refused(r"Unit 001 .*: a team needs 3\. Add officers"):
            task._lock_roster(NOW)

    def test_a_visit_has_the_items_of_each_targets_sector_and_officers_of_each_division(
        self,
    ):
        task = self._make_drawn(**self._joint_vals(ratio=1.0))
        both = task.inspection_ids.filtered(
            lambda visit: visit.entity_id == self.targets[0].entity_id
        )
        self.assertEqual(len(task.inspection_ids), 119 + 40 - 1)
        self.assertEqual(
            both.line_ids.mapped(lambda line: (line.target_id, line.item_id)),
            [(self.targets[0], self.item), (self.mines[0], self.mine_item)],
        )
        for line in task.inspection_ids.line_ids:
            self.assertEqual(line.item_id.sector_id, line.target_id.sector_id)
        for visit in task.inspection_ids:
            self.assertEqual(
                visit.officer_ids.division_id, self.surveying | self.minerals
            )
        self.assertEqual(task.draw_id._find_difference(), "")

    def test_every_division_that_takes_part_sees_the_task_its_visits_and_results(self):
        task = self._make_drawn(**self._joint_vals())
        visit = task.inspection_ids[0]
        [line] = visit.line_ids[:1]
        records = (
            task,
            task.draw_id,
            task.draw_id.iteration_ids,
            self._roster(task.draw_id)[0],
            visit,
            line,
        )
        third = self._make_division("Third", "TD")
        for role in ("division_officer", "division_manager"):
            lead, partner, stranger = (
                self._make_user(f"{role}_{division.code}", role, division)
                for division in (self.surveying, self.minerals, third)
            )
            for record in records:
                for user in (lead, partner):
                    self.assertTrue(record.with_user(user).read(["display_name"]))
                with self._refused("", AccessError):
                    record.with_user(stranger).read(["display_name"])
            with self._refused("", AccessError):
                visit.with_user(partner).scheduled_date = date(2026, 4, 1)
            with self._refused("", AccessError):
                task.with_user(partner).check_access("write")
        inspector = self._make_user("miner", "inspector", self.minerals)
        officer = visit.officer_ids[0]
        officer.user_id = inspector
        mine = self.env["srsp.inspection"].with_user(inspector).search([])
        self.assertEqual(
            mine,
            task.inspection_ids.filtered(lambda other: officer in other.officer_ids),
        )
        self.assertEqual(task.with_user(inspector).name, task.name)


@tagged("post_install", "-at_install")
class TestLead(SrspCase):
    def setUp(self):
        super().setUp()
        freezer = freeze_time(NOW)
        freezer.start()
        self.addCleanup(freezer.stop)

    def test_no_draw_is_announced_later_than_the_rulebooks_lead_before_it(self):
        for minutes in (1, 24 * 60 - 1):
            task = self._make_task(draw_at=NOW + timedelta(minutes=minutes))
            with self._refused("public 24 hours before the draw"):
                task.action_announce()
        task.draw_at = NOW + timedelta(hours=24)
        task.action_announce()
        self.assertEqual((task.announced_on, task.lock_at), (NOW, NOW))

    def test_the_roster_is_locked_no_later_than_the_rulebook_says(self):
        task = self._make_task(draw_at=DRAW_AT, lock_at=DRAW_AT - timedelta(minutes=5))
        with self._refused("locked at least 24 hours before the draw"):
            task.action_announce()
        task.lock_at = DRAW_AT - timedelta(hours=30)
        task.action_announce()
        self.assertTrue(task.announced_on)
