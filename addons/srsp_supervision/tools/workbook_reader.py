"""Reads a list back from a workbook that may come from anywhere."""

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple, TypeAlias

from xlsxwriter.utility import xl_rowcol_to_cell

from .tables import open_table
from .tables.cells import normalise
from .workbook import (
    INTEGER,
    TEXT,
    Cell,
    Column,
    WorkbookError,
    clean_text,
    is_too_long,
)

Table: TypeAlias = dict[int, dict[int, Cell]]  # {row from 1: {column from 0: value}}
Value: TypeAlias = str | float | None  # text, or number or None

MAX_ROWS = 10_000
MAX_CHARACTERS = 50_000_000  # of all cells together
HEADER_WITHIN = 50  # rows that are not empty
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


class RowError(NamedTuple):
    """A cell or heading that is wrong. ``reason`` is one of ``not_a_number``, ``not_an_integer``, ``not_text``,
    ``too_long``, ``merged_cell``, ``missing_column``, ``unknown_column``, ``duplicate_column``, ``hidden_row``.
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
    data: bytes, columns: list[Column], aliases: Mapping[str, str] | None = None
) -> Sheet:
    """Read the only filled sheet, which has a header row with the columns' labels.

    :param aliases: further labels, label → column name
    :raises WorkbookError: when the file as a whole cannot be used: ``too_many_rows``, ``formula_error`` (in the cell
        ``place``), ``no_header``, ``not_a_workbook`` (text too), or what reading a table raises
    """
    names = {normalise(label): name for label, name in (aliases or {}).items()}
    names |= {normalise(column.label): column.name for column in columns}
    table, merged, hidden = _read_table(data)
    header = _find_header(table, names)
    places, errors = _read_header(header, table[header], columns, names)
    notes = _find_notes(table, merged, header, places.values())
    labels = {places[c.name]: c.label for c in columns if c.name in places}
    errors += [
        RowError(number, labels[at], "", "merged_cell")
        for number, at in sorted(merged)
        if number >= header and at in labels and number not in notes
    ]
    errors += [
        RowError(number, "", "", "hidden_row")
        for number in sorted(hidden & table.keys())
    ]
    rows = []
    for number, cells in table.items():
        if number <= header or number in notes:
            continue
        row: dict[str, Value] = {}
        for column in columns:
            value = cells.get(places.get(column.name, -1), "")
            row[column.name], reason = _read_cell(value, column.kind)
            if reason:
                errors.append(RowError(number, column.label, str(value)[:200], reason))
        rows.append((number, row))
    if len(rows) > MAX_ROWS:
        raise WorkbookError("too_many_rows")
    return Sheet(header, rows, errors)


def _read_table(data: bytes) -> tuple[Table, set[tuple[int, int]], set[int]]:
    """Return the cells that have a value, (row, column) of the merged ones, and the numbers of hidden rows."""
    table: Table = {}
    merged: set[tuple[int, int]] = set()
    hidden: set[int] = set()
    size = 0
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for block in open_table(file.name, text=False).blocks():
            for number, row in enumerate(block.rows, block.first):
                cells = {at: value for at, value in enumerate(row) if value != ""}
                if cells:
                    table[number] = cells
                    size += sum(len(str(value)) for value in cells.values())
            for mark in block.marks:
                if mark.reason == "formula_error":
                    place = xl_rowcol_to_cell(mark.row - 1, mark.column)
                    raise WorkbookError("formula_error", place)
                if mark.reason == "merged_cell":
                    merged.add((mark.row, mark.column))
                if mark.reason == "hidden_row":
                    hidden.add(mark.row)
            if len(table) > MAX_ROWS + HEADER_WITHIN:
                raise WorkbookError("too_many_rows")
            if size > MAX_CHARACTERS:
                raise WorkbookError("too_large")
    return table, merged, hidden


def _find_header(table: Table, names: Mapping[str, str]) -> int:
    """Return the number of the row with the most labels, at least two."""
    known = {
        number: len({names.get(normalise(value)) for value in cells.values()} - {None})
        for number, cells in list(table.items())[:HEADER_WITHIN]
    }
    header = max(known, key=known.__getitem__)
    if known[header] < min(2, len(set(names.values()))):
        raise WorkbookError("no_header")
    return header


def _read_header(
    number: int,
    cells: Mapping[int, Cell],
    columns: Iterable[Column],
    names: Mapping[str, str],
) -> tuple[dict[str, int], list[RowError]]:
    """Return {column name: index} and what is wrong with the headings."""
    places: dict[str, int] = {}
    errors: list[RowError] = []
    for index, label in cells.items():
        name = names.get(normalise(label))
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


def _find_notes(
    table: Table, merged: Set[tuple[int, int]], header: int, places: Iterable[int]
) -> set[int]:
    """Return the numbers of the rows below the header that are one merged cell over the whole table.

    Other merged cells are errors: only the first one keeps its value, what was meant for the others is unknown.
    """
    first, *others = sorted(places)
    return {
        number
        for number, at in merged
        if number > header and at == first
        if all((number, other) in merged for other in others)
        and table.get(number, {}).keys().isdisjoint(others)
    }


def _read_cell(value: Cell, kind: str) -> tuple[Value, str]:
    """Return (value of the column's kind, "") or (an empty value, reason)."""
    empty = "" if kind == TEXT else None
    if isinstance(value, str) and not clean_text(value):
        return empty, ""
    if kind == TEXT:
        return _read_text(value)
    number = _read_number(value)
    if kind == INTEGER:
        if number is None or not number.is_integer():
            return empty, "not_an_integer"
        return int(number), ""
    return number, "not_a_number" if number is None else ""


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
