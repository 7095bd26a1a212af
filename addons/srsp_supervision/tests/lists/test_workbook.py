import io
import re
import zipfile

import openpyxl
import xlsxwriter

from odoo.tests import BaseCase
from odoo.tools.misc import file_open

from ...tools import workbook, workbook_reader
from ...tools.workbook import Column, WorkbookError
from ...tools.workbook_reader import RowError, read_list

COLUMNS = [
    Column("code", "编码", 12),
    Column("name", "抽查事项", 40),
    Column("ratio", "抽查比例", 10, "ratio"),
    Column("frequency", "抽查频次", 8, "integer"),
]
SHEET = "xl/worksheets/sheet1.xml"


def written(rows, **options):
    options = {
        "title": "抽查事项清单",
        "subtitle_lines": ["榕资规〔2020〕1号"],
        **options,
    }
    return workbook.write_list(columns=COLUMNS, rows=rows, **options)


def typed(*table, formats=None, merged=()):
    """A workbook as somebody types it: rows of values from A1 down."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(table):
            for column, value in enumerate(row):
                form = book.add_format({"num_format": (formats or {}).get(column, "")})
                sheet.write(at, column, value, form)
        for cells, text in merged:
            sheet.merge_range(cells, text)
    return output.getvalue()


def repacked(data, change=None, leave_out=(), compression=zipfile.ZIP_DEFLATED):
    """The workbook again, with some parts changed: {name: function of its bytes}."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(output, "w", compression) as new,
    ):
        for name in old.namelist():
            text = (change or {}).get(name, bytes)(old.read(name))
            if name not in leave_out:
                new.writestr(name, text)
    return output.getvalue()


def sheet_of(data):
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]


