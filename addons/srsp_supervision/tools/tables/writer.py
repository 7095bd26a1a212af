"""Writes tables of any size as workbooks, row by row in bounded memory (xlsxwriter's ``constant_memory``)."""

import datetime
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import xlsxwriter

from ..workbook import MAX_TEXT_LENGTH, clean_text
from .table import FilePath

# Of a sheet; another one continues from there, under the same header.
MAX_ROWS = 1_048_576
COLUMN_WIDTH = 18
FIRST_DAY = datetime.date(1900, 3, 1)  # spreadsheets disagree on earlier ones: text
_HEADER = {"bold": True, "bg_color": "#D9E2F3"}
_DAY = {"num_format": "yyyy-mm-dd"}


class SheetWriter:
    """A context manager: ``add_header`` once, then ``add_row`` for every row. The workbook is written to ``path``."""

    def __init__(self, path: FilePath, max_rows: int = MAX_ROWS) -> None:
        self.book: Any = xlsxwriter.Workbook(path, {"constant_memory": True})
        self.max_rows = max_rows
        self.day = self.book.add_format(_DAY)
        self.time = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.bold = self.book.add_format(_HEADER)
        self.header: Sequence[object] = []
        self.sheet: Any = None
        self.row = 0

    def __enter__(self) -> "SheetWriter":
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if self.sheet is None:
            self.book.add_worksheet()
        self.book.close()

    def add_header(self, labels: Sequence[object]) -> None:
        self.header = labels
        self._begin_sheet()

    def add_row(self, values: Iterable[Any]) -> None:
        if self.sheet is None or self.row >= self.max_rows:
            self._begin_sheet()
        sheet, row = self.sheet, self.row
        for at, value in enumerate(values):
            kind = value.__class__
            if value is None or value == "":
                continue
            if kind is bool:
                sheet.write_boolean(row, at, value)
            elif kind is datetime.date and value >= FIRST_DAY:
                sheet.write_datetime(row, at, value, self.day)
            elif kind is datetime.datetime and value.date() >= FIRST_DAY:
                sheet.write_datetime(row, at, value, self.time)
            elif (kind is int or kind is float) and math.isfinite(value):
                sheet.write_number(row, at, value)
            else:
                # Never write(): it makes a formula of "=…" and a link of "http://…".
                sheet.write_string(row, at, str(value)[:MAX_TEXT_LENGTH])
        self.row += 1

    def _begin_sheet(self) -> None:
        self.sheet = self.book.add_worksheet()
        self.row = 0
        if self.header:
            self.sheet.set_column(0, len(self.header) - 1, COLUMN_WIDTH)
            self.sheet.freeze_panes(1, 0)
            for at, label in enumerate(self.header):
                self.sheet.write_string(0, at, clean_text(label), self.bold)
            self.row = 1


class Heading(NamedTuple):
    """A column of a template; its cells may hold one of ``words``, or anything if there are none."""

    label: str
    note: str
    is_date: bool
    words: list[str]


def write_template(
    path: FilePath, headings: Iterable[Heading], lists_name: str
) -> None:
    """Write a workbook with a header row, a note on every heading, and lists of the values to choose from."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        lists = book.add_worksheet(lists_name)
        lists.hide()
        header, day = book.add_format(_HEADER), book.add_format(_DAY)
        text = book.add_format({"num_format": "@"})
        sheet.freeze_panes(1, 0)
        for at, heading in enumerate(headings):
            sheet.write_string(0, at, heading.label, header)
            sheet.write_comment(0, at, heading.note)
            sheet.set_column(at, at, COLUMN_WIDTH, day if heading.is_date else text)
            if heading.words:
                for row, word in enumerate(heading.words):
                    lists.write_string(row, at, word)
                last = len(heading.words) - 1
                cells = xlsxwriter.utility.xl_range_abs(0, at, last, at)
                choice = {"validate": "list", "source": f"='{lists_name}'!{cells}"}
                sheet.data_validation(1, at, MAX_ROWS - 1, at, choice)
