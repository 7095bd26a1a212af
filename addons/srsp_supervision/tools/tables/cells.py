"""Converts the rows of a table, column by column, to rows for PostgreSQL's COPY, and reports the bad cells.

A converter returns a cell's text for COPY (empty: NULL), or what is wrong with it. It caches its results, because a
registry repeats its dates, classes and sectors.
"""

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import uscc
from ..identity import LENGTH, holds_identity, mask_all, may_hold_identity
from ..names import canonical
from ..phone import holds_phone, may_hold_phone
from ..workbook import Cell
from .table import Block

EXACT = 10**15  # from here on a spreadsheet's numbers are rounded
MAX_CACHED = 50_000
MAX_SHOWN = 200  # characters of a bad cell's text that are kept
_DATE = re.compile(
    r"""(?: ([0-9]{4}) \s*([-/.])\s* ([0-9]{1,2}) \s*\2\s* ([0-9]{1,2})
          | ([0-9]{4}) \s*年\s* ([0-9]{1,2}) \s*月\s* ([0-9]{1,2}) \s*[日号]
          | ([0-9]{4}) ([0-9]{2}) ([0-9]{2}) )
        (?: (?: \s+ | T | (?<=[日号]) )  # or the time would go on with the day
            [0-9]{1,2} : [0-9]{2} (?: : [0-9]{2} (?: [.] [0-9]+ )? )? Z? )?""",
    re.VERBOSE,
)
NO_END_DAY = "9999-12-31"  # in many registries: something has no end
NO_END_WORDS = frozenset(
    "长期 长期有效 永久 永久有效 无期限 无固定期限 无限期 longterm noend".split()
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,20})?([eE]-[0-9]{1,3})?")


class Bad(str):
    """The result for a bad value; the text is the reason."""


class Converter(dict[object, str]):
    """A cell's value → text for COPY, or ``Bad``. Subclasses define ``convert``."""

    def __missing__(self, value: object) -> str:
        if len(self) >= MAX_CACHED:
            self.clear()
        result = self[value] = self.convert(value)
        return result

    def convert(self, value: Any) -> str:
        raise NotImplementedError

    def convert_all(self, values: Iterable[Any]) -> list[str]:
        values = list(values)
        if bool in map(type, values):  # a dictionary does not distinguish True from 1
            return list(map(self.convert, values))
        return list(map(self.__getitem__, values))


