"""What somebody inside has tried, or might, to steer a draw or soften a result."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestInsiders(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)

    def test_a_target_filter_is_no_spyhole(self):
        for domain in (
            "[('inspection_line_ids.inspection_id.officer_ids.recusal_ids.reason', 'ilike', 's')]",
            "[('inspection_line_ids.inspection_id.draw_id.nonce', '=like', 'a%')]",
            "[('entity_id', 'any', [('inspection_ids.draw_id.nonce', '=like', 'a%')])]",
            "['!', ('create_uid.password', '=like', 'a%')]",
        ):
            with self.assertRaisesRegex(
                ValidationError, "the target filter cannot use"
            ):
                self._make_task(target_domain=domain)
        self.assertEqual(
            self._make_task(
                target_domain="[('entity_id.region_id', '=', False)]"
            ).target_count,
            119,
        )

    def test_defaults_of_whoever_acts_do_not_bend_what_code_writes(self):
        defaults = self.env["ir.default"].with_user(self.manager)
        for model, field, value in (
            ("srsp.inspection", "stage", "closed"),
            ("srsp.inspection.line", "result", "1"),
            ("srsp.draw.iteration", "witnesses", "A notary"),
            ("srsp.task", "state", "done"),
        ):
            defaults.set(model, field, value, user_id=True)
        task = self._make_announced().with_user(self.manager)
        task._lock_roster(NOW)
        task.draw_id.sudo()._draw(DRAW_AT)
        visits = task.sudo().inspection_ids
        self.assertEqual(set(visits.mapped("stage")), {"assigned"})
        self.assertEqual(set(visits.line_ids.mapped("result")), {False})
        self.assertFalse(task.draw_id.sudo().iteration_ids.witnesses)
        mine = self.env["srsp.task"].with_user(self.manager)
        values = {
            "name": "Mine",
            "division_id": self.surveying.id,
            "sector_id": self.sector.id,
            "item_ids": [(6, 0, self.item.ids)],
            "company_id": self.company.id,
        }
        self.assertEqual(mine.create(values).state, "planned")

    def test_the_visit_goes_to_the_entity_that_was_locked(self):
        task = self._make_announced(ratio=1.0)
        entities = self.targets.entity_id
        draw = task._lock_roster(NOW)
        with self.assertRaisesRegex(ValidationError, "stays with its entity"):
            self.targets[0].with_user(self.officer).entity_id = entities[1]
        self.targets[0].entity_id = self.env["srsp.entity"].create({"name": "Ghost"})
        draw._draw(DRAW_AT)
        self.assertEqual(task.inspection_ids.entity_id, entities)

    def test_renaming_an_officer_after_the_lock_changes_nothing(self):
        with self.assertRaises(AccessError):
            self.officers[0].with_user(self.manager).staff_number = "X-1"
        task = self._make_announced()
        draw = task._lock_roster(NOW)
        for number, officer in enumerate(self.officers):
            officer.staff_number = f"X-{number}"
        draw._draw(DRAW_AT)
        self.assertEqual(draw._find_difference(), "")
        self.assertTrue(task.inspection_ids.officer_ids <= self.officers)

    def test_the_team_cannot_be_swapped_from_the_inspectors_side(self):
        visit = self._make_drawn().inspection_ids[0]
        member = visit.officer_ids[0].with_user(self.manager)
        for command in ((3, visit.id), (5,), (6, 0, [])):
            with self.assertRaises(AccessError):
                member.write({"inspection_ids": [command]})
        with self.assertRaises(AccessError):
            member.write({"user_id": False})

    def test_an_entity_keeps_its_name_while_a_visit_is_open(self):
        visit = self._make_drawn().inspection_ids[0]
        entity = visit.entity_id.with_user(self.officer)
        for vals in (
            {"name": "Other"},
            {"kind": "person"},
            {"uscc": "11370300MB286462XU"},
        ):
            with self.assertRaisesRegex(UserError, "is open"):
                entity.write(vals)
        with self.assertRaises(AccessError):
            entity.write({"code": "11370300MB286462XU"})

    def test_a_recorded_finding_cannot_be_replaced_by_another_target(self):
        visit = self._make_drawn().inspection_ids[0]
        visit.stage = "on_site"
        visit.line_ids.with_user(self.officer).write({"result": "N"})
        with self.assertRaisesRegex(UserError, "has results"):
            visit.with_user(self.manager)._replace("Moved away")

    def test_whoever_rewrites_a_result_leaves_a_trace_and_does_not_review(self):
        visit = self._make_drawn().inspection_ids[0]
        visit.write({"stage": "on_site", "recorded_on": date(2026, 4, 1)})
        visit.line_ids.write({"result": "N", "facts": "Points missing"})
        visit.line_ids.with_user(self.manager).write({"result": "1"})
        self.assertIn("N · Points missing", visit.message_ids[0].body)
        visit.stage = "recorded"
        with self.assertRaisesRegex(UserError, "cannot review"):
            visit.with_user(self.manager).action_review()

    def test_derived_fields_are_nobodys_to_write(self):
        task = self._make_drawn()
        for record, vals in (
            (task.inspection_ids[0], {"date_to": date(2099, 1, 1)}),
            (task.inspection_ids[0], {"division_id": self.minerals.id}),
            (task.inspection_ids[0], {"finding_count": 0}),
            (self.targets[0], {"division_id": self.minerals.id}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(self.manager).write(vals)

    def test_history_is_neither_switched_off_nor_taken_back(self):
        target = self.targets[0].with_user(self.officer)
        quiet = target.with_context(tracking_disable=True, mail_notrack=True)
        quiet.write({"state": "suspended", "state_reason": "Renovation"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        said = target.message_ids
        self.assertIn(
            "Renovation", said.sudo().tracking_value_ids.mapped("new_value_char")
        )
        with self.assertRaises(AccessError):
            said.unlink()
        with self.assertRaises(AccessError):
            said.write({"body": "nothing"})

    def test_leaving_the_registry_before_the_lock_is_seen(self):
        task = self._make_announced()
        with freeze_time("2026-03-21"):
            self.targets[0].write({"state": "cancelled", "state_reason": "Says so"})
        draw = task._lock_roster(NOW)
        self.assertEqual(
            list(draw._query_excluded()),
            [(self.targets[0].code, "removed")],
        )

    def test_announced_items_and_published_plans_stay_as_they_are(self):
        draft = self.env["srsp.list"].create(
            {"kind": "item", "company_id": self.company.id}
        )
        item = self.env["srsp.item"].create(
            self._item_vals(list_id=draft.id, code="D1", name="Draft")
        )
        task = self._make_task(item_ids=[(6, 0, item.ids)], draw_at=DRAW_AT)
        with freeze_time(NOW), self._refused("the list in force"):
            task.with_user(self.manager).action_announce()
        plan = self.env["srsp.plan"].create(
            {"division_id": self.surveying.id, "year": 2026, "state": "published"}
        )
        task.plan_id = plan
        with self.assertRaisesRegex(UserError, "frozen"):
            plan.with_user(self.officer).note = "Softer"
        with self.assertRaisesRegex(UserError, "cancelled, not deleted"):
            task.with_user(self.officer).unlink()

    def test_nobody_draws_on_foreign_ground_or_by_a_backdated_rulebook(self):
        with self.assertRaisesRegex(ValidationError, "does not take part"):
            self._make_task(sector_id=self.mining.id)
        policy = self._make_user("policy", "policy_officer")
        rulebook = (
            self.env["srsp.rulebook"]
            .with_user(policy)
            .create(
                {"name": "Soft", "effective_date": "2020-05-05", "floor_ratio": 0.001}
            )
        )
        with self.assertRaisesRegex(UserError, "choose a later day"):
            rulebook.action_publish()

    def test_a_rectification_deadline_is_the_managers_and_only_while_open(self):
        visit = self._make_drawn().inspection_ids[0]
        order = self.env["srsp.rectification"].create(
            {
                "line_id": visit.line_ids.id,
                "requirement": "Repair",
                "deadline": date(2026, 5, 1),
            }
        )
        with self.assertRaises(AccessError):
            order.with_user(self.officer).deadline = date(2099, 1, 1)
        with self.assertRaises(AccessError):
            order.with_user(self.officer).division_id = self.minerals
        order.state = "verified"
        with self.assertRaises(UserError):
            order.with_user(self.manager).verification = "Rewritten"

    def test_codes_are_not_revealed_before_their_time(self):
        draw = self._make_announced()._lock_roster(NOW)
        with (
            freeze_time(NOW),
            self.assertRaisesRegex(UserError, "cannot happen earlier"),
        ):
            draw._draw(DRAW_AT)
