import random
from collections import Counter

from odoo.tests import BaseCase

from ...tools import verify_draw, vrs
from ...tools.assignment import Shortage, Team, assign
from .assignment_cases import division, tight_case, tiny_case, visit
from .fairness import CRITICAL, chi_square
from .flow import places_missing

PRK = vrs.extract(b"code", b"randomness")


def by_the_verifier(prk, visits, inspectors, units, size, experts, cap):
    """The same teams by the other program: a list of Team, or None."""
    staff = verify_draw.Staff(
        {
            "commitment": {"officer_cap": cap, "units": units},
            "assignment": {"inspectors": inspectors},
        }
    )
    served = []
    for labels, mask, officers, advisers in visits:
        one = verify_draw.Visit(labels, mask)
        one.officers = [staff.names.index(name) for name in officers]
        one.experts = [staff.names.index(name) for name in advisers]
        one.team = sum(1 << who for who in one.officers + one.experts)
        served.append(one)

    def position(label):
        return vrs.position(prk, label.encode())

    if staff.serve(served, position, size, experts):
        return None
    return [Team(*staff.row(1, one)[1:]) for one in served]


class TestExistence(BaseCase):
    def test_there_are_teams_just_if_maximum_flow_fills_every_place(self):
        outcomes = Counter()
        for seed in range(4000):
            visits, inspectors, units, size, experts, cap = case = tiny_case(seed)
            missing = places_missing(visits, inspectors, size, experts, cap)
            with self.subTest(seed=seed):
                try:
                    teams, loads = assign(PRK, *case)
                except Shortage as shortage:
                    outcomes["short"] += 1
                    self.assertGreater(missing, 0)
                    self.assertEqual(missing, shortage.missing)
                    self.assert_proof(shortage, case)
                else:
                    outcomes["served"] += 1
                    self.assertEqual(0, missing)
                    self.assert_lawful(teams, loads, case)
        self.assertGreater(min(outcomes["short"], outcomes["served"]), 500)

    def assert_lawful(self, teams, loads, case):
        visits, inspectors, _units, size, experts, cap = case
        index = {row[0]: number for number, row in enumerate(inspectors)}
        pools = {row[0]: row[1] for row in inspectors}
        given = Counter()
        for (labels, mask, kept, aside), team in zip(visits, teams, strict=True):
            self.assertEqual(labels, team[0])
            for people, stay, wanted in (
                (team[1], kept, size),
                (team[2], aside, experts),
            ):
                self.assertEqual(stay, people[: len(stay)])
                self.assertEqual(wanted, len(set(people)))
                new = people[len(stay) :]
                given.update(new)
                self.assertTrue(all(mask >> index[name] & 1 for name in new))
            self.assertNotIn("expert", [pools[name] for name in team[1]])
            self.assertLessEqual({pools[name] for name in team[2]}, {"expert"})
        for label, _pool, _unit, load in inspectors:
            self.assertEqual(load + given[label], loads[label])
            self.assertTrue(cap is None or not given[label] or loads[label] <= cap)

    def assert_proof(self, shortage, case):
        """Counting alone shows it: needed places of these people, against their room."""
        visits, inspectors, _units, size, experts, cap = case
        named, needed, room = set(shortage.officers), 0, 0
        for _labels, mask, *kept in visits:
            for kind, wanted in enumerate((size, experts)):
                others = [
                    row[0]
                    for index, row in enumerate(inspectors)
                    if mask >> index & 1 and (row[1] == "expert") == bool(kind)
                ]
                free = set(others) - named - set(kept[kind])
                needed += max(0, wanted - len(kept[kind]) - len(free))
        for label, _pool, _unit, load in inspectors:
            room += max(0, cap - load) if label in named else 0
        self.assertEqual((needed, room), (shortage.needed, shortage.room))
        self.assertGreater(needed, room)

    def test_every_visit_that_is_short_is_named(self):
        visits = [visit("x", 0b11), visit("y", 0b01), visit("z", 0)]
        with self.assertRaises(Shortage) as caught:
            assign(PRK, visits, division("a", "b"), ["矿"], 2)
        shortage = caught.exception
        self.assertEqual([["y"], ["z"]], shortage.visits)
        self.assertEqual(
            ([], 3, 0), (shortage.officers, shortage.needed, shortage.room)
        )

    def test_a_shortage_of_room_names_the_officers_who_are_full(self):
        visits = [visit(f"t{number}", 0b0011) for number in range(4)] + [
            visit("u", 0b1100)
        ]
        with self.assertRaises(Shortage) as caught:
            assign(PRK, visits, division("a", "b", "c", "d"), ["矿"], 2, 0, 3)
        shortage = caught.exception
        self.assertEqual([["t2"], ["t3"]], shortage.visits)
        self.assertEqual(
            (["a", "b"], 8, 6), (shortage.officers, shortage.needed, shortage.room)
        )