@dataclass(eq=False)
class ToText(Converter):
    """Text without space around it, up to ``most`` characters, that does not contain a person's identity number.

    ``phones`` says whether it may contain a telephone number.
    """

    most: int
    phones: bool = True

    def convert_all(self, values: Iterable[Any]) -> list[str]:
        try:
            texts = list(map(str.strip, values))
        except TypeError:  # numbers among them
            return list(map(self.convert, values))
        longest = max(map(len, texts))
        if longest > self.most or (
            longest >= LENGTH
            and may_hold_identity("|".join(t for t in texts if len(t) >= LENGTH))
            or (not self.phones and may_hold_phone("|".join(texts)))
        ):
            return list(map(self.convert, values))
        return texts

    def convert(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return Bad("not_text")  # a date: what was typed is lost
        if _is_rounded(value):
            return Bad("not_exact")
        text = str(_as_whole(value)).strip()
        if len(text) > self.most:
            return Bad("too_long")
        if holds_identity(text):
            return Bad("identity_number")
        return Bad("phone") if not self.phones and holds_phone(text) else text


class ToName(ToText):
    """Text in the one spelling of a name or a number."""

    def convert_all(self, values: Iterable[Any]) -> list[str]:
        texts = super().convert_all(values)
        return [text if isinstance(text, Bad) else canonical(text) for text in texts]


@dataclass(eq=False)
class ToDate(Converter):
    """A day as 2026-03-20; a time after it is ignored.

    A text is accepted if it can be read in one way only: 2026-03-20, 2026/3/20, 2026.3.20, 2026年3月20日, 20260320.
    ``no_end`` is the result for "without end", 长期 or 9999-12-31, if the column may hold that.
    """

    no_end: str | None = None

    def convert(self, value: Any) -> str:
        if isinstance(value, datetime.date):  # or a datetime
            return self._end(value.strftime("%Y-%m-%d"))
        value = _as_whole(value)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            return Bad("not_a_date")
        text = unicodedata.normalize("NFKC", str(value)).strip()
        if not text:
            return ""
        if self.no_end and normalise(text) in NO_END_WORDS:
            return self.no_end
        match = _DATE.fullmatch(text.upper())
        if not match:
            return Bad("not_a_date")
        numbers = [int(part) for part in match.groups() if part and part.isdigit()]
        try:
            return self._end(datetime.date(*numbers).isoformat())
        except ValueError:
            return Bad("not_a_date")

    def _end(self, day: str) -> str:
        return self.no_end if self.no_end and day == NO_END_DAY else day


@dataclass(eq=False)
class ToNumber(Converter):
    """A number between two bounds, ``is_whole`` or rounded to ``digits`` decimal places if these are given."""

    least: float = -math.inf
    most: float = math.inf
    digits: int | None = None
    is_whole: bool = False

    def convert(self, value: Any) -> str:
        text = value.strip() if isinstance(value, str) else repr(value)
        if not text:
            return ""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number and not _NUMBER.fullmatch(text):
            return Bad("not_a_number")
        number = float(text)
        if not math.isfinite(number):
            return Bad("not_a_number")
        if not self.least <= number <= self.most:
            return Bad("out_of_range")
        if self.is_whole and _is_rounded(number):
            return Bad("not_exact")
        if self.is_whole and not number.is_integer():
            return Bad("not_whole")
        return text if self.digits is None else repr(round(number, self.digits))


class ToChoice(Converter):
    """One of the known words, regardless of capitals and spaces.

    :param choices: word → value, or ``Bad`` if the word is not allowed here
    """

    def __init__(
        self, choices: Mapping[str, str], reason: str = "unknown_value"
    ) -> None:
        self.choices = {normalise(word): value for word, value in choices.items()}
        self.reason = reason

    def convert(self, value: Any) -> str:
        word = normalise(_as_whole(value))
        return self.choices.get(word, Bad(self.reason)) if word else ""


class ToChoices(ToChoice):
    """Several words in one cell, each of them for an id, as an array literal of PostgreSQL in ascending order."""

    def convert(self, value: Any) -> str:
        found = [super(ToChoices, self).convert(word) for word in split_words(value)]
        bad = [value for value in found if isinstance(value, Bad)]
        if bad or not found:
            return bad[0] if bad else ""
        return f"{{{','.join(sorted(set(found), key=int))}}}"


class ToCreditCode(Converter):
    def convert_all(self, values: Iterable[Any]) -> list[str]:
        # All of them differ: a cache would not help.
        return [self.convert(value) for value in values]

    def convert(self, value: Any) -> str:
        if _is_rounded(value):
            return Bad("not_exact")
        code = uscc.clean(str(_as_whole(value)))
        return code if not code or uscc.is_valid(code) else Bad("bad_credit_code")


@dataclass(eq=False)
class ToAttribute(Converter):
    """A pair (cell of the sector, cell) → JSON of what that sector's converter returns for the cell.

    ``to_sector`` is the converter of the sector's cell; ``by_sector`` has for each of its results a converter and a
    function that makes JSON of a text.
    """

    to_sector: Converter
    by_sector: Mapping[str, tuple[Converter, Callable[[str], str]]]

    def convert_all(self, values: Iterable[Any]) -> list[str]:
        return [
            self.convert(value) if value[1].__class__ is bool else self[value]
            for value in values
        ]

    def convert(self, value: Any) -> str:
        sector, cell = value
        found = self.to_sector[sector]
        if not str(cell).strip() or not found or isinstance(found, Bad):
            return ""  # a bad sector is reported in its own column
        if found not in self.by_sector:
            return Bad("no_attribute")
        converter, encode = self.by_sector[found]
        text = converter.convert(cell)
        if isinstance(text, Bad) or not text:
            return text
        return encode(text.replace("\0", "\ufffd"))


def _is_rounded(value: object) -> bool:
    """Return whether a spreadsheet has lost digits of a number, or it is none at all (NaN)."""
    return isinstance(value, (int, float)) and not abs(value) < EXACT


def _as_whole(value: Any) -> Any:
    """Return a whole number without its decimal point, and any other value as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def normalise(word: object) -> str:
    """Return a word as it is compared: in narrow lower-case characters, without spaces."""
    return "".join(unicodedata.normalize("NFKC", str(word)).split()).casefold()


def split_words(value: object) -> list[str]:
    """Return the words of a cell that holds several."""
    return [word for word in re.split(r"[,，、;；\n]", str(value)) if word.strip()]


class CellError(NamedTuple):
    """A bad cell; ``column`` is "" for the row as a whole, ``other`` the number of another row."""

    row: int
    column: str
    value: str
    reason: str
    other: int | None = None


class Field(NamedTuple):
    """Where a column of the staging table comes from: ``at`` is its place in the file, from 0.

    If ``beside`` is the place of another column, the converter is given pairs (that column's cell, its own cell).
    """

    name: str
    at: int
    converter: Converter
    required: bool = False
    beside: int | None = None


def convert(
    block: Block, fields: list[Field], header: int = 0
) -> tuple[list[tuple[Any, ...]], list[CellError]]:
    """Return the block's rows as (row number, *values in the order of ``fields``), and the bad cells.

    Bad values are empty in the rows. Empty rows are left out, and so are those up to the number ``header``: a table's
    headings and what is above them.
    """
    names = {field.at: field.name for field in fields}
    below = max(header + 1, block.first)
    rows = {
        number: cells
        for number, cells in enumerate(block.rows[below - block.first :], below)
        if _is_filled(cells)
    }
    errors = [
        CellError(mark.row, names.get(mark.column, ""), show(mark.value), mark.reason)
        for mark in block.marks
        if mark.row > header and (mark.column < 0 or mark.column in names)
        if mark.row in rows or mark.reason != "hidden_row"
    ]
    if not rows:
        return [], errors
    numbers = list(rows)
    width = max(names) + 1
    pad = [""] * width
    originals = list(zip(*((cells + pad)[:width] for cells in rows.values())))
    columns: list[list[Any]] = [numbers]
    for field in fields:
        given: Iterable[Any] = originals[field.at]
        if field.beside is not None:
            given = zip(originals[field.beside], given, strict=True)
        values = field.converter.convert_all(given)
        if Bad in set(map(type, values)):
            errors += [
                CellError(number, field.name, show(original), str(value))
                for number, original, value in zip(numbers, originals[field.at], values)
                if isinstance(value, Bad)
            ]
            values = ["" if isinstance(value, Bad) else value for value in values]
        if field.required and "" in values:
            marked = {e.row for e in errors if e.column == field.name}
            errors += [
                CellError(number, field.name, "", "missing")
                for number, value in zip(numbers, values)
                if value == "" and number not in marked
            ]
        columns.append(values)
    return list(zip(*columns)), errors


def _is_filled(cells: Sequence[Cell]) -> bool:
    first = next(filter(None, cells), "")
    return bool(first) and (
        not str(first).isspace() or any(str(cell).strip() for cell in cells)
    )


def show(cell: object) -> str:
    """Return the beginning of a cell as it is shown, with the identity numbers of persons masked."""
    is_short = isinstance(cell, float) and abs(cell) < 10**LENGTH
    return mask_all(str(_as_whole(cell) if is_short else cell))[:MAX_SHOWN]
