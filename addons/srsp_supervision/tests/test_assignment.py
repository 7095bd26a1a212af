import random
from collections import Counter

from odoo.tests import BaseCase

from ..tools import vrs
from ..tools.assignment import Shortage, assign
from .fairness import CRITICAL, chi_square

PRK = vrs.extract(b"code", b"randomness")


def division(*labels, load=0):
    return [[label, "division", load] for label in labels]


def visits_of(count, which=0):
    return [([f"对象{number}"], which) for number in range(count)]


def plain_rule(prk, visits, classes, inspectors, team_size):
    """The published rule, word for word: sort the whole class for every visit."""
    loads = {label: load for label, _pool, load in inspectors}
    pools = {label: pool for label, pool, _load in inspectors}
    teams = []
    for labels, which in visits:

        def order(officer, first=labels[0]):
            position = vrs.position(prk, f"{first}\t{officer}".encode())
            return (
                ["division", "detachment"].index(pools[officer]),
                loads[officer],
                position,
            )

        officers = sorted(classes[which], key=order)[:team_size]
        for officer in officers:
            loads[officer] += 1
        teams.append([labels, officers])
    return teams, loads


class TestAssignment(BaseCase):
    def test_teams_are_those_of_the_published_rule(self):
        for seed in range(40):
            rng = random.Random(seed)
            pools = ("division", "division", "detachment")
            inspectors = [
                [f"员{i}", rng.choice(pools), rng.randrange(4)] for i in range(12)
            ]
            labels = [label for label, _pool, _load in inspectors]
            classes = [rng.sample(labels, rng.randrange(3, 12)) for _class in range(4)]
            visits = [([f"对象{i}", f"又{i}"], rng.randrange(4)) for i in range(30)]
            expected = plain_rule(PRK, visits, classes, inspectors, 3)
            self.assertEqual(expected, assign(PRK, visits, classes, inspectors, 3))

    def test_a_team_has_distinct_officers_and_the_load_is_shared_evenly(self):
        inspectors = division("a", "b", "c", "d", "e")
        teams, loads = assign(PRK, visits_of(50), [list("abcde")], inspectors, 2)
        self.assertEqual({2}, {len(set(officers)) for _labels, officers in teams})
        self.assertEqual(dict.fromkeys("abcde", 20), loads)

    def test_earlier_load_counts(self):
        inspectors = division("busy", load=5) + division("free", "idle")
        teams, loads = assign(
            PRK, visits_of(2), [["busy", "free", "idle"]], inspectors, 2
        )
        self.assertEqual(
            [{"free", "idle"}] * 2, [set(officers) for _labels, officers in teams]
        )
        self.assertEqual({"busy": 5, "free": 2, "idle": 2}, loads)

    def test_detachment_fills_in_only_where_the_division_is_short(self):
        inspectors = [*division("a", "b", load=9), ["z", "detachment", 0]]
        classes = [["z", "a", "b"], ["z", "b"]]
        teams, _loads = assign(PRK, [(["x"], 0), (["y"], 1)], classes, inspectors, 2)
        self.assertEqual({"a", "b"}, set(teams[0][1]))
        self.assertEqual(["b", "z"], teams[1][1])

    def test_every_visit_that_cannot_be_served_is_named_and_nothing_is_assigned(self):
        inspectors = division("a", "b")
        visits = [(["x"], 0), (["y", "y2"], 1), (["z"], 2)]
        with self.assertRaises(Shortage) as caught:
            assign(PRK, visits, [["a", "b"], ["a"], []], inspectors, 2)
        self.assertEqual([(["y", "y2"], 1), (["z"], 0)], caught.exception.visits)
        self.assertEqual(division("a", "b"), inspectors)

    def test_an_unused_class_may_be_empty(self):
        teams, _loads = assign(
            PRK, [(["x"], 0)], [["a", "b"], []], division("a", "b"), 2
        )
        self.assertEqual(1, len(teams))

    def test_no_visit_needs_no_officer(self):
        self.assertEqual(([], {}), assign(PRK, [], [], [], 2))

    def test_what_contradicts_itself_is_refused(self):
        for classes, inspectors in (
            ([["a", "stranger"]], division("a", "b")),
            ([["a", "a"]], division("a", "b")),
            ([["a", "b"]], division("a", "b", "b")),
            ([["a", "b"]], [["a", "division", 0], ["b", "expert", 0]]),
        ):
            with self.assertRaises(ValueError):
                assign(PRK, visits_of(1), classes, inspectors, 2)

    def test_the_order_within_classes_and_inspectors_is_nothing(self):
        labels = [f"员🙂{i}" for i in range(9)]
        expected = assign(PRK, visits_of(20), [labels], division(*labels), 2)
        shuffled = random.Random(1).sample(labels, 9)
        self.assertEqual(
            expected, assign(PRK, visits_of(20), [shuffled], division(*shuffled), 2)
        )

    def test_officers_of_equal_load_are_equally_likely(self):
        labels, draws = [f"officer {i}" for i in range(10)], 3000
        counts = Counter(dict.fromkeys(labels, 0))
        for seed in range(draws):
            prk = vrs.extract(seed.to_bytes(4, "big"), b"fairness")
            teams, _loads = assign(prk, visits_of(1), [labels], division(*labels), 2)
            counts.update(teams[0][1])
        self.assertLess(chi_square(counts.values(), draws, 2), CRITICAL[9])
