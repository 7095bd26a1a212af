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

    def test_a_target_filter_names_no_single_target(self):
        one = self.targets[0]
        one.permit_valid_until = date(2027, 7, 9)
        for domain in (
            f"[('id', '!=', {one.id})]",
            f"[('code', '!=', '{one.code}')]",
            "[('name', 'not ilike', 'harbour')]",
            "['!', ('permit_number', '=', 'P-1')]",
            "[('permit_valid_until', '!=', '2027-07-09')]",
            "[('risk_class', 'ilike', 'b')]",
            "[('region_id', '=', 'Old Town')]",
            "[('sector_id', 'child_of', 'Old Town')]",
        ):
            with self._refused("the target filter cannot use", ValidationError):
                self._make_task(target_domain=domain)
        for domain in (
            "[('permit_valid_until', '<', '2027-07-09')]",
            "[('permit_valid_until', '=', False)]",
            "['|', ('entity_id.kind', '=', 'enterprise'), ('is_key', '=', True)]",
            f"[('sector_id', 'in', {self.sector.ids})]",
        ):
            self.assertTrue(self._make_task(target_domain=domain).is_directed)

    def test_a_filter_written_in_the_database_names_no_single_target_either(self):
        planned = self._make_task(draw_at=DRAW_AT, scope="All but one")
        announced = self._make_announced()
        left_out = self.targets[0]
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE srsp_task SET target_domain = %s, is_directed = TRUE WHERE id IN %s",
            [f"[('id', '!=', {left_out.id})]", (planned.id, announced.id)],
        )
        self.env.invalidate_all()
        with freeze_time(NOW), self._refused("the target filter cannot use id;"):
            planned.with_user(self.manager).action_announce()
        with self._refused("the target filter cannot use id", ValidationError):
            announced._lock_roster(NOW)

    def test_whoever_a_filter_leaves_out_stands_with_the_roster(self):
        inside = self.targets[:100]
        self.targets[99].write({"state": "suspended", "state_reason": "Renovation"})
        self.targets[118].write({"state": "suspended", "state_reason": "Renovation"})
        mines = self._make_targets(2, sector=self.mining)
        task = self._make_announced(target_domain=self._make_filter(inside))
        draw = task._lock_roster(NOW)
        reasons = {target.code: "filter" for target in self.targets - inside}
        reasons[self.targets[99].code] = "suspended"
        self.assertEqual(dict(draw._query_excluded()), reasons)
        lines = self._roster(draw).filtered(lambda line: not line.excluded_reason)
        self.assertEqual(lines.target_id, inside[:99])
        self.assertFalse(self._roster(draw).target_id & mines)
        draw._draw(DRAW_AT)
        self.assertEqual(draw._find_difference(), "")

    def test_a_change_of_the_filter_is_in_the_history_of_the_task(self):
        task = self._make_task().with_context(tracking_disable=False)
        task = task.with_user(self.manager)
        self.env.flush_all()
        self.env.cr.precommit.run()
        task.target_domain = "[('is_key', '=', True)]"
        self.env.flush_all()
        self.env.cr.precommit.run()
        moves = task.sudo().message_ids.tracking_value_ids
        self.assertIn(
            ("target_domain", "[]", "[('is_key', '=', True)]"),
            [
                (move.field_id.name, move.old_value_char, move.new_value_char)
                for move in moves
            ],
        )

    def test_a_filter_is_said_in_words(self):
        east = self._make_region("East")
        west = self._make_region("West", east)
        for domain, words in (
            ("[]", ""),
            ("[('risk_class', 'in', ['C', 'D'])]", "Risk Class: C, D"),
            (
                f"['|', ('region_id', 'child_of', {east.id}), '&', ('is_key', '=', True), ('risk_class', '!=', False)]",
                "Region: East, West or (Key Target: yes and Risk Class: not none)",
            ),
            (
                f"[('entity_id.region_id', 'not in', {west.ids}), ('permit_valid_until', '<=', '2027-01-01')]",
                "Entity › Region: not West and Permit Valid Until ≤ 2027-01-01",
            ),
            (
                f"['!', ('region_id', 'child_of', {west.id})]",
                "not (Region: West)",
            ),
        ):
            task = self._make_task(target_domain=domain)
            self.assertEqual(task._describe_filter(), words)

    def test_who_sits_out_a_draw_and_comes_back_is_listed(self):
        def move(target, day, state):
            with freeze_time(day):
                target.write({"state": state, "state_reason": "Says so"})

        quick, late, early, again, theirs = (
            *self.targets[:4],
            *self._make_targets(1, sector=self.mining),
        )
        for target in (quick, late, early, again, theirs):
            move(target, "2026-03-10", "cancelled")
        move(early, "2026-03-12", "active")
        draw = self._make_announced()._lock_roster(NOW)
        self.assertFalse(
            {quick.code, late.code} & set(self._roster(draw).mapped("label"))
        )
        for target in (quick, again, theirs):
            move(target, "2026-03-25", "active")
        move(again, "2026-03-26", "suspended")
        move(again, "2026-03-27", "active")
        move(early, "2026-03-25", "suspended")
        move(early, "2026-03-26", "active")
        move(late, "2026-04-20", "active")
        auditor = self._make_user("auditor", "auditor")
        returns = self.env["srsp.draw.return"].with_user(auditor)
        domain = [("draw_id", "=", draw.id)]
        found = returns.search(domain)
        self.assertEqual(set(found.mapped("target_id")), {quick, again})
        self.assertEqual(found.mapped("state_before"), ["cancelled"] * 2)
        self.assertEqual(draw.return_count, 2)
        self.company.srsp_return_days = 60
        self.env.invalidate_all()
        self.assertEqual(returns.search(domain).target_id, quick | again | late)
        with self.assertRaises(AccessError):
            returns.with_user(self.manager).search(domain)

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
