from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import DRAW_AT, SrspCase


class TaskActCase(SrspCase):
    """Surveying has a head and an officer; the policy division has a head and a second policy officer."""

    def setUp(self):
        super().setUp()
        policy = self._make_division("Regulations", "FG", kind="policy")
        self.manager = self._make_user("manager", "division_manager", self.surveying)
        self.officer = self._make_user("officer", "division_officer", self.surveying)
        self.chief = self._make_user("chief", "policy_officer", policy)
        self.second = self._make_user("second", "policy_officer", policy)
        self.surveying.manager_id = self.manager
        policy.manager_id = self.chief
        freezer = freeze_time(DRAW_AT - timedelta(days=3))
        freezer.start()
        self.addCleanup(freezer.stop)

    def _make_plan(self):
        plan = self.env["srsp.plan"]._generate(self.surveying, 2026)
        plan._generate_tasks()
        return plan

    def _get_todo(self, user):
        activities = self.env["mail.activity"].search([("user_id", "=", user.id)])
        return [(a.res_model, a.res_id, a.summary) for a in activities]


@tagged("post_install", "-at_install")
class TestAdHocTask(TaskActCase):
    def _make_ad_hoc(self, **values):
        vals = {"draw_at": DRAW_AT, "approval_state": "none", **values}
        return self._make_task(**vals).with_user(self.officer)

    def test_a_task_outside_the_plan_is_announced_after_a_policy_officer_has_approved_it(
        self,
    ):
        task = self._make_ad_hoc()
        self.assertEqual((task.origin, task.approval_state), ("ad_hoc", "none"))
        with self._refused(
            "is not in a plan: give a reason and have the policy division"
        ):
            task.with_user(self.manager).action_announce()
        task.action_request_approval()
        self.assertEqual(
            self._get_todo(self.chief),
            [("srsp.task", task.id, "Approve or refuse the ad hoc task")],
        )
        task.with_user(self.second).action_approve()
        self.assertEqual(
            (task.approval_state, task.approved_by_id, str(task.approved_on)),
            ("approved", self.second, "2026-03-20"),
        )
        self.assertFalse(self._get_todo(self.chief))
        task.with_user(self.manager).action_announce()
        self.assertTrue(task.announced_on)

    def test_an_approval_is_requested_once_and_clears_its_own_activity_alone(self):
        task = self._make_ad_hoc()
        task.sudo().activity_schedule(summary="Call them", user_id=self.manager.id)
        task.action_request_approval()
        with self._refused("has been requested already"):
            task.action_request_approval()
        self.assertEqual(len(self._get_todo(self.chief)), 1)
        task.name = "Other"
        self.assertFalse(self._get_todo(self.chief))
        self.assertTrue(self._get_todo(self.manager))

    def test_an_approval_needs_a_reason_and_another_person(self):
        task = self._make_ad_hoc(ad_hoc_reason="  ")
        with self._refused("enter why it is needed outside the plan"):
            task.action_request_approval()
        task.ad_hoc_reason = "A complaint"
        with self._refused("no approval has been requested"):
            task.with_user(self.chief).action_approve()
        task.with_user(self.chief).action_request_approval()
        with self._refused("the person who requested the approval cannot give it"):
            task.with_user(self.chief).action_approve()
        for user in (self.officer, self.manager):
            with self._refused("reserved for", AccessError):
                task.with_user(user).action_approve()

    def test_a_refused_task_goes_back_with_the_reason_and_can_be_asked_for_again(self):
        task = self._make_ad_hoc()
        task.action_request_approval()
        task.with_user(self.second)._refuse("The plan has this already")
        self.assertEqual(
            (task.approval_state, task.refusal_reason),
            ("refused", "The plan has this already"),
        )
        self.assertEqual(
            task.sudo().message_ids[:1].partner_ids, self.officer.partner_id
        )
        with self._refused("is cancelled, not deleted"):
            task.unlink()
        task.action_request_approval()
        self.assertEqual(
            (task.approval_state, task.refusal_reason), ("requested", False)
        )

    def test_what_is_drawn_is_what_was_approved(self):
        task = self._make_ad_hoc(approval_state="approved")
        task.draw_at = DRAW_AT + timedelta(days=1)
        self.assertEqual(task.approval_state, "approved")  # its time may be set
        for vals in (
            {"target_domain": "[('is_key', '=', True)]"},
            {"ratio": 1.0},
            {"stratum_ids": [(0, 0, {"key": "D", "ratio": 1.0, "reason": "Risk"})]},
            {"ad_hoc_reason": "Another one"},
        ):
            task.sudo().approval_state = "approved"
            task.write(vals)
            self.assertEqual(task.approval_state, "none", vals)

    def test_a_stratum_that_leaves_a_task_leaves_no_approval(self):
        stratum = {"key": "D", "ratio": 1.0, "reason": "Risk"}
        task = self._make_ad_hoc(
            approval_state="approved",
            stratify_by="risk_class",
            stratum_ids=[(0, 0, stratum)],
        )
        task.stratum_ids.task_id = self._make_ad_hoc()
        self.assertEqual(task.approval_state, "none")

    def test_nobody_approves_by_writing(self):
        task = self._make_ad_hoc()
        for user in (self.officer, self.manager, self.chief):
            for vals in (
                {"approval_state": "approved"},
                {"approved_by_id": self.chief.id},
                {"origin": "plan"},
            ):
                with self._refused("use the buttons", AccessError):
                    task.with_user(user).write(vals)

    def test_a_task_of_a_plan_waits_for_the_plan_to_be_published(self):
        plan = self._make_plan()
        task = plan.task_ids[:1].with_user(self.manager)
        task.draw_at = DRAW_AT
        self.assertEqual(task.origin, "plan")
        with self._refused("has not been published yet"):
            task.action_announce()
        with self._refused("needs no approval: its plan names it"):
            task.action_request_approval()
        plan.state = "published"
        task.action_announce()
        self.assertTrue(task.announced_on)

    def test_a_task_does_not_enter_a_submitted_plan(self):
        plan = self._make_plan()
        plan.state = "submitted"
        task = self._make_ad_hoc()
        with self._refused("The plan has been submitted"):
            task.plan_id = plan
        with self._refused("The plan has been submitted"):
            task.create(
                {
                    "name": "Steered",
                    "plan_id": plan.id,
                    "division_id": self.surveying.id,
                    "sector_id": self.sector.id,
                    "company_id": self.company.id,
                }
            )
        self.assertFalse(plan.task_ids[0].copy().plan_id)

    def test_what_a_submitted_plan_says_of_its_tasks_stays(self):
        plan = self._make_plan()
        task = plan.task_ids[0].with_user(self.officer)
        task.target_domain = "[('risk_class', '=', 'B')]"
        for plan.state in ("submitted", "published"):
            for vals in (
                {"target_domain": "[('risk_class', '=', 'A')]"},
                {"item_ids": [(5,)]},
                {"sector_id": self.quiet.id},
                {"plan_id": False},
            ):
                with self._refused("The plan has been submitted"):
                    task.write(vals)
            with self._refused("is cancelled, not deleted"):
                task.unlink()
        task.write({"ratio": 0.5, "date_to": task.date_to + timedelta(days=9)})
        self.assertEqual(task.ratio, 0.5)

    def test_a_filter_is_put_into_words_that_the_public_reads(self):
        task = self._make_task(
            draw_at=DRAW_AT, target_domain="[('risk_class', '=', 'B')]"
        ).with_user(self.manager)
        self.assertTrue(task.is_directed)
        with self._refused("Describe the targets that remain"):
            task.action_announce()
        task.sudo().scope = "Units of class B"
        task.action_announce()
        self.assertTrue(task.announced_on)
        self.assertFalse(self._make_task().is_directed)

    def test_a_new_task_begins_in_the_officers_own_division(self):
        defaults = self.env["srsp.task"].with_user(self.officer)
        defaults = defaults.with_company(self.company).default_get(["division_id"])
        self.assertEqual(defaults, {"division_id": self.surveying.id})


