"""Who may be drawn: certificates, absences, trainings, load."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..common import DRAW_AT
from ..lists.list_case import TODAY
from .inspector_case import InspectorCase


@tagged("post_install", "-at_install")
class TestEligibility(InspectorCase):
    def test_a_certificate_has_to_cover_the_whole_window(self):
        task = self._make_task()  # 24 March to 30 June
        certificate = self.inspector.certificate_ids
        for valid_from, valid_until, eligible in (
            (False, date(2026, 6, 30), True),
            (False, date(2026, 6, 29), False),
            (date(2026, 3, 24), date(2027, 1, 1), True),
            (date(2026, 3, 25), date(2027, 1, 1), False),
        ):
            certificate.write({"valid_from": valid_from, "valid_until": valid_until})
            self.assertEqual(
                self.inspector in self._get_eligible(task),
                eligible,
                (valid_from, valid_until),
            )
            # The same question, asked of records in memory.
            domain = self.officers._get_eligible_domain(task)
            self.assertEqual(
                self.inspector in self.officers.filtered_domain(domain), eligible
            )

    def test_only_certificates_to_enforce_the_law_count_and_the_longest_is_shown(self):
        task = self._make_task()
        old = self.inspector.certificate_ids
        old.valid_until = date(2026, 1, 31)
        other = old.copy(
            {"kind": "other", "number": "O-1", "valid_until": date(2030, 1, 1)}
        )
        self.assertEqual(self.inspector.certificate_state, "expired")
        self.assertNotIn(self.inspector, self._get_eligible(task))
        other.kind = "department"
        self.assertEqual(
            (
                self.inspector.certificate_number,
                self.inspector.certificate_valid_until,
            ),
            ("O-1", date(2030, 1, 1)),
        )
        self.assertEqual(self.inspector.certificate_state, "valid")
        self.assertIn(self.inspector, self._get_eligible(task))
        other.copy({"number": "A-2", "valid_until": date(2030, 1, 1)})
        self.assertEqual(self.inspector.certificate_number, "A-2")
        self.inspector.invalidate_recordset()
        self.inspector.certificate_ids = self.inspector.certificate_ids[::-1]
        self.inspector._compute_certificate()
        self.assertEqual(self.inspector.certificate_number, "A-2")

    def test_a_row_with_number_and_date_makes_or_moves_the_certificate(self):
        self.assertEqual(self.inspector.certificate_ids.number, "C-SV-01")
        self.inspector.certificate_valid_until = date(2029, 5, 5)
        self.assertEqual(
            self.inspector.certificate_ids.mapped("valid_until"), [date(2029, 5, 5)]
        )
        long = {"number": "LONG", "valid_until": date(2035, 1, 1)}
        self.inspector.certificate_ids.copy(long)
        self.inspector.certificate_valid_until = date(2027, 5, 1)  # of the longest
        self.env.flush_all()
        self.inspector.invalidate_recordset()
        self.assertEqual(
            (
                self.inspector.certificate_number,
                self.inspector.certificate_valid_until,
            ),
            ("C-SV-01", date(2029, 5, 5)),
        )
        bare = self._make_inspector(
            "SV-09", certificate_number=False, certificate_valid_until=False
        )
        self.assertFalse(bare.certificate_ids)
        with self._refused("a number and a last day", ValidationError):
            bare.certificate_number = "C-9"

    def test_a_confirmed_absence_in_the_window_keeps_an_inspector_out(self):
        task = self._make_task()
        for date_from, date_to, eligible in (
            ("2026-03-01", "2026-03-23", True),
            ("2026-03-01", "2026-03-24", False),
            ("2026-06-30", False, False),
            ("2026-07-01", False, True),
        ):
            absence = self._declare(
                "srsp.inspector.absence", date_from=date_from, date_to=date_to
            )
            self.assertIn(self.inspector, self._get_eligible(task), "not confirmed yet")
            absence.with_user(self.head).action_confirm()
            self.assertEqual(
                self.inspector in self._get_eligible(task), eligible, date_from
            )
            absence.with_user(self.head)._dismiss("Is here after all")
            self.assertIn(self.inspector, self._get_eligible(task))

    def test_what_the_asking_user_may_not_read_keeps_out_all_the_same(self):
        task = self._make_task()
        stranger = self._make_user("stranger", "division_officer", self.minerals)
        self._declare("srsp.inspector.absence", self.head, date_from=TODAY)
        inspectors = self.env["srsp.inspector"].with_user(stranger)
        self.assertFalse(inspectors.env["srsp.inspector.absence"].search([]))
        found = inspectors.search(inspectors._get_eligible_domain(task))
        self.assertEqual(found.ids, self.officers[1:].ids)
        self.assertTrue(self.inspector.with_user(stranger).is_absent)

    def test_a_region_takes_nobody_off_the_list_of_a_task(self):
        task = self._make_task()
        self.inspector.region_ids = self._make_region("Harbour")
        self.assertIn(self.inspector, self._get_eligible(task))

    def test_training_hours_are_those_of_this_year(self):
        hours = {"2025-12-31": 40, "2026-01-01": 8, "2026-03-20": 4, "2026-03-21": 2}
        for day, count in hours.items():
            self.env["srsp.training"].create(
                {
                    "name": "Law",
                    "date": day,
                    "hours": count,
                    "division_id": self.surveying.id,
                    "participant_ids": [(6, 0, self.officers[:2].ids)],
                    "company_id": self.company.id,
                }
            )
        self.assertEqual(self.officers.mapped("training_hours"), [12, 12, 0, 0, 0])

    def test_load_is_this_years_visits(self):
        with freeze_time(DRAW_AT):
            self._make_drawn(ratio=0.1)  # 12 visits, two officers each, evenly spread
        self.assertEqual(sorted(self.officers.mapped("visit_count")), [4, 5, 5, 5, 5])
        action = self.inspector.action_open_visits()
        self.assertEqual(
            self.env["srsp.inspection"].search_count(action["domain"]),
            self.inspector.visit_count,
        )
        loads = self.officers.mapped("visit_count")
        self.officers.invalidate_recordset()
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        self.assertEqual(self.officers.with_user(stranger).mapped("visit_count"), loads)


@tagged("post_install", "-at_install")
class TestCertificateReminders(InspectorCase):
    def setUp(self):
        super().setUp()
        # Only what this test makes runs out.
        self.env["srsp.inspector.certificate"].search([]).write(
            {"valid_until": date(2040, 1, 1)}
        )
        self.certificate = self.inspector.certificate_ids

    def _remind(self, day):
        with freeze_time(day):
            self.env["srsp.inspector.certificate"]._cron_remind()
        todo = self.inspector.activity_ids
        notes = self.env["mail.notification"].search_count(
            [("res_partner_id", "=", self.user.partner_id.id)]
        )
        return len(todo), notes

    def test_reminders_come_60_and_15_days_ahead_once_each(self):
        self.certificate.valid_until = date(2026, 6, 30)
        told = [
            self._remind(day)
            for day in (
                "2026-04-30",
                "2026-05-01",
                "2026-05-02",
                "2026-06-14",
                "2026-06-15",
                "2026-06-16",
                "2026-07-01",
            )
        ]
        self.assertEqual(told, [(0, 0), (1, 1), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2)])
        self.assertEqual(self.inspector.activity_ids.user_id, self.head)
        self.assertEqual(
            set(self.inspector.activity_ids.mapped("date_deadline")),
            {date(2026, 6, 30)},
        )

    def test_a_reminder_that_fails_undoes_no_other_and_is_tried_again(self):
        other = self.officers[1].certificate_ids
        both = self.certificate | other
        both.valid_until = date(2026, 6, 30)
        certificates, remind = type(other), type(other)._remind

        def fail_once(certificate, head):
            remind(certificate, head)
            if certificate == self.certificate:
                raise ValueError("a spoilt address")

        self.patch(certificates, "_remind", fail_once)
        with self.assertLogs("odoo.addons.srsp_supervision", "ERROR"):
            self.assertEqual(self._remind("2026-05-01"), (0, 0))
        self.assertEqual(both.mapped("first_notice_on"), [False, date(2026, 5, 1)])
        self.patch(certificates, "_remind", remind)
        self.assertEqual(self._remind("2026-05-02"), (1, 1))
        self.assertEqual(
            both.mapped("first_notice_on"), [date(2026, 5, 2), date(2026, 5, 1)]
        )

    def test_what_is_entered_late_is_reminded_of_once(self):
        self.certificate.valid_until = date(2026, 3, 30)
        self.assertEqual(self._remind("2026-03-20"), (1, 1))
        self.assertEqual(self._remind("2026-03-21"), (1, 1))
        self.certificate.with_user(self.head).valid_until = date(2026, 5, 15)
        self.assertEqual(self._remind("2026-03-22"), (2, 2))

    def test_a_certificate_that_begins_after_a_gap_replaces_none(self):
        self.certificate.valid_until = date(2026, 3, 30)
        later = self.certificate.copy(
            {
                "number": "C-2",
                "valid_from": date(2026, 4, 1),
                "valid_until": date(2030, 1, 1),
            }
        )
        self.assertEqual(self._remind("2026-03-20"), (1, 1))
        with freeze_time("2026-03-31"):
            self.inspector.invalidate_recordset()
            self.assertEqual(self.inspector.certificate_state, "expired")
        later.valid_from = date(2026, 3, 31)
        self.certificate.valid_until = date(2026, 3, 29)
        self.certificate.valid_until = date(2026, 3, 30)
        self.assertEqual(self._remind("2026-03-20"), (1, 1))

    def test_a_certificate_that_another_outlasts_reminds_nobody(self):
        self.certificate.valid_until = date(2026, 3, 30)
        self.certificate.copy({"number": "C-2", "valid_until": date(2030, 1, 1)})
        self.assertEqual(self._remind("2026-03-20"), (0, 0))

    def test_an_inspector_without_a_login_is_his_heads_business_alone(self):
        self.inspector.user_id = False
        self.certificate.valid_until = date(2026, 3, 30)
        with self.assertNoLogs("odoo.addons.mail", "WARNING"):
            self.assertEqual(self._remind("2026-03-20"), (1, 0))

    def test_the_scheduled_action_calls_it(self):
        self.certificate.valid_until = date(2026, 3, 30)
        with self.enter_registry_test_mode():
            cron = self.env.ref("srsp_supervision.ir_cron_certificates")
            cron.method_direct_trigger()
        self.assertEqual(len(self.inspector.activity_ids), 1)
