"""Tables of any size as files: read and written row by row, in bounded memory, without Odoo."""

from ..workbook import WorkbookError
from .table import TableFile
from .text import CsvFile
from .workbook import WorkbookFile

OLE = b"\xd0\xcf\x11\xe0"  # begins an .xls, and a workbook with a password


def open_table(path) -> TableFile:
    """Return the file's reader, chosen by its first bytes and not by its name.

    :raises WorkbookError: ``empty_sheet``, ``old_or_locked`` (.xls, or with a password), ``encoding``
    """
    with open(path, "rb") as file:
        head = file.read(4)
    if not head:
        raise WorkbookError("empty_sheet")
    if head == OLE:
        raise WorkbookError("old_or_locked")
    return WorkbookFile(path) if head[:2] == b"PK" else CsvFile(path)
