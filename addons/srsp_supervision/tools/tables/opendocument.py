"""Reads the only filled sheet of an OpenDocument spreadsheet (.ods, or .fods, which is one XML file), row by row."""

import datetime
import os
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import IO, Any

from lxml import etree

from ..names import remove_invisible
from ..workbook import Cell, WorkbookError
from .table import BLOCK_ROWS, MAX_COLUMNS, Block, Mark, TableFile
from .workbook import MAX_MERGED, check_size

MAX_ROWS = 1_048_576  # of a sheet
_SHEETS = "application/vnd.oasis.opendocument.spreadsheet"
_SPANS = ("number-columns-spanned", "number-rows-spanned")
_CALC_KIND = (
    "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
)
_BROKEN = (
    etree.XMLSyntaxError,
    zipfile.BadZipFile,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


@cache
def _tag(space: str, name: str) -> str:
    """Return the name of an element or attribute as the parser has it."""
    return f"{{urn:oasis:names:tc:opendocument:xmlns:{space}:1.0}}{name}"


class OpenDocumentFile(TableFile):
    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the first sheet that is not hidden.

        :raises WorkbookError: ``not_a_workbook``, ``other_format`` (its name in ``place``), ``locked``, ``too_wide``,
            ``too_large``, ``empty_sheet``, ``second_sheet`` (its name in ``place``: another visible one is filled too)
        """
        try:
            if not zipfile.is_zipfile(self.path):
                with open(self.path, "rb") as file:
                    yield from self._read(file, os.path.getsize(self.path))
                return
            with zipfile.ZipFile(self.path) as archive:
                check_size(archive)
                if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                    raise WorkbookError("locked")
                size = archive.getinfo("content.xml").file_size
                with archive.open("content.xml") as part:
                    yield from self._read(part, size)
        except WorkbookError:
            raise
        except _BROKEN:
            raise WorkbookError("not_a_workbook")

    def _read(self, file: IO[bytes], size: int) -> Iterator[Block]:
        first = 1
        rows: list[list[Cell]] = []
        marks: list[Mark] = []
        filled = False
        for other, row in _find_rows(file):
            self.done = min(file.tell() / size, 1.0)
            cells, found = _read_cells(row)
            if other and cells:
                raise WorkbookError("second_sheet", other)
            if other:
                continue
            filled = filled or bool(cells)
            count = int(row.get(_tag("table", "number-rows-repeated"), 1))
            if cells and row.get(_tag("table", "visibility"), "visible") != "visible":
                found.append((-1, "hidden_row"))
            if len(found) > 1 and len(found) * count > MAX_MERGED:
                raise WorkbookError("too_large")
            if not (cells or found) and count > BLOCK_ROWS:  # the end, or a gap
                yield Block(first, rows, marks)
                first, rows, marks = first + len(rows) + count, [], []
                continue
            for number in range(first + len(rows), first + len(rows) + count):
                if number > MAX_ROWS:
                    break
                rows.append(cells)
                marks += [Mark(number, at, "", reason) for at, reason in found]
                if len(rows) == BLOCK_ROWS:
                    yield Block(first, rows, marks)
                    first, rows, marks = number + 1, [], []
        if not filled:
            raise WorkbookError("empty_sheet")
        yield Block(first, rows, marks)
        self.done = 1.0


def _find_rows(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield (name of the sheet, "" for the first one, row element) of the visible sheets, and remove the element."""
    tags = [_tag("table", "table"), _tag("table", "table-row"), _tag("style", "style")]
    options: dict[str, Any] = {"resolve_entities": False, "load_dtd": False}
    parsed = etree.iterparse(
        file, ("start", "end"), tag=tags, no_network=True, huge_tree=True, **options
    )
    hidden: set[str | None] = set()
    sheets: list[str] = []  # the visible ones so far
    visible, depth = True, 0  # of the sheet; a cell may hold a table too
    root = None
    for event, element in parsed:
        if root is None:
            root = element.getroottree()
            _check_root(root)
        if element.tag == tags[0]:
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                visible = element.get(_tag("table", "style-name")) not in hidden
                name = element.get(_tag("table", "name"), "")
                sheets += [name] if visible else []
        elif event == "end" and element.tag == tags[1] and depth == 1:
            if visible:
                yield sheets[-1] if len(sheets) > 1 else "", element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        elif event == "end" and element.tag == tags[2]:
            shown = element.find(_tag("style", "table-properties"))
            if shown is not None and shown.get(_tag("table", "display")) == "false":
                hidden.add(element.get(_tag("style", "name")))


def _check_root(tree: Any) -> None:
    if tree.docinfo.internalDTD is not None:  # it may define what a cell says
        raise WorkbookError("not_a_workbook")
    if not tree.getroot().get(_tag("office", "mimetype"), _SHEETS).startswith(_SHEETS):
        raise WorkbookError("other_format", "document")


def _read_cells(row: Any) -> tuple[list[Cell], list[tuple[int, str]]]:
    """Return the values of a row up to the last filled cell, and [(column, reason)] of its bad cells."""
    values: list[Cell] = []
    found: list[tuple[int, str]] = []
    at = 0
    for cell in row.iterchildren(
        _tag("table", "table-cell"), _tag("table", "covered-table-cell")
    ):
        count = int(cell.get(_tag("table", "number-columns-repeated"), 1))
        value = _read_value(cell)
        is_filled = value != ""
        columns = range(at, min(at + count, MAX_COLUMNS + is_filled))
        at += count
        if is_filled:
            if at > MAX_COLUMNS:
                raise WorkbookError("too_wide")
            values += [""] * (columns.start - len(values)) + [value] * count
        if reason := _find_fault(cell):
            found += [(column, reason) for column in columns]
    return values, found


def _find_fault(cell: Any) -> str:
    spans = (cell.get(_tag("table", name), "1") for name in _SPANS)
    if cell.tag.endswith("covered-table-cell") or any(span != "1" for span in spans):
        return "merged_cell"
    if cell.get(_CALC_KIND) == "error":
        return "formula_error"
    return "formula" if cell.get(_tag("table", "formula")) else ""


def _read_value(cell: Any) -> Cell:
    kind = cell.get(_tag("office", "value-type"))
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(_tag("office", "value")))
    if kind == "boolean":
        return bool(cell.get(_tag("office", "boolean-value")) == "true")
    if kind == "date":
        text = cell.get(_tag("office", "date-value"))
        if "T" in text:
            return datetime.datetime.fromisoformat(text)
        return datetime.date.fromisoformat(text)
    lines = ["".join(_find_texts(p)) for p in cell.iterchildren(_tag("text", "p"))]
    text = "\n".join(lines) if lines else cell.get(_tag("office", "string-value"), "")
    return remove_invisible(text)


def _find_texts(element: Any) -> Iterator[str]:
    """Yield the pieces of a paragraph's text; notes in it are none."""
    if element.tag == _tag("office", "annotation"):
        return
    if element.tag == _tag("text", "s"):
        yield " " * int(element.get(_tag("text", "c"), 1))
    elif element.tag == _tag("text", "tab"):
        yield "\t"
    elif element.tag == _tag("text", "line-break"):
        yield "\n"
    yield element.text or ""
    for child in element:
        yield from _find_texts(child)
        yield child.tail or ""
