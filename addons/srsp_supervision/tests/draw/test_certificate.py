import hashlib
from decimal import Decimal

from odoo.tests import BaseCase

from ...tools import certificate


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class TestQuota(BaseCase):
    def test_rounds_up_from_the_decimal_text(self):
        # In binary, 120 x 0.05 or 100 x 0.07 come out just above the whole number.
        cases = [
            (120, 0.05, 6),
            (100, 0.07, 7),
            (119, 0.05, 6),
            (121, 0.05, 7),
            (1, 0.05, 1),
        ]
        cases += [
            (1000, "0.001", 1),
            (1001, Decimal("0.001"), 2),
            (10**15, 0.1, 10**14),
        ]
        cases += [(320, 1, 320), (7, 1.0, 7)]
        for size, ratio, expected in cases:
            with self.subTest(size=size, ratio=ratio):
                self.assertEqual(expected, certificate.quota(size, ratio))

    def test_takes_one_at_least_and_all_at_most(self):
        self.assertEqual(0, certificate.quota(0, 0.05))
        self.assertEqual(1, certificate.quota(9, 0))
        self.assertEqual(9, certificate.quota(9, 3))

    def test_refuses_what_is_no_ratio(self):
        for size, ratio in (
            (5, -0.1),
            (-5, 0.1),
            (5, "a"),
            (5, float("nan")),
            (5, float("inf")),
        ):
            with self.subTest(size=size, ratio=ratio), self.assertRaises(ValueError):
                certificate.quota(size, ratio)

    def test_bits_needed_are_those_of_the_table_in_rfc_3797(self):
        def bits(*pairs):
            strata = [{"size": size, "quota": quota} for size, quota in pairs]
            return certificate.bits_needed(strata)

        needed = [bits((size, 10)) for size in (20, 40, 60, 75, 100, 120)]
        self.assertEqual([18, 30, 37, 40, 44, 47], needed)
        self.assertEqual(0, bits((9, 9), (0, 0)))
        self.assertEqual(35, bits((20, 10), (20, 10)))


class TestDigests(BaseCase):
    def test_each_digest_is_over_lines_of_fields(self):
        self.assertEqual(
            sha256("A-1\tA\n矿-2\tB\n"),
            certificate.digest([("A-1", "A"), ("矿-2", "B")]),
        )
        self.assertEqual(
            sha256("A-1\tclosed\n"), certificate.digest([["A-1", "closed"]])
        )
        self.assertEqual(
            sha256("I1\tdivision\t处\t3\nI2\tdetachment\t队\t0\n"),
            certificate.inspectors_digest(
                [["I1", "division", "处", 3], ["I2", "detachment", "队", 0]]
            ),
        )
        self.assertEqual(sha256(""), certificate.digest([]))

    def test_a_long_roster_streams_to_the_same_digest(self):
        rows = [(f"{number:06}", "A") for number in range(3 * certificate.BATCH + 5)]
        expected = sha256("".join(f"{label}\t{stratum}\n" for label, stratum in rows))
        self.assertEqual(expected, certificate.digest(iter(rows)))

    def test_order_is_that_of_utf_8_bytes(self):
        labels = sorted(
            ["Z", "a", "é", "e\u0301", "\uff5e", "😀", "福"], key=str.encode
        )
        certificate.digest([(label, "A") for label in labels])
        with self.assertRaises(ValueError):
            certificate.digest([("😀", "A"), ("\uff5e", "A")])

    def test_rows_that_could_be_read_two_ways_are_refused(self):
        for rows in (
            [("b", "A"), ("a", "A")],
            [("a", "A"), ("a", "B")],
            [("", "A")],
            [("a\tb", "A")],
            [("a", "A\n")],
            [("a", "A\tB")],
        ):
            with self.subTest(rows=rows), self.assertRaises(ValueError):
                certificate.digest(rows)

    def test_free_text_becomes_one_line(self):
        self.assertEqual("closed in May", certificate.one_line(" closed\tin\r\n May\n"))
