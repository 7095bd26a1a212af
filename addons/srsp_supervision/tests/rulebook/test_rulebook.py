from datetime import date, datetime, timedelta

from freezegun import freeze_time
from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ...models.rulebook.srsp_rulebook import PARAMETERS
from ...models.rulebook.srsp_rulebook_effects import Effect
from ..common import DRAW_AT, SrspCase

TODAY = "2026-03-16 02:00:00"
NEXT_MONTH = date(2026, 4, 1)


class RulebookCase(SrspCase):
    """The sixteenth of March; the rulebook of January is in force."""

    def setUp(self):
        super().setUp()
        freezer = freeze_time(TODAY)
        freezer.start()
        self.addCleanup(freezer.stop)
        self.policy = self._make_user("policy", "policy_officer")
        self.rulebooks = self.env["srsp.rulebook"].with_user(self.policy)

    def _make_draft(self, **values):
        return self.rulebooks.create(
            {
                "name": "Rulebook, April",
                "effective_date": NEXT_MONTH,
                "company_id": self.company.id,
                **values,
            }
        )

    def _publish(self, **values):
        draft = self._make_draft(**values)
        draft._publish()
        return draft

    def _open_wizard(self, draft):
        action = draft.action_publish()
        wizards = self.env[action["res_model"]].with_user(self.policy)
        return wizards.browse(action["res_id"])


