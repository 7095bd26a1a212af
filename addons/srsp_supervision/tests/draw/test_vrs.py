import hashlib
import hmac
import random
import unicodedata
from collections import Counter

from odoo.tests import BaseCase

from ...tools import vrs
from .fairness import CRITICAL, chi_square

# The worked example of draft-thomson-elegy-vrs, section "Example Usage", which prints the
# positions as prefixes.
SECRET = b"totally not a bikeshed"
RANDOMNESS = b"1.2.3.4.5.6./1.2.3.4.5.6./1.2.3.4.5.6./"
COMMITMENT = "950ea08d8d5fd3ae415b9967aba7a48aba39ca62a4d98f2e7fe25cb1b8f8c488"
FIRST_CODE = "5346f2efb5397a6788fc1f1d9c05c6d3f2abe9b7d16d8592a3695b6dbe9f2456"
LOWEST_FIRST = [
    ("002ed527ae0a44a86c205d1cdba", b"lavenderblush"),
    ("03f710be2b61a6f9c3f89aa5ab5", b"blue"),
    ("08bab81380d7f0769cecf9969a8", b"darkgoldenrod"),
    ("0c26494fa81f3aed8a9f66e77b7", b"mediumvioletred"),
    ("0e1af5d1ccfd44de075cc0bb6d5", b"bisque"),
    ("13a07cc9abf3b737e49a62b0634", b"lightpink"),
]


class TestVrs(BaseCase):
    def setUp(self):
        super().setUp()
        self.prk = vrs.extract(bytes.fromhex(FIRST_CODE), RANDOMNESS)

    def test_chain_starts_at_the_secret_and_ends_at_the_published_commitment(self):
        links = vrs.chain(SECRET, 10)
        self.assertEqual(11, len(links))
        self.assertEqual(SECRET, links[0])
        self.assertEqual(hashlib.sha256(SECRET).digest(), links[1])
        self.assertEqual(FIRST_CODE, links[9].hex())
        self.assertEqual(COMMITMENT, links[10].hex())

    def test_chain_of_no_link_is_the_secret_and_a_negative_one_is_refused(self):
        self.assertEqual([SECRET], vrs.chain(SECRET, 0))
        with self.assertRaises(ValueError):
            vrs.chain(SECRET, -1)

    def test_published_example_comes_out_in_its_order(self):
        labels = [label for _prefix, label in LOWEST_FIRST]
        lowest = vrs.lowest(self.prk, sorted(labels), len(labels))
        self.assertEqual(labels, [label for _position, label in lowest])
        for (prefix, _label), (position, _same) in zip(
            LOWEST_FIRST, lowest, strict=True
        ):
            self.assertEqual(prefix, position.hex()[: len(prefix)])

    def test_extract_and_position_agree_with_the_first_case_of_rfc_5869(self):
        prk = vrs.extract(bytes(range(0x0D)), b"\x0b" * 22)
        self.assertEqual(
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            prk.hex(),
        )
        self.assertEqual(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            vrs.position(prk, bytes(range(0xF0, 0xFA))).hex(),
        )

    def test_pads_make_the_hmac_out_of_two_plain_hashes(self):
        for key in (self.prk, b"", b"short", bytes(range(64))):
            inner, outer = vrs.hmac_pads(key)
            self.assertEqual((64, 64), (len(inner), len(outer)))
            inside = hashlib.sha256(inner + b"label\x01").digest()
            self.assertEqual(
                hmac.digest(key, b"label\x01", "sha256"),
                hashlib.sha256(outer + inside).digest(),
            )

    def test_a_selection_has_the_positions_of_its_labels(self):
        names = ["", "a", "x" * 200, "福州", "🏔️", "e\u0301", "\u00e9", "乡镇\u3000一号"]
        labels = [name.encode() for name in names]
        self.assertEqual(
            sorted((vrs.position(self.prk, label), label) for label in labels),
            vrs.lowest(self.prk, labels, len(labels)),
        )

    def test_labels_that_look_alike_have_positions_of_their_own(self):
        composed, decomposed = "é", unicodedata.normalize("NFD", "é")
        self.assertNotEqual(
            vrs.position(self.prk, composed.encode()),
            vrs.position(self.prk, decomposed.encode()),
        )

    def test_selection_does_not_depend_on_the_order_of_the_labels(self):
        labels = [f"对象{number}".encode() for number in range(500)]
        expected = vrs.lowest(self.prk, labels, 25)
        pairs = [(vrs.position(self.prk, label), label) for label in labels]
        self.assertEqual(expected, sorted(pairs)[:25])
        for seed in range(5):
            random.Random(seed).shuffle(labels)
            self.assertEqual(expected, vrs.lowest(self.prk, iter(labels), 25))

    def test_selection_takes_what_is_left_when_the_labels_run_out(self):
        self.assertEqual(2, len(vrs.lowest(self.prk, [b"a", b"b"], 5)))
        self.assertEqual([], vrs.lowest(self.prk, [b"a", b"b"], 0))
        self.assertEqual([], vrs.lowest(self.prk, [], 5))

    def test_every_one_of_119_units_is_equally_likely(self):
        labels, draws = [f"unit {number}".encode() for number in range(119)], 4000
        counts = Counter(dict.fromkeys(labels, 0))
        for seed in range(draws):
            prk = vrs.extract(seed.to_bytes(4, "big"), b"fairness")
            counts.update(label for _position, label in vrs.lowest(prk, labels, 6))
        self.assertGreater(counts[labels[-1]], 0)
        self.assertLess(chi_square(counts.values(), draws, 6), CRITICAL[118])

    def test_a_random_start_and_then_every_nth_unit_is_found_unfair(self):
        # What some systems do: with 119 units and 6 to draw, the last five are never drawn.
        counts = Counter(dict.fromkeys(range(119), 0))
        for seed in range(4000):
            start = random.Random(seed).randrange(19)
            counts.update(range(start, start + 6 * 19, 19))
        self.assertGreater(chi_square(counts.values(), 4000, 6), CRITICAL[118])
