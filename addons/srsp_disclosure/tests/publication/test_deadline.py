import base64
import datetime
import hashlib
import json

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user

from ..common import BureauCase

DATE = datetime.date


class TestDeadline(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.task = cls.make_task(ratio=0.5)
        cls.visits = cls.draw(cls.task).inspection_ids

    def deadline(self, formed_on, days=20):
        return self.env["srsp.publication"]._prepare_deadline_vals(
            self.env.company, formed_on, days
        )

    def test_twenty_working_days_skip_the_national_day_and_count_the_make_up_days(self):
        """Counted by hand from the State Council's notices; the first day does not count."""
        golden = {
            DATE(2024, 9, 27): DATE(2024, 10, 30),
            DATE(2025, 9, 24): DATE(2025, 10, 28),
            DATE(2025, 12, 10): DATE(2026, 1, 8),
        }
        self.assertEqual(
            {day: self.deadline(day)["deadline"] for day in golden}, golden
        )

    def test_a_deadline_in_a_year_not_yet_announced_is_provisional(self):
        self.assertEqual(self.deadline(DATE(2025, 9, 24))["is_provisional"], False)
        self.assertEqual(self.deadline(DATE(2050, 12, 20))["is_provisional"], True)

    def test_the_days_come_from_the_rulebook_of_the_task(self):
        rulebook = self.env["srsp.rulebook"].create(
            {"name": "新细则", "effective_date": "2024-01-01", "disclosure_days": 5}
        )
        rulebook._publish()
        publication = self.close(self.visits[0], DATE(2025, 9, 24))
        self.assertEqual(publication.deadline, DATE(2025, 10, 28))
        self.task.rulebook_id = rulebook
        publication = self.close(self.visits[1], DATE(2025, 9, 24))
        self.assertEqual(publication.deadline, DATE(2025, 9, 30))

    def test_only_a_result_has_a_deadline(self):
        kinds = {p.kind for p in self.task.publication_ids if p.deadline}
        self.close(self.visits[0], DATE(2025, 9, 24))
        after = {p.kind for p in self.task.publication_ids if p.deadline}
        self.assertEqual((kinds, after), (set(), {"result"}))

    def test_the_clock_runs_from_on_time_to_late(self):
        channel = self.make_channel()
        publication = self.close(self.visits[0], DATE(2025, 9, 24))
        clock = {}
        for day in ("2025-10-20", "2025-10-21", "2025-10-28", "2025-10-29"):
            with freeze_time(f"{day} 02:00:00"):
                publication.invalidate_recordset(["deadline_state"])
                clock[day] = publication.deadline_state
                self.assert_found(publication, clock[day])
        self.assertEqual(
            clock,
            {
                "2025-10-20": "on_time",
                "2025-10-21": "soon",
                "2025-10-28": "soon",
                "2025-10-29": "late",
            },
        )
        self.assertEqual(publication.delivery_ids.channel_id, channel)

    def test_whether_a_result_was_accepted_in_time_is_told_by_its_receipt(self):
        self.make_channel()
        for visit, received, state in zip(
            self.visits[:2],
            (datetime.datetime(2025, 10, 28, 15), datetime.datetime(2025, 10, 28, 16)),
            ("met", "met_late"),  # 23:00 of the last day in Beijing, and midnight
        ):
            publication = self.close(visit, DATE(2025, 9, 24))
            publication.delivery_ids.write(
                {"state": "accepted", "received_at": received}
            )
            publication._update_disclosed()
            self.assertEqual(publication.deadline_state, state)
            self.assert_found(publication, state)

    def test_a_provisional_deadline_is_counted_again_when_the_year_is_announced(self):
        self.make_channel()
        publication = self.close(self.visits[0], DATE(2050, 12, 20))
        before = publication.deadline
        calendar = self.env["srsp.calendar.day"]
        calendar.search([("provisional", "=", True)]).provisional = False
        calendar.search([("date", "=", before)]).unlink()
        calendar.create({"date": before, "name": "新假日"})
        self.env["srsp.publication"]._recount_deadlines([])
        self.assertGreater(publication.deadline, before)
        self.assertFalse(publication.is_provisional)

    def test_a_task_is_disclosed_once_every_visit_is_closed_and_every_result_accepted(
        self,
    ):
        self.make_channel()
        publications = self.env["srsp.publication"]
        for visit in self.visits:
            publications |= self.close(visit, DATE(2025, 9, 24))
        self.assertEqual(self.task.state, "inspecting")
        with self.assertRaises(UserError):
            self.task.action_done()
        for publication in publications:
            self.assertEqual(self.task.state, "inspecting")
            publication.delivery_ids.write(
                {"state": "accepted", "received_at": "2025-09-25 00:00:00"}
            )
            publication._update_disclosed()
        self.assertEqual(self.task.state, "disclosed")
        self.task.action_done()
        self.assertEqual(self.task.state, "done")

    def test_without_a_channel_the_website_alone_discloses(self):
        for visit in self.visits:
            self.assertEqual(self.task.state in ("drawn", "inspecting"), True)
            self.close(visit, DATE(2025, 9, 24))
        self.assertEqual(self.task.state, "disclosed")

    def test_what_is_published_without_a_channel_is_disclosed_on_that_day(self):
        with freeze_time("2025-10-28 15:59:00"):  # 23:59 in Beijing
            publication = self.close(self.visits[0], DATE(2025, 9, 24))
        self.assertEqual(
            (publication.disclosed_on, publication.was_late),
            (DATE(2025, 10, 28), False),
        )

    def test_archiving_a_channel_discloses_nothing_of_what_it_is_owed(self):
        channel = self.make_channel()
        publications = self.env["srsp.publication"]
        for visit in self.visits:
            publications |= self.close(visit, DATE(2025, 9, 24))
        channel.active = False
        publications._update_disclosed()
        channel.active = True
        publications._update_disclosed()
        self.assertFalse(publications.filtered("disclosed_on"))
        self.assertEqual(self.task.state, "inspecting")
        self.accept(publications.delivery_ids)
        self.assertEqual(self.task.state, "disclosed")

    def test_what_one_channel_accepted_still_waits_for_the_archived_one(self):
        channels = self.make_channel() | self.make_channel()
        publication = self.close(self.visits[0], DATE(2025, 9, 24))
        channels[1].active = False
        first, second = publication.delivery_ids.sorted("channel_id")
        self.accept(first)
        self.assertFalse(publication.disclosed_on)
        self.accept(second)
        self.assertEqual(publication.disclosed_on, DATE(2025, 9, 25))

    def test_a_channel_added_later_takes_no_disclosure_back(self):
        publication = self.close(self.visits[0], DATE(2025, 9, 24))
        day = publication.disclosed_on
        self.make_channel().action_queue_missing()
        publication._update_disclosed()
        self.assertTrue(publication.delivery_ids)
        self.assertEqual(publication.disclosed_on, day)

    def test_archiving_and_restoring_a_channel_is_sealed(self):
        channel = self.make_channel()
        self.close(self.visits[0], DATE(2025, 9, 24))
        channel.active = True  # no change, no event
        channel.active = False
        channel.active = True
        events = self.env["srsp.event"].search(
            [("res_model", "=", "srsp.channel"), ("res_id", "=", channel.id)],
            order="sequence",
        )
        self.assertEqual(
            [(event.kind, json.loads(event.payload)) for event in events],
            [
                ("channel.archived", {"format": 1, "channel": "信用平台", "owed": 1}),
                ("channel.restored", {"format": 1, "channel": "信用平台", "owed": 1}),
            ],
        )

    def accept(self, deliveries):
        deliveries.write({"state": "accepted", "received_at": "2025-09-25 00:00:00"})
        deliveries.publication_id._update_disclosed()

    def make_channel(self):
        return self.env["srsp.channel"].create(
            {"name": "信用平台", "url": "https://credit.example", "key_id": "test"}
        )

    def assert_found(self, publication, state):
        found = publication.search(
            [("id", "=", publication.id), ("deadline_state", "=", state)]
        )
        self.assertEqual(found, publication)
        others = {"on_time", "soon", "late", "met", "met_late"} - {state}
        found = publication.search(
            [("id", "=", publication.id), ("deadline_state", "in", list(others))]
        )
        self.assertFalse(found)

    def enter(self, **vals):
        values = {"name": "台风停工", "document_number": "榕政办〔2025〕9号", **vals}
        return self.env["srsp.calendar.exception"].create(values)

    def test_an_exception_moves_the_open_deadlines_of_its_bureau_alone(self):
        """And its revocation moves them back; what is disclosed stays as it was."""
        self.make_channel()
        open_one, closed = [
            self.close(visit, DATE(2025, 9, 24)) for visit in self.visits[:2]
        ]
        closed.delivery_ids.write({"state": "accepted", "received_at": "2025-09-25"})
        closed._update_disclosed()
        both = open_one | closed
        other = self.env["res.company"].create({"name": "Other Bureau"})
        before, after = DATE(2025, 10, 28), DATE(2025, 10, 29)
        self.enter(date="2025-10-15", company_id=other.id)
        self.assertEqual(both.mapped("deadline"), [before, before])
        exception = self.enter(date="2025-10-15")
        self.assertEqual(both.mapped("deadline"), [after, before])
        told = exception.message_ids.mapped("body")
        self.assertIn("Open deadlines that have moved: 1", "".join(told))
        exception.revocation_document = "榕政办〔2025〕10号"
        exception.action_revoke()
        self.assertEqual(both.mapped("deadline"), [before, before])

    def test_a_day_off_decreed_later_moves_what_is_open_and_says_so(self):
        """As the policy division enters it; the scheduled action that loads the years takes nothing back."""
        channel = self.make_channel()
        publications = self.env["srsp.publication"]
        with freeze_time("2026-11-25 02:00:00"):
            for visit in self.visits[:2]:
                publications |= self.close(visit, DATE(2026, 11, 20))
        before, after = DATE(2026, 12, 18), DATE(2026, 12, 21)
        self.assertEqual(publications.mapped("deadline"), [before, before])
        policy = new_test_user(
            self.env,
            "policy_of_days",
            "srsp_supervision.group_policy_officer",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with freeze_time("2026-12-01 02:00:00"):
            form = Form(self.env["srsp.calendar.exception"].with_user(policy))
            form.date, form.name = "2026-12-07", "全市停工"
            form.document_number = "榕政办〔2026〕30号"
            exception = form.save()
            self.env["srsp.calendar.day"]._cron_load_years()
        self.assertEqual(publications.mapped("deadline"), [after, after])
        self.assertEqual(publications.delivery_ids.mapped("deadline"), [after, after])
        self.assertEqual(publications.exception_ids, exception.sudo())
        moves = [
            [number, str(before), str(after)]
            for number in sorted(publications.mapped("number"))
        ]
        file = exception.message_ids.attachment_ids
        event = self.env["srsp.event"].search(
            [("res_model", "=", exception._name), ("res_id", "=", exception.id)]
        )
        self.assertEqual(
            json.loads(event.payload),
            {
                "format": 1,
                "record": exception._prepare_seal(),
                "by": {"name": policy.name, "login": "policy_of_days"},
                "moved": {
                    "count": 2,
                    "days": [[str(before), str(after), 2]],
                    "deadlines": moves,
                    "sha256": hashlib.sha256(base64.b64decode(file.datas)).hexdigest(),
                },
            },
        )
        rows = base64.b64decode(file.datas).decode("utf-8-sig").split("\r\n")
        self.assertEqual(rows[1:], [*(",".join(move) for move in moves), ""])
        told = "".join(exception.message_ids.mapped("body"))
        self.assertIn("2026-12-18 → 2026-12-21: 2", told)
        publications[0].delivery_ids.write(
            {"state": "accepted", "received_at": "2026-12-21 02:00:00"}
        )
        publications[0]._update_disclosed()
        self.assertEqual(publications[0].deadline_state, "met")
        self.assertEqual(publications[0].delivery_ids.channel_id, channel)

    def test_the_days_of_2020_that_were_decreed_in_january(self):
        """The notice of 27 January made 31 January and the make-up day of 1 February days off."""
        self.make_channel()
        calendar = self.env["srsp.calendar.day"]
        calendar._ensure_year(2020)
        late = [DATE(2020, 1, 31), DATE(2020, 2, 1)]
        calendar.search([("date", "in", late)]).unlink()
        calendar.create({"date": late[1], "name": "调休", "is_working": True})
        publication = self.close(self.visits[0], DATE(2020, 1, 17))
        deadlines = [publication.deadline]
        for day in late:
            self.enter(date=day, name="春节")
            deadlines.append(publication.deadline)
        self.assertEqual(
            deadlines, [DATE(2020, 2, 19), DATE(2020, 2, 20), DATE(2020, 2, 21)]
        )

    def test_a_day_moves_only_the_deadlines_that_it_lies_within(self):
        """What is late already moves by a day off before its deadline; recorded lateness stays."""
        self.make_channel()
        waiting, closed, later = [
            self.close(visit, day)
            for visit, day in zip(
                self.visits, [DATE(2025, 9, 24)] * 2 + [DATE(2025, 10, 20)]
            )
        ]
        closed.delivery_ids.write({"state": "accepted", "received_at": "2025-10-29"})
        closed._update_disclosed()
        all_of_them = waiting | closed | later
        before = all_of_them.mapped("deadline")
        with freeze_time("2025-11-05 02:00:00"):
            self.enter(date="2025-09-24")  # the day on which they were formed
            self.assertEqual(all_of_them.mapped("deadline"), before)
            self.enter(date="2025-11-03")  # after the deadline of the first two
            self.assertEqual(
                all_of_them.mapped("deadline"), [*before[:2], DATE(2025, 11, 18)]
            )
            self.enter(date="2025-10-15")
            self.assertEqual(
                all_of_them.mapped("deadline"),
                [DATE(2025, 10, 29), before[1], DATE(2025, 11, 18)],
            )
            self.assertEqual(waiting.deadline_state, "late")
        self.assertTrue(closed.was_late)

    def test_each_exception_of_several_says_what_it_alone_has_moved(self):
        self.make_channel()
        self.close(self.visits[0], DATE(2025, 9, 24))
        vals = {"name": "台风停工", "document_number": "榕政办〔2025〕9号"}
        exceptions = self.env["srsp.calendar.exception"].create(
            [{**vals, "date": day} for day in ("2025-10-15", "2025-10-16")]
        )
        events = self.env["srsp.event"].search(
            [("res_model", "=", exceptions._name), ("res_id", "in", exceptions.ids)],
            order="sequence",
        )
        self.assertEqual(
            [json.loads(event.payload)["moved"]["days"] for event in events],
            [
                [["2025-10-28", "2025-10-29", 1]],
                [["2025-10-29", "2025-10-30", 1]],
            ],
        )

    def test_the_check_finds_a_deadline_that_the_calendar_does_not_give(self):
        self.make_channel()
        publication = self.close(self.visits[0], DATE(2025, 9, 24))
        checks = self.env["srsp.event.check"]
        self.assertEqual(checks._check(self.env.company).state, "sound")
        publication.deadline = "2025-11-28"
        report = checks._check(self.env.company).report
        self.assertIn("2025-11-28", report)
        self.assertIn("2025-10-28", report)
