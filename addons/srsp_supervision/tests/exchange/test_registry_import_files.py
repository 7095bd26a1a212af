"""Files that are no registry, or not a whole one: refused as they are, or their broken rows reported."""

from odoo.tests import tagged

from ..registry.registry_case import (
    CODE,
    HEADER,
    RegistryCase,
    make_csv,
    make_workbook,
    read_part,
    replace_part,
)

GOOD = ["好公司", CODE, "SUR", "P1"]


@tagged("post_install", "-at_install")
class TestRegistryImportFiles(RegistryCase):
    def _assert_unreadable(self, data, words):
        before = self._registry()
        record = self._upload(data)
        self.assertEqual(record.state, "failed")
        self.assertRegex(record.message, words)
        with self._refused("No column of the file"):
            record.action_check()
        self.assertEqual(self._registry(), before)

    def test_headings_without_rows_are_no_registry(self):
        for data in (make_csv([HEADER]), make_workbook([HEADER, [""]])):
            record = self._check(data)
            self.assertEqual(record.state, "failed")
            self.assertEqual(record.message, "There is no row under the headings.")

    def test_a_second_filled_sheet_is_not_passed_over(self):
        def add(*cells, hide=False):
            def change(book, sheet):
                book.add_worksheet("空表").set_column(0, 9, 30)
                more = book.add_worksheet("续表")
                for at, text in enumerate(cells):
                    more.write_string(at, 0, text)
                if hide:
                    more.hide()

            return make_workbook([HEADER, GOOD], change)

        self._assert_unreadable(add("名称", "乙公司"), "Sheet “续表” is filled too")
        for data in (add(), add("名称", "乙公司", hide=True)):
            self.assertEqual(self._check(data).created_count, 1)

    def test_text_may_be_in_unicode_or_gb18030(self):
        for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"):
            with self.subTest(encoding):
                rows = [
                    ["企业名称", "监管领域"],
                    [f"福州㐂公司{encoding}", "SUR"],
                    ["测绘中心院", "SUR"],
                ]
                record = self._check(make_csv(rows, encoding))
                self.assertEqual(self._counts(record), (2, 2, 0, 0, 0))
        tabs = make_csv(rows).replace(b",", b"\t")
        self.assertEqual(self._check(tabs).created_count, 2)

    def test_a_wrong_encoding_is_reported(self):
        words = "unknown encoding"
        text = "企業名稱,監管領域\r\n福州測繪有限公司,測繪資質\r\n" * 5
        self._assert_unreadable(text.encode("big5"), words)
        self._assert_unreadable(
            "Société générale été,dépôt\r\n".encode("latin-1") * 9, words
        )
        rows = make_csv([HEADER, GOOD, ["坏公司", "", "SUR", ""]])
        spoiled = rows.replace("坏".encode(), "坏".encode()[:2])
        record = self._check(spoiled)
        self.assertEqual(
            [(e.row, e.label, e.reason) for e in record.sudo().error_ids],
            [(3, "Entity Name", "bytes that are not valid characters")],
        )

    def test_broken_text_is_reported_by_row(self):
        data = make_csv([HEADER, GOOD]) + b'"Bad" quotes,,SUR,\r\nOk,,SUR,9\r\n'
        record = self._check(data)
        self.assertEqual(
            self._errors(record), [(3, "", False, "unclosed quotation marks")]
        )
        self.assertEqual(record.created_count, 2)

    def test_a_packed_bomb_a_program_and_nothing_at_all_are_refused(self):
        good = make_workbook([HEADER, GOOD])
        self._assert_unreadable(b"", "empty")
        self._assert_unreadable(b"\n\n", "empty")
        self._assert_unreadable(make_workbook([]), "empty")
        self._assert_unreadable(b"\xd0\xcf\x11\xe0" + bytes(100), "neither a workbook")
        self._assert_unreadable(b"PK\x03\x04 not a zip", "neither a workbook")
        self._assert_unreadable(good[: len(good) // 2], "neither a workbook")
        self._assert_unreadable(
            replace_part(good, "xl/vbaProject.bin", b"Sub"), "macros"
        )
        types = read_part(good, "[Content_Types].xml").replace(
            b"sheet.main+xml", b"sheet.macroEnabled.main+xml"
        )
        self._assert_unreadable(
            replace_part(good, "[Content_Types].xml", types), "macros"
        )
        bomb = b"<row r='1'><c r='A1'/></row>" * 4_000_000
        sheet = "xl/worksheets/sheet1.xml"
        self._assert_unreadable(replace_part(good, sheet, bomb), "packed so tightly")
        entity = b'<!DOCTYPE a [<!ENTITY b "b">]>' + read_part(good, sheet)
        self._assert_unreadable(replace_part(good, sheet, entity), "neither a workbook")

    def test_cells_far_out_do_not_fill_the_memory(self):
        good = make_workbook([HEADER, GOOD])
        sheet = "xl/worksheets/sheet1.xml"
        text = read_part(good, sheet)
        far = text.replace(b'r="D2"', b'r="XFD2"')
        self._assert_unreadable(replace_part(good, sheet, far), "200th column")
        end = b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
        far = text.replace(b"</sheetData>", end)
        self._assert_unreadable(
            replace_part(good, sheet, far), "gap of thousands of rows"
        )

    def test_what_is_wrong_far_down_ends_the_work_and_says_so(self):
        rows = [[f"第{n}公司", "", "SUR", f"P{n}"] for n in range(9_000)]

        def change(_book, sheet):
            sheet.write_string(40_000, 0, "远")

        before = self._registry()
        record = self._check(make_workbook([HEADER, *rows], change))
        self.assertEqual(record.state, "failed")
        self.assertEqual(
            record.message, "There is a gap of thousands of rows before row 40001."
        )
        self.assertEqual(self._registry(), before)
