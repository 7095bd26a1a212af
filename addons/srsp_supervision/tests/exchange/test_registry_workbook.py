"""A workbook read piece by piece says what the parser says of it as a whole."""

import datetime
import io
import re
import tempfile
import zipfile
from unittest.mock import patch

import openpyxl
import xlsxwriter
from python_calamine import CalamineWorkbook

from odoo.tests import BaseCase, tagged

from ...tools.tables import open_table, workbook
from ...tools.workbook import WorkbookError
from ..registry.registry_case import make_workbook

START = datetime.date(2020, 1, 1)
ROWS = [["名称", "日期", "数", "是否", "空"]] + [
    [
        f"第{n}行 <&> \"'",
        START + datetime.timedelta(n),
        n / 7,
        n % 2 == 0,
        "" if n % 3 else "_x0041_",
    ]
    for n in range(1, 200)
]
SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"


@tagged("post_install", "-at_install")
class TestRegistryWorkbook(BaseCase):
    def _read(self, data, piece_bytes=700):
        """The rows as the reader numbers them, in pieces of a few rows."""
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
            file.write(data)
            file.flush()
            with patch.object(workbook, "PIECE_BYTES", piece_bytes):
                rows = {}
                for block in open_table(file.name).blocks():
                    rows |= dict(enumerate(block.rows, block.first))
        return rows

    def _whole(self, data):
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        return {number: row for number, row in enumerate(rows, 1) if any(row)}

    def _strip(self, rows):
        """Without the empty cells at the end, which pieces may have fewer of, and empty rows."""
        cut = {}
        for number, row in rows.items():
            while row and row[-1] == "":
                row = row[:-1]
            if row:
                cut[number] = row
        return cut

    def _assert_same(self, data):
        whole = self._strip(self._whole(data))
        self.assertEqual(len(whole), len(ROWS))
        for piece_bytes in (300, 700, 5_000, 1_000_000):
            self.assertEqual(self._strip(self._read(data, piece_bytes)), whole)

    def _change(self, data, **parts):
        """The workbook with some parts changed: name → function of their text."""
        changed = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as old,
            zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                key = name.rpartition("/")[2].partition(".")[0]
                change = parts.get(key, lambda text: text)
                new.writestr(name, change(old.read(name)))
        return changed.getvalue()

    def _openpyxl(self, epoch=None):
        book = openpyxl.Workbook()
        if epoch:
            book.epoch = epoch
        for row in ROWS:
            book.active.append([cell if cell != "" else None for cell in row])
        data = io.BytesIO()
        book.save(data)
        return data.getvalue()

    def test_shared_texts_and_texts_in_place(self):
        self._assert_same(self._openpyxl())
        self._assert_same(make_workbook(ROWS))
        data = io.BytesIO()
        with xlsxwriter.Workbook(data, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate(ROWS):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, str(cell))
        self._assert_same(data.getvalue())

    def test_days_counted_from_1904(self):
        self._assert_same(self._openpyxl(openpyxl.utils.datetime.CALENDAR_MAC_1904))

    def test_tags_with_a_prefix_and_other_quotes(self):
        def prefix(text):
            text = re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", text)
            return text.replace(
                b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x="
            ).replace(b"<x:sst xmlns=", b"<x:sst xmlns:x=")

        data = self._openpyxl()
        self._assert_same(self._change(data, sheet1=prefix, sharedStrings=prefix))
        self._assert_same(
            self._change(data, sheet1=lambda text: text.replace(b'"', b"'"))
        )

    def test_rows_and_cells_without_numbers(self):
        def strip(text):
            return re.sub(rb'(<(?:c|row)\b[^>]*?) r="[A-Z]*[0-9]+"', rb"\1", text)

        full = [[*row[:4], "x"] for row in ROWS]
        data = self._change(make_workbook(full), sheet1=strip)
        self.assertNotIn(b' r="', zipfile.ZipFile(io.BytesIO(data)).read(SHEET))
        self.assertEqual(self._read(data), self._whole(make_workbook(full)))

    def test_texts_of_several_runs_and_empty_ones(self):
        data = make_workbook([[*row[:4], row[4] and "LAST"] for row in ROWS])
        self.assertIn(b"<t>LAST</t>", zipfile.ZipFile(io.BytesIO(data)).read(TEXTS))
        for empty in (b"<si><t/></si>", b"<si/>", b"<si />"):
            emptied = self._change(
                data,
                sharedStrings=lambda text, empty=empty: text.replace(
                    b"<si><t>LAST</t></si>", empty
                ),
            )
            self.assertEqual(
                self._strip(self._read(emptied)), self._strip(self._whole(emptied))
            )

    def test_damage_anywhere_is_refused_and_nothing_else_happens(self):
        for data in (
            self._openpyxl(),
            make_workbook(ROWS),
        ):  # texts in place and shared
            for spoiled in self._spoil(data):
                try:
                    self._read(spoiled, 256_000)
                except WorkbookError:
                    continue

    def _spoil(self, data):
        pieces = [
            b"",
            b"<",
            b"&",
            b"<!--",
            b"]]>",
            b"</row>",
            b"9" * 400,
            b'r="ZZZ99999999"',
            b"\x00\xff",
        ]
        parts = zipfile.ZipFile(io.BytesIO(data))
        for name in parts.namelist():
            key = name.rpartition("/")[2].partition(".")[0]
            size = len(parts.read(name))
            for number, piece in enumerate(pieces):
                at = size * (number + 1) // (len(pieces) + 1)
                yield self._change(
                    data,
                    **{
                        key: lambda text, at=at, piece=piece: (
                            text[:at] + piece + text[at + 30 :]
                        )
                    },
                )
