import base64
import hashlib
import json
import re
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...tools import canonical
from ..common import SCAN, SrspCase


@tagged("post_install", "-at_install")
class TestInspection(SrspCase):
    def setUp(self):
        super().setUp()
        freezer = freeze_time("2026-04-01 02:00:00")
        freezer.start()
        self.addCleanup(freezer.stop)
        self.task = self._make_drawn()
        self.visit = self.task.inspection_ids[0]
        self.inspector = self._make_user("officer_on_team", "inspector", self.surveying)
        self.visit.officer_ids[0].user_id = self.inspector
        self.manager = self._make_user("manager", "division_manager", self.surveying)

    def _record(self, **values):
        visit = self.visit.with_user(self.inspector)
        visit.scheduled_date = date(2026, 4, 2)
        visit.action_schedule()
        with freeze_time(
            "2026-04-01 17:30:00"
        ):  # half past one the next day in Beijing
            visit.action_start()
        visit.line_ids.write({"result": "1", **values})
        visit.action_record()

    def test_the_team_records_the_manager_closes_and_the_result_is_sealed(self):
        self._record()
        self.assertEqual(self.task.state, "inspecting")
        visit = self.visit.with_user(self.manager)
        visit.action_review()
        visit.action_close()
        self.assertEqual((visit.stage, visit.result_date), ("closed", date(2026, 4, 1)))
        event = self.env["srsp.event"].search(
            [("res_model", "=", visit._name), ("res_id", "=", visit.id)]
        )
        numbers = {
            "number": f"{self.task.number}-006",  # the latest comes first
            "draw": self.task.draw_id.number,
            "task": self.task.number,
            "inspected_on": "2026-04-02",
            "result_date": "2026-04-01",
        }
        result = {
            **numbers,
            "plan": "",
            "plan_name": "",
            "task_name": "Surveying, spring",
            "bureau": "Harbour Bureau",
            "division": "Surveying",
            "entity": visit.entity_id.name,
            "entity_kind": "enterprise",
            "uscc": visit.entity_id.code,
            "lines": [
                {
                    "target": visit.line_ids.target_id.code,
                    "item_code": "A1",
                    "item": "Quality of surveying results",
                    "result": "1",
                    "result_name": "No problem found",
                    "measure": "None needed",
                    "facts": "",
                }
            ],
        }
        record = {
            **numbers,
            "stage": "closed",
            "entity_id": visit.entity_id.id,
            "officer_ids": visit.officer_ids.sorted("id").ids,
            "expert_ids": [],
            "recorded_by_id": self.inspector.id,
            "confirmed_by_id": self.inspector.id,
            "record_scan_digest_hex": "",
            "reviewed_by_id": self.manager.id,
            "lines": [
                {
                    "target_id": visit.line_ids.target_id.id,
                    "item_id": self.item.id,
                    "result": "1",
                    "measure": "none",
                    "facts": "",
                }
            ],
        }
        by = {"name": self.manager.name, "login": self.manager.login}
        self.assertEqual(
            json.loads(event.payload),
            {"format": 1, "by": by, "result": result, "record": record},
        )
        with self.assertRaisesRegex(UserError, "Closed"):
            self.visit.line_ids.with_user(self.inspector).result = "A"
        with self.assertRaisesRegex(UserError, "Closed"):
            visit.review_note = "Afterthought"
        with self.assertRaises(AccessError):
            visit.stage = "on_site"

    def test_the_day_of_a_record_is_beijings_wherever_the_caller_says_he_is(self):
        self.env.user.tz = self.inspector.tz = False
        visit = self.visit.with_user(self.inspector)
        visit.scheduled_date = date(2026, 4, 2)
        visit.action_schedule()
        visit.action_start()
        visit.line_ids.write({"result": "1"})
        for tz in (False, "Etc/GMT+12", "Pacific/Kiritimati"):
            with freeze_time("2026-04-01 17:30:00"), self.env.cr.savepoint() as point:
                visit.with_context(tz=tz).action_record()
                self.assertEqual(visit.recorded_on, date(2026, 4, 2), tz)
                point.rollback()
                self.env.invalidate_all(flush=False)

    def test_a_finding_needs_facts_and_a_measure_and_opens_a_rectification(self):
        with self.assertRaisesRegex(
            UserError, "a finding needs its facts and a measure"
        ):
            self._record(result="N")
        lines = self.visit.line_ids.with_user(self.inspector)
        lines.write({"facts": "Control points missing", "measure": "rectify"})
        self.visit.with_user(self.inspector).action_record()
        manager = self.visit.with_user(self.manager)
        manager.action_review()
        manager.action_close()
        order = self.visit.rectification_ids
        self.assertEqual(
            (order.requirement, order.deadline, order.state),
            ("Control points missing", date(2026, 5, 1), "open"),
        )
        officer = self._make_user("officer", "division_officer", self.surveying)
        with self.assertRaisesRegex(UserError, "write down what was verified"):
            order.with_user(officer).action_verify()
        order.with_user(officer).verification = "All points found again"
        order.with_user(officer).action_verify()
        self.assertEqual(order.state, "verified")

    def test_whoever_inspected_does_not_review(self):
        both = self._make_user("both", "division_manager", self.surveying)
        self.visit.officer_ids[1].user_id = both
        self._record()
        with self.assertRaisesRegex(UserError, "cannot review"):
            self.visit.with_user(both).action_review()
        self.visit.with_user(self.manager).action_review()

    def _record_by_another(self):
        """The record of a division officer who was not drawn."""
        clerk = self._make_user("clerk", "division_officer", self.surveying)
        inspector, self.inspector = self.inspector, clerk
        self._record()
        self.inspector = inspector
        return clerk

    def test_a_result_is_reviewed_once_somebody_who_was_drawn_has_confirmed_it(self):
        clerk = self._record_by_another()
        outsider = self.officers - self.visit.officer_ids
        outsider[0].user_id = self._make_user("out", "inspector", self.surveying)
        manager = self.visit.with_user(self.manager)
        name = re.escape(self.visit.officer_ids[0].display_name)
        with self._refused(f"officers drawn for it must confirm the result .*{name}"):
            manager.action_review()
        for user in (clerk, self.manager):
            visit = self.visit.with_user(user)
            self.assertFalse(visit.can_confirm)
            with self._refused("confirmed by an officer who was drawn for it"):
                visit.action_confirm_result()
        with self.assertRaises(AccessError):
            self.visit.with_user(outsider[0].user_id).action_confirm_result()
        with self.assertRaises(AccessError):
            manager.write({"confirmed_by_id": self.inspector.id})
        manager.record_scan = SCAN  # no substitute where an officer has a login
        with self._refused("must confirm the result"):
            manager.action_review()
        drawn = self.visit.with_user(self.inspector)
        self.assertTrue(drawn.can_confirm)
        drawn.action_confirm_result()
        manager.action_review()
        keys = self.visit._prepare_seal()
        self.assertEqual(
            (keys["recorded_by_id"], keys["confirmed_by_id"]),
            (clerk.id, self.inspector.id),
        )
        manager._return("Photos missing")
        self.assertFalse(self.visit.confirmed_by_id)
        drawn.action_record()
        self.assertEqual(self.visit.confirmed_by_id, self.inspector)

    def test_a_signed_record_stands_for_a_team_without_a_login(self):
        self.visit.officer_ids.user_id = False
        self._record_by_another()
        manager = self.visit.with_user(self.manager)
        with self._refused("none of its officers has a login. Attach a scan"):
            manager.action_review()
        manager.record_scan = SCAN
        manager.action_review()
        with self._refused("Reviewed"):
            manager.record_scan = False
        manager.action_close()
        digest = hashlib.sha256(base64.b64decode(SCAN)).hexdigest()
        keys = self.visit._prepare_seal()
        self.assertEqual(
            (keys["confirmed_by_id"], keys["record_scan_digest_hex"]), (False, digest)
        )
        checks = self.env["srsp.event.check"]
        self.assertEqual(checks._walk(self.company)[0], [])
        self.visit.sudo().record_scan = base64.b64encode(b"another scan")
        self.assertEqual(len(checks._walk(self.company)[0]), 1)

    def test_sending_back_keeps_the_reason_and_asks_for_the_record_again(self):
        self._record()
        action = self.visit.with_user(self.manager).action_return()
        self.env["srsp.reason"].with_user(self.manager).with_context(
            **action["context"]
        ).create({"reason": "Photos missing"}).action_confirm()
        self.assertEqual(self.visit.stage, "on_site")
        self.assertIn("Photos missing", self.visit.message_ids[0].body)

    def test_a_task_completes_when_every_visit_is_closed(self):
        self._record()
        task = self.task.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "6 visits are not closed"):
            task.action_done()
        self.task.inspection_ids.line_ids.result = "1"
        self.task.inspection_ids.write({"stage": "reviewed"})
        self.task.inspection_ids._close(date(2026, 4, 1))
        self.assertEqual(task.progress, 100)
        task.action_done()
        self.assertEqual(task.state, "done")

    def test_the_team_cannot_be_chosen_or_moved_by_hand(self):
        for user in (self.inspector, self.manager):
            visit = self.visit.with_user(user)
            for vals in (
                {"officer_ids": [(5,)]},
                {"entity_id": self.targets[9].entity_id.id},
                {"draw_id": False},
            ):
                with self.assertRaises(AccessError):
                    visit.write(vals)
            with self.assertRaisesRegex(UserError, "Only result, facts and measure"):
                visit.line_ids.write({"target_id": self.targets[9].id})


