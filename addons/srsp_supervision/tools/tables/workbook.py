"""Reads the only filled sheet of a workbook of any size in bounded memory.

The sheet's XML is cut between rows into pieces, and the parser reads each as a small workbook of its own, because it
needs 2.8 GB for a whole sheet of a million rows. A piece is first searched for what would fill the memory, and for what
a registry does not accept. Shared texts (``sharedStrings.xml``) stay on disk until a cell needs them.
"""

import io
import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import IO, Any, TypeAlias, cast

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

from ..workbook import Cell, WorkbookError
from .table import INVISIBLE, MAX_COLUMNS, Block, Mark, TableFile

Start: TypeAlias = tuple[int, int]  # (row, column) from 0

PIECE_BYTES = 256_000
MAX_ROW_BYTES = 20_000_000
MAX_BYTES = 8_000_000_000  # of all parts together, unpacked
FREE_BYTES = 50_000_000  # a workbook up to this size may have any compression ratio
MAX_RATIO = 100  # of a larger one; what spreadsheets write has about 10 to 20
MAX_TAG_BYTES = 100  # bytes
MAX_GAP = 10_000  # rows between the first and the last one of a piece
MAX_MERGED = 100_000  # cells in merged ranges
_TAG = rb"<(?:\w+:)?"
_CELL = re.compile(_TAG + rb"c[\s>/]")
_USUAL_COLUMN = re.compile(rb'<c r="([A-Z]+)')
_USUAL_ROW = re.compile(rb'<c r="[A-Z]+([0-9]+)"')
_REFERENCE = re.compile(
    _TAG + rb"""(?:c|row)\s(?:[^<>]*?\s)?r=["']([A-Z]*)([0-9]+)["']"""
)
_CELL_AT = _TAG + rb"""c\s(?:[^<>]*?\s)?r=["']([A-Z]+)([0-9]+)["'][^<>]*"""
_FORMULA = re.compile(_CELL_AT + rb">\s*" + _TAG + rb"f[\s>/]")
_ERROR = re.compile(_CELL_AT + rb"""\st=["']e["']""")
_ERROR_FIRST = re.compile(
    _TAG + rb"""c\s[^<>]*t=["']e["'][^<>]*?\sr=["']([A-Z]+)([0-9]+)["']"""
)
_SHARED = re.compile(
    rb"""(<(?:\w+:)?c\s[^<>]*?\bt=["'])s(["'][^<>]*>\s*<(?:\w+:)?v>)"""
)
_MERGED = re.compile(
    rb"""mergeCell\s[^<>]*?ref=["']([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)["']"""
)
_MARKER = "\ue0f5"  # stands before the number of a shared text; a private character
_NUMBER = re.compile(_MARKER.encode() + rb"([0-9]+)")
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROOT = (
    f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
_BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    f' xmlns:r="{_OFFICE}"><workbookPr date1904="%d"/>'
    '<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_NO_STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
)
_VALUE = re.compile(_TAG + rb"(?:v|is)[\s>]")
_INVISIBLE = [character.encode() for character in INVISIBLE]
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    struct.error,
    CalamineError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class WorkbookFile(TableFile):
    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the first sheet that is not hidden.

        :raises WorkbookError: ``not_a_workbook``, ``macro``, ``too_large``, ``too_wide``, ``gap`` (rows far from each
            other), ``empty_sheet``, ``second_sheet`` (its name in ``place``: another visible one is filled too)
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield from self._read(archive)
        except WorkbookError:
            raise
        except _BROKEN:
            raise WorkbookError("not_a_workbook")

    def _read(self, archive: zipfile.ZipFile) -> Iterator[Block]:
        _check_parts(archive)
        sheets, date1904 = _find_sheets(archive)
        for name, path in sheets[1:]:
            if _is_filled(archive, path):
                raise WorkbookError("second_sheet", name)
        sheet = sheets[0][1]
        with _SharedTexts(archive) as texts:
            reader = _PieceReader(texts, _read_styles(archive), date1904)
            size = max(archive.getinfo(sheet).file_size, 1)
            filled = False
            with archive.open(sheet) as file:
                for piece, tail in _cut(file, b"row"):
                    block = _mark_merged(piece) if tail else reader.take(piece)
                    self.done = min(file.tell() / size, 1.0)
                    filled = filled or any(map(any, block.rows))
                    yield block
        if not filled:
            raise WorkbookError("empty_sheet")


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Refuse a zip bomb and a workbook with macros."""
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names or "[content_types].xml" not in names:
        raise WorkbookError("not_a_workbook")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > MAX_BYTES:
        raise WorkbookError("too_large")
    if unpacked > FREE_BYTES and unpacked > packed * MAX_RATIO:
        raise WorkbookError("too_large")
    types = _read_small(archive, "[Content_Types].xml")
    if b"macroEnabled" in types or any(
        name.endswith("vbaproject.bin") for name in names
    ):
        raise WorkbookError("macro")


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


def _find_sheets(archive: zipfile.ZipFile) -> tuple[list[tuple[str, str]], bool]:
    """Return [(name, part)] of the visible sheets, and whether the workbook counts days from 1904."""
    book = _parse_small(archive, "xl/workbook.xml")
    links = {
        link.get("Id"): link.get("Target")
        for link in _parse_small(archive, "xl/_rels/workbook.xml.rels")
    }
    date1904 = any(
        e.get("date1904") in ("1", "true") for e in book.iter("{*}workbookPr")
    )
    sheets = []
    for sheet in book.iter("{*}sheet"):
        if sheet.get("state", "visible") == "visible":
            target = links[sheet.get(f"{{{_OFFICE}}}id")]
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            archive.getinfo(path)
            sheets.append((sheet.get("name"), path))
    if not sheets:
        raise WorkbookError("empty_sheet")
    return sheets, date1904


def _is_filled(archive: zipfile.ZipFile, path: str) -> bool:
    """Return whether any cell of a sheet has a value."""
    with archive.open(path) as file:
        end = b""
        while data := file.read(PIECE_BYTES):
            if _VALUE.search(end + data):
                return True
            end = data[-MAX_TAG_BYTES:]
    return False


def _read_styles(archive: zipfile.ZipFile) -> bytes:
    if "xl/styles.xml" in archive.namelist():
        return _read_small(archive, "xl/styles.xml")
    return b""


def _cut(file: IO[bytes], tag: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield (piece, False) for whole elements ``tag`` and, last, (what follows them, True).

    The characters of ``INVISIBLE`` are removed from the pieces. Text holds a tag's bracket only in escaped form, so
    bytes that look like a closing tag are one. Comments, CDATA and document types, where this is not so, are refused.
    """
    opening = re.compile(_TAG + tag + rb"[\s>/]")
    pending, started = b"", False
    while data := file.read(PIECE_BYTES):
        pending += data
        if not started:
            first = opening.search(pending)
            if not first:
                _check_length(pending)
                continue
            _check_head(pending[: first.start()])
            pending, started = pending[first.start() :], True
            closing = b"</%s%s>" % (_find_prefix(pending), tag)
        end = pending.rfind(closing) + len(closing)
        if end >= len(closing):
            if b"<!" in pending[:end] or b"<?" in pending[:end]:
                raise WorkbookError("not_a_workbook")
            piece = pending[:end]
            for character in _INVISIBLE:
                piece = piece.replace(character, b"")
            yield piece, False
            pending = pending[end:]
        _check_length(pending)
    yield pending, True


