"""Reads a list back from a workbook (.xlsx) that may come from anywhere.

The parser sees only what ``workbook_guard`` has checked.
"""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook

from .workbook import (
    INTEGER,
    TEXT,
    Cell,
    Column,
    WorkbookError,
    clean_text,
    is_too_long,
)
from .workbook_guard import repack

Table: TypeAlias = list[list[Cell]]
Range: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # (row, column) from 0
Value: TypeAlias = str | float | None  # text, or number or None

MAX_ROWS = 10_000
HEADER_WITHIN = 50  # rows
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


class RowError(NamedTuple):
    """A cell or heading that is wrong. ``reason`` is one of ``not_a_number``, ``not_an_integer``, ``not_text``,
    ``too_long``, ``merged_cell``, ``missing_column``, ``unknown_column``, ``duplicate_column``.
    """

    row: int
    label: str
    value: str
    reason: str


class Sheet(NamedTuple):
    """``rows``: (row number in the sheet, {column name: text, or number or None}); ``header_row`` counts from 1 too."""

    header_row: int
    rows: list[tuple[int, dict[str, Value]]]
    errors: list[RowError]


def read_list(
    data: bytes,
    columns: list[Column],
    aliases: Mapping[str, str] | None = None,
    max_rows: int = MAX_ROWS,
) -> Sheet:
    """Read the first sheet that has a header row with the columns' labels.

    :param aliases: further labels, label → column name
    :raises WorkbookError: when the file as a whole cannot be used: ``not_a_workbook``, ``old_or_locked`` (.xls, or
        with a password), ``too_large``, ``too_many_rows``, ``formula_error`` (in the cell ``place``),
        ``empty_sheet``, ``no_header``
    """
    names = {label_key(label): name for label, name in (aliases or {}).items()}
    names |= {label_key(column.label): column.name for column in columns}
    filled = False
    for table, merged in _tables(data, max_rows):
        filled = filled or any(any(row) for row in table)
        at = _find_header(table, names)
        if at is not None:
            return _read_table(table, merged, at, columns, names, max_rows)
    raise WorkbookError("no_header" if filled else "empty_sheet")


def _tables(data: bytes, max_rows: int) -> Iterator[tuple[Table, list[Range] | None]]:
    """Yield (rows of values, merged ranges) of every sheet."""
    checked = repack(data, max_rows + 2 * HEADER_WITHIN)
    try:
        with CalamineWorkbook.from_object(io.BytesIO(checked)) as book:
            for at in range(len(book.sheet_names)):
                sheet = book.get_sheet_by_index(at)
                yield sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges
    except CalamineError:
        raise WorkbookError("not_a_workbook")


def label_key(label: object) -> str:
    """Return a label, or a name, as it is compared: no spaces or line breaks, full-width letters as narrow ones."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", clean_text(label)))


def _find_header(table: Table, names: Mapping[str, str]) -> int | None:
    """Return the index of the row with the most labels, at least two; None if there is none."""
    known = [
        len(
            {
                names[label_key(v)]
                for v in row
                if isinstance(v, str) and label_key(v) in names
            }
        )
        for row in table[:HEADER_WITHIN]
    ]
    most = max(known, default=0)
    return known.index(most) if most >= min(2, len(set(names.values()))) else None


def _read_table(
    table: Table,
    merged: list[Range] | None,
    at: int,
    columns: list[Column],
    names: Mapping[str, str],
    max_rows: int,
) -> Sheet:
    """Read the rows below the header row, which has the index ``at``."""
    places, errors = _read_header(table[at], at + 1, columns, names)
    covered, merge_errors = _read_merged(merged or [], at, places, columns)
    errors += merge_errors
    rows = []
    for number, cells in enumerate(table[at + 1 :], at + 2):
        if number in covered or not any(cell != "" for cell in cells):
            continue
        row: dict[str, Value] = {}
        for column in columns:
            value = cells[places[column.name]] if column.name in places else ""
            row[column.name], reason = _read_cell(value, column.kind)
            if reason:
                errors.append(RowError(number, column.label, str(value)[:200], reason))
        rows.append((number, row))
    if len(rows) > max_rows:
        raise WorkbookError("too_many_rows")
    return Sheet(at + 1, rows, errors)


def _read_header(
    cells: Sequence[Cell],
    number: int,
    columns: Iterable[Column],
    names: Mapping[str, str],
) -> tuple[dict[str, int], list[RowError]]:
    """Return {column name: index} and what is wrong with the headings."""
    places: dict[str, int] = {}
    errors: list[RowError] = []
    for index, label in enumerate(cells):
        if label == "":
            continue
        name = names.get(label_key(label))
        if name is None or name in places:
            reason = "unknown_column" if name is None else "duplicate_column"
            text = clean_text(label)
            errors.append(RowError(number, text, text, reason))
        else:
            places[name] = index
    errors += [
        RowError(number, column.label, "", "missing_column")
        for column in columns
        if column.name not in places
    ]
    return places, errors


def _read_merged(
    merged: Iterable[Range],
    header: int,
    places: Mapping[str, int],
    columns: Iterable[Column],
) -> tuple[set[int], list[RowError]]:
    """Return the numbers of the rows that are one cell over the whole table (notes), and an error per other range.

    A merged range keeps only its first cell's value; what was meant for the other cells is unknown.
    """
    first, last = min(places.values()), max(places.values())
    labels = {places[c.name]: c.label for c in columns if c.name in places}
    notes: set[int] = set()
    errors: list[RowError] = []
    for (top, left), (bottom, right) in merged:
        if bottom < header or left > last or right < first:
            continue
        if top > header and left <= first and right >= last:
            notes.update(range(top + 1, bottom + 2))
        else:
            errors.append(
                RowError(top + 1, labels.get(max(left, first), ""), "", "merged_cell")
            )
    return notes, errors


def _read_cell(value: Cell, kind: str) -> tuple[Value, str]:
    """Return (value of the column's kind, "") or (an empty value, reason)."""
    empty = "" if kind == TEXT else None
    if isinstance(value, str) and not clean_text(value):
        return empty, ""
    if kind == TEXT:
        return _read_text(value)
    number = _read_number(value)
    if number is None:
        return empty, "not_an_integer" if kind == INTEGER else "not_a_number"
    if kind != INTEGER:
        return number, ""
    return (int(number), "") if number.is_integer() else (empty, "not_an_integer")


def _read_text(value: Cell) -> tuple[str, str]:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    elif not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return "", "not_text"  # a date: what was typed is lost
    text = clean_text(value if isinstance(value, str) else repr(value))
    return ("", "too_long") if is_too_long(text) else (text, "")


def _read_number(value: Cell) -> float | None:
    """Return a cell's number as float, also from text: 5%, ５％, 0.05. None if it is not a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e15 else None
    text = unicodedata.normalize("NFKC", clean_text(value)).replace(" ", "")
    number = text.removesuffix("%")
    if not _DECIMAL.fullmatch(number):
        return None
    # 7 * 0.01 is not the same number as 7 / 100
    return float(number) / 100 if text != number else float(number)
