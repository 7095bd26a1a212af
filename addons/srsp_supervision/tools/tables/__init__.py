"""Reads and writes files with tables of any size, row by row in bounded memory, without Odoo."""

from ..workbook import WorkbookError
from .table import FilePath, TableFile
from .text import CsvFile
from .workbook import WorkbookFile

OLE = b"\xd0\xcf\x11\xe0"  # begins an .xls, and a workbook with a password


def open_table(path: FilePath) -> TableFile:
    """Return a reader for the file, chosen by its first bytes and not by its name.

    :raises WorkbookError: ``empty_sheet``, ``old_or_locked`` (.xls, or with a password), ``encoding``
    """
    with open(path, "rb") as file:
        head = file.read(4)
    if not head:
        raise WorkbookError("empty_sheet")
    if head == OLE:
        raise WorkbookError("old_or_locked")
    return WorkbookFile(path) if head[:2] == b"PK" else CsvFile(path)
