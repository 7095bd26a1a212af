"""Reads the only filled sheet of a workbook of any size in bounded memory.

The sheet's XML is cut between rows into pieces, and the parser reads each as a small workbook of its own, because it
needs 2.8 GB for a whole sheet of a million rows. A piece is first searched for what would fill the memory, and for what
a registry does not accept. Shared texts stay on disk until a cell needs them.
"""

import io
import os
import posixpath
import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, Any, cast
from urllib.parse import unquote

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

from ..names import INVISIBLE
from ..workbook import Cell, WorkbookError
from .table import MAX_COLUMNS, Block, Mark, TableFile

PIECE_BYTES = 256_000
MAX_ROW_BYTES = 20_000_000
MAX_BYTES = 8_000_000_000  # of all parts together, unpacked
FREE_BYTES = 50_000_000  # a workbook up to this size may have any compression ratio
MAX_RATIO = 100  # of a larger one; what spreadsheets write has about 10 to 20
MAX_TAG_BYTES = 100  # bytes
MAX_GAP = 10_000  # rows between the first and the last one of a piece
MAX_MERGED = 100_000  # cells in merged ranges
MAX_SHEETS = 256
_TAG = rb"<(?:\w+:)?"
_AT = rb"""\sr=["']([A-Z]*)([0-9]+)["']"""
_CELL = re.compile(_TAG + rb"c[\s>/]")
_USUAL_COLUMN = re.compile(rb'<c r="([A-Z]+)')
_USUAL_ROW = re.compile(rb'<c r="[A-Z]+([0-9]+)"')
_REFERENCE = re.compile(_TAG + rb"(?:c|row)(?=\s)[^<>]*?" + _AT)
_FORMULA = re.compile(
    _TAG + rb"c(?=\s)[^<>]*?" + _AT + rb"[^<>]*>\s*" + _TAG + rb"f[\s>/]"
)
_ERROR = re.compile(_TAG + rb"""c(?=\s[^<>]*\bt=["']e["'])[^<>]*?""" + _AT)
_SHARED = re.compile(
    rb"""(<(?:\w+:)?c\s[^<>]*?\bt=["'])s(["'][^<>]*>\s*<(?:\w+:)?v>)"""
)
_MERGED = re.compile(
    rb"""mergeCell\s[^<>]*?ref=["']([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)["']"""
)
_VALUE = re.compile(_TAG + rb"(?:v|is)[\s>]")
_HIDDEN = re.compile(
    _TAG + rb"""row(?=\s[^<>]*\shidden=["'](?:1|true)["'])[^<>]*?\sr=["']([0-9]+)"""
)
# Stands before the number of a shared text, which becomes a text of its own; a private character.
_MARKER = "\ue0f5".encode()
_NUMBER = re.compile(_MARKER + rb"([0-9]+)")
_INVISIBLE = [character.encode() for character in INVISIBLE]
# The parts of a workbook with one sheet, as far as the parser needs them.
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINK = (
    f'<Relationships><Relationship Id="r" Type="{_OFFICE}/%s" Target="%s"/>'
    "</Relationships>"
)
_BOOK = (
    f'<workbook xmlns:r="{_OFFICE}"><workbookPr date1904="%d"/>'
    '<sheets><sheet name="s" sheetId="1" r:id="r"/></sheets></workbook>'
)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    struct.error,
    CalamineError,
    EOFError,
    LookupError,
    RuntimeError,
    ValueError,
)


class WorkbookFile(TableFile):
    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the first sheet that is not hidden.

        :raises WorkbookError: ``not_a_workbook``, ``other_format`` (its name in ``place``), ``macro``, ``too_large``,
            ``too_wide``, ``gap`` (rows far from each other), ``empty_sheet``, ``second_sheet`` (its name in ``place``:
            another visible one is filled too)
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield from self._read(archive)
        except WorkbookError:
            raise
        except _BROKEN:
            raise WorkbookError("not_a_workbook")

    def _read(self, archive: zipfile.ZipFile) -> Iterator[Block]:
        check_size(archive)
        package = _Package(archive)
        [(_name, sheet), *others], date1904 = _find_sheets(package)
        for name, path in others:
            if _is_filled(archive, path):
                raise WorkbookError("second_sheet", name)
        filled = False
        size = max(archive.getinfo(sheet).file_size, 1)
        with tempfile.TemporaryFile() as copy, archive.open(sheet) as file:
            reader = _PieceReader(package, _SharedTexts(package, copy), date1904)
            for piece, tail in _cut(file, b"row"):
                block = _mark_merged(piece) if tail else reader.take(piece)
                self.done = min(file.tell() / size, 1.0)
                filled = filled or any(map(any, block.rows))
                yield block
        if not filled:
            raise WorkbookError("empty_sheet")


