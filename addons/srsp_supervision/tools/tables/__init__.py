"""Reads and writes files with tables of any size, row by row in bounded memory, without Odoo."""

import re

from ..workbook import WorkbookError
from .table import FilePath, TableFile
from .text import CsvFile
from .workbook import WorkbookFile

OLE = b"\xd0\xcf\x11\xe0"  # begins an .xls, and a workbook with a password
# What calls itself a workbook and is a page or a document.
_OTHER = [
    (re.compile(rb"%PDF"), "PDF"),
    (re.compile(rb"{\\rtf"), "RTF"),
    (
        re.compile(
            rb"(\xef\xbb\xbf)?\s*<(\?xml|!doctype|html|meta|table|workbook)", re.I
        ),
        "HTML / XML",
    ),
]


def open_table(path: FilePath) -> TableFile:
    """Return a reader for the file, chosen by its first bytes and not by its name.

    :raises WorkbookError: ``empty_sheet``, ``old_or_locked`` (.xls, or with a password), ``encoding``,
        ``other_format`` (its name in ``place``)
    """
    with open(path, "rb") as file:
        head = file.read(100)
    if not head:
        raise WorkbookError("empty_sheet")
    if head.startswith(OLE):
        raise WorkbookError("old_or_locked")
    for form, name in _OTHER:
        if form.match(head):
            raise WorkbookError("other_format", name)
    return WorkbookFile(path) if head[:2] == b"PK" else CsvFile(path)
