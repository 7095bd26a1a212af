"""Checks a workbook before a parser reads it: refuses what could fill the memory and what cannot be intended.

The workbook's parts are unpacked within a limit and packed again, so that the parser sees exactly what was checked. A
cell so far away that the table up to it would be huge is refused, and so is a formula that failed.
"""

import io
import re
import struct
import zipfile
import zlib
from typing import Any

from lxml import etree

from .workbook import WorkbookError

MAX_BYTES = 50_000_000  # of all parts together, unpacked
MAX_PARTS = 1_000
MAX_COLUMNS = 200
OLE = b"\xd0\xcf\x11\xe0"  # begins an .xls, and a workbook with a password
_REFERENCE = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")


def repack(data: bytes, max_rows: int) -> bytes:
    """Check the workbook's XML parts and return them in a new archive, uncompressed.

    :raises WorkbookError: ``not_a_workbook``, ``old_or_locked``, ``too_large``, ``too_many_rows``, ``formula_error``
    """
    if data[:4] == OLE:
        raise WorkbookError("old_or_locked")
    checked, left = io.BytesIO(), MAX_BYTES
    try:
        with (
            zipfile.ZipFile(io.BytesIO(data)) as old,
            zipfile.ZipFile(checked, "w") as new,
        ):
            for part in _list_parts(old):
                # The size in the archive's directory may be false: count what is unpacked.
                with old.open(part) as file:
                    text = file.read(left + 1)
                left -= len(text)
                if left < 0:
                    raise WorkbookError("too_large")
                _check_part(text, max_rows)
                new.writestr(part.filename, text)
    except WorkbookError:
        raise
    except (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, struct.error):
        raise WorkbookError("not_a_workbook")
    except (EOFError, OSError, RuntimeError, ValueError):  # zipfile raises these too
        raise WorkbookError("not_a_workbook")
    return checked.getvalue()


def _list_parts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the XML parts of a workbook, each name once."""
    parts = {part.filename: part for part in archive.infolist()}
    usual = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    if "xl/workbook.xml" not in parts or len(parts) > MAX_PARTS:
        raise WorkbookError("not_a_workbook")
    if {part.compress_type for part in parts.values()} - usual:
        raise WorkbookError("not_a_workbook")
    return [part for name, part in parts.items() if name.endswith((".xml", ".rels"))]


def _check_part(text: bytes, max_rows: int) -> None:
    """Run the checks of ``_CellGuard`` on a part, whether it is a sheet or not."""
    parser = etree.XMLParser(
        target=_CellGuard(max_rows),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
    )
    parser.feed(text)
    parser.close()


class _CellGuard:
    """The target of an lxml parser: checks every cell with a value and keeps none of them."""

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.row = self.column = 0
        self.cell: Any = None  # the attributes of the cell that is being read

    def start(self, tag: str, attributes: Any) -> None:
        name = tag.rpartition("}")[2]
        if name == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        elif name == "c":
            self.column += 1
            self.cell = attributes
            if "r" in attributes:
                self.row, self.column = _coordinates(attributes["r"])
        elif self.cell is not None:
            self._check()

    def end(self, tag: str) -> None:
        if tag.rpartition("}")[2] == "c":
            self.cell = None

    def doctype(self, *_: object) -> None:
        raise WorkbookError("not_a_workbook")

    def close(self) -> None:
        pass

    def _check(self) -> None:
        if self.row > self.max_rows:
            raise WorkbookError("too_many_rows")
        if self.column > MAX_COLUMNS:
            raise WorkbookError("too_large")
        if self.cell.get("t") == "e":
            raise WorkbookError("formula_error", self.cell.get("r", f"{self.row}"))


def _coordinates(reference: str) -> tuple[int, int]:
    """B3 → (3, 2)."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise WorkbookError("not_a_workbook")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column