@tagged("post_install", "-at_install")
class TestVersions(RulebookCase):
    def test_a_new_version_is_a_draft_with_the_same_text_and_parameters(self):
        self.rulebook.write({"text": "<p>Draw first.</p>", "document_number": "7"})
        self.rulebook.write({"floor_ratio": 0.07, "cap_d": 4, "reminder_days": 9})
        action = self.rulebook.with_user(self.policy).action_new_version()
        draft = self.rulebooks.browse(action["res_id"])
        self.assertEqual(
            (draft.name, draft.text, draft.state, draft.phase, draft.document_number),
            ("Rulebook 2026", "<p>Draw first.</p>", "draft", False, False),
        )
        self.assertEqual(
            (draft.origin_id, draft.effective_date), (self.rulebook, date(2026, 3, 17))
        )
        self.assertEqual(
            [draft[name] for name in PARAMETERS],
            [self.rulebook[name] for name in PARAMETERS],
        )
        self.assertEqual(draft._get_changes(self.rulebook), [])

    def test_a_parameter_out_of_its_range_is_refused_by_its_name(self):
        for name, value, words in (
            (
                "cap_a",
                -3,
                "“Annual Inspection Limit A” is -3; it must be between 0 and 366",
            ),
            ("team_size", 1, "“Officers per Team” is 1; it must be between 2 and 10"),
            (
                "ratio_d",
                1.5,
                "“Sampling Ratio D” is 150%; it must be between 0% and 100%",
            ),
            ("disclosure_days", 10**6, "“Disclosure Deadline” is 1000000; it must be"),
        ):
            with self._refused(words, ValidationError):
                self._make_draft(**{name: value})

    def test_it_begins_after_a_version_that_still_waits(self):
        waiting = self._publish()
        action = waiting.action_new_version()
        draft = self.rulebooks.browse(action["res_id"])
        self.assertEqual(draft.effective_date, date(2026, 4, 2))

    def test_a_second_draft_is_refused_and_the_first_one_named(self):
        self._make_draft()
        message = r"“Rulebook, April \(2026-04-01\)” is still a draft"
        other = self.rulebook.with_user(self.policy)
        for step in (
            lambda: self._make_draft(name="Other", effective_date=date(2026, 5, 1)),
            other.action_new_version,
        ):
            with (
                self.assertRaisesRegex(ValidationError, message),
                self.env.cr.savepoint(),
            ):
                step()

    def test_a_date_not_after_every_other_is_refused_and_the_other_one_named(self):
        self._publish()
        for day, message in (
            (
                "2026-03-16",
                "“Rulebook, April” takes effect on 2026-04-01: choose a later day",
            ),
            (
                "2026-03-25",
                "“Rulebook, April” takes effect on 2026-04-01: choose a later day",
            ),
            (
                "2026-04-01",
                "“Rulebook, April” takes effect on 2026-04-01: choose a later day",
            ),
        ):
            draft = self._make_draft(name="Other", effective_date=day)
            for step in (draft.action_publish, draft._publish):
                with self.assertRaisesRegex(UserError, message):
                    step()
            self.assertEqual(draft.state, "draft")
            draft.unlink()

    def test_the_first_rulebook_takes_effect_on_the_day_of_its_publication(self):
        """Later ones on a day after it: nobody changes the rules of the day that has begun."""
        today = date(2026, 3, 16)
        company = self.env["res.company"].create({"name": "New Bureau"})
        policy = self._make_user("founder", "policy_officer", company=company)
        rulebooks = self.rulebooks.with_user(policy).with_context(
            allowed_company_ids=company.ids
        )
        first = rulebooks.create({"name": "First"})
        self.assertEqual(first.effective_date, today)
        first.effective_date = today - timedelta(days=1)
        with self._refused("First: it can take effect on 2026-03-16 at the earliest"):
            first._publish()
        first.effective_date = today
        first._publish()
        self.assertEqual(first.phase, "in_force")
        second = rulebooks.create({"name": "Second"})
        self.assertEqual(second.effective_date, today + timedelta(days=1))
        second.effective_date = today
        with self._refused("“First” takes effect on 2026-03-16: choose a later day"):
            second._publish()

    def test_the_phase_follows_the_calendar(self):
        april = self._publish()
        seen = {}
        for day in ("2026-03-31", "2026-04-01"):
            with freeze_time(f"{day} 02:00:00"):
                both = self.rulebook.with_user(self.policy) | april
                both.invalidate_recordset()
                seen[day] = [
                    (rulebook.phase, rulebook.next_id, rulebook.notice)
                    for rulebook in both
                ]
        none = self.rulebooks.browse()
        waits = (
            "A newer version is waiting: “Rulebook, April” takes effect on 2026-04-01."
        )
        replaced = "No longer in force: replaced by “Rulebook, April” on 2026-04-01."
        self.assertEqual(
            seen,
            {
                "2026-03-31": [("in_force", april, waits), ("pending", none, False)],
                "2026-04-01": [
                    ("superseded", april, replaced),
                    ("in_force", none, False),
                ],
            },
        )

    def test_each_role_may_do_its_own(self):
        draft = self._make_draft()
        for role in ("inspector", "division_officer", "division_manager", "auditor"):
            user = self._make_user(role, role, self.surveying)
            mine = draft.with_user(user)
            self.assertEqual(mine.name, "Rulebook, April")
            wizards = self.env["srsp.rulebook.effects"].with_user(user)
            for step in (
                mine.action_publish,
                mine._publish,
                self.rulebook.with_user(user).action_new_version,
                lambda mine=mine: mine.write({"floor_ratio": 0.01}),
                lambda wizards=wizards: wizards.create({"rulebook_id": draft.id}),
            ):
                with self.assertRaises(AccessError):
                    step()
        draft.floor_ratio = 0.06
        for vals in ({"state": "published"}, {"origin_id": self.rulebook.id}):
            with self.assertRaisesRegex(AccessError, "use the buttons"):
                draft.write(vals)
        with self.assertRaisesRegex(UserError, "frozen"):
            self.rulebook.with_user(self.policy).text = "<p>Softer</p>"

    def test_another_bureau_neither_publishes_nor_looks(self):
        draft = self._make_draft()
        other = self.env["res.company"].create({"name": "Other Bureau"})
        stranger = self._make_user("stranger", "policy_officer", company=other)
        wizards = self.env["srsp.rulebook.effects"].with_user(stranger)
        for step in (
            draft.with_user(stranger).action_publish,
            draft.with_user(stranger)._publish,
            lambda: wizards.create({"rulebook_id": draft.id}).effects,
        ):
            with self.assertRaises(AccessError):
                step()

    def test_the_printed_document_says_all(self):
        self.rulebook.write({"text": "<p>Draw first.</p>", "document_number": "No. 7"})
        reports = self.env["ir.actions.report"].with_user(self.policy)
        content, _kind = reports._render_qweb_html(
            "srsp_supervision.srsp_rulebook_document", self.rulebook.ids
        )
        page = html.fromstring(content)
        words = " ".join(page.text_content().split())
        for text in ("Harbour Bureau", "Rulebook 2026", "No. 7", "Draw first."):
            self.assertIn(text, words)
        rows = [
            tuple(cell.text_content() for cell in row.xpath("td"))
            for row in page.xpath("//table//tr")
        ]
        self.assertEqual(
            rows,
            [(label, text) for _name, label, text in self.rulebook._get_parameters()],
        )
        self.assertIn(("Disclosure Deadline", "20 working days"), rows)