@tagged("post_install", "-at_install")
class TestChain(SrspCase):
    def test_the_chain_has_no_gap_and_every_link_follows_from_the_one_before(self):
        self._make_drawn()
        events = self.env["srsp.event"].search(
            [("company_id", "=", self.company.id)], order="sequence"
        )
        draws = events.filtered(lambda event: event.res_model == "srsp.draw")
        self.assertEqual(
            draws.mapped("kind"), ["draw.identified", "draw.committed", "draw.drawn"]
        )
        self.assertEqual(events.mapped("sequence"), list(range(1, len(events) + 1)))
        previous = canonical.GENESIS
        for event in events:
            sealed = canonical.seal(
                previous,
                event.sequence,
                event.kind,
                canonical.dumps(json.loads(event.payload)),
            )
            self.assertEqual(
                (event.previous_hash, event.hash), (previous.hex(), sealed.hex())
            )
            previous = sealed
        self.assertFalse(self._find_broken())

    def test_a_row_changed_removed_or_swapped_behind_the_back_is_found(self):
        self._make_drawn()
        self._make_drawn(name="Surveying, again")
        events = self.env["srsp.event"].search(
            [("company_id", "=", self.company.id)], order="sequence"
        )
        place = events.mapped("kind").index("draw.committed")
        event, following = events[place], events[place + 1]
        self.env.flush_all()
        for change, broken in (
            ("UPDATE srsp_event SET payload = replace(payload, '0.05', '0.06')", event),
            ("UPDATE srsp_event SET kind = 'draw.voided'", event),
            ("UPDATE srsp_event SET sequence = sequence + 100", following),
            ("DELETE FROM srsp_event", following),
        ):
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(f"{change} WHERE id = %s", [event.id])
                self.env.invalidate_all()
                self.assertEqual(self._find_broken(), broken)
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertFalse(self._find_broken())

    def test_nobody_writes_the_chain_by_hand(self):
        event = self._make_drawn().draw_id and self.env["srsp.event"].search(
            [], limit=1
        )
        for attempt in (
            lambda: event.write({"payload": "{}"}),
            lambda: event.unlink(),
            lambda: self.env["srsp.event"].create({"kind": "draw.drawn"}),
        ):
            with self.assertRaises(UserError):
                attempt()
