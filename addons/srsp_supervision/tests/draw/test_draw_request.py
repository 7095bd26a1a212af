import base64
import hashlib
import json
from datetime import date, datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import SrspCase

PHOTO = b"photograph of a closed gate"


@tagged("post_install", "-at_install")
class TestDrawRequest(SrspCase):
    """What changes a drawn outcome takes a confirmed ground and a second person of another division."""

    def setUp(self):
        super().setUp()
        freezer = freeze_time("2026-04-01 02:00:00")
        freezer.start()
        self.addCleanup(freezer.stop)
        self.policy_division = self._make_division("Policy", "PO", kind="policy")
        self.manager = self._make_user("manager", "division_manager", self.surveying)
        self.policy = self._make_user("policy", "policy_officer", self.policy_division)
        self.surveying.manager_id = self.manager
        self.policy_division.manager_id = self.policy
        self.task = self._make_drawn()
        self.draw = self.task.draw_id
        self.visit = self.task.inspection_ids[0]
        self.officer = self.visit.officer_ids[0]

    def _ask(self, user, kind, **values):
        wizard = self.env["srsp.draw.change"].with_user(user)
        wizard = wizard.create({"draw_id": self.draw.id, "kind": kind, **values})
        request = self.env["srsp.draw.request"]
        return request.browse(wizard.action_confirm()["res_id"]).with_user(user)

    def _ask_for_a_substitute(self, visit=None, **values):
        evidence = {
            "evidence": base64.b64encode(PHOTO),
            "evidence_name": "gate.jpg",
            "reason": "Closed",
        }
        visit = visit or self.visit
        values = {"inspection_id": visit.id, **evidence, **values}
        return self._ask(self.manager, "substitution", **values)

    def _make_absence(self, state="confirmed", **values):
        return self.env["srsp.inspector.absence"].create(
            {
                "inspector_id": self.officer.id,
                "kind": "illness",
                "reason": "Operation on the knee",
                "date_from": date(2026, 4, 1),
                "state": state,
                **values,
            }
        )

    def _payloads(self, record, *kinds):
        domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        events = self.env["srsp.event"].search(domain, order="sequence")
        rows = [(event.kind, json.loads(event.payload)) for event in events]
        return [payload for kind, payload in rows if not kinds or kind in kinds]

    def test_a_manager_alone_changes_nothing_that_was_drawn(self):
        self._make_absence()
        before = self.draw._get_certificate()
        visits = {visit: visit.officer_ids for visit in self.task.inspection_ids}
        requests = [
            self._ask(self.manager, "withdrawal", inspector_id=self.officer.id),
            self._ask_for_a_substitute(),
            self._ask(
                self.manager, "extension", stratum="all", number=2, reason="More"
            ),
            self._ask(self.manager, "void", reason="Wrong filter"),
        ]
        for request in requests:
            self.assertEqual((request.state, request.can_decide), ("requested", False))
            with self._refused("who requested a change cannot approve it"):
                request.action_approve()
            with self._refused("who requested a change cannot approve it"):
                request._refuse("No")
        self.assertEqual(self.draw._get_certificate(), before)
        self.assertEqual({v: v.officer_ids for v in self.task.inspection_ids}, visits)

    def test_only_who_answers_for_the_other_side_approves(self):
        request = self._ask(self.manager, "void", reason="Wrong filter")
        colleague = self._make_user("colleague", "division_manager", self.surveying)
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        both = self._make_user(
            "both", "policy_officer", self.surveying | self.policy_division
        )
        clerk = self._make_user("clerk", "division_officer", self.surveying)
        auditor = self._make_user("auditor", "auditor")
        for user, words, error in (
            (colleague, "of another division", None),
            (both, "of another division", None),
            (stranger, None, AccessError),
            (clerk, None, AccessError),
            (auditor, None, AccessError),
        ):
            with self.subTest(user.login):
                if words:
                    with self._refused(words):
                        request.with_user(user).action_approve()
                else:
                    with self.assertRaises(error):
                        request.with_user(user).action_approve()
        request.with_user(self.policy).action_approve()
        self.assertEqual((self.draw.state, request.state), ("voided", "approved"))

    def test_what_a_policy_officer_requests_is_approved_by_the_division(self):
        request = self._ask(self.policy, "void", reason="Wrong filter")
        other = self._make_user("other", "policy_officer")
        deputy = self._make_user("deputy", "division_manager", self.surveying)
        for user, words in (
            (self.policy, "who requested a change"),
            (other, "by the manager of the task's division"),
            (deputy, "by the manager of Surveying"),
        ):
            with self._refused(words):
                request.with_user(user).action_approve()
        self.assertEqual(self.draw.state, "drawn")
        request.with_user(self.manager).action_approve()
        self.assertEqual(self.draw.state, "voided")

    def test_an_inspector_is_replaced_on_a_confirmed_ground_alone(self):
        vals = {"inspector_id": self.officer.id}
        missing = "neither a confirmed absence in the inspection window nor a confirmed recusal"
        elsewhere = self.targets.entity_id - self.task.inspection_ids.entity_id
        recusal = {
            "inspector_id": self.officer.id,
            "reason": "Sister",
            "date_from": date(2026, 1, 1),
            "state": "confirmed",
        }
        self._make_absence("proposed")
        self._make_absence("dismissed")
        self._make_absence(date_from=date(2026, 3, 1), date_to=date(2026, 3, 31))
        self._make_absence(inspector_id=(self.officers - self.officer)[0].id)
        self.env["srsp.recusal"].create({**recusal, "entity_id": elsewhere[0].id})
        wizard = self.env["srsp.draw.change"].with_user(self.manager)
        wizard = wizard.new(
            {"draw_id": self.draw.id, "kind": "withdrawal", **vals},
        )
        self.assertRegex(wizard.missing_ground, missing)
        with self._refused(missing):
            self._ask(self.manager, "withdrawal", **vals)
        with self._refused(missing):
            self.officer.with_user(self.manager).action_withdraw()
        found = self.env["srsp.recusal"].create(
            {**recusal, "entity_id": self.visit.entity_id.id}
        )
        wizard.invalidate_recordset()
        self.assertFalse(wizard.missing_ground)
        request = self._ask(self.manager, "withdrawal", **vals)
        self.assertEqual(
            (request.ground, request.sudo().recusal_id), ("recusal", found)
        )
        found.state = "dismissed"
        with self._refused(missing):
            request.with_user(self.policy).action_approve()
        found.state = "confirmed"
        request.with_user(self.policy).action_approve()
        visits = self.task.inspection_ids
        self.assertNotIn(self.officer, visits.officer_ids)
        self.assertEqual(self.draw._find_difference(), "")

    def test_nobody_reads_in_public_why_an_inspector_is_absent(self):
        self._make_absence()
        self.officer.with_user(self.manager).action_withdraw()
        request = self.draw.request_ids
        request.with_user(self.policy).action_approve()
        certificate = self.draw._get_certificate()
        [row] = certificate["iterations"][1]["withdrawn"]
        self.assertEqual(
            row[:2],
            [self.officer.staff_number, "Cannot serve; the ground has been confirmed"],
        )
        text = json.dumps(certificate)
        for private in ("knee", "illness", "absence"):
            self.assertNotIn(private, text)
        self.assertEqual(
            certificate["iterations"][1]["request"],
            {
                "requested_by": ["Surveying", ""],
                "requested_at": "2026-04-01T02:00:00Z",
                "approved_by": ["Policy", ""],
                "approved_at": "2026-04-01T02:00:00Z",
                "evidence_digest_hex": "",
            },
        )

    def test_a_target_is_replaced_with_evidence_alone_and_its_digest_is_sealed(self):
        with self._refused("Attach a file that shows why"):
            self._ask_for_a_substitute(evidence=False)
        with self._refused("Give a reason"):
            self._ask_for_a_substitute(reason=" ")
        request = self._ask_for_a_substitute()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._ask_for_a_substitute()
        request.with_user(self.policy).action_approve()
        self.assertEqual(self.visit.stage, "cancelled")
        digest = hashlib.sha256(PHOTO).hexdigest()
        asked = {
            "draw": self.draw.number,
            "kind": "substitution",
            "state": "requested",
            "inspection": self.visit.number,
            "inspector_id": False,
            "absence_id": False,
            "recusal_id": False,
            "stratum": "",
            "places": 0,
            "reason": "Closed",
            "evidence_digest_hex": digest,
            "requested_by_id": self.manager.id,
            "requested_at": "2026-04-01T02:00:00Z",
            "decided_by_id": False,
            "decided_at": "",
            "refusal_reason": "",
        }
        decided = {
            "state": "approved",
            "decided_by_id": self.policy.id,
            "decided_at": "2026-04-01T02:00:00Z",
        }
        sealed = [payload["record"] for payload in self._payloads(request)]
        self.assertEqual(sealed, [asked, asked | decided])
        iteration = self.draw._get_certificate()["iterations"][1]
        self.assertEqual(iteration["request"]["evidence_digest_hex"], digest)
        self.assertEqual(self.draw._find_difference(), "")

    def test_a_request_is_not_edited_and_a_changed_one_is_found(self):
        request = self._ask_for_a_substitute()
        for user in (self.manager, self.policy):
            with self.assertRaises(AccessError):
                request.with_user(user).write({"state": "approved"})
            with self.assertRaises(AccessError):
                request.with_user(user).create(
                    {"draw_id": self.draw.id, "kind": "void", "state": "approved"}
                )
        request.with_user(self.policy).action_approve()
        with self._refused("stays as it was decided"):
            request.sudo().write({"reason": "Another"})
        checks = self.env["srsp.event.check"]
        self.assertEqual(checks._walk(self.company)[0], [])
        self.env.flush_all()
        file = self.env["ir.attachment"].search(
            [
                ("res_model", "=", request._name),
                ("res_id", "=", request.id),
                ("res_field", "=", "evidence"),
            ]
        )
        file.raw = b"another photograph"
        self.env.invalidate_all()
        [(number, sentence)] = checks._walk(self.company)[0]
        self.assertIn(f"event {number} sealed: evidence_digest_hex was", sentence)

    def test_who_decides_is_asked_and_who_requested_is_told(self):
        (self.policy | self.manager).lang = "en_US"
        request = self._ask(self.manager, "void", reason="Wrong filter")
        [activity] = request.sudo().activity_ids
        self.assertEqual(
            (activity.user_id, activity.summary),
            (self.policy, f"Approve or refuse: Void the draw {self.draw.number}"),
        )
        action = request.with_user(self.policy).action_refuse()
        reasons = self.env["srsp.reason"].with_user(self.policy)
        reasons = reasons.with_context(**action["context"])
        reasons.create({"reason": "The filter was right"}).action_confirm()
        self.assertEqual(
            (request.state, request.refusal_reason), ("refused", "The filter was right")
        )
        self.assertFalse(request.sudo().activity_ids)
        told = self.env["mail.message"].search(
            [
                ("partner_ids", "in", self.manager.partner_id.ids),
                ("model", "=", request._name),
            ]
        )
        self.assertIn("The filter was right", told.body)
        again = self._ask(self.manager, "void", reason="Wrong filter indeed")
        with self._refused("Only the person who made the request"):
            again.with_user(self.policy).action_cancel()
        again.action_cancel()
        self.assertEqual((again.state, self.draw.state), ("cancelled", "drawn"))

    def test_the_rulebook_limits_what_a_division_may_change_in_a_year(self):
        self.rulebook.sudo().write({"withdrawals_allowed": 1, "voids_allowed": 1})
        self._make_absence()
        other = (self.task.inspection_ids.officer_ids - self.officer)[0]
        self._make_absence(inspector_id=other.id)
        first = self._ask(self.manager, "withdrawal", inspector_id=self.officer.id)
        second = self._ask(self.manager, "withdrawal", inspector_id=other.id)
        first.with_user(self.policy).action_approve()
        words = (
            "Surveying has reached the limit of 1 per year .* “Replace an inspector”"
        )
        with self._refused(words):
            second.with_user(self.policy).action_approve()
        second.action_cancel()
        with self._refused(words):
            self._ask(self.manager, "withdrawal", inspector_id=other.id)
        self.assertEqual(
            self.draw._count_changes(self.company),
            {2026: {"draw": 1, "withdrawal": 1}},
        )
        self._make_drawn(name="Other").draw_id._void("Wrong list")
        self.env.cr.execute(
            "UPDATE srsp_event SET create_date = %s WHERE kind = 'draw.voided'",
            [datetime(2025, 12, 31, 15)],
        )
        counts = self.draw._count_changes(self.company, self.surveying)
        self.assertEqual(
            counts, {2026: {"draw": 2, "withdrawal": 1}, 2025: {"void": 1}}
        )
        self.assertEqual(self.draw._count_changes(self.company, self.minerals), {})
        self.env.cr.execute(
            "UPDATE srsp_event SET create_date = %s WHERE kind = 'draw.voided'",
            [datetime(2025, 12, 31, 16)],
        )
        with self._refused("limit of 1 per year .* “Void the draw”"):
            self._ask(self.manager, "void", reason="Wrong filter")

    def test_a_task_with_a_locked_roster_is_not_cancelled_before_its_draw_is_voided(
        self,
    ):
        task = self._make_announced(name="Locked")
        draw = task._lock_roster(datetime(2026, 3, 20, 1))
        for user in (self.manager, self.policy):
            with self._refused("its roster is locked. Request to void draw"):
                task.with_user(user)._cancel("It might hit a friend")
        self.draw = draw
        request = self._ask(self.manager, "void", reason="Wrong filter")
        request.with_user(self.policy).action_approve()
        task.with_user(self.manager)._cancel("Not needed")
        self.assertEqual((draw.state, task.state), ("voided", "cancelled"))

    def test_who_may_request(self):
        clerk = self._make_user("clerk", "division_officer", self.surveying)
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        evidence = {"reason": "Closed", "evidence": base64.b64encode(PHOTO)}
        request = self._ask(
            clerk, "substitution", inspection_id=self.visit.id, **evidence
        )
        with self.assertRaises(AccessError):
            request.action_approve()
        request.action_cancel()
        for kind in ("void", "extension"):
            with self.assertRaises(AccessError):
                self._ask(clerk, kind, reason="No", stratum="all")
        with self.assertRaises(AccessError):
            self._ask(stranger, "void", reason="No")
        with self._refused("Give a reason"):
            self._ask(self.manager, "extension", stratum="all", reason=" ")
        with self._refused("Choose the inspector"):
            self._ask(self.manager, "withdrawal", inspector_id=False)
        self.assertEqual(self.draw.request_ids, request.sudo())
