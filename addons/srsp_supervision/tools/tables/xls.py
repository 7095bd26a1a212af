"""Reads an Excel 97–2003 workbook (.xls, or .et of WPS Office): a file of streams, one of which holds its records.

The parser returns the values of the cells. What it does not tell is found in the records: hidden rows, formulas and
errors. [MS-CFB] describes the streams, [MS-XLS] the records.
"""

import os
import struct
from array import array
from collections.abc import Iterator
from typing import TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum
from python_calamine import SheetVisibleEnum as Visible

from ..names import remove_invisible
from ..workbook import Cell, WorkbookError
from .table import BLOCK_ROWS, MAX_COLUMNS, Block, Mark, TableFile
from .workbook import MAX_MERGED

_Place: TypeAlias = tuple[int, int]
OLE = b"\xd0\xcf\x11\xe0"
MAX_MEGABYTES = 30  # the parser needs some ten times as much memory
_OTHER = {"WordDocument": "document", "PowerPoint Document": "presentation"}
_NO_SECTOR = 0xFFFFFFFA  # from here on, a sector's number says that there is none
_MINI_BYTES = 4096  # smaller streams are in a stream of small sectors
# Kinds of records.
_BEGIN, _SHEET, _ROW, _FORMULA, _ERROR, _LOCK = 0x809, 0x85, 0x208, 0x6, 0x205, 0x2F


class XlsFile(TableFile):
    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the first sheet that is not hidden.

        :raises WorkbookError: ``not_a_workbook``, ``other_format`` (its name in ``place``), ``locked``, ``large_xls``,
            ``too_large``, ``too_wide``, ``empty_sheet``, ``second_sheet`` (its name in ``place``: another visible one
            is filled too)
        """
        if os.path.getsize(self.path) > MAX_MEGABYTES * 1_000_000:
            raise WorkbookError("large_xls", str(MAX_MEGABYTES))
        try:
            with open(self.path, "rb") as file:
                faults = _find_faults(_Streams(file.read()).find_workbook())
            with CalamineWorkbook.from_path(os.fspath(self.path)) as book:
                yield from self._read(book, faults)
        except WorkbookError:
            raise
        except (CalamineError, LookupError, OSError, ValueError, struct.error):
            raise WorkbookError("not_a_workbook")

    def _read(
        self, book: CalamineWorkbook, faults: list[list[Mark]]
    ) -> Iterator[Block]:
        tables = [
            (at, sheet.name, book.get_sheet_by_index(at))
            for at, sheet in enumerate(book.sheets_metadata)
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == Visible.Visible
        ]
        if not tables:
            raise WorkbookError("empty_sheet")
        (at, _name, sheet), *others = tables
        for _at, name, other in others:
            if any(map(_is_filled, other.to_python())):
                raise WorkbookError("second_sheet", name)
        rows = sheet.to_python(skip_empty_area=False)
        if not any(map(_is_filled, rows)):
            raise WorkbookError("empty_sheet")
        if any(_is_filled(row[MAX_COLUMNS:]) for row in rows):
            raise WorkbookError("too_wide")
        marks = faults[at] + _mark_merged(sheet.merged_cell_ranges or [])
        for first in range(0, len(rows), BLOCK_ROWS):
            batch = list(map(_clean, rows[first : first + BLOCK_ROWS]))
            self.done = (first + len(batch)) / len(rows)
            found = [m for m in marks if first < m.row <= first + BLOCK_ROWS]
            yield Block(first + 1, batch, found)


def _mark_merged(ranges: list[tuple[_Place, _Place]]) -> list[Mark]:
    """Return a mark for every cell of the ranges, which are given by (row, column) of their corners."""
    marks: list[Mark] = []
    for (top, left), (bottom, right) in ranges:
        rows = range(top + 1, bottom + 2)
        columns = range(left, min(right, MAX_COLUMNS) + 1)
        if len(marks) + len(rows) * len(columns) > MAX_MERGED:
            raise WorkbookError("too_large")
        marks += [Mark(r, c, "", "merged_cell") for r in rows for c in columns]
    return marks


def _is_filled(row: list[Cell]) -> bool:
    return any(cell != "" for cell in row)


def _clean(row: list[Cell]) -> list[Cell]:
    return [remove_invisible(cell) if isinstance(cell, str) else cell for cell in row]


class _Streams:
    """The streams of a file, which are chains of sectors; its first sector is the header.

    Numbers that lead nowhere raise ``struct.error`` or IndexError.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        self.size, self.mini_size = 1 << shift, 1 << mini_shift
        [directory] = struct.unpack_from("<I", data, 48)
        [mini_table, _count, more, count] = struct.unpack_from("<4I", data, 60)
        tables = list(struct.unpack_from("<109I", data, 76))
        for _sector in range(count):
            *numbers, more = _read_numbers(self._read_sector(more))
            tables += numbers
        self.next = array("I")
        for table in tables:
            if table < _NO_SECTOR:
                self.next.extend(_read_numbers(self._read_sector(table)))
        entries = self._read_chain(directory)
        self.places = {}  # name of a stream → (its first sector, bytes)
        for at in range(0, len(entries), 128):
            [length] = struct.unpack_from("<H", entries, at + 64)
            name = entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
            self.places[name] = struct.unpack_from("<II", entries, at + 116)
        self.mini_next = _read_numbers(self._read_chain(mini_table))

    def find_workbook(self) -> bytes:
        """Return the stream of a workbook.

        :raises WorkbookError: ``locked``, ``other_format``, ``not_a_workbook``
        """
        if "EncryptedPackage" in self.places:
            raise WorkbookError("locked")
        for name, kind in _OTHER.items():
            if name in self.places:
                raise WorkbookError("other_format", kind)
        for name in ("Workbook", "Book"):
            if name in self.places:
                return self._read_stream(*self.places[name])
        raise WorkbookError("not_a_workbook")

    def _read_stream(self, first: int, length: int) -> bytes:
        if length >= _MINI_BYTES:
            return self._read_chain(first)[:length]
        minis = self._read_chain(self.places["Root Entry"][0])
        size = self.mini_size
        sectors = _follow(first, self.mini_next)
        return b"".join(minis[at * size : (at + 1) * size] for at in sectors)[:length]

    def _read_chain(self, first: int) -> bytes:
        return b"".join(map(self._read_sector, _follow(first, self.next)))

    def _read_sector(self, number: int) -> bytes:
        return self.data[(number + 1) * self.size : (number + 2) * self.size]


