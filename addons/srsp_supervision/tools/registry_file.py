"""Reads a table of any size from a workbook (.xlsx) or a text file (.csv), block by block.

Nothing here knows what the columns mean. What is wrong with single cells comes along as marks, with the row's number as
a spreadsheet shows it; what makes the file as a whole unreadable is a ``WorkbookError``.
"""

import codecs
import csv
import io
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .workbook import WorkbookError

BLOCK_ROWS = 1_000
SAMPLE_BYTES = 1_000_000
MOST_COLUMNS = 200
ENCODINGS = ("utf-8", "gb18030")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
OLE = b"\xd0\xcf\x11\xe0"  # begins an .xls, and a workbook with a password


# A text that a spreadsheet would take for a formula stands in a .csv behind an apostrophe; so does one that begins so.
_LIKE_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_QUOTED = re.compile("'+[=+\\-@\t\r＝＋－＠]")
# What a spreadsheet writes into a .csv in place of a value: (a part of it, reason, all of it).
_SPOILT = [
    (
        "#",
        "formula_error",
        re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)"),
    ),
    ("E+", "not_exact", re.compile(r"[+-]?[0-9](?:\.[0-9]+)?E\+[0-9]{2,3}")),
]
# Characters without a picture, as they come along from web pages and chats.
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_WITHOUT_INVISIBLE = str.maketrans("", "", INVISIBLE)


class Mark(NamedTuple):
    """A cell that will not do; ``column`` counts from 0, or is -1 for the row as a whole.

    ``reason`` is one of ``formula``, ``formula_error``, ``merged_cell``, ``encoding``, ``broken_quotes``,
    ``extra_cells``, ``not_exact``.
    """

    row: int
    column: int
    value: str
    reason: str


class Block(NamedTuple):
    """Rows that follow each other, the first of them number ``first`` (from 1), and what is wrong with their cells."""

    first: int
    rows: list[list]
    marks: list[Mark]

    def below(self, row):
        """The block without the rows up to number ``row``: what stands above a table, and its headings."""
        skip = max(row + 1 - self.first, 0)
        if not skip:
            return self
        marks = [mark for mark in self.marks if mark.row > row]
        return self._replace(
            first=self.first + skip, rows=self.rows[skip:], marks=marks
        )


class TableFile:
    """One file. ``blocks()`` may be called again and starts anew; ``done`` is how much of it has been read, 0 to 1."""

    encoding = ""

    def __init__(self, path):
        self.path = Path(path)
        self.done = 0.0

    def blocks(self) -> Iterator[Block]:
        raise NotImplementedError


def open_table(path) -> TableFile:
    """Return the file's reader, chosen by its first bytes and not by its name.

    :raises WorkbookError: ``empty_sheet``, ``old_or_locked`` (.xls, or with a password), ``encoding``
    """
    from .registry_workbook import WorkbookFile

    with open(path, "rb") as file:
        head = file.read(4)
    if not head:
        raise WorkbookError("empty_sheet")
    if head == OLE:
        raise WorkbookError("old_or_locked")
    return WorkbookFile(path) if head[:2] == b"PK" else CsvFile(path)


class CsvFile(TableFile):
    """Text in UTF-8 (with or without a byte order mark) or GB18030, with commas, semicolons or tabs."""

    def __init__(self, path):
        super().__init__(path)
        with open(path, "rb") as file:
            sample = file.read(SAMPLE_BYTES)
        self.encoding = _find_encoding(sample)
        text = sample.decode(self.encoding, "replace")
        if not text.strip():
            raise WorkbookError("empty_sheet")
        lines = text.splitlines()
        # A title may stand above the table.
        line = next((line for line in lines if re.search("[,;\t]", line)), "")
        self.delimiter = max(",;\t", key=line.count)

    def blocks(self):
        size = max(os.path.getsize(self.path), 1)
        with open(self.path, "rb") as raw:
            # A byte that is no character becomes a lone surrogate, which its cell then shows.
            text = io.TextIOWrapper(raw, self.encoding, "surrogateescape", newline="")
            records = self._records(text)
            for first in itertools.count(1, BLOCK_ROWS):
                batch = list(itertools.islice(records, BLOCK_ROWS))
                if not batch:
                    break
                self.done = raw.tell() / size
                yield _make_csv_block(first, batch)
        self.done = 1.0

    def _records(self, text):
        """Yield the cells of every record, or the error that stands in their place."""
        reader = csv.reader(text, delimiter=self.delimiter, strict=True)
        while True:
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield error


def quote(value):
    """A value for a .csv that no spreadsheet takes for a formula; only texts can be one."""
    if value.__class__ is str and _LIKE_FORMULA.match(value):
        return f"'{value}"
    return value


def unquote(text):
    """What ``quote`` was given."""
    return text[1:] if text[:1] == "'" and _QUOTED.match(text) else text


def _make_csv_block(first, batch):
    rows, marks = [], []
    for number, cells in enumerate(batch, first):
        if isinstance(cells, csv.Error):
            marks.append(Mark(number, -1, "", "broken_quotes"))
            cells = []
        elif len(cells) > MOST_COLUMNS:
            marks.append(Mark(number, -1, "", "extra_cells"))
            cells = []
        rows.append(cells)
    text = "".join(itertools.chain.from_iterable(rows))
    if "'" in text:
        rows = [list(map(unquote, cells)) for cells in rows]
    if any(mark in text for mark in INVISIBLE):
        rows = [
            [cell.translate(_WITHOUT_INVISIBLE) for cell in cells] for cells in rows
        ]
    for part, reason, pattern in _SPOILT:
        if part in text:
            marks += _take_out_spoilt(first, rows, pattern, reason)
    try:
        text.encode()
    except UnicodeEncodeError:
        marks += _mark_undecodable(first, rows)
    return Block(first, rows, marks)


def _take_out_spoilt(first, rows, pattern, reason):
    """The marks of cells that hold nothing but what ``pattern`` finds; they become empty."""
    for number, cells in enumerate(rows, first):
        for at, cell in enumerate(cells):
            if pattern.fullmatch(cell.strip()):
                cells[at] = ""
                yield Mark(number, at, cell.strip(), reason)


def _mark_undecodable(first, rows):
    """The marks of cells with bytes that are no characters; such bytes become question marks."""
    for number, cells in enumerate(rows, first):
        for at, cell in enumerate(cells):
            clean = cell.encode("utf-8", "replace").decode()
            if clean != cell:
                cells[at] = clean
                yield Mark(number, at, clean, "encoding")


def _find_encoding(sample):
    """The encoding that fits a text best.

    Almost any bytes can be read as GB18030: it counts only where most of the characters are in common use.

    :raises WorkbookError: ``encoding`` when none fits
    """
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith(_UTF16) or sample.count(b"\0") > len(sample) // 100:
        raise WorkbookError("encoding")
    readings = []
    for encoding in ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        text = decoder.decode(sample)  # without a character that the sample cuts in two
        wrong = _count_wrong(text, encoding)
        readings.append((wrong, encoding, text))
        if not wrong:
            break
    wrong, best, text = min(readings, key=lambda reading: reading[0])
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if wrong > 1 + foreign // 10:
        raise WorkbookError("encoding")
    return best


def _count_wrong(text, encoding):
    """How many characters of a text tell that it is in another encoding than this one."""
    wrong = text.count("\ufffd")
    if encoding == "gb18030":
        wrong += sum(not c.isascii() and not c.encode("gb2312", "ignore") for c in text)
    return wrong
