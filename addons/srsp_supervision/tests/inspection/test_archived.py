"""What was archived since stays in what was sealed, published and decided; nobody archived is drawn."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import NOW, SrspCase


@tagged("post_install", "-at_install")
class TestArchived(SrspCase):
    def setUp(self):
        super().setUp()
        freezer = freeze_time("2026-04-01 02:00:00")
        freezer.start()
        self.addCleanup(freezer.stop)

    def _make_recorded(self):
        visit = self._make_drawn().inspection_ids[0]
        on_team = self._make_user(
            "archived_on_team", "division_manager", self.surveying
        )
        visit.officer_ids[0].user_id = on_team
        clerk = visit.with_user(
            self._make_user("clerk", "division_officer", self.surveying)
        )
        clerk.scheduled_date = date(2026, 4, 2)
        clerk.action_schedule()
        clerk.action_start()
        clerk.line_ids.write({"result": "1"})
        clerk.action_record()
        return visit, on_team

    def test_whoever_inspected_does_not_review_after_leaving_the_registry(self):
        visit, on_team = self._make_recorded()
        visit.officer_ids.filtered("user_id").active = False
        with self.assertRaisesRegex(UserError, "cannot review it"):
            visit.with_user(on_team).action_review()

    def test_the_seal_and_what_is_published_keep_who_inspected(self):
        visit, on_team = self._make_recorded()
        team = visit.officer_ids
        manager = self._make_user(
            "archived_manager", "division_manager", self.surveying
        )
        visit.with_user(on_team).action_confirm_result()
        visit.with_user(manager).action_review()
        team[0].active = False
        before = visit._prepare_seal()
        self.assertEqual(before["officer_ids"], sorted(team.ids))
        visit.with_user(manager).action_close()
        team.active = False
        self.surveying.active = self.sector.active = self.item.method_ids.active = False
        self.env.invalidate_all()
        self.assertEqual(visit.officer_ids, team)
        now = {"stage": "closed", "result_date": visit.result_date.isoformat()}
        self.assertEqual(visit._prepare_seal(), before | now)
        self.assertFalse(self._find_broken())

    def test_who_inspected_is_archived_and_not_deleted(self):
        team = self._make_drawn().inspection_ids[0].officer_ids
        with self.assertRaisesRegex(UserError, "archive them instead"):
            team.unlink()
        spare = team[0].copy({"staff_number": "spare", "user_id": False})
        self.assertFalse(spare.inspection_ids)
        spare.unlink()
        self.assertFalse(spare.exists())

    def test_nobody_archived_is_drawn_whatever_the_caller_asks_for(self):
        gone = self.officers[0]
        gone.active = False
        task = self._make_announced().with_context(active_test=False)
        draw = task._lock_roster(NOW)
        self.assertNotIn(gone.staff_number, draw.inspector_refs)
        self.assertNotIn(
            gone,
            self.env["srsp.inspector"]
            .with_context(active_test=False)
            .search(gone._get_eligible_domain(task) | gone._get_expert_domain(task)),
        )

    def test_relations_of_ours_hold_what_was_archived(self):
        wrong = [
            str(field)
            for name in self.env.registry
            if name.startswith("srsp.") and not self.env[name]._transient
            for field in self.env[name]._fields.values()
            if field.type == "many2many"
            and field.store
            and not field.related
            and "active" in self.env[field.comodel_name]._fields
            and field.context.get("active_test") is not False
        ]
        self.assertEqual(wrong, ["srsp.division.member_ids"])  # who works there now
