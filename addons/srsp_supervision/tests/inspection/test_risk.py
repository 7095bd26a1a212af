from datetime import date, timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from ..common import SrspCase

FINDING = {"result": "N", "facts": "Control points missing", "measure": "rectify"}


@tagged("post_install", "-at_install")
class TestRisk(SrspCase):
    """One target, visited again and again in April 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.targets[0]
        cls.day = date(2026, 4, 1)

    def _visit(self, **line):
        """Draw the target, close the visit the next day with ``line``: the class it has then."""
        pool = self._make_filter(self.target)
        visit = self._make_drawn(target_domain=pool).inspection_ids
        visit.line_ids.write({"result": "1", **line})
        self.day += timedelta(days=1)
        with freeze_time(self.day):
            visit._close(self.day)
        return self.target.risk_class

    def test_a_finding_raises_and_two_clean_visits_in_a_row_lower(self):
        results = [FINDING, {}, FINDING, FINDING, {}, {}, {}, {}]
        found = [self._visit(**line) for line in results]
        self.assertEqual("".join(found), "CCDDDCCB")
        visits = self.target.inspection_line_ids.inspection_id.sorted("id")
        self.assertEqual(
            [
                (change.old, change.new, change.source, change.reason)
                for change in self.target.change_ids.sorted("id")
            ],
            [
                ("B", "C", "results", f"Finding in visit {visits[0].number}"),
                ("C", "D", "results", f"Finding in visit {visits[2].number}"),
                (
                    "D",
                    "C",
                    "results",
                    f"2 clean visits in a row, the last one {visits[5].number}",
                ),
                (
                    "C",
                    "B",
                    "results",
                    f"2 clean visits in a row, the last one {visits[7].number}",
                ),
            ],
        )
        self.assertEqual(
            (self.target.risk_source, self.target.risk_date), ("results", self.day)
        )

    def test_a_visit_that_found_nobody_neither_counts_nor_breaks_the_row(self):
        self.assertEqual(self._visit(), "B")
        self.assertEqual(self._visit(result="6"), "B")
        self.assertEqual(self._visit(), "A")
        self.assertEqual([self._visit(), self._visit()], ["A", "A"])

    def test_a_class_set_by_hand_begins_a_new_row(self):
        self._visit()
        with freeze_time(self.day + timedelta(days=1)):
            self.target.risk_class = "D"
        self.assertEqual([self._visit(), self._visit()], ["D", "C"])

    def test_without_a_class_nothing_moves(self):
        self.target.risk_class = False
        self.assertEqual([self._visit(**FINDING), self._visit()], [False, False])
        self.assertEqual(len(self.target.change_ids), 1)

    def test_the_rulebook_of_the_task_decides(self):
        self.rulebook.write({"risk_raise_on_finding": False, "risk_lower_after": 0})
        self.assertEqual(
            [self._visit(**FINDING), self._visit(), self._visit()], ["B"] * 3
        )
        pool = self._make_filter(self.target)
        visit = self._make_drawn(target_domain=pool).inspection_ids
        later = self.rulebook.copy(
            {"effective_date": date(2026, 4, 2), "risk_raise_on_finding": True}
        )
        later.state = "published"
        visit.line_ids.write(FINDING)
        with freeze_time("2026-05-01"):
            visit._close(date(2026, 5, 1))
        self.assertEqual(self.target.risk_class, "B")

    def test_each_target_of_a_visit_moves_by_its_own_lines(self):
        pair = self.targets[:2]
        pair[1].write({"entity_id": pair[0].entity_id.id, "permit_number": "Second"})
        pool = self._make_filter(pair)
        visit = self._make_drawn(target_domain=pool, ratio=1.0).inspection_ids
        self.assertEqual(visit.line_ids.target_id, pair)
        visit.line_ids.result = "1"
        visit.line_ids.filtered(lambda line: line.target_id == pair[1]).write(FINDING)
        with freeze_time("2026-04-02"):
            visit._close(date(2026, 4, 2))
        self.assertEqual(pair.mapped("risk_class"), ["B", "C"])

    def test_parameters_read_like_sentences(self):
        texts = {name: text for name, _label, text in self.rulebook._get_parameters()}
        self.assertEqual(
            (texts["risk_raise_on_finding"], texts["risk_lower_after"]), ("yes", "2")
        )
        self.rulebook.write({"risk_raise_on_finding": False, "risk_lower_after": 0})
        texts = {name: text for name, _label, text in self.rulebook._get_parameters()}
        self.assertEqual(
            (texts["risk_raise_on_finding"], texts["risk_lower_after"]), ("no", "never")
        )