@tagged("post_install", "-at_install")
class TestWithdrawnAnnouncement(TaskActCase):
    def test_a_withdrawn_task_can_be_changed_and_announced_again(self):
        task = self._make_task(draw_at=DRAW_AT).with_user(self.manager)
        with self._refused("has not been announced"):
            task._withdraw("Too early")
        task.action_announce()
        with self._refused("can no longer change"):
            task.ratio = 0.5
        (self.chief | self.second).lang = "en_US"
        task._withdraw("An officer fell ill")
        self.assertEqual(
            (task.state, task.announced_on, task.withdrawal_reason),
            ("planned", False, "An officer fell ill"),
        )
        said = "An announced draw has been cancelled: Surveying, spring"
        for user in (self.chief, self.second):
            self.assertEqual(self._get_todo(user), [("srsp.task", task.id, said)])
        with self._refused("is cancelled, not deleted"):
            task.with_user(self.officer).unlink()
        task.ratio = 0.5
        task.sudo().approval_state = "approved"
        task.action_announce()
        self.assertEqual(
            (bool(task.announced_on), task.withdrawal_reason), (True, False)
        )

    def test_an_announcement_that_lapses_is_reported(self):
        task = self._make_announced()
        with freeze_time(DRAW_AT + timedelta(minutes=2)):
            task._lock_or_lapse()
        self.assertIn("The announced time passed", task.withdrawal_reason)
        self.assertTrue(self._get_todo(self.second))

    def test_a_locked_roster_is_no_longer_withdrawn(self):
        task = self._make_announced().with_user(self.manager)
        task.sudo()._lock_roster()
        with self._refused("this step needs: Planned"):
            task._withdraw("Too late")

    def test_neither_an_officer_nor_another_division_withdraws(self):
        task = self._make_announced()
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        for user in (self.officer, stranger):
            with self.assertRaises(AccessError):
                task.with_user(user)._withdraw("No")
        self.assertTrue(task.announced_on)


@tagged("post_install", "-at_install")
class TestReturnedPlan(TaskActCase):
    def test_a_plan_that_was_handed_in_goes_back_with_a_reason(self):
        plan = self._make_plan()
        plan.with_user(self.manager).action_submit()
        with self._refused("reserved for", AccessError):
            plan.with_user(self.manager)._return("No")
        plan.with_user(self.chief)._return("Too few draws in autumn")
        self.assertEqual(
            (plan.state, plan.return_reason), ("draft", "Too few draws in autumn")
        )
        self.assertEqual(
            self._get_todo(self.manager),
            [
                (
                    "srsp.plan",
                    plan.id,
                    "The plan was sent back: change it and submit it",
                )
            ],
        )
        plan.with_user(self.manager).action_submit()
        self.assertEqual((plan.state, plan.return_reason), ("submitted", False))
        self.assertFalse(self._get_todo(self.manager))
        plan.with_user(self.chief).action_consolidate()
        plan.with_user(self.chief)._return("One more thing")
        self.assertEqual(plan.state, "draft")

    def test_a_published_plan_is_not_sent_back(self):
        plan = self._make_plan()
        plan.state = "published"
        with self._refused("this step needs", UserError):
            plan.with_user(self.chief)._return("Late")