def _check_length(pending: bytes) -> None:
    if len(pending) > MAX_ROW_BYTES:
        raise WorkbookError("too_large")


def _check_head(head: bytes) -> None:
    declared = re.match(
        rb"""\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=["']([^"']*)""", head
    )
    if b"<!" in head or (declared and declared[1].lower() != b"utf-8"):
        raise WorkbookError("not_a_workbook")


class _PieceReader:
    """Reads the pieces of one sheet."""

    def __init__(self, texts: "_SharedTexts", styles: bytes, date1904: bool) -> None:
        self.texts = texts
        self.styles = styles
        self.book = _BOOK % date1904
        self.last = 0

    def take(self, piece: bytes) -> Block:
        """Return the rows of the next piece as a ``Block``."""
        first = _check_references(piece, self.last)
        marks = _mark_formulas(piece)
        piece = _mark_shared(piece)
        start, rows = _parse_rows(piece, self.book, self.styles)
        if start is None:  # cells without a value
            return Block(first, [], marks)
        if (
            b" r=" not in piece
        ):  # nothing is numbered: the rows continue where the last piece ended
            start = (self.last + start[0], start[1])
        texts = self.texts.find(set(_NUMBER.findall(piece))).get
        pad = [""] * start[1]
        rows = [pad + list(map(texts, cells, cells)) for cells in rows]
        self.last = start[0] + len(rows)
        return Block(start[0] + 1, rows, marks)


