"""Typeset workbooks (.xlsx): a list, and the comparison of two versions of it.

Each is one sheet of A4 landscape that can go on the notice board as it is: the title and the lines under it, a
header row that repeats on every page, wrapped text, page numbers. Columns that do not fit on one page continue on a
second one, which repeats the first two columns. ``workbook_reader`` reads a list back.
"""

import datetime
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import xlsxwriter

# What a parser makes of a cell; of an empty one, an empty text.
Cell: TypeAlias = (
    str
    | int
    | float
    | bool
    | datetime.date
    | datetime.datetime
    | datetime.time
    | datetime.timedelta
)
Output: TypeAlias = str | os.PathLike[str] | BinaryIO  # where a workbook goes

TEXT, RATIO, INTEGER = "text", "ratio", "integer"
MAX_TEXT_LENGTH = 32767  # characters (UTF-16 units) that a cell of Excel holds
FONT, HEADING_FONT = "SimSun", "SimHei"
HEADER_SHADE = "#D9E2F3"
KIND_SHADES = {
    "added": "#E2EFDA",
    "changed": "#FFF2CC",
    "moved": "#DDEBF7",
    "retired": "#FBE5E5",
}
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


class Change(NamedTuple):
    """What happened to one line: ``kind`` is ``added``, ``changed``, ``moved`` or ``retired``.

    ``fields`` holds (label, before, after) for every field that differs, as a person reads them; it may be empty.
    """

    kind: str
    code: str
    name: str
    division: str
    fields: list[tuple[str, str, str]]


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
    output: Output,
    *,
    title: str,
    subtitle_lines: Iterable[str],
    columns: list[Column],
    rows: Iterable[Mapping[str, Any]],
    footer_note: str = "",
) -> None:
    """Write a list to ``output``, a path or a binary file. A row is a mapping column name → text, Flagged or number.

    Numbers keep 15 digits, as many as spreadsheets do. None and False leave a cell empty.

    :raises WorkbookError: ``too_long`` for a text that does not fit in a cell, with the row and the heading
    """
    with _Page(output, title, subtitle_lines, columns) as page:
        for row in rows:
            page.add_row([row.get(column.name) for column in columns])
        if footer_note:
            page.add_note(footer_note)


def write_comparison(
    output: Output,
    *,
    title: str,
    subtitle_lines: Iterable[str],
    labels: Mapping[str, str],
    changes: Iterable[Change],
) -> None:
    """Write the comparison of two versions: a row per changed field, in the colour of its kind.

    ``labels`` names the columns ``kind code name division field before after`` and the kinds themselves.
    The first four columns repeat on every row, so that the sheet can be filtered and no cell is split between pages.
    """
    widths = {
        "kind": 9,
        "code": 12,
        "name": 24,
        "division": 16,
        "field": 14,
        "before": 42,
        "after": 42,
    }
    columns = [Column(name, labels[name], width) for name, width in widths.items()]
    with _Page(output, title, subtitle_lines, columns) as page:
        for change in changes:
            left = [labels[change.kind], change.code, change.name, change.division]
            for field in change.fields or [("", "", "")]:
                page.add_row([*left, *field], KIND_SHADES[change.kind])


