"""Typesets a table as a workbook (.xlsx): a list, or the comparison of two versions of it.

It is one sheet of A4 landscape that can go on the notice board as it is: the title and the lines under it, a
header row that repeats on every page, wrapped text, page numbers. Columns that do not fit on one page continue on a
second one, which repeats the first two columns. ``workbook_reader`` reads a list back.
"""

import datetime
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import xlsxwriter

# What a parser makes of a cell; of an empty one, an empty text.
Cell: TypeAlias = str | int | float | datetime.date | datetime.time | datetime.timedelta

TEXT, RATIO, INTEGER = "text", "ratio", "integer"
MAX_TEXT_LENGTH = 32767  # characters (UTF-16 units) that a cell of Excel holds
FONT, HEADING_FONT = "SimSun", "SimHei"
HEADER_SHADE = "#D9E2F3"
PAPER_A4 = 9
WARNING_COLOR = "#B42318"
# How many digits fit side by side on a page of A4 landscape at 7.5 points.
PAGE_WIDTH = 180
REPEATED = 2  # columns that a second page repeats
# Digits: the least width of any column, and the least to which a wide one is reduced.
NARROW, WIDE = 6, 12
LINE_HEIGHT, MAX_ROW_HEIGHT = 15, 405  # points; a spreadsheet has no row above 409
# Controls except tab and line feed, and what else XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_RESERVED = re.compile(r"[\[\]:*?/\\]")  # in a sheet's name


class Column(NamedTuple):
    """A column of a list. ``width`` is the greatest, in digits; ``kind`` is ``text``, ``ratio`` or ``integer``."""

    name: str
    label: str
    width: float
    kind: str = TEXT


class Flagged(NamedTuple):
    """A text that is red in its cell, with a note that says why; ``workbook_reader`` returns the text only."""

    text: str
    note: str


