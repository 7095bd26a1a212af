from datetime import date

from freezegun import freeze_time
from lxml import html

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.rulebook.srsp_rulebook_effects import Effect
from ..common import DRAW_AT
from .test_rulebook import NEXT_MONTH, RulebookCase


@tagged("post_install", "-at_install")
class TestEffects(RulebookCase):
    def _effect(self, parameter, what, record, before, after):
        number = record.number if record._name == "srsp.task" else record.code
        division = record.division_id.name
        return Effect(parameter, what, number, record.name, division, before, after)

    def test_every_parameter_says_what_it_moves(self):
        plain = self._make_task(date_to=date(2026, 4, 30))
        self._make_task(name="Excused", ratio_reason="Few units", team_size=2)
        self._make_task(name="High", ratio=0.3, randomness_kind="system", team_size=3)
        graded = self._make_task(name="Graded", ratio=0.1, stratify_by="risk_class")
        self._make_task(name="Over", date_to=date(2026, 3, 31), date_from="2026-03-01")
        self._make_announced(name="Locked before")
        draft = self._make_draft(
            floor_ratio=0.06,
            floor_frequency=3,
            team_size=6,
            ratio_d=0.6,
            rectification_days=15,
            cap_a=1,
        )
        item, other = self.list.item_ids.sorted("code")
        other.frequency_reason = "Two mines in all"
        item_ratio = "Item's ratio below the new floor: raise it, or give a reason"
        due = "Deadline of a rectification ordered on the last day of the inspection window changes"
        officers = "Fewer eligible officers than a team needs"
        self.assertEqual(
            draft._get_effects(self.rulebook),
            [
                self._effect(
                    "floor_ratio",
                    "Ratio below the new floor: raise it, or give a reason",
                    plain,
                    "5% ≥ 5%",
                    "5% < 6%",
                ),
                self._effect("floor_ratio", item_ratio, item, "5% ≥ 5%", "5% < 6%"),
                self._effect("floor_ratio", item_ratio, other, "5% ≥ 5%", "5% < 6%"),
                self._effect(
                    "floor_frequency",
                    "Item's sampling frequency below the new floor: raise it, or give a reason",
                    item,
                    "2 ≥ 2",
                    "2 < 3",
                ),
                self._effect("team_size", officers, plain, "5 ≥ 2", "5 < 6"),
                self._effect("team_size", officers, graded, "5 ≥ 2", "5 < 6"),
                self._effect(
                    "ratio_d",
                    "Sampling ratio of a stratum changes",
                    graded,
                    "D: 50%",
                    "D: 60%",
                ),
                *(
                    self._effect("rectification_days", due, task, before, after)
                    for task, before, after in self._get_due(draft)
                ),
            ],
        )

    def _get_due(self, draft):
        """Thirty and fifteen days after the last day of each window."""
        july = ("2026-07-30", "2026-07-15")
        return [
            (task, *(("2026-05-30", "2026-05-15") if task.date_to.month == 4 else july))
            for task in draft._get_open_tasks()
        ]

    def test_the_floor_lifts_a_stratum_and_the_source_moves_with_the_rulebook(self):
        own = self._make_task(ratio=0.2, stratify_by="key", randomness_kind="drand")
        task = self._make_task(ratio=0.1, stratify_by="key")
        draft = self._make_draft(floor_ratio=0.15, randomness_kind="lottery")
        ratio = "Sampling ratio of a stratum changes"
        effects = draft._get_effects(self.rulebook)
        self.assertEqual(
            [effect for effect in effects if effect.name == task.name][-3:],
            [
                self._effect("floor_ratio", ratio, task, "Key: 10%", "Key: 15%"),
                self._effect(
                    "floor_ratio", ratio, task, "Ordinary: 10%", "Ordinary: 15%"
                ),
                self._effect(
                    "randomness_kind",
                    "Source of randomness changes",
                    task,
                    "Server's random generator",
                    "Public lottery, entered in the presence of witnesses",
                ),
            ],
        )
        self.assertNotIn(own.number, [effect.number for effect in effects])

    def test_caps_and_intervals_say_how_many_targets_and_inspectors_they_move(self):
        with freeze_time(DRAW_AT):
            drawn = self._make_drawn(name="Drawn")
        visits = drawn.inspection_ids
        closed = visits[0]
        closed.write(
            {"stage": "closed", "result_date": date(2026, 3, 15), "year": 2026}
        )
        task = self._make_task(name="Next")
        (visits.line_ids.target_id - closed.line_ids.target_id).risk_class = "B"
        closed.line_ids.target_id.risk_class = "A"
        loads = task.division_id.inspector_ids._get_loads(2026)
        draft = self._make_draft(
            cap_a=1, cap_b=2, interval_days=60, officer_cap=max(loads.values())
        )
        left_out = "Targets excluded from the draw"
        busiest = list(loads.values()).count(max(loads.values()))
        self.assertEqual(
            [e for e in draft._get_effects(self.rulebook) if e.name == task.name],
            [
                self._effect("cap_a", left_out, task, "0", "1"),
                self._effect("interval_days", left_out, task, "0", "1"),
                self._effect(
                    "officer_cap",
                    "Inspectors who have reached the annual inspection limit",
                    task,
                    "0",
                    str(busiest),
                ),
            ],
        )

    def test_the_wizard_shows_what_would_change_and_publishes_when_confirmed(self):
        for number in range(51):
            self._make_task(name=f"Task {number:02d}")
        self._make_announced(name="Locked")._lock_roster()
        draft = self._make_draft(floor_ratio=0.06, substitutes_allowed=2, cap_b=2)
        wizard = self._open_wizard(draft)
        page = html.fromstring(str(wizard.effects))
        tables = [
            [
                tuple(" ".join(cell.text_content().split()) for cell in row.xpath("td"))
                for row in table.xpath("tbody/tr")
            ]
            for table in page.xpath("//table")
        ]
        self.assertEqual(
            tables[0],
            [
                ("Minimum Sampling Ratio", "5%", "6%", "See below"),
                (
                    "Maximum Substitutions per Draw",
                    "9",
                    "2",
                    "Events after the effective date",
                ),
                (
                    "Annual Inspection Limit B",
                    "no limit",
                    "2",
                    "No existing record is affected",
                ),
            ],
        )
        self.assertEqual([len(rows) for rows in tables], [3, 50, 2])
        words = " ".join(page.text_content().split())
        for sentence in (
            "51 tasks whose roster is not locked yet will run under it.",
            "1 tasks keep the rulebook under which their roster was locked.",
            "and 1 more",
        ):
            self.assertIn(sentence, words)
        self.assertEqual(draft.state, "draft")
        wizard.action_confirm()
        self.assertEqual(draft.state, "published")

    def test_what_was_not_shown_is_not_published(self):
        draft = self._make_draft(floor_ratio=0.06)
        wizard = self._open_wizard(draft)
        draft.disclosure_days = 5
        with self.assertRaisesRegex(
            UserError, "The draft has been changed in the meantime"
        ):
            wizard.action_confirm()
        self.assertEqual(draft.state, "draft")

    def test_the_first_rulebook_of_a_bureau_changes_nothing(self):
        self.rulebook.sudo().state = "draft"
        self.rulebook.sudo().effective_date = NEXT_MONTH
        wizard = self._open_wizard(self.rulebook.with_user(self.policy))
        self.assertIn("There is no earlier rulebook: nothing changes", wizard.effects)
        self.assertNotIn("<table", wizard.effects)
