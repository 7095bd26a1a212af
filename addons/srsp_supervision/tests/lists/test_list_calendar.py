"""What the calendar brings to the lists: a version takes effect, its tasks follow, parts fall due."""

from datetime import date, timedelta

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import format_date

from .list_case import DEADLINE, TODAY, ListCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestInForce(ListCase):
    def _get_in_force(self, day=None):
        return self.env["srsp.list"]._get_in_force("item", self.company, day)

    def test_a_version_takes_effect_on_its_day_and_not_before(self):
        draft = self._make_open_draft()
        self._publish(draft, effective_date=TODAY + 5 * DAY)
        self.assertEqual((self.list.state, draft.state), ("published", "published"))
        for day, version in (
            (date(2026, 1, 4), self.env["srsp.list"]),
            (date(2026, 1, 5), self.list),
            (TODAY + 4 * DAY, self.list),
            (TODAY + 5 * DAY, draft),
            (None, self.list),
        ):
            self.assertEqual(self._get_in_force(day).ids, version.ids, day)
        found = [("is_in_force", "=", True), ("company_id", "=", self.company.id)]
        self._travel(TODAY + 4 * DAY)
        self.env["srsp.list"]._cron_daily()
        self.assertEqual(
            (self.list.state, self.env["srsp.list"].search(found)),
            ("published", self.list),
        )
        self._travel(TODAY + 5 * DAY)
        self.assertEqual(
            self._get_in_force().ids, draft.ids
        )  # even before midnight's work is done
        self.env["srsp.list"]._cron_daily()
        self.assertEqual((self.list.state, draft.state), ("superseded", "published"))
        self.assertEqual(self.env["srsp.list"].search(found).ids, draft.ids)
        self.assertEqual(self._get_in_force(TODAY).ids, self.list.ids)

    def test_midnight_is_beijings(self):
        draft = self._make_open_draft()
        self._publish(draft, effective_date=TODAY + DAY)
        with freeze_time("2026-03-20 15:59:59"):
            self.assertEqual(self._get_in_force().ids, self.list.ids)
        with freeze_time("2026-03-20 16:00:00"):
            self.assertEqual(self._get_in_force().ids, draft.ids)

    def test_two_versions_do_not_overlap_and_none_begins_in_the_past(self):
        first = self._make_open_draft()
        self._approve(first, effective_date=TODAY - DAY)
        with self._refused("2026-03-19, which has passed"):
            first.action_publish()
        first.effective_date = TODAY + 5 * DAY  # the one thing that may still change
        first.action_publish()
        self._travel(TODAY + 5 * DAY)
        self.env["srsp.list"]._cron_daily()
        second = self._make_open_draft()
        self._publish(second, effective_date=TODAY + 9 * DAY)
        third = self._make_open_draft()
        self._approve(third, effective_date=TODAY + 9 * DAY)
        overlap = "version 3 takes effect on 2026-03-29. Choose a later day"
        with self._refused(overlap):
            third.action_publish()
        third.effective_date = TODAY + 8 * DAY
        with self._refused(overlap):
            third.action_publish()
        third.effective_date = TODAY + 10 * DAY
        third.action_publish()
        self.assertEqual(self._get_in_force().ids, first.ids)

    def test_a_version_takes_effect_though_a_reminder_fails(self):
        draft = self._make_open_draft()
        self._publish(draft, effective_date=TODAY + DAY)
        late = self._make_open_draft().part_ids
        late.sudo().deadline = TODAY
        self._travel(TODAY + DAY)
        parts, spoilt = type(late), late[0]

        def escalate(part):
            if part == spoilt:
                raise ValueError("no address")

        self.patch(parts, "_escalate", escalate)
        with self.assertLogs("odoo.addons.srsp_supervision", "ERROR"):
            self.env["srsp.list"]._cron_daily()
        self.assertEqual((self.list.state, draft.is_in_force), ("superseded", True))
        self.assertEqual(
            [(part.reminded_on, part.escalated_on) for part in late],
            [
                (False, False) if part == spoilt else (TODAY + DAY, TODAY + DAY)
                for part in late
            ],
        )
        self.assertGreater(len(late), 1)

    def test_tasks_not_announced_follow_and_announced_ones_keep_their_words(self):
        planned = self._make_task()
        own = self._make_task(ratio=0.2)
        announced = self._make_announced()
        doomed = self._make_task(
            name="Doomed",
            division_id=self.minerals.id,
            sector_id=self.mining.id,
            item_ids=[(6, 0, self._get_line(self.list, "B1").ids)],
        )
        self.minerals.manager_id = self.deputy
        draft = self._make_open_draft()
        new = self._get_line(draft, "A1")
        new.with_user(self.officer).write(
            {"ratio": 0.1, "name": "Quality, better said"}
        )
        retired = self._get_line(draft, "B1")
        retired.with_user(self.clerk).unlink()
        self._publish(draft, effective_date=TODAY + DAY)
        self.assertEqual(planned.item_ids, self.item)
        self._travel(TODAY + DAY)
        self.env["srsp.list"]._cron_daily()
        self.assertEqual(
            [(task.item_ids.ids, task.ratio) for task in (planned, own, announced)],
            [(new.ids, 0.1), (new.ids, 0.2), (self.item.ids, 0.05)],
        )
        self.assertEqual(self.item.name, "Quality of surveying results")
        history = "".join(planned.message_ids.mapped("body"))
        self.assertIn("follows Item list, version 2", history)
        words = "Item list, version 2 has retired B1 Mining within the licence: cancel the task or choose another item"
        self.assertEqual(self._get_todo(self.deputy)[-1][:2], (doomed, words))
        self.assertEqual(self._get_todo(self.head), [])

    def test_a_version_opened_by_hand_is_a_copy_and_its_lines_are_found_again_by_their_codes(
        self,
    ):
        lists = self.env["srsp.list"].with_user(self.policy)
        draft = lists.create({"kind": "item", "company_id": self.company.id})
        self.assertEqual(draft.origin_id, self.list)
        self.assertEqual(
            [(line.origin_id, line._get_row()) for line in draft.item_ids],
            [(line, line._get_row()) for line in self.list.item_ids],
        )
        task = self._make_task()
        line = self._get_line(draft, "A1")
        vals = line.copy_data()[0] | {"code": "A1"}
        line.unlink()
        line = self.env["srsp.item"].with_user(self.policy).create(vals)
        self.assertFalse(line.origin_id)
        self._get_part(draft, self.detachment).unlink()
        draft.deadline = DEADLINE
        draft.action_open()
        self._publish(draft)
        self.assertEqual(task.item_ids, line.with_env(self.env))
        self.assertFalse(task.activity_ids)

    def test_a_correction_that_goes_back_to_an_older_version_keeps_its_tasks(self):
        task = self._make_task()
        self._publish(self._make_open_draft(), effective_date=TODAY)
        self._travel(TODAY + DAY)
        action = self.list.with_user(self.policy).action_new_version()
        back = self.env["srsp.list"].with_user(self.policy).browse(action["res_id"])
        self._get_part(back, self.detachment).unlink()
        back.deadline = DEADLINE
        back.action_open()
        self._publish(back, effective_date=TODAY + DAY)
        self.assertEqual(task.item_ids.ids, self._get_line(back, "A1").ids)
        self._travel(TODAY + 2 * DAY)
        onward = self._make_open_draft()
        self._publish(onward, effective_date=TODAY + 2 * DAY)
        self.assertEqual(task.item_ids.ids, self._get_line(onward, "A1").ids)


