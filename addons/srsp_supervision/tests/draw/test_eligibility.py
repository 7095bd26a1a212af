import hashlib
import random

from odoo.tests import BaseCase

from ...tools import eligibility, verify_draw

SALT = bytes(range(32))


def h(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def blind(place):
    part, row = divmod(place, 4096)
    stream = hashlib.shake_256(SALT + bytes(7) + bytes([part])).digest(32 * 4096)
    return stream[32 * row :][:32]


def leaf(place, label, members):
    return h(b"\0", blind(place), label.encode(), b"\t", members.encode())


def leaves_of(rows):
    return [leaf(place, *row) for place, row in enumerate(rows)]


def node(left, right):
    return h(b"\1", left, right)


def by_hand(leaves):
    """The nine smallest trees, written out."""
    a, b, c, d, e, f, g, i, j = leaves
    four = node(node(a, b), node(c, d))
    eight = node(four, node(node(e, f), node(g, i)))
    return {
        1: a,
        2: node(a, b),
        3: node(node(a, b), c),
        4: four,
        5: node(four, e),
        6: node(four, node(e, f)),
        7: node(four, node(node(e, f), g)),
        8: eight,
        9: node(eight, j),
    }


def rows_of(count):
    return [(f"矿{number:06}", f"{number % 7:x}") for number in range(count)]


class TestEligibility(BaseCase):
    def test_the_smallest_trees_are_those_of_rfc_6962(self):
        rows = rows_of(9)
        for size, expected in by_hand(leaves_of(rows)).items():
            self.assertEqual(expected, eligibility.root(iter(rows[:size]), SALT), size)
        self.assertEqual(h(), eligibility.root([], SALT))

    def test_siblings_stand_from_left_to_right_as_the_walk_meets_them(self):
        rows = rows_of(7)
        a, b, c, d, e, f, g = leaves_of(rows)
        for places, expected in (
            ([], [node(node(node(a, b), node(c, d)), node(node(e, f), g))]),
            ([2], [node(a, b), d, node(node(e, f), g)]),
            ([6], [node(node(a, b), node(c, d)), node(e, f)]),
            ([0, 3, 5], [b, c, e, g]),
            (range(7), []),
        ):
            opened = {rows[place][0] for place in places}
            blinds, siblings = eligibility.open(iter(rows), SALT, opened)
            self.assertEqual(expected, siblings)
            self.assertEqual({rows[place][0]: blind(place) for place in places}, blinds)

    def test_what_is_opened_leads_to_the_root_at_every_size_and_across_parts(self):
        rng = random.Random(1)
        part = eligibility.PART
        for size in (*range(1, 70), part - 1, part, part + 1, 2 * part, 3 * part + 5):
            rows = rows_of(size)
            places = sorted(rng.sample(range(size), rng.randrange(min(size, 50) + 1)))
            opened = {rows[place][0] for place in places}
            blinds, siblings = eligibility.open(iter(rows), SALT, opened)
            hashes = [leaf(place, *rows[place]) for place in places]
            rest = iter(siblings)
            with self.subTest(size=size):
                top = verify_draw.tree_root(size, places, hashes, rest)
                self.assertEqual(eligibility.root(iter(rows), SALT), top)
                self.assertIsNone(next(rest, None))
                self.assertEqual(opened, set(blinds))

    def test_another_class_label_order_or_salt_gives_another_root(self):
        rows = rows_of(5)
        other = [
            (rows, bytes(32)),
            (rows[::-1], SALT),
            ([*rows[:4], ("矿000004", "0")], SALT),
            ([*rows[:4], ("矿00000", "44")], SALT),
        ]
        roots = {eligibility.root(*each) for each in [(rows, SALT), *other]}
        self.assertEqual(5, len(roots))

    def test_a_label_that_is_not_there_cannot_be_opened(self):
        with self.assertRaises(ValueError):
            eligibility.open(rows_of(3), SALT, {"矿000003"})