def _parse_rows(
    rows: bytes, book: str, styles: bytes = b""
) -> tuple[Start | None, list[list[Cell]]]:
    """Parse whole rows; return where the first filled cell is, None if there is none, and the rows of values."""
    sheet = (
        b"<%(p)sworksheet><%(p)ssheetData>%(rows)s</%(p)ssheetData></%(p)sworksheet>"
    ) % {b"p": _find_prefix(rows), b"rows": rows}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("_rels/.rels", _ROOT)
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", _RELATIONS)
        archive.writestr("xl/styles.xml", styles or _NO_STYLES)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
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


def _mark_shared(piece: bytes) -> bytes:
    """Return the piece with ``_MARKER`` before the numbers of shared texts, which become texts of their own."""
    marker = _MARKER.encode()
    piece = piece.replace(b't="s"><v>', b't="str"><v>' + marker)
    if b'"s"' in piece or b"'s'" in piece:
        piece = _SHARED.sub(b"\\g<1>str\\g<2>" + marker, piece)
    return piece


def _mark_formulas(piece: bytes) -> list[Mark]:
    marks: list[Mark] = []
    if b":f" in piece or b"<f" in piece:
        marks += _mark_cells(_FORMULA, piece, "formula")
    if b'"e"' in piece or b"'e'" in piece:
        marks += _mark_cells(_ERROR, piece, "formula_error")
        marks += _mark_cells(_ERROR_FIRST, piece, "formula_error")
    return marks


def _mark_cells(pattern: re.Pattern[bytes], piece: bytes, reason: str) -> list[Mark]:
    return [
        Mark(int(row), _index(column), "", reason)
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
    """The texts of ``sharedStrings.xml`` by number, in a temporary file.

    They are read in runs, because sheets use most of them in order.
    """

    RUN = 500

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.offsets = array("Q", [0])
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.run = lru_cache(64)(self._read_run)
        if "xl/sharedStrings.xml" in archive.namelist():
            with archive.open("xl/sharedStrings.xml") as part:
                for piece, tail in _cut(part, b"si"):
                    if not tail:
                        self._store(piece)

    def __enter__(self) -> "_SharedTexts":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def find(self, numbers: Iterable[bytes]) -> dict[Any, str]:
        """Return {number after ``_MARKER``: text} of the texts with these numbers, which are digits in bytes."""
        return {
            f"{_MARKER}{number.decode()}": self.run(int(number) // self.RUN)[
                int(number) % self.RUN
            ]
            for number in numbers
        }

    def _store(self, piece: bytes) -> None:
        """Keep the texts of whole ``si`` elements, which the parser reads as rows of one cell each."""
        prefix = _find_prefix(piece)
        piece = re.sub(
            rb"<%ssi\s*/>" % prefix, b"<%(p)ssi></%(p)ssi>" % {b"p": prefix}, piece
        )
        count = piece.count(b"<%ssi>" % prefix)
        if count != piece.count(b"</%ssi>" % prefix):
            raise WorkbookError("not_a_workbook")
        piece = piece.replace(
            b"<%ssi>" % prefix,
            b'<%(p)srow><%(p)sc t="inlineStr"><%(p)sis>' % {b"p": prefix},
        ).replace(
            b"</%ssi>" % prefix, b"</%(p)sis></%(p)sc></%(p)srow>" % {b"p": prefix}
        )
        start, rows = _parse_rows(piece, _BOOK % 0)
        texts = [""] * (start[0] if start else 0) + [str(row[0]) for row in rows]
        texts += [""] * (count - len(texts))
        end = self.offsets[-1]
        for text in map(str.encode, texts):
            end += len(text)
            self.offsets.append(end)
            self.file.write(text)

    def _read_run(self, run: int) -> list[str]:
        bounds = self.offsets[run * self.RUN : (run + 1) * self.RUN + 1]
        self.file.seek(bounds[0])
        text = self.file.read(bounds[-1] - bounds[0])
        return [
            text[start - bounds[0] : end - bounds[0]].decode()
            for start, end in zip(bounds, bounds[1:])
        ]