class TestWorkbook(BaseCase):
    def refusal(self, data):
        with self.assertRaises(WorkbookError) as refused:
            read_list(data, COLUMNS)
        return refused.exception.reason, refused.exception.place

    def test_a_list_that_is_read_back_is_the_list_that_was_written(self):
        texts = [
            *["=1+1", "+86", "-5", "@SUM(A1)", "http://x.cn", "007", "1e5", "5%"],
            *[
                "第一条\n第二条\n\n　缩进",
                "'quoted'",
                "<b>&amp;</b>",
                "a\tb",
                "_x0041_",
            ],
            *["😀𠮷", "TRUE", "2020-01-01", "长" * 32767, "#N/A", "{=1}", ""],
        ]
        rows = [
            {"code": f"{i:03}", "name": text, "ratio": None, "frequency": i - 3}
            for i, text in enumerate(texts)
        ] + [
            {"code": "", "name": "比例", "ratio": i / 10000, "frequency": None}
            for i in range(10001)
        ]
        data = written(rows)
        self.patch(workbook_reader, "MAX_ROWS", len(rows))
        sheet = read_list(data, COLUMNS)
        self.assertEqual([], sheet.errors)
        self.assertEqual(3, sheet.header_row)
        self.assertEqual(list(enumerate(rows, 4)), sheet.rows)

    def test_a_list_that_libreoffice_saved_is_the_list_that_was_written(self):
        for kind in ("xlsx", "xls", "ods"):
            with file_open(
                f"srsp_supervision/tests/data/kinds/list.{kind}", "rb"
            ) as file:
                sheet = read_list(file.read(), COLUMNS)
            self.assertEqual([], sheet.errors)
            self.assertEqual(
                [
                    ("007", "第一条\n第二条", 0.0725, 2),
                    ("A2", "=1+1  乙", 1, 12),
                ],
                [tuple(row.values()) for _number, row in sheet.rows],
            )

    def test_what_a_cell_cannot_hold_is_cleaned_the_same_way_on_both_sides(self):
        raw = " \r\n甲\r\n乙\r丙\x00\x0b\x1f\ufffe\uffff \u3000"
        self.assertEqual("甲\n乙\n丙", workbook.clean_text(raw))
        [(_number, row)] = read_list(written([{"name": raw}]), COLUMNS).rows
        self.assertEqual(
            {"code": "", "name": "甲\n乙\n丙", "ratio": None, "frequency": None}, row
        )
        for value, text in ((None, ""), (False, ""), (0, "0"), (" ", "")):
            self.assertEqual(text, workbook.clean_text(value))

    def test_a_text_that_no_cell_holds_is_refused_when_it_is_written(self):
        for text in ("长" * 32768, "😀" * 16384):
            with self.assertRaises(WorkbookError) as refused:
                written([{"name": "x"}, {"name": text}])
            self.assertEqual("too_long", refused.exception.reason)
            self.assertEqual("5 抽查事项", refused.exception.place)

    def test_nothing_written_is_a_formula_or_a_link(self):
        risky = ["=cmd|'/C calc'!A0", "+1", "-1", "@x", "{=1}", "mailto:a@b.cn"]
        title = "=HYPERLINK(1)"
        data = written([{"name": text} for text in risky], title=title)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            text = archive.read(SHEET).decode()
        self.assertNotRegex(text, "<f|hyperlink")
        self.assertEqual(title, sheet_of(data)["A1"].value)

    def test_a_list_is_set_for_paper(self):
        rows = [
            {"code": "A1", "name": "甲\n乙", "ratio": 0.05, "frequency": 2},
            {"code": "A2", "name": "丙", "ratio": 0.0725, "frequency": 1},
        ]
        sheet = sheet_of(written(rows))
        page = sheet.page_setup
        self.assertEqual(
            ("landscape", 9, None, 0),  # one page wide is the format's default
            (page.orientation, int(page.paperSize), page.fitToWidth, page.fitToHeight),
        )
        self.assertTrue(sheet.sheet_properties.pageSetUpPr.fitToPage)
        self.assertTrue(sheet.print_options.horizontalCentered)
        self.assertEqual("$3:$3", sheet.print_title_rows)
        self.assertEqual("'抽查事项清单'!$A$1:$D$5", sheet.print_area)
        self.assertEqual("A4", sheet.freeze_panes)
        self.assertEqual("&P / &N", sheet.oddFooter.center.text)
        self.assertEqual(
            {"A1:D1", "A2:D2"}, {str(r) for r in sheet.merged_cells.ranges}
        )

    def test_columns_and_rows_have_the_room_that_their_texts_need(self):
        rows = [
            {"code": "A1", "name": "甲乙" * 50, "ratio": 0.0725, "frequency": 2},
            {"code": "A2", "name": "丙\n丁", "ratio": None, "frequency": None},
        ]
        sheet = sheet_of(written(rows))
        widths = [int(sheet.column_dimensions[column].width) for column in "ABCD"]
        self.assertEqual([6, 40, 7, 6], widths)
        self.assertEqual(
            [30, 18, 33, 93, 33],  # whole pixels; “抽查比例” in 6 digits
            [sheet.row_dimensions[row].height for row in range(1, 6)],
        )
        columns = [Column(f"c{at}", "栏", 60) for at in range(8)]
        table = [["栏"] * 8, ["字" * 60] * 7 + ["字" * 3000]]
        widths = workbook._fit_widths(columns, table)
        self.assertLess(sum(widths[:7]), 7 * 13)  # they make room on the page
        lines = workbook._count_lines(table[1][7], widths[7])
        self.assertLessEqual(lines * workbook.LINE_HEIGHT, workbook.MAX_ROW_HEIGHT)

    def test_a_wide_list_goes_over_two_pages_that_both_say_which_line_it_is(self):
        columns = [Column(f"c{at}", f"栏{at}", 60) for at in range(8)]
        row = {column.name: "字" * 25 for column in columns}
        data = workbook.write_list("清单", ["号"], columns, [row])
        sheet = sheet_of(data)
        page = sheet.page_setup
        self.assertEqual((2, 0), (page.fitToWidth, page.fitToHeight))
        self.assertEqual("$A:$B", sheet.print_title_cols)
        self.assertEqual("$3:$3", sheet.print_title_rows)
        # as wide as a page takes, the two repeated columns counted twice
        widths = [sheet.column_dimensions[column].width for column in "ABCDEFGH"]
        self.assertLess(sum(widths[:5]), workbook.PAGE_WIDTH + 5)
        self.assertLess(sum(widths[:2] + widths[5:]), workbook.PAGE_WIDTH + 5)
        self.assertEqual(
            {"A1:E1", "A2:E2"}, {str(r) for r in sheet.merged_cells.ranges}
        )
        [(_number, read)] = read_list(data, columns).rows
        self.assertEqual(row, read)

    def test_a_flagged_text_is_red_has_a_note_and_is_read_back_as_it_was(self):
        flagged = workbook.Flagged("《矿产资源法》", "已废止")
        rows = [{"code": "A1", "name": flagged}, {"code": "A2", "name": "《测绘法》"}]
        data = written(rows)
        sheet = sheet_of(data)
        looks = [
            (
                cell.font.color.rgb == "FFB42318",
                cell.font.bold,
                bool(cell.comment),
            )
            for cell in (sheet["B4"], sheet["B5"])
        ]
        self.assertEqual([(True, True, True), (False, False, False)], looks)
        self.assertEqual("已废止", sheet["B4"].comment.text)
        self.assertEqual(
            ["《矿产资源法》", "《测绘法》"],
            [row["name"] for _number, row in read_list(data, COLUMNS).rows],
        )

    def test_the_cells_of_a_list_are_typeset(self):
        rows = [
            {"code": "A1", "name": "甲\n乙", "ratio": 0.05, "frequency": 2},
            {"code": "A2", "name": "丙", "ratio": 0.0725, "frequency": 1},
        ]
        sheet = sheet_of(written(rows))
        self.assertGreater(sheet["A1"].font.size, sheet["A3"].font.size)
        self.assertTrue(sheet["A3"].font.bold)
        self.assertEqual("FFD9E2F3", sheet["A3"].fill.fgColor.rgb)
        for cell in sheet["A4:B4"][0]:
            self.assertTrue(cell.alignment.wrap_text)
            self.assertEqual("top", cell.alignment.vertical)
            self.assertEqual("thin", cell.border.left.style)
            self.assertEqual("@", cell.number_format)
        self.assertEqual(
            ["0%", "0.0##%", "0"],
            [sheet[cell].number_format for cell in ("C4", "C5", "D4")],
        )
        self.assertEqual("right", sheet["D4"].alignment.horizontal)

    def test_a_title_may_be_anything_that_a_sheets_name_may_not(self):
        for title, name in (
            ("清单[2]:甲/乙?*\\", "清单 2  甲 乙"),
            ("'x'", "x"),
            ("长" * 40, "长" * 31),
            ("", "1"),
        ):
            self.assertEqual(name, sheet_of(written([], title=title)).title)

    def test_a_row_has_the_colour_of_its_shade(self):
        shades = ["#FFF2CC", "#FFF2CC", "", "#FBE5E5"]
        rows = [{"code": "A1", "ratio": 0.05, "shade": shade} for shade in shades]
        sheet = sheet_of(written(rows))
        for row, shade in enumerate(shades, 4):
            fills = {cell.fill.fgColor.rgb for cell in sheet[row]}
            self.assertEqual({shade.replace("#", "FF") or "00000000"}, fills)

    def test_headings_are_found_wherever_they_are_and_however_they_are_spelt(self):
        data = typed(
            ["随便写的标题"],
            [],
            ["", "Sampling Frequency", "抽查\n事项", "", " 编 码 ", "抽查比例"],
            ["", 2, "甲", "", "A1", "５ %"],
            [],
            ["", "2", "乙", "", 7, "57%"],
        )
        sheet = read_list(data, COLUMNS, aliases={"Sampling Frequency": "frequency"})
        self.assertEqual([], sheet.errors)
        self.assertEqual(
            [
                (4, {"code": "A1", "name": "甲", "ratio": 0.05, "frequency": 2}),
                (6, {"code": "7", "name": "乙", "ratio": 0.57, "frequency": 2}),
            ],
            sheet.rows,
        )

    def test_every_bad_cell_and_heading_is_named(self):
        head = ["编码", "抽查事项", "备注", "编码", "抽查频次"]
        data = typed(head, ["A1", 43831, "", "", 1.5], [True, "乙", "", "", "两次"])
        self.assertEqual(
            [
                RowError(1, "备注", "备注", "unknown_column"),
                RowError(1, "编码", "编码", "duplicate_column"),
                RowError(1, "抽查比例", "", "missing_column"),
                RowError(2, "抽查频次", "1.5", "not_an_integer"),
                RowError(3, "编码", "True", "not_text"),
                RowError(3, "抽查频次", "两次", "not_an_integer"),
            ],
            read_list(data, COLUMNS).errors,
        )
        head = [column.label for column in COLUMNS]
        bad = ["百分之五", "5%%", "nan", "1e3", "--5", True, 1e300, "5 0x"]
        data = typed(head, *(["A", "甲", ratio, 1] for ratio in bad))
        self.assertEqual(
            [
                RowError(row, "抽查比例", str(value), "not_a_number")
                for row, value in enumerate(bad, 2)
            ],
            read_list(data, COLUMNS).errors,
        )
        data = typed(head, ["A", 43831, 1, 1], formats={1: "yyyy-mm-dd"})
        self.assertEqual(
            [RowError(2, "抽查事项", "2020-01-01", "not_text")],
            read_list(data, COLUMNS).errors,
        )

    def test_a_text_longer_than_a_cell_is_named(self):
        data = repacked(
            typed([column.label for column in COLUMNS], ["A", "甲甲甲", 1, 1]),
            {
                "xl/sharedStrings.xml": lambda text: text.replace(
                    "甲甲甲".encode(), "甲".encode() * 32768
                )
            },
        )
        [error] = read_list(data, COLUMNS).errors
        self.assertEqual((2, "抽查事项", "甲" * 200, "too_long"), tuple(error))

    def test_a_second_filled_sheet_is_refused_by_its_name(self):
        output = io.BytesIO()
        with xlsxwriter.Workbook(output) as book:
            for name in ("清单", "说明"):
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, [column.label for column in COLUMNS])
        self.assertEqual(("second_sheet", "说明"), self.refusal(output.getvalue()))

    def test_a_list_of_more_text_than_allowed_is_refused(self):
        self.patch(workbook_reader, "MAX_CHARACTERS", 100)
        self.assertEqual(
            ("too_large", ""), self.refusal(written([{"name": "长" * 100}]))
        )

    def test_a_workbook_of_too_many_sheets_is_refused_before_any_is_read(self):
        """Each sheet named takes time, however small the file."""
        good = written([{"code": "A1"}])
        with zipfile.ZipFile(io.BytesIO(good)) as archive:
            [sheet] = re.findall(rb"<sheet [^>]*/>", archive.read("xl/workbook.xml"))
        for count, reason in ((256, "second_sheet"), (50_000, "too_large")):
            many = {"xl/workbook.xml": lambda text: text.replace(sheet, sheet * count)}  # noqa: B023
            self.assertEqual(reason, self.refusal(repacked(good, many))[0])

    def test_merged_cells_hide_values_and_are_named_unless_they_are_a_note(self):
        table = [[column.label for column in COLUMNS], ["A1", "甲", 1, 1]]
        data = typed(*table, merged=[("B3:B4", "乙"), ("A6:D6", "注")])
        sheet = read_list(data, COLUMNS)
        self.assertEqual(
            [RowError(row, "抽查事项", "", "merged_cell") for row in (3, 4)],
            sheet.errors,
        )
        self.assertEqual([2, 3], [number for number, _row in sheet.rows])

    def test_what_is_no_workbook_is_refused(self):
        good = written([{"code": "A1"}])
        bomb = {
            SHEET: lambda text: text.replace(
                b"<sheetData>", b"<sheetData>" + b" " * 60_000_000
            )
        }
        doctype = {SHEET: lambda text: text.replace(b"?>", b"?><!DOCTYPE x>", 1)}
        with zipfile.ZipFile(io.BytesIO(good)) as archive:
            names = archive.namelist()
        for data, reason in (
            (b"", "empty_sheet"),
            ("编码,抽查事项\nA1,甲\n".encode("gb18030"), "not_a_workbook"),
            (bytes(range(256)) * 20, "not_a_workbook"),
            (good[:-40], "not_a_workbook"),
            (good[: len(good) // 2], "not_a_workbook"),
            (repacked(good, leave_out=["xl/workbook.xml"]), "not_a_workbook"),
            (repacked(good, leave_out=[SHEET]), "not_a_workbook"),
            (repacked(good, leave_out=names), "archive"),
            (repacked(good, doctype), "not_a_workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_a_workbook"),
            (repacked(good, bomb), "too_large"),
            (typed(["乱七八糟"], ["编码"]), "no_header"),
            (typed(), "empty_sheet"),
        ):
            with self.subTest(reason=reason, size=len(data)):
                self.assertEqual((reason, ""), self.refusal(data))

    def test_a_size_that_the_directory_hides_is_found_out(self):
        bomb = repacked(written([]), {SHEET: lambda text: text + b" " * 60_000_000})
        with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
            size = archive.getinfo(SHEET).file_size
        lie = bomb.replace(size.to_bytes(4, "little"), (5000).to_bytes(4, "little"))
        self.assertNotEqual(bomb, lie)
        self.assertEqual(("not_a_workbook", ""), self.refusal(lie))

    def test_a_cell_far_out_is_refused_before_memory_is_taken(self):
        good = typed([column.label for column in COLUMNS], ["A1", "甲", 0.05, 77])
        for reference, reason in (
            ("D1048576", "gap"),
            ("XFD2", "too_wide"),
            ("ZZZZ9", "too_wide"),
            ("D0", "gap"),
        ):
            data = repacked(
                good,
                {
                    SHEET: lambda xml, to=reference: xml.replace(
                        b'"D2"', f'"{to}"'.encode()
                    )
                },
            )
            self.assertEqual(reason, self.refusal(data)[0])

    def test_more_rows_than_allowed_are_refused(self):
        rows = [{"code": str(i)} for i in range(6)]
        self.patch(workbook_reader, "MAX_ROWS", 6)
        self.assertEqual(6, len(read_list(written(rows), COLUMNS).rows))
        self.patch(workbook_reader, "MAX_ROWS", 5)
        self.assertEqual(("too_many_rows", ""), self.refusal(written(rows)))

    def test_a_formula_that_failed_is_named_by_its_cell(self):
        output = io.BytesIO()
        with xlsxwriter.Workbook(output) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, [column.label for column in COLUMNS])
            sheet.write_formula("B2", "=NA()", None, "#N/A")
        self.assertEqual(("formula_error", "B2"), self.refusal(output.getvalue()))