class _Page:
    """The only sheet of a workbook while it is written, from the title down; a context manager."""

    def __init__(
        self,
        output: Output,
        title: str,
        subtitle_lines: Iterable[str],
        columns: list[Column],
    ) -> None:
        if len(columns) < 2:
            raise ValueError("a list has two columns at least")
        self.columns = columns
        # The width of a column is measured in digits of the default font.
        default = {"font_name": FONT, "font_size": 10}
        options = {"in_memory": True, "default_format_properties": default}
        self.book: Any = xlsxwriter.Workbook(output, options)
        self.sheet: Any = self.book.add_worksheet(_sheet_name(title))
        self.formats: dict[tuple[str, str, bool], Any] = {}
        self.row = 0
        # (row, texts), the headings first
        self.table: list[tuple[int, list[str]]] = []
        # (row, text, points of a line, format) of texts that go over several columns
        self.lines: list[tuple[int, str, int, Any]] = []
        self.book.set_properties({"title": clean_text(title)})
        self._set_up_print()
        self._write_head(title, subtitle_lines)

    def __enter__(self) -> "_Page":
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if not failure:
            self._fit()
            self.sheet.print_area(0, 0, self.row - 1, len(self.columns) - 1)
            self.book.close()

    def add_row(self, values: Iterable[Any], shade: str = "") -> None:
        texts = []
        for at, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            note = ""
            if isinstance(value, Flagged):
                value, note = value
                self.sheet.write_comment(self.row, at, note)
            form = self._format(_number_format(column.kind, value), shade, bool(note))
            if value is None or value is False or value == "":
                self.sheet.write_blank(self.row, at, None, form)
                texts.append("")
            elif column.kind == TEXT:
                texts.append(self._write_text(at, value, form))
            else:
                self.sheet.write_number(self.row, at, value, form)
                texts.append(f"{value:.2%}" if column.kind == RATIO else str(value))
        self.table.append((self.row, texts))
        self.row += 1

    def add_note(self, note: str) -> None:
        """Add a paragraph below the table, over its whole width."""
        self.row += 1
        self._merge(note, LINE_HEIGHT, text_wrap=True, valign="top", font_size=10)

    def _write_head(self, title: str, subtitle_lines: Iterable[str]) -> None:
        heading = {"font_name": HEADING_FONT, "bold": True, "text_wrap": True}
        middle = {"align": "center", "valign": "vcenter"}
        self._merge(title, 2 * LINE_HEIGHT, font_size=20, **heading, **middle)
        for line in subtitle_lines:
            self._merge(line, LINE_HEIGHT + 3, font_size=11, **middle)
        form = self._form(
            font_size=10, border=1, bg_color=HEADER_SHADE, **heading, **middle
        )
        labels = [
            self._write_text(at, column.label, form)
            for at, column in enumerate(self.columns)
        ]
        self.table.append((self.row, labels))
        self.sheet.repeat_rows(self.row)
        self.row += 1
        self.sheet.freeze_panes(self.row, 0)

    def _set_up_print(self) -> None:
        self.sheet.set_paper(PAPER_A4)
        self.sheet.set_landscape()
        self.sheet.center_horizontally()
        self.sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
        self.sheet.set_footer("&C&P / &N")

    def _fit(self) -> None:
        """Set widths and heights, since not every program makes a row as high as its text needs."""
        widths = _fit_widths(self.columns, [texts for _row, texts in self.table])
        for at, width in enumerate(widths):
            self.sheet.set_column(at, at, width)
        for row, texts in self.table:
            lines = max(map(_count_lines, texts, widths))
            self.sheet.set_row(row, min(lines * LINE_HEIGHT + 3, MAX_ROW_HEIGHT))
        first = self._break_pages(widths)
        for row, text, height, form in self.lines:
            # A text below the table is read as a note only if it covers all the columns.
            end = first if row < self.table[0][0] else len(widths)
            self.sheet.merge_range(row, 0, row, end - 1, None, form)
            self.sheet.write_string(row, 0, text, form)
            lines = _count_lines(text, sum(widths[:end]) * LINE_HEIGHT / height)
            self.sheet.set_row(row, min(lines * height, MAX_ROW_HEIGHT))

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

    def _merge(self, text: str, height: int, **looks: Any) -> None:
        """Write a text over several columns, in lines of ``height`` points."""
        form = self._form(**looks)
        self.lines.append((self.row, self._write_text(0, text, form), height, form))
        self.row += 1

    def _write_text(self, at: int, value: object, form: Any) -> str:
        text = clean_text(value)
        if is_too_long(text):
            raise WorkbookError("too_long", f"{self.row + 1} {self.columns[at].label}")
        # Never write(): it makes a formula of "=…" and a link of "http://…".
        self.sheet.write_string(self.row, at, text, form)
        return text

    def _format(self, number_format: str, shade: str, flagged: bool) -> Any:
        """Return the format of a cell of the table."""
        key = number_format, shade, flagged
        if key not in self.formats:
            looks: dict[str, Any] = {"border": 1, "valign": "top", "font_size": 10}
            looks |= {"bg_color": shade} if shade else {}
            looks |= {"font_color": WARNING_COLOR, "bold": True} if flagged else {}
            looks |= {"text_wrap": True} if number_format == "@" else {"align": "right"}
            self.formats[key] = self._form(num_format=number_format, **looks)
        return self.formats[key]

    def _form(self, **looks: Any) -> Any:
        return self.book.add_format({"font_name": FONT, **looks})


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


def _fit_widths(
    columns: Sequence[Column], table: Iterable[Sequence[str]]
) -> list[float]:
    """Return the columns' widths in digits: as their texts need, and together at most two pages if possible.

    A column whose text would not fit into the highest row keeps the width that it needs.
    """
    least: list[float] = []
    best: list[float] = []
    for column, texts in zip(columns, zip(*table)):
        lines = [line for text in texts[1:] for line in text.split("\n")]
        longest = max(map(_count_digits, lines), default=0)
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