@tagged("post_install", "-at_install")
class TestInForce(RulebookCase):
    def test_an_announcement_answers_to_the_rulebook_of_the_day_of_the_lock(self):
        self._publish(effective_date=date(2026, 3, 22), floor_ratio=0.06)
        manager = self._make_user("manager", "division_manager", self.surveying)
        later, earlier = (
            self._make_task(draw_at=draw_at).with_user(manager)
            for draw_at in (DRAW_AT, DRAW_AT - timedelta(days=1))
        )
        self.assertEqual(
            [later.lock_at, earlier.lock_at],
            [datetime(2026, 3, 22, 1, 30), datetime(2026, 3, 21, 1, 30)],
        )
        with self.assertRaisesRegex(
            UserError, "0.05 is below the rulebook's floor of 0.06"
        ):
            later.action_announce()
        earlier.action_announce()
        self.assertTrue(earlier.announced_on)

    def test_the_first_rulebook_may_still_wait_when_a_draw_is_announced(self):
        self.rulebook.effective_date = date(2026, 3, 20)
        self._make_task(draw_at=DRAW_AT).action_announce()
        with self.assertRaisesRegex(UserError, "No rulebook .* on 2026-03-19"):
            self._make_task(draw_at=datetime(2026, 3, 20, 1, 30)).action_announce()

    def test_a_roster_is_locked_as_early_as_the_rulebook_of_that_day_says(self):
        self._publish(effective_date=date(2026, 4, 10), lock_lead_hours=72)
        hour = datetime(2026, 4, 1, 2)
        expected = {  # day of the draw: day of the lock, in April
            9: 8,
            10: 9,
            11: 8,  # 24 hours before falls under the new one, 72 under the old: the longer counts
            12: 9,
            13: 10,
            20: 17,
        }
        found = {
            day: self._make_task(draw_at=hour.replace(day=day)).lock_at
            for day in expected
        }
        self.assertEqual(
            found, {day: hour.replace(day=lock) for day, lock in expected.items()}
        )

    def test_publishing_moves_the_locks_that_nobody_set_by_hand(self):
        draw_at = datetime(2026, 5, 4, 1, 30)
        lock_at = draw_at - timedelta(hours=24)
        free, by_hand, announced, early = (
            self._make_task(**values)
            for values in (
                {"draw_at": draw_at},
                {"draw_at": draw_at, "lock_at": draw_at - timedelta(hours=30)},
                {"draw_at": draw_at, "announced_on": TODAY},
                {"draw_at": DRAW_AT},
            )
        )
        draft = self._make_draft(lock_lead_hours=48)
        self.assertEqual(
            draft._get_effects(self.rulebook),
            [
                Effect(
                    "lock_lead_hours",
                    "Roster lock time changes",
                    free.number,
                    free.name,
                    "Surveying",
                    "2026-05-03 09:30",
                    "2026-05-02 09:30",
                )
            ],
        )
        draft._publish()
        self.assertEqual(
            [task.lock_at for task in (free, by_hand, announced, early)],
            [
                draw_at - timedelta(hours=48),
                draw_at - timedelta(hours=30),
                lock_at,
                DRAW_AT - timedelta(hours=24),
            ],
        )