def _read_numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _follow(number: int, following: "array[int] | tuple[int, ...]") -> Iterator[int]:
    for _sector in following:  # no chain is longer
        if number >= _NO_SECTOR:
            return
        yield number
        number = following[number]
    if number < _NO_SECTOR:
        raise LookupError("circle")


def _find_faults(stream: bytes) -> list[list[Mark]]:
    """Return the marks of hidden rows, formulas and errors for each sheet of a workbook."""
    sheets: dict[int, list[Mark]] = {}  # by the place of their first record
    marks: list[Mark] = []
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + length]
        if kind == _LOCK:
            raise WorkbookError("locked")
        if kind == _BEGIN:
            marks = sheets.get(at, marks)
        elif kind == _SHEET:
            sheets[struct.unpack_from("<I", body)[0]] = []
        elif kind == _ROW and struct.unpack_from("<H", body, 12)[0] & 0x20:
            marks.append(
                Mark(struct.unpack_from("<H", body)[0] + 1, -1, "", "hidden_row")
            )
        elif kind in (_FORMULA, _ERROR):
            row, column = struct.unpack_from("<HH", body)
            failed = (
                body[7] == 1
                if kind == _ERROR
                else body[6] == 2 and body[12:14] == b"\xff\xff"
            )
            if failed or kind == _FORMULA:
                reason = "formula_error" if failed else "formula"
                marks.append(Mark(row + 1, column, "", reason))
        at += 4 + length
    return list(sheets.values())