class WorkbookError(ValueError):
    """The workbook cannot be written or read: ``reason`` is an identifier, ``place`` says where (or is empty)."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{reason} {place}".strip())
        self.reason = reason
        self.place = place


def clean_text(value: object) -> str:
    """Return a text as a cell holds it: no space around it, ``\\n`` between lines, no other controls except tabs."""
    text = "" if value is None or value is False else str(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.sub("", text).strip()


def is_too_long(text: str) -> bool:
    """Return whether the text is too long for a cell."""
    return len(text.encode("utf-16-le")) > 2 * MAX_TEXT_LENGTH


def write_list(
    title: str,
    subtitle_lines: Iterable[str],
    columns: list[Column],
    rows: Iterable[Mapping[str, Any]],
) -> bytes:
    """Return the workbook with a table. A row is a mapping column name → text, Flagged or number.

    Numbers keep 15 digits, as many as spreadsheets do. None and False leave a cell empty. A row's ``shade``, if it has
    one, is the colour of its cells.

    :raises WorkbookError: ``too_long`` for a text that does not fit in a cell, with the row and the heading
    """
    page = _Page(title, columns)
    page.write_head(title, subtitle_lines)
    for row in rows:
        page.write_row(row)
    return page.close()


class _Page:
    """The only sheet of a workbook while it is written, from the title down."""

    def __init__(self, title: str, columns: list[Column]) -> None:
        self.columns = columns
        self.output = io.BytesIO()
        options = {
            "in_memory": True,
            # The width of a column is measured in digits of this font.
            "default_format_properties": {"font_name": FONT, "font_size": 10},
            # A text that looks like a formula or a link stays a text.
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self.book: Any = xlsxwriter.Workbook(self.output, options)
        self.book.set_properties({"title": clean_text(title)})
        self.sheet: Any = self.book.add_worksheet(_sheet_name(title))
        self.sheet.set_paper(PAPER_A4)
        self.sheet.set_landscape()
        self.sheet.center_horizontally()
        self.sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
        self.sheet.set_footer("&C&P / &N")
        self.formats: dict[tuple[str, str, bool], Any] = {}
        # (text, points of a line, format) of the texts above the table, one in a row
        self.head: list[tuple[str, int, Any]] = []
        self.table: list[list[str]] = []  # the texts of its rows, the headings first

    def write_head(self, title: str, subtitle_lines: Iterable[str]) -> None:
        middle = {"align": "center", "valign": "vcenter"}
        bold = {**middle, "font_name": HEADING_FONT, "bold": True, "text_wrap": True}
        form = self.book.add_format({**bold, "font_size": 20})
        self.head.append((self._clean(title, 0), 2 * LINE_HEIGHT, form))
        form = self.book.add_format({**middle, "font_size": 11})
        for line in subtitle_lines:
            self.head.append((self._clean(line, 0), LINE_HEIGHT + 3, form))
        form = self.book.add_format({**bold, "border": 1, "bg_color": HEADER_SHADE})
        row = len(self.head)
        labels = [self._clean(c.label, at) for at, c in enumerate(self.columns)]
        self.sheet.write_row(row, 0, labels, form)
        self.sheet.repeat_rows(row)
        self.sheet.freeze_panes(row + 1, 0)
        self.table.append(labels)

    def write_row(self, values: Mapping[str, Any]) -> None:
        row, texts = len(self.head) + len(self.table), []
        for at, column in enumerate(self.columns):
            value, note = values.get(column.name), ""
            if isinstance(value, Flagged):
                value, note = value
                self.sheet.write_comment(row, at, note)
            number_format = _number_format(column.kind, value)
            form = self._format(number_format, values.get("shade", ""), bool(note))
            if column.kind == TEXT or value is False:
                value = self._clean(value, at)
            self.sheet.write(row, at, value, form)
            is_ratio = column.kind == RATIO and value not in (None, "")
            texts.append(f"{value:.2%}" if is_ratio else clean_text(value))
        self.table.append(texts)

    def close(self) -> bytes:
        """Set widths and heights, since not every program makes a row as high as its text needs; return the file."""
        widths = _fit_widths(self.columns, self.table)
        for at, width in enumerate(widths):
            self.sheet.set_column(at, at, width)
        for row, texts in enumerate(self.table, len(self.head)):
            lines = max(map(_count_lines, texts, widths))
            self.sheet.set_row(row, min(lines * LINE_HEIGHT + 3, MAX_ROW_HEIGHT))
        end = self._break_pages(widths)
        for row, (text, height, form) in enumerate(self.head):
            self.sheet.merge_range(row, 0, row, end - 1, text, form)
            lines = _count_lines(text, sum(widths[:end]) * LINE_HEIGHT / height)
            self.sheet.set_row(row, min(lines * height, MAX_ROW_HEIGHT))
        last = len(self.head) + len(self.table) - 1
        self.sheet.print_area(0, 0, last, len(widths) - 1)
        self.book.close()
        return self.output.getvalue()

    def _break_pages(self, widths: list[float]) -> int:
        """Fit the columns to one page or to two, and return how many are on the first one."""
        if sum(widths) <= PAGE_WIDTH or len(widths) <= REPEATED + 1:
            self.sheet.fit_to_pages(1, 0)
            return len(widths)
        self.sheet.fit_to_pages(2, 0)
        self.sheet.repeat_columns(0, REPEATED - 1)
        again = sum(widths[:REPEATED])
        return min(
            range(REPEATED + 1, len(widths)),
            key=lambda first: max(sum(widths[:first]), again + sum(widths[first:])),
        )

    def _clean(self, value: object, at: int) -> str:
        text = clean_text(value)
        if is_too_long(text):
            row = len(self.head) + len(self.table) + 1
            raise WorkbookError("too_long", f"{row} {self.columns[at].label}")
        return text

    def _format(self, number_format: str, shade: str, flagged: bool) -> Any:
        """Return the format of a cell of the table."""
        key = number_format, shade, flagged
        if key not in self.formats:
            looks = {"num_format": number_format, "border": 1, "valign": "top"}
            looks |= {"bg_color": shade} if shade else {}
            looks |= {"font_color": WARNING_COLOR, "bold": True} if flagged else {}
            looks |= {"text_wrap": True} if number_format == "@" else {"align": "right"}
            self.formats[key] = self.book.add_format(looks)
        return self.formats[key]


def _number_format(kind: str, value: Any) -> str:
    """Return the number format of a cell.

    A text stays text even if somebody types 007 over it; a ratio shows the decimal places it has, 5% or 7.25%.
    """
    if kind != RATIO:
        return "@" if kind == TEXT else "0"
    whole = round((value or 0) * 100, 6) % 1 == 0
    return "0%" if whole else "0.0##%"


def _sheet_name(title: str) -> str:
    """Return the title without what the name of a sheet must not have, and not too long for one."""
    name = _RESERVED.sub(" ", clean_text(title).replace("\n", " ")).strip("' ")[:31]
    return name.strip("' ") or "1"


def _fit_widths(columns: list[Column], table: list[list[str]]) -> list[float]:
    """Return the columns' widths in digits: as their texts need, and together at most two pages if possible.

    A column whose text would not fit into the highest row keeps the width that it needs.
    """
    least: list[float] = []
    best: list[float] = []
    for column, texts in zip(columns, zip(*table)):
        longest = max(map(_count_digits, "\n".join(texts[1:]).split("\n")))
        total = max(map(_count_digits, texts))
        needed = total * LINE_HEIGHT / MAX_ROW_HEIGHT + 2
        width = max(NARROW, needed, min(column.width, longest + 2))
        best.append(width)
        least.append(max(needed, min(width, WIDE)))
    slack = sum(best) - sum(least)
    excess = max(0, sum(best) + sum(best[:REPEATED]) - 2 * PAGE_WIDTH)
    share = min(1, excess / slack) if slack else 0
    return [
        round(width - (width - narrow) * share, 1) for narrow, width in zip(least, best)
    ]


def _count_digits(text: str) -> int:
    """Return a text's width in digits; a Chinese character counts as two."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def _count_lines(text: str, width: float) -> int:
    """Return how many lines a text takes if it is wrapped to ``width`` digits."""
    room = max(1, int(width) - 1)
    return sum(max(1, -(-_count_digits(line) // room)) for line in text.split("\n"))
