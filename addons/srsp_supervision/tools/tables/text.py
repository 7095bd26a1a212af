"""Reads a text file (.csv), and quotes the values that are written to one."""

import codecs
import csv
import io
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import chardet

from ..names import INVISIBLE, remove_invisible
from ..workbook import Cell, WorkbookError
from .table import BLOCK_ROWS, MAX_COLUMNS, Block, Mark, TableFile

SAMPLE_BYTES = 1_000_000
GUESS_BYTES = 100_000  # of the sample, for ``chardet``
_CHINESE = {"gb2312", "gbk", "gb18030"}
_EAST_ASIAN = ("big5", "cp932", "cp949", "euc", "iso-2022", "iso2022", "johab", "shift")
# What begins a text and tells its encoding; the one of UTF-16 begins that of UTF-32.
_BEGINNINGS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_WIDE = {"utf-16", "utf-32"}

# A text that a spreadsheet would take for a formula gets an apostrophe in a .csv.
_LIKE_FORMULA = re.compile("[=+\\-@\t\r＝＋－＠]")
# An apostrophe before one, or before a code, is no part of the text; one that is gets another.
_APOSTROPHE = re.compile("'+[=+\\-@\t\r＝＋－＠0-9A-Za-z]")
# What other programs write so that a spreadsheet does not take a code for a number: ="00123".
_EQUALS = re.compile('="(.*)"', re.DOTALL)
# What a spreadsheet writes into a .csv in place of a value: (a part of it, all of it, reason).
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)")
_ROUNDED = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?E\+[0-9]{2,3}")
_SPOILT = [("#", _ERROR, "formula_error"), ("E+", _ROUNDED, "not_exact")]


@dataclass
class CsvFile(TableFile):
    """Text with commas, semicolons or tabs, in UTF-8, GB18030 or what its byte order mark says."""

    def __post_init__(self) -> None:
        with open(self.path, "rb") as file:
            sample = file.read(SAMPLE_BYTES)
        self.encoding = _find_encoding(sample)
        text = sample.decode(self.encoding, "replace")
        if not text.strip():
            raise WorkbookError("empty_sheet")
        # A title may stand above the table.
        lines = filter(re.compile("[,;\t]").search, text.splitlines())
        self.delimiter = max(",;\t", key=next(lines, "").count)

    def blocks(self) -> Iterator[Block]:
        size = max(os.path.getsize(self.path), 1)
        with open(self.path, "rb") as raw:
            # What cannot be decoded becomes a lone surrogate, by which its cell is found.
            errors = "surrogatepass" if self.encoding in _WIDE else "surrogateescape"
            text = io.TextIOWrapper(raw, self.encoding, errors, newline="")
            records = self._records(text)
            first = 1
            while batch := list(itertools.islice(records, BLOCK_ROWS)):
                self.done = raw.tell() / size
                yield _make_csv_block(first, batch)
                first += BLOCK_ROWS
        self.done = 1.0

    def _records(self, text: Iterable[str]) -> Iterator[list[str] | csv.Error]:
        """Yield the cells of every record, or the error that prevents reading it."""
        reader = csv.reader(text, delimiter=self.delimiter, strict=True)
        while True:
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield error
            except UnicodeDecodeError:  # text in UTF-16 that is cut off
                raise WorkbookError("encoding")


def quote(value: Any) -> Any:
    """Return a value for a .csv such that no spreadsheet takes it for a formula; only texts need a change."""
    if value.__class__ is str and (
        _LIKE_FORMULA.match(value) or _APOSTROPHE.match(value)
    ):
        return f"'{value}"
    return value


def unquote(text: str) -> str:
    """Return the text that ``quote`` was given, or that another program has guarded against being read as a number."""
    text = text.strip(" ")
    if _APOSTROPHE.match(text):
        return text[1:].removesuffix("'") if text[1:2].isalnum() else text[1:]
    guarded = _EQUALS.fullmatch(text)
    return guarded[1].replace('""', '"') if guarded else text


def _make_csv_block(first: int, batch: Iterable[list[str] | csv.Error]) -> Block:
    rows: list[list[str]] = []
    marks: list[Mark] = []
    for number, cells in enumerate(batch, first):
        if isinstance(cells, csv.Error) or len(cells) > MAX_COLUMNS:
            is_wide = isinstance(cells, list)
            reason = "extra_cells" if is_wide else "broken_quotes"
            marks.append(Mark(number, -1, "", reason))
            cells = []
        rows.append(cells)
    text = "".join(itertools.chain.from_iterable(rows))
    if "'" in text or '="' in text:
        rows = [list(map(unquote, cells)) for cells in rows]
    if any(mark in text for mark in INVISIBLE):
        rows = [list(map(remove_invisible, cells)) for cells in rows]
    for part, pattern, reason in _SPOILT:
        if part in text:
            marks += _replace_bad(first, rows, partial(_empty, pattern), reason)
    if _make_decodable(text) != text:
        marks += _replace_bad(first, rows, _make_decodable, "encoding")
    return Block(first, cast("list[list[Cell]]", rows), marks)


def _replace_bad(
    first: int, rows: list[list[str]], clean: Callable[[str], str], reason: str
) -> Iterator[Mark]:
    """Replace the cells that ``clean`` changes by its result, and yield their marks."""
    for number, cells in enumerate(rows, first):
        for at, cell in enumerate(cells):
            cells[at] = clean(cell)
            if cells[at] != cell:
                yield Mark(number, at, _make_decodable(cell.strip()), reason)


def _empty(pattern: re.Pattern[str], cell: str) -> str:
    return "" if pattern.fullmatch(cell.strip()) else cell


def _make_decodable(text: str) -> str:
    """Return a text with question marks for the bytes that could not be decoded."""
    return text.encode("utf-8", "replace").decode()


def _find_encoding(sample: bytes) -> str:
    """Return the encoding of a text; a few characters may be damaged.

    :raises WorkbookError: ``encoding`` if it is unknown, ``not_a_workbook`` if it is no text
    """
    for beginning, encoding in _BEGINNINGS:
        if sample.startswith(beginning):
            return encoding
    if sample.count(b"\0") > len(sample) // 100:
        raise WorkbookError("not_a_workbook")
    if _fits(sample, "utf-8"):
        return "utf-8"
    # Almost any bytes can be read as GB18030.
    found = (chardet.detect(sample[:GUESS_BYTES])["encoding"] or "").lower()
    if found in _CHINESE and _fits(sample, "gb18030"):
        return "gb18030"
    if not found.startswith(_EAST_ASIAN) and _is_chinese(sample):
        return "gb18030"
    raise WorkbookError("encoding")


def _is_chinese(sample: bytes) -> bool:
    """Return whether bytes are all GB18030, and half of the characters are those of GB 2312.

    Of a text with few characters ``chardet`` says that it is in a Western encoding.
    """
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(sample)
    except UnicodeDecodeError:
        return False
    foreign = [character for character in text if not character.isascii()]
    common = "".join(foreign).encode("gb2312", "ignore")
    return len(common) >= len(foreign)  # two bytes for each of them


def _fits(sample: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(sample)  # without a character that the sample cuts in two
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") <= max(foreign // 10, int(foreign >= 5))