class TestRule(BaseCase):
    def test_the_verifier_finds_the_same_teams(self):
        for make, seeds in ((tiny_case, 4000), (tight_case, 3000)):
            served = 0
            for seed in range(seeds):
                case = make(seed)
                try:
                    teams = assign(PRK, *case)[0]
                except Shortage:
                    teams = None
                with self.subTest(make=make.__name__, seed=seed):
                    self.assertEqual(teams, by_the_verifier(PRK, *case))
                served += teams is not None
            self.assertGreater(served, 800)

    def test_a_team_has_distinct_officers_and_the_load_is_shared_evenly(self):
        visits = [visit(f"t{number}", 0b11111) for number in range(50)]
        teams, loads = assign(PRK, visits, division(*"abcde"), ["矿"], 2)
        self.assertEqual({2}, {len(set(team[1])) for team in teams})
        self.assertEqual(dict.fromkeys("abcde", 20), loads)

    def test_earlier_load_counts(self):
        inspectors = division("busy", load=5) + division("free", "idle")
        visits = [visit("x", 0b111), visit("y", 0b111)]
        teams, loads = assign(PRK, visits, inspectors, ["矿"], 2)
        self.assertEqual([{"free", "idle"}] * 2, [set(team[1]) for team in teams])
        self.assertEqual({"busy": 5, "free": 2, "idle": 2}, loads)

    def test_nobody_meets_the_same_colleague_again_while_there_is_another(self):
        visits = [visit(f"t{number}", 0b111111) for number in range(15)]
        teams, _loads = assign(PRK, visits, division(*"abcdef"), ["矿"], 2)
        pairs = Counter(frozenset(team[1]) for team in teams[:3])
        self.assertEqual(3, len(pairs))
        again = assign(
            PRK, visits[:6], division(*"abcd") + division("e", "f", load=99), ["矿"], 2
        )
        self.assertEqual(6, len({frozenset(team[1]) for team in again[0]}))

    def test_each_unit_gives_an_officer_where_it_has_one_and_the_record_says_where_not(
        self,
    ):
        inspectors = [*division("a", "b", load=9), *division("c", unit="测", load=9)]
        inspectors.append(["z", "detachment", "队", 0])
        visits = [visit("x", 0b1111), visit("y", 0b1011), visit("z", 0b1100)]
        teams = assign(PRK, visits, inspectors, ["矿", "测"], 2)[0]
        self.assertEqual(([], True), (teams[0][3], "c" in teams[0][1]))
        self.assertEqual([{"a", "b"}, []], [set(teams[1][1]), teams[1][3]])
        self.assertEqual([["c", "z"], ["detachment"]], [teams[2][1], teams[2][3]])

    def test_without_a_cap_no_unit_is_ever_left_out(self):
        for seed in range(500):
            rng = random.Random(seed)
            inspectors = [
                [f"i{n}", "division", rng.choice("矿测"), rng.randrange(5)]
                for n in range(6)
            ]
            visits = [visit(f"t{n}", rng.getrandbits(6) | 0b11) for n in range(6)]
            for team in assign(PRK, visits, inspectors, ["矿", "测"], 2)[0]:
                self.assertEqual([], team[3])

    def test_a_unit_without_room_is_recorded(self):
        inspectors = [
            *division("a"),
            ["y", "detachment", "队", 0],
            ["z", "detachment", "队", 0],
        ]
        visits = [visit("t", 0b111), visit("u", 0b111)]
        teams = assign(PRK, visits, inspectors, ["矿"], 1, 0, 1)[0]
        self.assertEqual(
            [[], ["detachment", "without 矿"]], [team[3] for team in teams]
        )

    def test_somebody_is_freed_by_moving_along_a_chain(self):
        # Each may make two visits in a row; the last visit has only d, who must hand on.
        inspectors = division("a", "b", "c", "d")
        masks = (0b1100, 0b0110, 0b0011, 0b1000)
        visits = [visit(f"t{number}", mask) for number, mask in enumerate(masks)]
        for seed in range(50):
            prk = vrs.extract(bytes([seed]), b"x")
            teams, loads = assign(prk, visits, inspectors, ["矿"], 1, 0, 1)
            self.assertEqual(list("cbad"), [team[1][0] for team in teams])
            self.assertEqual(dict.fromkeys("abcd", 1), loads)

    def test_who_stays_in_a_team_stays_first_and_is_not_chosen_again(self):
        inspectors = [
            *division("a", "b", "c"),
            ["e", "expert", "院", 0],
            ["f", "expert", "院", 0],
        ]
        visits = [visit("x", 0b11111, ["b"], ["f"])]
        teams, loads = assign(PRK, visits, inspectors, ["矿"], 2, 2)
        self.assertEqual(("b", ["f", "e"]), (teams[0][1][0], teams[0][2]))
        self.assertEqual((0, 0, 1), (loads["b"], loads["f"], loads["e"]))

    def test_no_visit_needs_no_officer(self):
        self.assertEqual(([], {}), assign(PRK, [], [], [], 2))

    def test_what_contradicts_itself_is_refused(self):
        for visits, inspectors in (
            ([visit("x", 0b100)], division("a", "b")),
            ([visit("x", -1)], division("a", "b")),
            ([visit("x", 0b11)], division("b", "a")),
            ([visit("x", 0b11)], division("a", "a")),
            (
                [visit("x", 0b11)],
                [["a", "friend", "矿", 0], ["b", "division", "矿", 0]],
            ),
        ):
            with self.subTest(visits=visits), self.assertRaises(ValueError):
                assign(PRK, visits, inspectors, ["矿"], 2)

    def test_the_arguments_are_left_as_they_were_and_the_result_is_always_the_same(
        self,
    ):
        case = tiny_case(1)
        before = repr(case)
        first = assign(PRK, *case)
        self.assertEqual((before, first), (repr(case), assign(PRK, *case)))


