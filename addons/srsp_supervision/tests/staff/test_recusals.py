"""Who declares and decides what keeps an inspector from inspecting, and what an insider might try."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..common import DRAW_AT, NOW
from ..lists.list_case import TODAY
from .inspector_case import InspectorCase


@tagged("post_install", "-at_install")
class TestRecusals(InspectorCase):
    def test_what_the_inspector_declares_counts_until_it_is_dismissed(self):
        task = self._make_task()
        recusal = self._declare("srsp.recusal")
        self.assertEqual((recusal.source, recusal.state), ("declared", "proposed"))
        self.assertEqual(self._get_bound(task), [(self.inspector, self.entity)])
        recusal.with_user(self.head)._dismiss("There is no sister")
        self.assertEqual(self._get_bound(task), [])
        self.assertEqual(recusal.dismissal_reason, "There is no sister")
        self.assertEqual(recusal.decided_by_id, self.head)

    def test_a_form_that_says_nothing_yet_has_no_title(self):
        for name in ("srsp.recusal", "srsp.inspector.tie", "srsp.inspector.absence"):
            records = self.env[name].with_user(self.head)
            self.assertFalse(records.new({"inspector_id": False}).display_name)
            new = records.new({"inspector_id": self.inspector.id})
            self.assertNotIn("False", new.display_name)
            self.assertIn(self.inspector.name, new.display_name)

    def test_a_tie_makes_the_system_propose_what_counts_once_confirmed(self):
        task = self._make_task()
        tie = self._declare(
            "srsp.inspector.tie",
            entity_id=self.entity.id,
            kind="employer",
            left_on="2024-05-31",
        )
        recusal = tie.sudo().recusal_ids
        self.assertEqual(
            (recusal.state, recusal.source, recusal.date_from, recusal.date_to),
            ("proposed", "system", TODAY, date(2027, 5, 31)),
        )
        self.assertEqual(self._get_bound(task), [])
        recusal.with_user(self.policy).action_confirm()
        self.assertEqual(self._get_bound(task), [(self.inspector, self.entity)])
        kin = self._declare(
            "srsp.inspector.tie",
            entity_id=self.entity.id,
            kind="kin",
            note="Brother, surveyor",
        )
        self.assertFalse(kin.sudo().recusal_ids.date_to)
        self.assertEqual(
            kin.sudo().recusal_ids.reason, "Relative works there: Brother, surveyor"
        )

    def test_an_employer_left_three_years_ago_proposes_nothing(self):
        for left_on, proposed in (("2023-03-20", 1), ("2023-03-19", 0)):
            tie = self._declare(
                "srsp.inspector.tie", entity_id=self.entity.id, left_on=left_on
            )
            self.assertEqual(len(tie.sudo().recusal_ids), proposed, left_on)
        for vals, words in (
            (
                {"kind": "employer"},
                "Enter the date until which the inspector worked there",
            ),
            ({"kind": "kin"}, "who works there"),
        ):
            with self._refused(words, ValidationError):
                self._declare("srsp.inspector.tie", entity_id=self.entity.id, **vals)

    def test_nobody_decides_about_himself_and_officers_not_at_all(self):
        boss = self._make_inspector("SV-08", user_id=self.head.id)
        mine = self._declare("srsp.recusal", self.head, inspector_id=boss.id)
        self.assertEqual((mine.state, mine.source), ("proposed", "declared"))
        officer = self._make_user("officer", "division_officer", self.surveying)
        elsewhere = self._make_user("elsewhere", "division_manager", self.minerals)
        auditor = self._make_user("auditor", "auditor")
        for user in (self.head, self.user, officer, elsewhere, auditor):
            for step in ("action_confirm", "_dismiss"):
                args = ["No"] if step == "_dismiss" else []
                with self.assertRaises(AccessError, msg=(user.login, step)):
                    getattr(mine.with_user(user), step)(*args)
        mine.with_user(self.policy).action_confirm()
        self.assertEqual(mine.decided_by_id, self.policy)
        with self._refused("To confirm"):
            mine.with_user(self.policy).action_confirm()

    def test_the_head_records_for_others_and_that_confirms_it(self):
        recusal = self._declare("srsp.recusal", self.head)
        self.assertEqual(
            (recusal.state, recusal.source, recusal.decided_by_id),
            ("confirmed", "recorded", self.head),
        )

    def test_a_declaration_asks_the_head_or_the_policy_division_where_he_is_concerned(
        self,
    ):
        self._declare("srsp.recusal")
        boss = self._make_inspector("SV-08", user_id=self.head.id)
        self._declare("srsp.inspector.absence", self.head, inspector_id=boss.id)
        activities = self.env["mail.activity"].search(
            [("res_model", "in", ("srsp.recusal", "srsp.inspector.absence"))]
        )
        asked = activities.filtered(
            lambda activity: activity.user_id in (self.head | self.policy)
        )
        self.assertEqual(
            {(activity.res_model, activity.user_id) for activity in asked},
            {("srsp.recusal", self.head), ("srsp.inspector.absence", self.policy)},
        )

    def test_the_wizard_dismisses_with_a_reason(self):
        absence = self._declare("srsp.inspector.absence")
        action = absence.with_user(self.head).action_dismiss()
        wizard = (
            self.env["srsp.reason"]
            .with_user(self.head)
            .with_context(**action["context"])
            .create({"reason": "  Not this week "})
        )
        wizard.action_confirm()
        self.assertEqual(
            (absence.state, absence.dismissal_reason), ("dismissed", "Not this week")
        )
        self.assertFalse(absence.sudo().activity_ids)

    def test_who_sees_facts_and_recusals(self):
        tie = self._declare(
            "srsp.inspector.tie", entity_id=self.entity.id, left_on="2025-01-01"
        )
        records = (
            tie,
            tie.sudo().recusal_ids,
            self._declare("srsp.inspector.absence"),
            self.inspector.certificate_ids,
        )
        colleague = self._make_user("sv02", "inspector", self.surveying)
        self.officers[1].user_id = colleague
        officer = self._make_user("officer", "division_officer", self.surveying)
        elsewhere = self._make_user("elsewhere", "division_manager", self.minerals)
        auditor = self._make_user("auditor", "auditor")
        for record in records:
            for user in (self.user, self.head, self.policy, auditor):
                self.assertTrue(record.with_user(user).has_access("read"))
            for user in (colleague, officer, elsewhere):
                self.assertFalse(record.with_user(user).has_access("read"))


@tagged("post_install", "-at_install")
class TestInspectorInsiders(InspectorCase):
    def _get_told(self, task):
        return [
            str(message.body)
            for message in task.message_ids.sorted("id")
            if "After the announcement" in (message.body or "")
        ]

    def test_an_inspector_edits_nothing_of_his_own_entry(self):
        boss = self._make_inspector("SV-08", user_id=self.head.id)
        for user, inspector in ((self.user, self.inspector), (self.head, boss)):
            mine = inspector.with_user(user)
            for vals in (
                {"on_duty": False},
                {"sector_ids": [(5,)]},
                {"region_ids": [(5,)]},
                {"certificate_valid_until": date(2040, 1, 1)},
                {"certificate_ids": [(0, 0, {"number": "X", "valid_until": TODAY})]},
                {"name": "Matters that concern you are decided by another person"},
            ):
                with self._refused("", AccessError):
                    mine.write(vals)
            certificates = mine.env["srsp.inspector.certificate"]
            with self._refused("", AccessError):
                certificates.create(
                    {"inspector_id": mine.id, "number": "X", "valid_until": TODAY}
                )
            with self._refused("", AccessError):
                inspector.certificate_ids.with_user(user).valid_until = TODAY
        self.inspector.with_user(self.head).on_duty = False
        self.inspector.certificate_ids.with_user(self.head).valid_until = TODAY
        with self._refused("stays with its inspector", ValidationError):
            self.inspector.certificate_ids.with_user(
                self.head
            ).inspector_id = self.officers[1]

    def test_declarations_are_neither_edited_nor_deleted_nor_made_for_others(self):
        records = (
            self._declare("srsp.recusal"),
            self._declare("srsp.inspector.absence"),
            self._declare(
                "srsp.inspector.tie", entity_id=self.entity.id, left_on=TODAY
            ),
        )
        admin = self._make_user("admin", "administrator")
        for record in records:
            for user in (self.user, self.head, self.policy, admin):
                with self._refused("", AccessError):
                    record.with_user(user).write({"inspector_id": self.officers[1].id})
                with self._refused("", AccessError):
                    record.with_user(user).unlink()
        for model in ("srsp.recusal", "srsp.inspector.absence"):
            with self._refused("", AccessError):
                self._declare(model, inspector_id=self.officers[1].id)
            for vals in ({"state": "confirmed"}, {"decided_by_id": self.head.id}):
                with self._refused("cannot be edited", AccessError):
                    self._declare(model, **vals)
            default = {"default_state": "confirmed", "default_source": "recorded"}
            mine = self.env[model].with_user(self.user).with_context(**default)
            vals = {"inspector_id": self.inspector.id}
            if model == "srsp.recusal":
                vals |= {"entity_id": self.entity.id, "reason": "Sister"}
            self.assertEqual(mine.create(vals).state, "proposed")

    def test_before_an_announcement_no_reason_is_asked_and_no_task_is_told(self):
        task = self._make_task()
        absence = self._declare("srsp.inspector.absence", self.head)
        self.assertFalse(absence.task_ids)
        self.assertEqual(self._get_told(task), [])

    def test_after_an_announcement_an_absence_needs_a_reason_which_the_task_does_not_show(
        self,
    ):
        task = self._make_announced()
        with self._refused("enter this with a reason"):
            self._declare("srsp.inspector.absence", self.head, reason="  ")
        absence = self._declare(
            "srsp.inspector.absence", self.head, reason="Broken leg"
        )
        self.assertEqual(absence.task_ids, task)
        [told] = self._get_told(task)
        self.assertIn("SV-01", told)
        self.assertIn("not available", told)
        self.assertNotIn("Broken leg", told)
        message = task.message_ids.sorted("id")[-1]
        self.assertEqual(message.author_id, self.head.partner_id)
        absence.with_user(self.policy)._dismiss("The leg is whole")
        [_first, told] = self._get_told(task)
        self.assertTrue(told.endswith("not available, 2026-03-20 – : Dismissed</span>"))
        outside = self._declare(
            "srsp.inspector.absence", self.head, date_from="2026-07-01"
        )
        self.assertFalse(outside.task_ids)

    def test_a_late_recusal_is_told_without_entity_and_reason(self):
        task = self._make_announced()
        mine = self._declare("srsp.recusal", reason="Secret sister")
        self.assertEqual(mine.sudo().task_ids, task)
        [told] = self._get_told(task)
        self.assertIn("SV-01", told)
        for secret in ("Secret sister", self.entity.name):
            self.assertNotIn(secret, told)
        [elsewhere] = self._make_targets(1, sector=self.mining)
        other = self._declare("srsp.recusal", entity_id=elsewhere.entity_id.id)
        self.assertFalse(other.sudo().task_ids)
        self.assertEqual(len(self._get_told(task)), 1)

    def test_every_other_way_to_change_the_pool_is_told_as_well(self):
        task = self._make_announced()
        keeper = self.officers[1].with_user(self.head)
        keeper.on_duty = False
        keeper.sector_ids = self.mining
        keeper.certificate_ids.valid_until = TODAY
        self.env["srsp.inspector"].with_user(self.head).create(
            {
                "name": "Newcomer",
                "staff_number": "SV-10",
                "division_id": self.surveying.id,
                "company_id": self.company.id,
            }
        )
        stranger = self._make_inspector("MN-01", division_id=self.minerals.id)
        stranger.division_id = self.surveying
        words = ("On Duty", "Sectors", "certificates changed", "entered", "Division")
        told = self._get_told(task)
        self.assertEqual(len(told), len(words))
        for line, word in zip(told, words, strict=True):
            self.assertIn(word, line)

    def test_what_is_declared_after_the_lock_changes_no_draw(self):
        task = self._make_announced(ratio=1.0)
        self._declare("srsp.recusal")
        draw = task._lock_roster(NOW)
        locked = draw.classes
        self.assertEqual(set(locked), {"1f", "1e"})
        self._declare("srsp.recusal", entity_id=self.targets[1].entity_id.id)
        with freeze_time(DRAW_AT):
            draw._draw(DRAW_AT)
        self.assertEqual(draw.classes, locked)
        self.assertEqual(draw._find_difference(), "")

    def test_changes_are_tracked_and_dated(self):
        certificate = self.inspector.certificate_ids.with_user(self.head)
        certificate.with_context(tracking_disable=True).valid_until = date(2027, 7, 7)
        recusal = self._declare("srsp.recusal")
        self.env.cr.precommit.run()
        quiet = recusal.with_user(self.head).with_context(tracking_disable=True)
        quiet._dismiss("There is no sister")
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = certificate.sudo().message_ids.tracking_value_ids
        self.assertIn("valid_until", tracked.mapped("field_id.name"))
        tracked = recusal.sudo().message_ids.tracking_value_ids
        self.assertIn("There is no sister", tracked.mapped("new_value_char"))
        self.assertEqual(recusal.create_uid, self.user)
