"""Who is told about draws and visits: by a message and an activity, in their own language, once."""

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestNotices(SrspCase):
    def setUp(self):
        super().setUp()
        freezer = freeze_time(DRAW_AT)
        freezer.start()
        self.addCleanup(freezer.stop)
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users = {}
        for number, officer in enumerate(self.officers, 1):
            user = self._make_user(f"drawn_{number}", "inspector", self.surveying)
            user.notification_type = "inbox"
            officer.user_id = user
            self.users[officer] = user
        self.policy = self._make_user("policy", "policy_officer")
        self.policy_division = self._make_division("Policy", "PO", kind="policy")
        self.policy_division.manager_id = self.policy

    @classmethod
    def _make_user(cls, *args, **values):
        user = super()._make_user(*args, **values)
        user.lang = "en_US"
        return user

    def _told(self, user):
        """The subjects of what ``user`` was told, oldest first."""
        messages = self.env["mail.message"].search(
            [
                ("partner_ids", "in", user.partner_id.ids),
                ("message_type", "=", "user_notification"),
            ],
            order="id",
        )
        return messages.mapped("subject")

    def _activities(self, user):
        return self.env["mail.activity"].search([("user_id", "=", user.id)])

    def _make_open_task(self, **values):
        """A task whose visits are still to be made on the day of the tests."""
        return self._make_drawn(**values)

    def test_whoever_is_drawn_has_one_message_and_one_activity_however_many_visits(
        self,
    ):
        task = self._make_open_task()
        drawn = task.inspection_ids.officer_ids
        self.assertGreater(len(task.inspection_ids), len(drawn) / 2)
        for officer in drawn:
            user = self.users[officer]
            mine = task.inspection_ids.filtered(
                lambda visit, officer=officer: officer in visit.officer_ids
            )
            self.assertEqual(
                self._told(user),
                [f"You have been drawn for inspection: {task.name}"],
            )
            [activity] = self._activities(user)
            self.assertEqual(
                (activity.res_model, activity.res_id, activity.date_deadline),
                ("srsp.inspection", min(mine.ids), task.date_to),
            )
            self.assertIn(f"{len(mine)} visits", activity.note)
            self.env["srsp.inspection"].browse(activity.res_id).with_user(
                user
            ).check_access("read")

    def test_everybody_reads_it_in_their_own_language_and_by_mail_if_they_prefer(self):
        reader = self.users[self.officers[0]]
        reader.write({"lang": "zh_CN", "notification_type": "email"})
        task = self._make_open_task(team_size=5)
        self.assertEqual(self._told(reader), [f"您已被抽中参加检查：{task.name}"])
        message = self.env["mail.message"].search(
            [("partner_ids", "in", reader.partner_id.ids), ("subject", "like", "抽中")]
        )
        notification = message.notification_ids.filtered(
            lambda one: one.res_partner_id == reader.partner_id
        )
        self.assertEqual(notification.notification_type, "email")
        self.assertEqual(
            self._told(self.users[self.officers[1]]),
            [f"You have been drawn for inspection: {task.name}"],
        )

    def test_a_draw_of_visits_whose_window_is_over_tells_nobody(self):
        with freeze_time("2027-01-01"):
            self._make_open_task()
        for user in self.users.values():
            self.assertEqual(self._told(user), [])

    def test_a_substitution_tells_the_team_that_is_replaced_and_the_new_one_alone(self):
        task = self._make_open_task()
        before = {user: self._told(user) for user in self.users.values()}
        gone = task.inspection_ids[0]
        manager = self._make_user("manager", "division_manager", self.surveying)
        gone.with_user(manager)._replace("Moved away")
        new = max(task.inspection_ids, key=lambda visit: visit.id)
        for officer, user in self.users.items():
            expected = []
            if officer in gone.officer_ids:
                expected.append(f"Visits cancelled: {task.name}")
            if officer in new.officer_ids:
                expected.append(f"You have been drawn for inspection: {task.name}")
            self.assertEqual(self._told(user)[len(before[user]) :], expected)
            # What is to be done stands on a visit that is still to be made.
            for activity in self._activities(user):
                visit = self.env["srsp.inspection"].browse(activity.res_id)
                self.assertEqual(visit.stage, "assigned")
                self.assertIn(officer, visit.officer_ids)

    def test_whoever_is_taken_out_is_told_and_so_is_whoever_takes_over(self):
        task = self._make_open_task()
        officer = task.inspection_ids[0].officer_ids[0]
        teams = {visit: visit.officer_ids for visit in task.inspection_ids}
        before = {user: self._told(user) for user in self.users.values()}
        task.draw_id._withdraw(officer, "Ill")
        joined = self.env["srsp.inspector"].union(
            *(visit.officer_ids - team for visit, team in teams.items())
        )
        self.assertTrue(joined)
        for other, user in self.users.items():
            expected = []
            if other == officer:
                expected.append(f"Your visits have been reassigned: {task.name}")
            elif other in joined:
                expected.append(f"You have been drawn for inspection: {task.name}")
            self.assertEqual(self._told(user)[len(before[user]) :], expected)
        self.assertFalse(self._activities(self.users[officer]))

    def test_the_head_of_a_division_that_lends_officers_is_told_and_sees_those_visits(
        self,
    ):
        lent = self._make_inspector(
            "DT-01", division_id=self.detachment.id, pool_kind="detachment"
        )
        (self.officers[1:]).write({"on_duty": False})
        head = self._make_user("head", "division_manager", self.detachment)
        self.detachment.manager_id = head
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        task = self._make_open_task(use_detachment=True)
        visits = task.inspection_ids.filtered(lambda visit: lent in visit.officer_ids)
        self.assertTrue(visits)
        self.assertEqual(
            self._told(head),
            [f"Officers of your division have been drawn: {task.name}"],
        )
        [activity] = self._activities(head)
        self.assertIn(f"Officer DT-01 (DT-01) (visits: {len(visits)})", activity.note)
        seen = self.env["srsp.inspection"].with_user(head)
        found = seen.search([("is_supporting", "in", [True])])
        self.assertEqual(found.ids, visits.sorted().ids)
        self.assertEqual(seen.search([]).ids, found.ids)
        self.assertEqual(found.line_ids.ids, visits.line_ids.ids)
        with self.assertRaises(AccessError):
            found[0].scheduled_date = "2026-04-01"
        self.assertFalse(seen.with_user(stranger).search([]))

    def test_an_expert_with_a_login_is_told_and_reads_the_visit(self):
        expert = self._make_inspector("EX-01", pool_kind="expert")
        expert.user_id = self._make_user("expert", "inspector", self.surveying)
        task = self._make_open_task(experts=1)
        self.assertEqual(
            self._told(expert.user_id),
            [f"You have been drawn for inspection: {task.name}"],
        )
        seen = self.env["srsp.inspection"].with_user(expert.user_id)
        mine = seen.search([("is_mine", "in", [True])])
        self.assertEqual(mine, task.inspection_ids)
        with self.assertRaises(AccessError):
            mine[0].scheduled_date = "2026-04-01"

    def test_the_officers_of_a_visit_that_is_sent_back_are_told_why(self):
        task = self._make_open_task()
        visit = task.inspection_ids[0]
        visit.line_ids.result = "1"
        visit.stage = "recorded"
        manager = self._make_user("manager", "division_manager", self.surveying)
        before = {user: self._told(user) for user in self.users.values()}
        visit.with_user(manager)._return("Photos missing")
        for officer, user in self.users.items():
            told = officer in visit.officer_ids
            self.assertEqual(
                self._told(user)[len(before[user]) :],
                [f"Visit {visit.number} has been sent back"] * told,
            )
            notes = " ".join(self._activities(user).mapped("note"))
            self.assertEqual("Photos missing" in notes, told)

    def test_the_activity_goes_on_to_the_next_visit_once_results_are_handed_in(self):
        task = self._make_open_task()
        officer = task.inspection_ids[0].officer_ids[0]
        user = self.users[officer]
        mine = task.inspection_ids.filtered(lambda v: officer in v.officer_ids)
        for visit in mine.sorted("id"):
            [activity] = self._activities(user)
            self.assertEqual(activity.res_id, visit.id)
            visit.line_ids.result = "1"
            visit.stage = "on_site"
            visit.with_user(user).action_record()
        self.assertFalse(self._activities(user))

    def test_policy_is_told_of_a_cancelled_announcement_and_of_a_voided_draw(self):
        manager = self._make_user("manager", "division_manager", self.surveying)
        planned = self._make_task()
        planned.with_user(manager)._cancel("Entered by mistake")
        self.assertEqual(self._told(self.policy), [])
        announced = self._make_announced(name="Announced")
        announced.with_user(manager)._cancel("Busy at the end of the year")
        drawn = self._make_open_task(name="Drawn")
        drawn.draw_id._void("Wrong filter")
        self.assertEqual(
            self._told(self.policy),
            [
                "An announced draw has been cancelled: Announced",
                "A draw has been voided: Drawn",
            ],
        )
        notes = self._activities(self.policy).mapped("note")
        self.assertIn("Busy at the end of the year", notes[0])
        for officer in drawn.inspection_ids.officer_ids:
            self.assertEqual(
                self._told(self.users[officer])[-1], "Visits cancelled: Drawn"
            )
            self.assertFalse(self._activities(self.users[officer]))

    def test_the_number_of_queries_follows_the_people_and_not_the_visits(self):
        def count(targets):
            task = self._make_announced(name=f"{targets}", ratio=1.0)
            draw = task._lock_roster(NOW)
            draw._record_randomness(DRAW_AT)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            draw._draw(DRAW_AT)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self.targets[20:].write({"state": "cancelled", "state_reason": "Closed"})
        count(20)  # fills the caches
        few = count(20)
        self.targets[20:].write({"state": "active"})
        self.assertLess(count(119), few * 1.2)

    def test_nobody_is_told_twice_who_both_leads_and_is_drawn(self):
        head = self.users[self.officers[0]]
        head.group_ids = [
            Command.link(self.env.ref("srsp_supervision.group_division_manager").id)
        ]
        self.surveying.manager_id = head
        task = self._make_open_task(team_size=5)
        self.assertEqual(
            self._told(head), [f"You have been drawn for inspection: {task.name}"]
        )
