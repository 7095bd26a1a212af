"""Turns the rows of a table, column by column, into those that PostgreSQL takes, and says which cells will not do."""

import csv
import io
from itertools import compress
from typing import NamedTuple

from .identity import LENGTH, mask_all
from .registry_cells import Bad, Converter
from .registry_file import Block

SHOWN = 200  # characters of a bad cell's text that are kept


class CellError(NamedTuple):
    """A bad cell; ``column`` is "" for the row as a whole, ``other`` the number of another row."""

    row: int
    column: str
    value: str
    reason: str
    other: int | None = None


class Field(NamedTuple):
    """Where a column of the staging table comes from: ``at`` is its place in the file, from 0.

    With ``beside``, the place of another column, the converter is given pairs of that column's cell and its own.
    """

    name: str
    at: int
    converter: Converter
    required: bool = False
    beside: int | None = None


def convert(block: Block, fields: list[Field]) -> tuple[list[tuple], list[CellError]]:
    """Return the block's rows as (row number, *values in the order of ``fields``), and the bad cells.

    Bad values are empty in the rows. Rows without any content are left out.
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
    columns = [numbers]
    for field in fields:
        given = originals[field.at]
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


def copy_statement(table, names):
    """The COPY of ``to_csv``'s text into the columns ``names`` of a table."""
    names = ", ".join(f'"{name}"' for name in names)
    return f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)"


def to_csv(rows):
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().replace("\0", "\ufffd")


def _is_filled(cells):
    first = next(filter(None, cells), "")
    return bool(first) and (
        not str(first).isspace() or any(str(cell).strip() for cell in cells)
    )


def _take_out_bad(name, numbers, originals, values):
    """Empty the bad ``values`` and return an error for each."""
    errors = []
    for at, value in enumerate(values):
        if isinstance(value, Bad):
            values[at] = ""
            text = show(originals[at])
            errors.append(CellError(numbers[at], name, text, str(value)))
    return errors


def show(cell):
    """What people get to read of a cell: its beginning, without the identity numbers of persons."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**LENGTH:
        cell = int(cell)
    return mask_all(str(cell))[:SHOWN]
