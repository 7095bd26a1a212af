"""Converts the rows of a table, column by column, to rows for PostgreSQL's COPY, and reports the bad cells.

A converter returns a cell's text for COPY (empty: NULL), or what is wrong with it. It caches its results, because a
registry repeats its dates, classes and sectors.
"""

import csv
import datetime
import io
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple, cast

from .. import uscc
from ..identity import LENGTH, holds_identity, mask_all, may_hold_identity
from ..workbook import Cell
from .table import Block

EXACT = 10**15  # from here on a spreadsheet's numbers are rounded
MAX_CACHED = 50_000
MAX_SHOWN = 200  # characters of a bad cell's text that are kept
_DATE = re.compile(
    r"""(?: ([0-9]{4}) ([-/.]) ([0-9]{1,2}) \2 ([0-9]{1,2})
          | ([0-9]{4}) 年 ([0-9]{1,2}) 月 ([0-9]{1,2}) 日
          | ([0-9]{4}) ([0-9]{2}) ([0-9]{2}) )
        (?: T? [0-9]{1,2} : [0-9]{2} (?: : [0-9]{2} (?: [.] [0-9]+ )? )? Z? )?""",
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


class ToText(Converter):
    """Text without space around it, up to ``most`` characters, that does not contain a person's identity number."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def convert_all(self, values: Iterable[Any]) -> list[str]:
        try:
            texts = list(map(str.strip, values))
        except TypeError:  # numbers among them
            return list(map(self.convert, values))
        longest = max(map(len, texts))
        if longest > self.most or (
            longest >= LENGTH
            and may_hold_identity("|".join(t for t in texts if len(t) >= LENGTH))
        ):
            return list(map(self.convert, values))
        return texts

    def convert(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return Bad("not_text")  # a date: what was typed is lost
        if not isinstance(value, str) and not abs(value) < EXACT:
            return Bad("not_exact")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = str(value).strip()
        if len(text) > self.most:
            return Bad("too_long")
        return Bad("identity_number") if holds_identity(text) else text


class ToDate(Converter):
    """A day as 2026-03-20; a time after it is ignored.

    A text is accepted if it can be read in one way only: 2026-03-20, 2026/3/20, 2026.3.20, 2026年3月20日, 20260320.

    :param no_end: the result for "without end", 长期 or 9999-12-31, if the column may hold that
    """

    def __init__(self, no_end: str | None = None) -> None:
        super().__init__()
        self.no_end = no_end

    def convert(self, value: Any) -> str:
        if isinstance(value, datetime.datetime):
            value = value.date()
        if isinstance(value, datetime.date):
            return self._end(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            return Bad("not_a_date")
        text = normalise(value)
        if not text:
            return ""
        if self.no_end and text in NO_END_WORDS:
            return self.no_end
        # Without a match, ``groups`` is an AttributeError.
        match = cast("re.Match[str]", _DATE.fullmatch(text.upper()))
        try:
            year, month, day = [
                int(part) for part in match.groups() if part and part.isdigit()
            ]
            return self._end(datetime.date(year, month, day))
        except (AttributeError, ValueError):
            return Bad("not_a_date")

    def _end(self, day: datetime.date) -> str:
        text = day.isoformat()
        return self.no_end if self.no_end and text == NO_END_DAY else text


class ToNumber(Converter):
    """A number between two bounds, rounded to ``digits`` decimal places if these are given."""

    def __init__(self, least: float, most: float, digits: int | None = None) -> None:
        super().__init__()
        self.bounds = least, most
        self.digits = digits

    def convert(self, value: Any) -> str:
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return ""
            if not _NUMBER.fullmatch(text):
                return Bad("not_a_number")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            text = repr(value)
        else:
            return Bad("not_a_number")
        number = float(text)
        if not math.isfinite(number):
            return Bad("not_a_number")
        least, most = self.bounds
        if not least <= number <= most:
            return Bad("out_of_range")
        return text if self.digits is None else repr(round(number, self.digits))


class ToWhole(ToNumber):
    """A whole number of any sign."""

    def __init__(self) -> None:
        super().__init__(-math.inf, math.inf)

    def convert(self, value: Any) -> str:
        text = super().convert(value)
        if isinstance(text, Bad) or not text:
            return text
        if abs(float(text)) >= EXACT:
            return Bad("not_exact")
        return text if float(text).is_integer() else Bad("not_whole")


class ToChoice(Converter):
    """One of the known words, regardless of capitals and spaces.

    :param choices: word → value, or ``Bad`` if the word is not allowed here
    """

    def __init__(
        self, choices: Mapping[str, str], reason: str = "unknown_value"
    ) -> None:
        super().__init__()
        self.choices = {normalise(word): value for word, value in choices.items()}
        self.reason = reason

    def convert(self, value: Any) -> str:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        word = normalise(value)
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
        if isinstance(value, (int, float)) and not abs(value) < EXACT:
            return Bad("not_exact")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        code = uscc.clean(str(value))
        return code if not code or uscc.is_valid(code) else Bad("bad_credit_code")


class ToJson(Converter):
    """The result of another converter as JSON, which ``encode`` makes from its text."""

    def __init__(self, converter: Converter, encode: Callable[[str], str]) -> None:
        super().__init__()
        self.converter, self.encode = converter, encode

    def convert(self, value: Any) -> str:
        text = self.converter.convert(value)
        if isinstance(text, Bad) or not text:
            return text
        return self.encode(text.replace("\0", "\ufffd"))


class ToAttribute(Converter):
    """A pair (cell of the sector, cell) → the result of that sector's converter for the cell.

    :param to_sector: the converter of the sector's cell
    :param by_sector: result of ``to_sector`` → converter
    """

    def __init__(
        self, to_sector: Converter, by_sector: Mapping[str, Converter]
    ) -> None:
        super().__init__()
        self.to_sector, self.by_sector = to_sector, by_sector

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
        converter = self.by_sector.get(found)
        return Bad("no_attribute") if converter is None else converter.convert(cell)


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
    block: Block, fields: list[Field]
) -> tuple[list[tuple[Any, ...]], list[CellError]]:
    """Return the block's rows as (row number, *values in the order of ``fields``), and the bad cells.

    Bad values are empty in the rows. Empty rows are left out.
    """
    names = {field.at: field.name for field in fields}
    errors = [
        CellError(mark.row, names.get(mark.column, ""), show(mark.value), mark.reason)
        for mark in block.marks
        if mark.column < 0 or mark.column in names
    ]
    filled = list(map(_is_filled, block.rows))
    numbers = list(compress(range(block.first, block.first + len(block.rows)), filled))
    if not numbers:
        return [], errors
    width = max(names) + 1
    pad = [""] * width
    originals = list(
        zip(*((cells + pad)[:width] for cells in compress(block.rows, filled)))
    )
    columns: list[list[Any]] = [numbers]
    for field in fields:
        given: Iterable[Any] = originals[field.at]
        if field.beside is not None:
            given = zip(originals[field.beside], given, strict=True)
        values = field.converter.convert_all(given)
        if Bad in set(map(type, values)):
            errors += _take_out_bad(field.name, numbers, originals[field.at], values)
        if field.required and "" in values:
            marked = {(e.row, e.column) for e in errors}
            errors += [
                CellError(number, field.name, "", "missing")
                for number, value in zip(numbers, values)
                if value == "" and (number, field.name) not in marked
            ]
        columns.append(values)
    return list(zip(*columns)), errors


def copy_statement(table: str, names: Iterable[str]) -> str:
    """Return the statement that copies the text of ``to_csv`` into the columns ``names`` of a table."""
    names = ", ".join(f'"{name}"' for name in names)
    return f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)"


def to_csv(rows: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().replace("\0", "\ufffd")


def _is_filled(cells: Sequence[Cell]) -> bool:
    first = next(filter(None, cells), "")
    return bool(first) and (
        not str(first).isspace() or any(str(cell).strip() for cell in cells)
    )


def _take_out_bad(
    name: str, numbers: Sequence[int], originals: Sequence[Cell], values: list[str]
) -> list[CellError]:
    """Empty the bad ``values`` and return an error for each."""
    errors = []
    for at, value in enumerate(values):
        if isinstance(value, Bad):
            values[at] = ""
            text = show(originals[at])
            errors.append(CellError(numbers[at], name, text, str(value)))
    return errors


def show(cell: object) -> str:
    """Return the beginning of a cell as it is shown, with the identity numbers of persons masked."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**LENGTH:
        cell = int(cell)
    return mask_all(str(cell))[:MAX_SHOWN]
