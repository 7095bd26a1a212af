import hashlib
from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase

from ...tools import canonical

# What JSON.stringify of a browser writes for these numbers.
NUMBERS = [
    (0, "0"),
    (-0.0, "0"),
    (1.0, "1"),
    (-120.0, "-120"),
    (0.05, "0.05"),
    (0.30000000000000004, "0.30000000000000004"),
    (123456.789, "123456.789"),
    (1e-4, "0.0001"),
    (0.000012345, "0.000012345"),
    (1e-6, "0.000001"),
    (9.5e-7, "9.5e-7"),
    (-1e-7, "-1e-7"),
    (1.5e-10, "1.5e-10"),
    (5e-324, "5e-324"),
    (4503599627370495.5, "4503599627370495.5"),
    (9007199254740991, "9007199254740991"),
    (9007199254740991.0, "9007199254740991"),
]


class TestCanonical(BaseCase):
    def test_keys_are_sorted_by_code_point_and_nothing_is_spaced_or_escaped(self):
        value = {
            "b": [1, 2.5, None, True, False],
            "a": {},
            "中": "矿业权",
            "Z": [],
            "": "",
        }
        self.assertEqual(
            '{"":"","Z":[],"a":{},"b":[1,2.5,null,true,false],"中":"矿业权"}'.encode(),
            canonical.dumps(value),
        )
        # As UTF-16 units, the way a browser sorts by itself, these two would change places.
        self.assertEqual(
            '{"\uff5e":1,"\U0001f600":2}'.encode(),
            canonical.dumps({"\U0001f600": 2, "\uff5e": 1}),
        )

    def test_strings_escape_only_what_json_demands(self):
        self.assertEqual(
            b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xe2\x80\xa8"',
            canonical.dumps('"\\/\b\f\n\r\t\x00\x1f\x7f\u2028'),
        )

    def test_numbers_are_written_as_a_browser_writes_them(self):
        self.assertEqual(
            [text for _number, text in NUMBERS],
            [canonical.dumps(number).decode() for number, _text in NUMBERS],
        )

    def test_a_tuple_is_a_list_and_an_order_of_insertion_is_nothing(self):
        self.assertEqual(canonical.dumps([[1, "x"]]), canonical.dumps(((1, "x"),)))
        self.assertEqual(
            canonical.digest({"a": 1, "b": 2}), canonical.digest({"b": 2, "a": 1.0})
        )

    def test_what_is_not_exactly_json_is_refused(self):
        for value in (
            date(2025, 1, 1),
            b"bytes",
            {1, 2},
            Decimal("0.05"),
            {1: "key"},
            object(),
        ):
            with self.assertRaises(TypeError):
                canonical.dumps(value)
        for value in (float("nan"), float("inf"), 2**53, -1e300, "\ud800"):
            with self.assertRaises(ValueError):
                canonical.dumps([value])

    def test_digest_is_the_sha_256_of_the_text(self):
        self.assertEqual(
            hashlib.sha256(b'{"a":[1]}').hexdigest(), canonical.digest({"a": [1.0]})
        )

    def test_seal_covers_the_link_before_the_place_the_kind_and_the_payload(self):
        record = '{"kind":"draw","payload":{"名":1},"sequence":3}'.encode()
        sealed = canonical.seal(
            canonical.GENESIS, 3, "draw", canonical.dumps({"名": 1})
        )
        self.assertEqual(hashlib.sha256(bytes(32) + record).digest(), sealed)
        others = {
            canonical.seal(sealed, 3, "draw", canonical.dumps({"名": 1})),
            canonical.seal(canonical.GENESIS, 4, "draw", canonical.dumps({"名": 1})),
            canonical.seal(canonical.GENESIS, 3, "void", canonical.dumps({"名": 1})),
            canonical.seal(canonical.GENESIS, 3, "draw", canonical.dumps({"名": 2})),
        }
        self.assertEqual(4, len(others - {sealed}))

    def test_seal_wants_a_whole_hash_before_it(self):
        with self.assertRaises(ValueError):
            canonical.seal(b"", 1, "draw", canonical.dumps({}))
