from odoo.tests import BaseCase

from ...tools.list_diff import Change, compare

OLD = {
    1: {"code": "A1", "division_id": "Surveying", "ratio": 0.05},
    2: {"code": "B1", "division_id": "Minerals", "ratio": 0.05},
    3: {"code": "C1", "division_id": "Minerals", "ratio": 0.1},
    4: {"code": "D1", "division_id": "Minerals", "ratio": 0.1},
}
SAME = {11: 1, 12: 2, 13: 3, 14: 4}


class TestListDiff(BaseCase):
    def _new(self, **changed):
        """The rows of OLD under the keys of their copies; ``changed`` names a copy's key ``k11``."""
        rows = {key: dict(OLD[origin]) for key, origin in SAME.items()}
        for key, values in changed.items():
            rows[int(key[1:])].update(values)
        return rows

    def test_equal_versions_differ_in_nothing(self):
        self.assertEqual(compare(OLD, self._new(), SAME), [])
        self.assertEqual(compare({}, {}, {}), [])

    def test_every_kind_in_the_order_of_the_new_version_then_what_retired(self):
        new = self._new(
            k11={"ratio": 0.08, "code": "A2"},
            k12={"division_id": "Surveying"},
            k13={"division_id": "Surveying", "ratio": 0.2},
        )
        del new[14]
        new = {15: {"code": "E1", "division_id": "Surveying", "ratio": 0.05}, **new}
        self.assertEqual(
            compare(OLD, new, SAME),
            [
                Change("added", None, 15, ()),
                Change("changed", 1, 11, (("code", "A1", "A2"), ("ratio", 0.05, 0.08))),
                Change("moved", 2, 12, (("division_id", "Minerals", "Surveying"),)),
                Change(
                    "moved",
                    3,
                    13,
                    (("division_id", "Minerals", "Surveying"), ("ratio", 0.1, 0.2)),
                ),
                Change("retired", 4, None, ()),
            ],
        )

    def test_without_a_version_before_every_line_is_added(self):
        self.assertEqual(
            compare({}, self._new(), {}),
            [Change("added", None, key, ()) for key in SAME],
        )

    def test_an_ancestor_that_is_not_among_the_old_lines_does_not_count(self):
        self.assertEqual(
            compare({1: OLD[1]}, {12: OLD[2]}, {12: 2}),
            [Change("added", None, 12, ()), Change("retired", 1, None, ())],
        )
