"""Laws that lines rest on: how they are named, and what happens when one is repealed."""

from datetime import timedelta

from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DRAW_AT, NOW
from .list_case import TODAY, ListCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestLegalBasis(ListCase):
    def setUp(self):
        super().setUp()
        self.bases = self.env["srsp.legal.basis"].with_user(self.policy)
        self.law = self.basis.with_user(self.policy)

    def _make(self, title, **values):
        return self.bases.create(
            {"title": title, "company_id": self.company.id, **values}
        )

    def test_it_is_named_as_officials_cite_it(self):
        for values, label in (
            ({}, "《测绘法》"),
            ({"article": "第四十九条"}, "《测绘法》第四十九条"),
            ({"number": "国务院令第722号"}, "《测绘法》（国务院令第722号）"),
            (
                {"article": "第四十九条", "number": "国务院令第722号"},
                "《测绘法》（国务院令第722号）第四十九条",
            ),
        ):
            self.assertEqual(self._make("测绘法", **values).display_name, label)

    def test_it_is_found_by_title_article_and_number(self):
        law = self._make("海域使用管理法", article="第三十七条", number="主席令第61号")
        for words in ("海域", "三十七", "61号"):
            self.assertEqual(
                self.bases.name_search(words), [(law.id, law.display_name)]
            )

    def test_marks_that_would_blur_a_citation_are_refused(self):
        for values in (
            {"title": "《测绘法》"},
            {"title": "测绘法；土地法"},
            {"title": "测绘法;土地法"},
            {"title": "测绘\n法"},
            {"title": "测绘法", "article": "第一条；第二条"},
            {"title": "测绘法", "number": "《1》"},
        ):
            with self._refused("without 《》, semicolons", ValidationError):
                self._make(**values)

    def test_an_article_is_in_the_register_once(self):
        self._make("测绘法", article="第一条")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self._make("测绘法", article="第一条")

    def test_it_is_not_repealed_before_it_takes_effect(self):
        for repealed in (TODAY, TODAY - DAY):
            with self._refused("cannot be repealed before", ValidationError):
                self._make("X", effective_date=TODAY, repealed_date=repealed)

    def test_phases_follow_the_calendar(self):
        law = self._make("X", effective_date=TODAY + DAY, repealed_date=TODAY + 3 * DAY)
        here = [("id", "=", law.id)]
        for days, phase in (
            (0, "coming"),
            (1, "in_force"),
            (2, "in_force"),
            (3, "repealed"),
        ):
            self._travel(TODAY + days * DAY)
            law.invalidate_recordset(["phase", "is_repealed"])
            repealed = phase == "repealed"
            found = self.bases.search([*here, ("is_repealed", "=", True)])
            self.assertEqual(
                (law.phase, law.is_repealed, bool(found)), (phase, repealed, repealed)
            )
            others = self.bases.search([*here, ("is_repealed", "=", False)])
            self.assertEqual(bool(others), not repealed)

    def test_a_repeal_flags_every_line_task_and_list_on_its_day(self):
        duty = self._make_duty()
        task = self._make_task(item_ids=[(6, 0, self.list.item_ids[:1].ids)])
        records = {
            "srsp.item": ("legal_basis_ids.is_repealed", self.list.item_ids),
            "srsp.duty": ("legal_basis_ids.is_repealed", duty),
            "srsp.task": ("item_ids.legal_basis_ids.is_repealed", task),
        }
        self.law.repealed_date = TODAY + DAY
        for day, label, count in (
            (TODAY, "", 0),
            (TODAY + DAY, self.law.display_name, 1),
        ):
            self._travel(day)
            self.env.invalidate_all()
            for model, (path, lines) in records.items():
                self.assertEqual(set(lines.mapped("repealed_basis")), {label}, model)
                found = self.env[model].search([(path, "=", True)])
                self.assertEqual(
                    found & lines, lines if count else lines.browse(), (model, day)
                )
            self.assertEqual(
                (self.list.repealed_count, duty.list_id.repealed_count),
                (2 * count, count),
            )

    def test_a_task_names_a_repealed_basis_once(self):
        twin = self.item.copy({"list_id": self._make_draft().id, "code": "A2"})
        task = self._make_task(item_ids=[(6, 0, (self.item | twin).ids)])
        self.law.repealed_date = TODAY
        self.assertEqual(task.repealed_basis, self.law.display_name)

    def test_a_plan_is_flagged_while_a_task_of_it_has_still_to_be_done(self):
        plan = self.env["srsp.plan"].create({"division_id": self.surveying.id})
        task = self._make_task(plan_id=plan.id)
        self.law.repealed_date = TODAY
        self.assertEqual(plan.repealed_basis, self.law.display_name)
        task.state = "done"
        self.assertFalse(plan.repealed_basis)

    def test_a_draw_and_the_lines_of_its_visits_are_flagged(self):
        task = self._make_announced()
        draw = task._lock_roster(NOW)
        self._travel(DRAW_AT.date() + DAY)
        draw._draw(DRAW_AT)
        lines = task.inspection_ids.line_ids
        self.assertTrue(lines)
        order = self.env["srsp.rectification"].create(
            {"line_id": lines[0].id, "requirement": "Mend it", "deadline": TODAY}
        )
        self.assertFalse(
            draw.repealed_basis or lines[0].repealed_basis or order.repealed_basis
        )
        self.law.repealed_date = TODAY
        records = (draw, *lines, order)
        flagged = [record.repealed_basis for record in records]
        self.assertEqual(set(flagged), {self.law.display_name})

    def test_a_division_sees_how_many_lines_of_its_part_are_flagged(self):
        draft = self._make_open_draft()
        self.law.repealed_date = TODAY
        part = self._get_part(draft, self.surveying)
        self.assertEqual(part.repealed_count, part.line_count)
        self.assertTrue(part.repealed_count)

    def test_every_list_and_board_marks_what_rests_on_a_repealed_basis(self):
        mark = ".//field[@name='repealed_basis'][@widget='srsp_repealed_basis']"
        for model in (
            *("srsp.item", "srsp.duty", "srsp.task", "srsp.plan", "srsp.draw"),
            *("srsp.inspection", "srsp.inspection.line", "srsp.rectification"),
        ):
            arch = etree.fromstring(self.env[model].get_view(view_type="list")["arch"])
            [field] = arch.iterfind(mark)
            self.assertFalse(field.get("optional"), model)
        for model, field in (
            ("srsp.list", "repealed_count"),
            ("srsp.list.part", "repealed_count"),
            ("srsp.task", "repealed_basis"),
            ("srsp.inspection", "repealed_basis"),
        ):
            card = etree.fromstring(
                self.env[model].get_view(view_type="kanban")["arch"]
            )
            [icon] = card.iterfind(".//i[@class='fa fa-gavel me-1']")
            self.assertIn(field, icon.getparent().get("t-if"), model)

    def test_only_the_repealed_one_of_several_is_named(self):
        other = self._make("Other Law")
        draft = self._make_draft()
        draft.item_ids.legal_basis_ids = self.law | other
        self.law.repealed_date = TODAY
        item = draft.item_ids[0]
        self.assertEqual(
            (item.legal_basis, item.repealed_basis),
            (
                "；".join(item.legal_basis_ids.mapped("display_name")),
                self.law.display_name,
            ),
        )

    def test_the_policy_division_is_told_once_which_lines_rest_on_it(self):
        lists = self.env["srsp.list"]
        self.law.repealed_date = TODAY + DAY
        lists._cron_daily()
        self.assertEqual(self._get_todo(self.chief), [])
        for days in (1, 2):
            self._travel(TODAY + days * DAY)
            lists._cron_daily()
        self.assertEqual(
            [todo[:2] for todo in self._get_todo(self.chief)],
            [(self.list, "2 lines cite a repealed legal basis")],
        )
        note = self.list.activity_ids.note
        self.assertIn("A1 Quality of surveying results, B1 Mining within", note)
        self.law.repealed_date = TODAY + 5 * DAY  # the date was wrong: it counts again
        self._travel(TODAY + 5 * DAY)
        lists._cron_daily()
        self.assertEqual(len(self._get_todo(self.chief)), 2)

    def test_a_law_that_only_a_draft_cites_alarms_nobody(self):
        law = self._make("Drafty Law")
        self._make_draft().item_ids.legal_basis_ids = law
        law.repealed_date = TODAY
        self.env["srsp.list"]._cron_daily()
        self.assertEqual(self._get_todo(self.chief), [])

    def test_what_a_published_list_cites_keeps_its_words_but_can_be_repealed(self):
        words = (
            r"is cited by “A1 Quality of surveying results” \(Item list, version 1\)"
        )
        for vals in (
            {"title": "Other"},
            {"article": "1"},
            {"number": "1"},
            {"effective_date": "2020-01-01"},
        ):
            with self._refused(words):
                self.law.write(vals)
        with self._refused(words):
            self.law.unlink()
        successor = self._make("New Surveying Law", effective_date=TODAY)
        self.law.write(
            {
                "repealed_date": TODAY,
                "successor_id": successor.id,
                "note": "Replaced",
            }
        )
        self.assertEqual(self.law.phase, "repealed")

    def test_what_only_a_draft_cites_may_be_reworded_but_not_deleted(self):
        law = self._make("Drafty Law")
        draft = self._make_draft()
        self._get_line(draft, "A1").legal_basis_ids = law
        law.title = "Sober Law"
        with self._refused("cited by “A1 Quality"):
            law.unlink()
        self._get_line(draft, "A1").legal_basis_ids = self.law
        law.unlink()
        self.assertFalse(law.exists())

    def test_the_register_is_the_policy_divisions(self):
        auditor = self._make_user("auditor", "auditor")
        for user in (self.officer, self.head, auditor):
            law = self.law.with_user(user)
            self.assertEqual(law.title, "Surveying and Mapping Law")
            for attempt in (
                lambda law=law: law.write({"note": "x"}),
                lambda law=law: law.write({"repealed_date": "2026-01-01"}),
                lambda law=law: law.create({"title": "x"}),
                lambda law=law: law.copy({"title": "x"}),
                law.unlink,
            ):
                with self._refused("", AccessError):
                    attempt()
        with self._refused("cannot be edited", AccessError):
            self.law.repeal_reported = True