def check_size(archive: zipfile.ZipFile) -> None:
    """Refuse a zip bomb."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > min(MAX_BYTES, max(FREE_BYTES, packed * MAX_RATIO)):
        raise WorkbookError("too_large")


class _Package:
    """The parts of a workbook, found by their relationships (ECMA-376, part 2).

    What a part is called is up to the program that wrote it, and so are the capitals. The types of relationships have
    two namespaces, for Transitional and for Strict Open XML; their last words are the same.

    ``book`` is the main part.

    :raises WorkbookError: ``other_format`` (its name in ``place``), ``macro``, ``not_a_workbook``
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = {name.lstrip("/").lower(): name for name in archive.namelist()}
        types = _read_small(archive, self.names["[content_types].xml"])
        [(_id, self.book)] = self.follow("", "officeDocument")
        if not self.book.endswith(".xml") or b"spreadsheetml" not in types:
            folder = self.book.partition("/")[0].lower()
            kinds = {"word": "document", "ppt": "presentation"}
            raise WorkbookError("other_format", kinds.get(folder, "xlsb"))
        macros = any(name.endswith("vbaproject.bin") for name in self.names)
        if macros or b"macroEnabled" in types:
            raise WorkbookError("macro")

    def follow(self, source: str, kind: str) -> list[tuple[str, str]]:
        """Return [(id, part)] of the relationships of this type that a part has, "" being the package itself."""
        folder, base = posixpath.split(source)
        links = self.names.get(f"{folder}/_rels/{base}.rels".lstrip("/").lower())
        if not links:
            return []
        return [
            (link.get("Id"), self._resolve(folder, link.get("Target")))
            for link in _parse_small(self.archive, links)
            if link.get("Type", "").rpartition("/")[2] == kind
        ]

    def _resolve(self, folder: str, target: str) -> str:
        path = posixpath.normpath(posixpath.join("/", folder, unquote(target)))
        return self.names[path.lstrip("/").lower()]


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part that is small in every genuine workbook."""
    if archive.getinfo(name).file_size > FREE_BYTES:
        raise WorkbookError("too_large")
    text = archive.read(name)
    if b"<!DOCTYPE" in text:
        raise WorkbookError("not_a_workbook")
    return text


def _parse_small(archive: zipfile.ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    return etree.fromstring(_read_small(archive, name), parser)


def _find_sheets(package: _Package) -> tuple[list[tuple[str, str]], bool]:
    """Return [(name, part)] of the visible sheets, and whether the workbook counts days from 1904."""
    book = _parse_small(package.archive, package.book)
    parts = dict(package.follow(package.book, "worksheet"))
    days = [e.get("date1904") for e in book.iter("{*}workbookPr")]
    sheets = []
    for number, sheet in enumerate(book.iter("{*}sheet")):
        if number == MAX_SHEETS:
            raise WorkbookError("too_large")
        [link] = (value for name, value in sheet.items() if name.endswith("}id"))
        if sheet.get("state", "visible") == "visible" and link in parts:
            sheets.append((sheet.get("name"), parts[link]))
    if not sheets:
        raise WorkbookError("empty_sheet")
    return sheets, not {"1", "true"}.isdisjoint(days)


def _is_filled(archive: zipfile.ZipFile, path: str) -> bool:
    """Return whether any cell of a sheet has a value."""
    with archive.open(path) as file:
        end = b""
        while data := file.read(PIECE_BYTES):
            if _VALUE.search(end + data):
                return True
            end = data[-MAX_TAG_BYTES:]
    return False


def _cut(file: IO[bytes], tag: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield (piece, False) for whole elements ``tag`` and, last, (what follows them, True).

    The characters of ``INVISIBLE`` are removed from the pieces. Text holds a tag's bracket only in escaped form, so
    bytes that look like a closing tag are one. Comments, CDATA and document types, where this is not so, are refused.
    """
    opening = re.compile(_TAG + tag + rb"[\s>/]")
    pending = closing = b""
    while data := file.read(PIECE_BYTES):
        pending += data
        first = None if closing else opening.search(pending)
        if first:
            _check_head(pending[: first.start()])
            pending = pending[first.start() :]
            closing = b"</%s%s>" % (_find_prefix(pending), tag)
        if closing and closing in pending:
            end = pending.rindex(closing) + len(closing)
            piece, pending = pending[:end], pending[end:]
            if b"<!" in piece or b"<?" in piece:
                raise WorkbookError("not_a_workbook")
            for character in _INVISIBLE:
                piece = piece.replace(character, b"")
            yield piece, False
        if len(pending) > MAX_ROW_BYTES:
            raise WorkbookError("too_large")
    yield pending, True


