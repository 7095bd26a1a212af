"""Reads and writes files with tables of any size, row by row in bounded memory, without Odoo."""

import re
import zipfile

from ..workbook import WorkbookError
from .opendocument import OpenDocumentFile
from .table import FilePath, TableFile
from .text import CsvFile
from .workbook import WorkbookFile
from .xls import OLE, XlsFile

HEAD_BYTES = 4_000
_FLAT = re.compile(rb"<office:document[\s>]")
_ARCHIVE = re.compile(rb"Rar!|7z\xbc\xaf|\x1f\x8b")
# What calls itself a workbook and is something else: a pattern of its first bytes → its name in ``other_format``.
_OTHER = [
    (re.compile(rb"%PDF"), "pdf"),
    (re.compile(rb"{\\rtf"), "document"),
    (
        re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|BM....\0\0\0\0|II\*\0|MM\0\*", re.S),
        "picture",
    ),
    (re.compile(rb"ID;P"), "sylk"),
    (re.compile(rb"MIME-Version:"), "page"),
    (
        re.compile(
            rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|meta|style|table|!--)",
            re.I,
        ),
        "page",
    ),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|!doctype|\w)", re.I), "xml"),
]


def open_table(path: FilePath, text: bool = True) -> TableFile:
    """Return a reader for the file, chosen by its first bytes and not by its name.

    :param text: whether it may be text, with commas or other separators
    :raises WorkbookError: ``empty_sheet``, ``archive``, ``encoding``, ``not_a_workbook``, ``other_format`` (its name in
        ``place``)
    """
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise WorkbookError("empty_sheet")
    if head.startswith(OLE):
        return XlsFile(path)
    if head.startswith(b"PK"):
        return _open_package(path)
    if _FLAT.search(head):
        return OpenDocumentFile(path)
    if _ARCHIVE.match(head):
        raise WorkbookError("archive")
    for form, name in _OTHER:
        if form.match(head):
            raise WorkbookError("other_format", name)
    if not text:
        raise WorkbookError("not_a_workbook")
    return CsvFile(path)


def _open_package(path: FilePath) -> TableFile:
    """Return a reader for a file that is an archive of its parts."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()}
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, LookupError, RuntimeError):
        raise WorkbookError("not_a_workbook")
    if b"spreadsheet" in kind:
        return OpenDocumentFile(path)
    if kind or any(name.endswith(".iwa") for name in names):
        raise WorkbookError("other_format", "document")
    if not any(name.lstrip("/") == "[content_types].xml" for name in names):
        raise WorkbookError("archive")
    return WorkbookFile(path)
