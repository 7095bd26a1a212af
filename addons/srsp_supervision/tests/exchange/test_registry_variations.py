"""What people write in many ways: dates, encodings, names and guarded texts, generated."""

import tempfile
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools.tables import cells, open_table
from ...tools.tables.text import quote
from ...tools.workbook import WorkbookError
from ..registry.registry_case import make_csv, make_workbook

DAYS = st.dates(date(1900, 3, 1), date(2999, 12, 31))
WIDE = str.maketrans("0123456789-/.:", "０１２３４５６７８９－／．：")
TIMES = ["", " 00:00", " 8:30", " 08:30:15", "T08:30:00", "T08:30:00.000Z"]
SPELLINGS = [
    "{0:04}-{1:02}-{2:02}",
    "{0}-{1}-{2}",
    "{0}/{1}/{2}",
    "{0}/{1:02}/{2:02}",
    "{0}.{1}.{2}",
    "{0}.{1:02}.{2:02}",
    "{0}年{1}月{2}日",
    "{0}年{1:02}月{2:02}日",
    "{0} 年 {1} 月 {2} 日",
    "{0:04}{1:02}{2:02}",
]
AMBIGUOUS = [
    "{1}/{2}/{0}",
    "{2}.{1}.{0}",
    "{2:02}{1:02}{0}",
    "{0}-{1}",
    "{0}年{1}月",
    "{0}{1}-{2}",
    "{0}-{1}/{2}",
    "{0}-{1}-{2}至{0}-{1}-{2}",
    "约{0}-{1}-{2}",
    "{0}",
]
# Characters of names: those of GB 2312, rare ones of GBK and of four bytes in GB 18030.
COMMON = st.characters(codec="gb2312", min_codepoint=0x4E00, max_codepoint=0x9FA5)
RARE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
RAREST = st.characters(min_codepoint=0x3400, max_codepoint=0x4DB5) | st.sampled_from(
    "𠮷𠃋𡈽𣲚㐂"
)
NAMES = st.text(COMMON | RARE | RAREST, min_size=2, max_size=12)
COMMON_NAMES = st.text(COMMON, min_size=1, max_size=4)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
CODES = st.from_regex(r"[0-9A-Z][0-9A-Z-]{0,16}[0-9A-Z]", fullmatch=True)
GUARDS = ['="{}"', "'{}", "'{}'", "\t{}", "{}\t", " '{}", "\ufeff{}", "\u200b{}", "{}"]
WRITABLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"])
HEADINGS = ["企业名称", "监管领域", "许可证号"]


def read(data):
    """The rows of a file and their marks, as the reader says."""
    rows, marks = [], []
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for block in open_table(file.name).blocks():
            rows += block.rows
            marks += block.marks
    return rows, marks


@tagged("post_install", "-at_install")
class TestRegistryVariations(BaseCase):
    @given(DAYS, st.sampled_from(SPELLINGS), st.sampled_from(TIMES), st.booleans())
    def test_a_day_has_one_meaning_in_every_spelling(self, day, form, time, is_wide):
        text = form.format(day.year, day.month, day.day) + time
        if is_wide:
            text = text.translate(WIDE)
        for value in (text, f" {text} ", f"\u3000{text}"):
            self.assertEqual(cells.ToDate("infinity").convert(value), day.isoformat())

    @given(DAYS)
    def test_a_day_of_a_workbook_is_that_day(self, day):
        moment = datetime(day.year, day.month, day.day, 8, 30)
        rows, _marks = read(make_workbook([["日期", "时间"], [day, moment]]))
        found = [cells.ToDate().convert(value) for value in rows[1]]
        self.assertEqual(found, [day.isoformat()] * 2)

    @given(DAYS, st.sampled_from(AMBIGUOUS), st.booleans())
    def test_what_may_be_another_day_is_refused(self, day, form, is_wide):
        text = form.format(day.year, day.month, day.day)
        text = text.translate(WIDE) if is_wide else text
        found = cells.ToDate("infinity").convert(text)
        self.assertIsInstance(found, cells.Bad)
        self.assertEqual(found, "not_a_date")

    @given(st.integers(1, 99_999) | st.floats(allow_nan=True, allow_infinity=True))
    def test_a_number_that_is_no_day_is_refused(self, number):
        found = cells.ToDate("infinity").convert(number)
        self.assertIsInstance(found, cells.Bad)

    @given(
        st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=20),
        ENCODINGS,
        st.sampled_from(",;\t"),
    )
    def test_names_are_read_in_every_encoding(self, names, encoding, separator):
        rows = [HEADINGS, *([*pair, f"P{n}"] for n, pair in enumerate(names))]
        data = make_csv(rows, encoding, delimiter=separator)
        self.assertEqual(read(data), (rows, []))

    @given(st.lists(NAMES, min_size=1, max_size=5), ENCODINGS)
    def test_names_under_english_headings_are_read_or_the_file_is_refused(
        self, names, encoding
    ):
        rows = [["entity_name", "sector"], *([name, "SUR"] for name in names)]
        try:
            self.assertEqual(read(make_csv(rows, encoding)), (rows, []))
        except WorkbookError as error:
            self.assertEqual((encoding, error.reason), ("gb18030", "encoding"))

    @given(st.lists(NAMES, min_size=1, max_size=9), st.integers(1, 9))
    def test_a_text_in_utf_16_that_ends_in_a_character_is_refused(self, names, cut):
        whole = make_csv([HEADINGS, *([name, "SUR", "P"] for name in names)], "utf-16")
        with self.assertRaisesRegex(WorkbookError, "encoding"):
            read(whole[: -(2 * cut - 1)])

    @given(CODES, st.sampled_from(GUARDS))
    def test_a_guard_around_a_code_is_no_part_of_it(self, code, guard):
        rows, marks = read(make_csv([HEADINGS, ["甲", "乙", guard.format(code)]]))
        found = cells.ToText(300).convert_all([rows[1][2]])
        self.assertEqual((found, marks), ([code], []))

    @given(st.text(WRITABLE, max_size=30))
    def test_a_text_of_an_export_is_read_as_it_was(self, text):
        text = text.strip()
        rows, marks = read(make_csv([HEADINGS, ["甲", "乙", quote(text)]]))
        self.assertEqual((rows[1][2].strip(), marks), (text, []))

    @given(st.lists(COMMON_NAMES, min_size=3, max_size=3), st.data())
    def test_a_name_has_one_spelling_whatever_brackets_and_blanks_are_typed(
        self, parts, data
    ):
        def typed(text):
            blank = data.draw(st.sampled_from(["", " ", "\u3000", "\u00a0"]))
            return blank + data.draw(st.sampled_from(text)) + blank

        first, middle, last = parts
        name = f"{first}{typed('(（')}{middle}{typed(')）')}{last}{typed('AＡ')}"
        [found] = cells.ToName(300).convert_all([f" {name} "])
        self.assertEqual(found, f"{first}（{middle}）{last}A")