def _check_head(head: bytes) -> None:
    declared = re.match(
        rb"""\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=["']([^"']*)""", head
    )
    if b"<!" in head or (declared and declared[1].lower() != b"utf-8"):
        raise WorkbookError("not_a_workbook")


class _PieceReader:
    """Reads the pieces of one sheet."""

    def __init__(
        self, package: _Package, texts: "_SharedTexts", date1904: bool
    ) -> None:
        self.texts = texts
        self.last = 0
        self.parts: dict[str, str | bytes] = {"xl/workbook.xml": _BOOK % date1904}
        for _id, part in package.follow(package.book, "styles"):
            self.parts["xl/styles.xml"] = _read_small(package.archive, part)

    def take(self, piece: bytes) -> Block:
        """Return the rows of the next piece as a ``Block``."""
        first = _check_references(piece, self.last)
        marks = _mark_formulas(piece)
        if b"hidden=" in piece:
            hidden = _HIDDEN.findall(piece)
            marks += [Mark(int(row), -1, "", "hidden_row") for row in hidden]
        piece = piece.replace(b't="s"><v>', b't="str"><v>' + _MARKER)
        if b'"s"' in piece or b"'s'" in piece:
            piece = _SHARED.sub(rb"\g<1>str\g<2>" + _MARKER, piece)
        start, rows = _parse_rows(piece, self.parts)
        if start is None:  # cells without a value
            return Block(first, [], marks)
        above, left = start
        if b" r=" not in piece:  # no numbers: the rows follow those of the last piece
            above += self.last
        texts = self.texts.find(set(_NUMBER.findall(piece))).get
        rows = [[""] * left + list(map(texts, cells, cells)) for cells in rows]
        self.last = above + len(rows)
        return Block(above + 1, rows, marks)


def _parse_rows(
    rows: bytes, parts: Mapping[str, str | bytes]
) -> tuple[tuple[int, int] | None, list[list[Cell]]]:
    """Parse whole rows in a workbook with these ``parts`` beside them.

    Return the place (row, column) of the first filled cell, from 0, or None if there is none, and the rows of values.
    """
    sheet = (
        b"<%(p)sworksheet><%(p)ssheetData>%(rows)s</%(p)ssheetData></%(p)sworksheet>"
    ) % {b"p": _find_prefix(rows), b"rows": rows}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("_rels/.rels", _LINK % ("officeDocument", "xl/workbook.xml"))
        archive.writestr(
            "xl/_rels/workbook.xml.rels", _LINK % ("worksheet", "sheet.xml")
        )
        archive.writestr("xl/sheet.xml", sheet)
        for name, part in parts.items():
            archive.writestr(name, part)
    packed.seek(0)
    with CalamineWorkbook.from_filelike(packed) as opened:
        table = opened.get_sheet_by_index(0)
        return table.start, table.to_python()


def _find_prefix(piece: bytes) -> bytes:
    """Return the prefix of the piece's tags, with its colon."""
    return cast("re.Match[bytes]", re.match(_TAG, piece))[0][1:]