class TestFairness(BaseCase):
    def count(self, labels, draws=3000):
        """How often each of ten officers, at these places of the order, is drawn for one visit."""
        counts = [0] * len(labels)
        for seed in range(draws):
            prk = vrs.extract(seed.to_bytes(4, "big"), b"fairness")
            mask = (1 << len(labels)) - 1
            teams, _loads = assign(
                prk, [visit("对象", mask)], division(*labels), ["矿"], 2
            )
            for name in teams[0][1]:
                counts[labels.index(name)] += 1
        return counts

    def test_officers_of_equal_load_are_equally_likely_whatever_their_names(self):
        for labels in (
            [f"officer {n}" for n in range(10)],
            sorted("赵钱孙李周吴郑王冯陈"),
        ):
            counts = self.count(labels)
            self.assertLess(chi_square(counts, 3000, 2), CRITICAL[9])

    def test_over_many_visits_every_officer_of_a_pair_is_equally_likely(self):
        counts = Counter(dict.fromkeys("abcdefghij", 0))
        for seed in range(600):
            prk = vrs.extract(seed.to_bytes(4, "big"), b"pairs")
            visits = [visit(f"t{number}", 1023) for number in range(3)]
            teams = assign(prk, visits, division(*"abcdefghij"), ["矿"], 2)[0]
            counts.update(teams[2][1])
        self.assertLess(chi_square(counts.values(), 600, 2), CRITICAL[9])
