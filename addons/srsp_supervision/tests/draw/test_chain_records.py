"""Who is behind the labels of a draw, and what a visit found: no change in the database goes unseen."""

from freezegun import freeze_time

from odoo.tests import tagged

from ..chain.chain_case import ChainCase
from ..common import DRAW_AT, NOW

LINE = "UPDATE srsp_draw_line SET {} WHERE draw_id = %(draw)s AND label = %(label)s"
DRAW = "UPDATE srsp_draw SET {} WHERE id = %(draw)s"
VISIT = "UPDATE srsp_inspection SET {} WHERE id = %(visit)s"
RESULT = "UPDATE srsp_inspection_line SET {} WHERE inspection_id = %(visit)s"


@tagged("post_install", "-at_install")
class TestLockedDraw(ChainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.targets[9].write({"state": "suspended", "state_reason": "Renovation"})
        cls.auditor = cls._make_user("auditor", "auditor")
        cls.draw = cls._make_announced()._lock_roster(NOW)
        cls.lines = cls._roster(cls.draw).filtered(
            lambda line: not line.excluded_reason
        )

    def _change(self, query, **values):
        label = self.lines[0].label
        self._sql(query, **{"draw": self.draw.id, "label": label, **values})

    def test_the_check_finds_it_and_the_draw_is_refused(self):
        other = self.lines[1]
        swap = {self.officers[0].staff_number: self.officers[1].id}
        for path, change, values in (
            ("lines_digest_hex", LINE.format("target_id = %(other)s"), {"other": other.target_id.id}),
            ("lines_digest_hex", LINE.format("entity_id = %(other)s"), {"other": other.entity_id.id}),
            ("lines_digest_hex", LINE.format("class_index = 1"), {}),
            ("lines_digest_hex", LINE.format("target_id = %(other)s"),
             {"label": self.targets[9].code, "other": other.target_id.id}),
            ("people_digest_hex", DRAW.format("inspector_refs = inspector_refs || %(swap)s::jsonb"),
             {"swap": str(swap).replace("'", '"')}),
            ("people_digest_hex", DRAW.format("classes = '[\"1\"]'"), {}),
            (r"item_ids\[0\]", "UPDATE srsp_item_srsp_task_rel SET srsp_item_id = %(other)s"
             " WHERE srsp_task_id = %(task)s",
             {"task": self.draw.task_id.id, "other": (self.list.item_ids - self.item).id}),
            ("head.division", DRAW.format("head = jsonb_set(head, '{division}', '\"Another\"')"), {}),
            ("task_id", DRAW.format("task_id = %(other)s"), {"other": self._make_task(name="Another").id}),
        ):  # fmt: skip
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self._change(change, **values)
                self._assert_found(
                    self._find_event("draw.identified", self.draw).sequence,
                    rf"^Draw .+ sealed: {path} was",
                )
                with self._refused(rf"no longer what was sealed .*identified\.{path}"):
                    self.draw._draw(DRAW_AT)
                savepoint.rollback()
            self.env.invalidate_all()
        self.draw._draw(DRAW_AT)
        self.assertEqual(self._check().report, "")

    def test_a_commitment_that_was_changed_is_found_and_not_drawn_from(self):
        number = self._find_event("draw.committed", self.draw).sequence
        for path, change in (
            ("team_size", "team_size = 1"),
            ("inspectors_digest_hex", "inspectors = jsonb_set(inspectors, '{0,3}', '9')"),
        ):  # fmt: skip
            with self.subTest(path), self.env.cr.savepoint() as savepoint:
                self._change(DRAW.format(change))
                report = self._check().report
                self.assertRegex(report, rf"event {number} sealed: {path} was")
                with self._refused("no longer what was sealed"):
                    self.draw._draw(DRAW_AT)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_a_line_of_an_open_draw_that_was_marked_as_drawn_is_found(self):
        for change in (LINE.format("iteration = 1"), LINE.format("position = 'f'")):
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self._change(change)
                self.assertRegex(
                    self._check().report,
                    f"^Line {self.lines[0].label} of draw .+ is marked as drawn, but",
                )
                savepoint.rollback()
            self.env.invalidate_all()

    def test_a_draw_that_was_voided_without_an_event_is_found(self):
        self._change(DRAW.format("state = 'voided'"))
        domain = [("company_id", "=", self.company.id)]
        last = self.env["srsp.event"].search(domain, limit=1)
        self._assert_found(
            last.sequence + 1,
            f"^Draw {self.draw.number} is in state “Voided”, but no event",
        )

    def test_a_witness_who_was_removed_added_or_made_to_say_something_else_is_found(
        self,
    ):
        with freeze_time("2026-03-20 02:00:00"):
            self.draw.with_user(self.auditor).action_witness()
        witness = self.draw.witness_ids
        number = self._find_event("draw.witnessed", witness).sequence
        self.assertEqual(self._check().state, "sound")
        for change, at, sentence in (
            ("DELETE FROM srsp_draw_witness WHERE id = %(witness)s", number, "which no longer exists"),
            ("UPDATE srsp_draw_witness SET answer = 'no' WHERE id = %(witness)s", number, r"witness\[2\] was"),
            ("""INSERT INTO srsp_draw_witness (draw_id, company_id, kind, who, answered_at, answer)
                VALUES (%(draw)s, %(company)s, 'mail', 'A notary', '2026-03-20', 'seen')""",
             None, "A notary has no event"),
        ):  # fmt: skip
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self._change(change, witness=witness.id)
                self._assert_found(at or self._find_last() + 1, sentence)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_no_outsider_can_try_out_who_is_behind_a_label(self):
        """The same roster has other digests each time, and its commitment says nothing of them."""
        payloads = [
            self._find_event("draw.identified", draw).payload
            for draw in (
                self.draw,
                self._make_announced(name="Again")._lock_roster(NOW),
            )
        ]
        digests = [
            {payload.split(name)[1][3:67] for payload in payloads}
            for name in ("lines_digest_hex", "people_digest_hex")
        ]
        self.assertEqual([len(values) for values in digests], [2, 2])
        published = str(self.draw._get_certificate())
        for digest in set.union(*digests):
            self.assertNotIn(digest, published)


@tagged("post_install", "-at_install")
class TestDrawnVisits(ChainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expert = cls._make_inspector("EX-01", pool_kind="expert")
        cls.draw = cls._make_drawn(experts=1).draw_id
        cls.visit, cls.other = cls.draw.inspection_ids[:2]

    def _assert_change_found(self, change, path, **values):
        with self.subTest(change), self.env.cr.savepoint() as savepoint:
            self._sql(change, visit=self.visit.id, **values)
            self._assert_found(
                self.draw._get_certificate_event().sequence,
                rf"^Draw .+ sealed: inspections\.{path} was .+ and is now ",
            )
            savepoint.rollback()
        self.env.invalidate_all()

    def test_a_visit_that_was_redirected_is_found(self):
        label = self.visit.line_ids.target_id.code
        officers = self.officers - self.visit.officer_ids
        undrawn = self.targets - self.draw.drawn_line_ids.target_id
        for change, path, values in (
            ("UPDATE srsp_inspection_officer_rel SET inspector_id = %(new)s WHERE inspection_id = %(visit)s"
             " AND inspector_id = %(old)s", r".+\[0\]\.officers\[\d\]",
             {"old": self.visit.officer_ids[0].id, "new": officers[0].id}),
            ("DELETE FROM srsp_inspection_officer_rel WHERE inspection_id = %(visit)s AND inspector_id = %(old)s",
             rf"{label}\[0\]\.officers\[\d\]", {"old": self.visit.officer_ids[0].id}),
            ("DELETE FROM srsp_inspection_expert_rel WHERE srsp_inspection_id = %(visit)s",
             rf"{label}\[0\]\.experts\[0\]", {}),
            (RESULT.format("target_id = %(target)s"), ".+", {"target": undrawn[0].id}),
            (VISIT.format("entity_id = %(entity)s"), ".+", {"entity": self.other.entity_id.id}),
            (VISIT.format("stage = 'cancelled'"), label, {}),
            (VISIT.format("draw_id = NULL"), label, {}),
        ):  # fmt: skip
            self._assert_change_found(change, path, **values)
        self.assertEqual(self._check().report, "")

    def test_a_visit_that_was_deleted_is_found(self):
        label = self.visit.line_ids.target_id.code
        self._sql(
            "DELETE FROM srsp_inspection_line WHERE inspection_id = %(visit)s",
            visit=self.visit.id,
        )
        self._assert_change_found(
            "DELETE FROM srsp_inspection WHERE id = %(visit)s", label
        )

    def test_an_item_that_was_taken_off_a_visit_is_found(self):
        draft = self.env["srsp.list"].create(
            {"kind": "item", "company_id": self.company.id}
        )
        second = self.item.copy({"list_id": draft.id, "code": "A2"})
        items = [(6, 0, (self.item | second).ids)]
        visit, other = self._make_drawn(item_ids=items).inspection_ids[:2]
        self.assertEqual(self._check().report, "")
        other._replace("Wound up")
        self.assertEqual(self._check().report, "")
        self._sql(
            "DELETE FROM srsp_inspection_line WHERE id = %(line)s",
            line=visit.line_ids[1].id,
        )
        self.assertEqual(
            self._check().report.splitlines()[0],
            f"Inspection {visit.number} no longer has item A2 of {visit.line_ids.target_id.code}, which its task asks"
            " for.",
        )

    def test_what_may_happen_to_a_draw_leaves_it_intact(self):
        self.visit._replace("Wound up")
        self.draw._withdraw(self.officers[0], "Ill", DRAW_AT)
        self.draw._extend({"all": 2}, "Pilot enlarged", DRAW_AT)
        self.assertEqual(self._check().report, "")
        self.draw._void("Wrong filter")
        self.assertEqual(self._check().report, "")

    def test_experts_who_were_drawn_are_not_chosen_by_hand(self):
        manager = self._make_user("manager", "division_manager", self.surveying)
        with self._refused("These experts were drawn"):
            self.visit.with_user(manager).expert_ids = False
        free = self._make_drawn(name="Without experts").inspection_ids[0]
        free.with_user(manager).expert_ids = self.expert
        self.assertEqual(self._check().report, "")

    def test_a_draw_that_was_changed_goes_no_further(self):
        line = self._roster(self.draw).filtered(lambda line: not line.iteration)[0]
        self._sql(
            LINE.format("target_id = %(target)s"),
            draw=self.draw.id,
            label=line.label,
            target=self.visit.line_ids.target_id.id,
        )
        with self._refused("no longer what was sealed"):
            self.draw._extend({"all": 2}, "Pilot enlarged", DRAW_AT)


@tagged("post_install", "-at_install")
class TestClosedResult(ChainCase):
    def test_no_part_of_a_result_is_changed_unseen(self):
        visit, other = self._make_drawn().inspection_ids[:2]
        visit.stage = "reviewed"
        visit.line_ids.write({"result": "N", "facts": "Points", "measure": "rectify"})
        visit._close(visit.task_id.date_from)
        item = self.list.item_ids - self.item
        officer = (self.officers - visit.officer_ids)[0]
        for change, path, value in (
            (RESULT.format("measure = 'none'"), r"lines\[0\]\.measure was rectify and is now none", 0),
            (RESULT.format("result = '1'"), r"lines\[0\]\.result was N and is now 1", 0),
            (RESULT.format("item_id = %(value)s"), r"lines\[0\]\.item_id was", item.id),
            (RESULT.format("target_id = %(value)s"), r"lines\[0\]\.target_id was", other.line_ids.target_id.id),
            (VISIT.format("entity_id = %(value)s"), "entity_id was", other.entity_id.id),
            (VISIT.format("stage = 'on_site'"), "stage was closed and is now on_site", 0),
            ("INSERT INTO srsp_inspection_officer_rel (inspection_id, inspector_id) VALUES (%(visit)s, %(value)s)",
             r"officer_ids\[\d\] was", officer.id),
        ):  # fmt: skip
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self._sql(change, visit=visit.id, value=value)
                event = self._find_event("inspection.closed", visit)
                self.assertRegex(
                    self._check().report,
                    rf"event {event.sequence} sealed: {path}",
                )
                savepoint.rollback()
            self.env.invalidate_all()
        visit.entity_id.name = visit.officer_ids[0].name = "Another name"
        self.assertEqual(self._check().report, "")