def _check_references(piece: bytes, last: int) -> int:
    """Refuse a cell so far away that the table up to it would fill the memory; return the first row's number."""
    rows: Sequence[bytes] = _USUAL_ROW.findall(piece)
    if len(rows) == piece.count(b"<c ") + piece.count(b":c "):
        letters = set(_USUAL_COLUMN.findall(piece))
    else:
        columns, rows = zip(*_REFERENCE.findall(piece) or [(b"", b"%d" % (last + 1))])
        letters = set(columns) - {b""}
        if max(len(_CELL.findall(row)) for row in piece.split(b"row>")) > MAX_COLUMNS:
            raise WorkbookError("too_wide")
    if any(len(column) > 2 or _index(column) >= MAX_COLUMNS for column in letters):
        raise WorkbookError("too_wide")
    numbers = [int(number) for number in set(rows)] or [last + 1]
    first = min(numbers)
    if first <= last or max(numbers) - first > MAX_GAP:
        raise WorkbookError("gap", str(max(numbers)))
    return first


def _mark_formulas(piece: bytes) -> list[Mark]:
    patterns = []
    if b":f" in piece or b"<f" in piece:
        patterns.append((_FORMULA, "formula"))
    if b'"e"' in piece or b"'e'" in piece:
        patterns.append((_ERROR, "formula_error"))
    return [
        Mark(int(row), _index(column), "", reason)
        for pattern, reason in patterns
        for column, row in pattern.findall(piece)
    ]


def _mark_merged(tail: bytes) -> Block:
    """Return a block without rows that marks every cell of a merged range.

    Such a range keeps only its first cell's value; what was meant for the other cells is unknown.
    """
    marks: list[Mark] = []
    for left, top, right, bottom in _MERGED.findall(tail):
        columns = range(_index(left), min(_index(right), MAX_COLUMNS) + 1)
        rows = range(int(top), int(bottom) + 1)
        if len(marks) + len(columns) * len(rows) > MAX_MERGED:
            raise WorkbookError("too_large")
        marks += [Mark(r, c, "", "merged_cell") for r in rows for c in columns]
    return Block(0, [], marks)


@lru_cache(1_000)
def _index(letters: bytes) -> int:
    """Return the index of a column from its letters: B → 1."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


class _SharedTexts:
    """The shared texts of a workbook by number, kept in the empty file ``copy``."""

    def __init__(self, package: _Package, copy: IO[bytes]) -> None:
        self.offsets = array("Q", [0])
        self.copy = copy
        for _id, path in package.follow(package.book, "sharedStrings"):
            with package.archive.open(path) as part:
                for piece, tail in _cut(part, b"si"):
                    if not tail:
                        self._store(piece)
        self.copy.flush()

    def find(self, numbers: Iterable[bytes]) -> dict[Any, str]:
        """Return {number after ``_MARKER``: text} of the texts with these numbers, which are digits in bytes."""
        offsets, file, found = self.offsets, self.copy.fileno(), {}
        for number in numbers:
            start, end = offsets[int(number)], offsets[int(number) + 1]
            text = os.pread(file, end - start, start)
            found[(_MARKER + number).decode()] = text.decode()
        return found

    def _store(self, piece: bytes) -> None:
        """Keep the texts of whole ``si`` elements, which the parser reads as rows of one cell each."""
        prefix = {b"p": _find_prefix(piece)}
        opening, closing = b"<%(p)ssi>" % prefix, b"</%(p)ssi>" % prefix
        piece = re.sub(rb"<%(p)ssi\s*/>" % prefix, opening + closing, piece)
        count = piece.count(opening)
        if count != piece.count(closing):
            raise WorkbookError("not_a_workbook")
        row = b'<%(p)srow><%(p)sc t="inlineStr"><%(p)sis>' % prefix
        piece = piece.replace(opening, row)
        piece = piece.replace(closing, b"</%(p)sis></%(p)sc></%(p)srow>" % prefix)
        start, rows = _parse_rows(piece, {"xl/workbook.xml": _BOOK % 0})
        texts = [""] * (start[0] if start else 0) + [str(row[0]) for row in rows]
        for text in map(str.encode, texts + [""] * (count - len(texts))):
            self.offsets.append(self.offsets[-1] + len(text))
            self.copy.write(text)
