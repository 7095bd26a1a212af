"""One rule for two spellings of a name, and for a credit code, whatever is typed, imported or asked for."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, TransactionCase
from odoo.tools import SQL

from ...tools import uscc
from ...tools.names import INVISIBLE, KEY_SQL, canonical, get_key

NARROW = "".join(map(chr, range(0x21, 0x7F)))
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BLANKS = " \u3000\u00a0\u2003\t" + INVISIBLE
BRACKETS = "()（）[]【】〔〕"
DOTS = "·•・.．"
CORE = "福州榕岸测绘矿业集团有限公司闽ABCxyz0123456789"
NAMES = st.text(CORE + BRACKETS + DOTS + " ", min_size=1, max_size=20)
WEIGHTS = [3**place % 31 for place in range(17)]


@st.composite
def spellings(draw, name):
    """``name`` as somebody else would type it: wide or narrow, capital or small, with blanks, brackets and dots."""
    typed = []
    for sign in name:
        if sign in BRACKETS:
            sign = draw(st.sampled_from(BRACKETS))
        elif sign in DOTS:
            sign = draw(st.sampled_from(DOTS))
        elif sign.isascii() and sign.isalnum():
            sign = draw(st.sampled_from([sign.lower(), sign.upper()]))
            sign = chr(ord(sign) + 0xFEE0) if draw(st.booleans()) else sign
        typed += [sign, draw(st.text(BLANKS, max_size=1))]
    return "".join(typed)


@st.composite
def codes(draw):
    body = draw(st.sampled_from("123456789ANY"))
    body += draw(st.text("0123456789", min_size=7, max_size=7))
    body += draw(st.text(ALPHABET, min_size=9, max_size=9))
    total = sum(
        ALPHABET.index(sign) * weight
        for sign, weight in zip(body, WEIGHTS, strict=True)
    )
    return body + ALPHABET[-total % 31]


class TestSpelling(BaseCase):
    @given(NAMES.flatmap(lambda name: st.tuples(st.just(name), spellings(name))))
    def test_all_spellings_of_a_name_share_its_key(self, pair):
        name, typed = pair
        self.assertEqual(get_key(typed), get_key(name))
        self.assertEqual(get_key(canonical(typed)), get_key(name))
        self.assertEqual(canonical(canonical(typed)), canonical(typed))

    @given(
        st.text(CORE, min_size=1, max_size=20), st.text(CORE, min_size=1, max_size=20)
    )
    def test_two_names_stay_two(self, one, other):
        self.assertEqual(get_key(one) == get_key(other), one.lower() == other.lower())

    def test_brackets_are_narrow_in_a_name_without_chinese_however_they_are_typed(self):
        for typed in (
            "ABC (China) Ltd",
            "ＡＢＣ （China）\u3000Ltd",
            "ABC\u200b （China) Ltd",
        ):
            self.assertEqual(canonical(typed), "ABC (China) Ltd")
        for typed in ("福州ABC(China) 公司", "福州 ABC（China）公司"):
            self.assertEqual(canonical(typed), "福州ABC（China）公司")

    @given(codes().flatmap(lambda code: st.tuples(st.just(code), spellings(code))))
    def test_a_credit_code_is_good_in_any_width_case_and_with_any_blanks(self, pair):
        code, typed = pair
        self.assertEqual(uscc.clean(typed), code)
        self.assertTrue(uscc.is_valid(code) or uscc.is_identity(code))

    @given(codes(), st.integers(0, 17), st.sampled_from(NARROW + "é福"))
    def test_a_credit_code_with_another_character_is_refused(self, code, at, sign):
        changed = code[:at] + sign + code[at + 1 :]
        self.assertEqual(
            uscc.is_valid(changed), changed == code and not uscc.is_identity(code)
        )


class TestKeyInPostgres(TransactionCase):
    def test_postgres_computes_the_same_key(self):
        @given(st.lists(NAMES.flatmap(spellings), min_size=1, max_size=20))
        def check(names):
            query = SQL(
                "SELECT array_agg(%s ORDER BY place) FROM unnest(%s) WITH ORDINALITY t (name, place)",
                SQL(KEY_SQL, SQL("name")),
                names,
            )
            [[keys]] = self.env.execute_query(query)
            self.assertEqual(keys, list(map(get_key, names)))

        check()