@tagged("post_install", "-at_install")
class TestListCalendar(ListCase):
    def _cron(self, day):
        self._travel(day)
        self.env["srsp.list"]._cron_daily()

    def _get_reminders(self, part, subject="Reminder: "):
        return self.env["mail.message"].search(
            [
                ("model", "=", part._name),
                ("res_id", "=", part.id),
                ("message_type", "=", "user_notification"),
                ("subject", "like", subject),
            ]
        )

    def test_who_has_not_handed_in_is_reminded_once_and_reported_once(self):
        draft = self._make_open_draft()
        surveying = self._get_part(draft, self.surveying)
        minerals = self._get_part(draft, self.minerals)
        surveying.with_user(self.head).action_hand_in()
        self._cron(DEADLINE - 4 * DAY)
        self.assertFalse(self._get_reminders(minerals))
        for days in (3, 2, 0):
            self._cron(DEADLINE - days * DAY)
        [reminder] = self._get_reminders(minerals)
        self.assertEqual(
            reminder.notified_partner_ids, (self.deputy | self.clerk).partner_id
        )
        day = format_date(self.env, DEADLINE, lang_code="en_US")
        self.assertIn(
            f"The part of Minerals must be submitted by {day}.", reminder.body
        )
        self.assertEqual((minerals.is_overdue, self._get_todo(self.chief)), (False, []))
        for days in (1, 2, 9):
            self._cron(DEADLINE + days * DAY)
        minerals.invalidate_recordset(["is_overdue"])
        self.assertTrue(minerals.is_overdue)
        [(record, summary, _deadline)] = self._get_todo(self.chief)
        self.assertEqual(
            (record.id, summary), (draft.id, "Minerals is late with its part")
        )
        self.assertEqual(len(self._get_reminders(minerals)), 1)
        self.assertFalse(self._get_reminders(surveying))
        self.assertFalse(surveying.escalated_on)

    def test_the_rulebook_says_how_many_days_before(self):
        self.rulebook.reminder_days = 7
        draft = self._make_open_draft()
        part = self._get_part(draft, self.minerals)
        self._cron(DEADLINE - 8 * DAY)
        self.assertFalse(self._get_reminders(part))
        self._cron(DEADLINE - 7 * DAY)
        self.assertEqual(len(self._get_reminders(part)), 1)

    def test_moving_the_deadline_starts_reminders_again_and_moves_the_activities(self):
        draft = self._make_open_draft()
        part = self._get_part(draft, self.minerals)
        self._cron(DEADLINE + DAY)
        later = DEADLINE + 14 * DAY
        draft.deadline = later
        self.assertEqual(
            (part.deadline, part.reminded_on, part.escalated_on), (later, False, False)
        )
        self.assertEqual(self._get_todo(self.clerk)[0][2], later)
        self._cron(DEADLINE + 2 * DAY)
        self.assertEqual(len(self._get_reminders(part)), 1)
        self._cron(later - 3 * DAY)
        self.assertEqual(len(self._get_reminders(part)), 2)
        self._cron(later + DAY)
        late = [todo for todo in self._get_todo(self.chief) if "Minerals" in todo[1]]
        self.assertEqual(len(late), 2)

    def test_nobody_is_reminded_of_a_version_that_was_not_called(self):
        draft = self._make_draft()
        draft.deadline = DEADLINE
        self._cron(DEADLINE + DAY)
        self.assertFalse(draft.part_ids.filtered("reminded_on"))

    def test_a_text_that_stays_is_in_the_bureaus_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.company.srsp_language = "zh_CN"
        draft = self._make_open_draft()
        self._cron(DEADLINE - DAY)
        part = self._get_part(draft, self.minerals)
        [reminder] = self._get_reminders(part, "提醒：")
        self.assertRegex(reminder.body, "[一-龥]")
