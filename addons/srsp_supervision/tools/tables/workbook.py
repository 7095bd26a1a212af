"""Reads the only filled sheet of a workbook of any size in bounded memory.

The sheet's XML is cut between rows into pieces; ``piece`` lets the parser read each as a small workbook. Texts
that the sheet shares (``sharedStrings.xml``) wait on disk until their cell comes.
"""

import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from functools import lru_cache

from lxml import etree
from python_calamine import CalamineError

from ..workbook import WorkbookError
from .piece import (
    BOOK,
    MARKER,
    OFFICE,
    TAG,
    PieceReader,
    find_prefix,
    mark_merged,
    parse,
)
from .table import INVISIBLE, TableFile

PIECE_BYTES = 256_000
MAX_ROW_BYTES = 20_000_000
MAX_BYTES = 8_000_000_000  # of all parts together, unpacked
FREE_BYTES = 50_000_000  # up to here a part may be packed as tightly as it likes
MAX_RATIO = 100  # beyond: what spreadsheets write shrinks to a tenth or a twentieth
MAX_TAG_BYTES = 100  # bytes
_VALUE = re.compile(TAG + rb"(?:v|is)[\s>]")
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
    def blocks(self):
        """Yield the rows of the first sheet that is not hidden.

        :raises WorkbookError: ``not_a_workbook``, ``macro``, ``too_large``, ``too_wide``, ``gap`` (rows far from each
            other), ``empty_sheet``, ``second_sheet`` (its name in ``place``: another one in sight is filled too)
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield from self._read(archive)
        except WorkbookError:
            raise
        except _BROKEN:
            raise WorkbookError("not_a_workbook")

    def _read(self, archive):
        _check_parts(archive)
        sheets, date1904 = _find_sheets(archive)
        for name, path in sheets[1:]:
            if _is_filled(archive, path):
                raise WorkbookError("second_sheet", name)
        sheet = sheets[0][1]
        with _SharedTexts(archive) as texts:
            reader = PieceReader(texts, _read_styles(archive), date1904)
            size = max(archive.getinfo(sheet).file_size, 1)
            filled = False
            with archive.open(sheet) as file:
                for piece, tail in _cut(file, b"row"):
                    block = mark_merged(piece) if tail else reader.take(piece)
                    self.done = min(file.tell() / size, 1.0)
                    filled = filled or any(map(any, block.rows))
                    yield block
        if not filled:
            raise WorkbookError("empty_sheet")


def _check_parts(archive):
    """Refuse what is packed like a bomb or carries a program."""
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


def _read_small(archive, name):
    """A part that is small in every workbook a person made."""
    if archive.getinfo(name).file_size > FREE_BYTES:
        raise WorkbookError("too_large")
    text = archive.read(name)
    if b"<!DOCTYPE" in text:
        raise WorkbookError("not_a_workbook")
    return text


def _parse_small(archive, name):
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    return etree.fromstring(_read_small(archive, name), parser)


def _find_sheets(archive):
    """[(name, part)] of the sheets in sight, and whether the book counts its days from 1904."""
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
            target = links[sheet.get(f"{{{OFFICE}}}id")]
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            archive.getinfo(path)
            sheets.append((sheet.get("name"), path))
    if not sheets:
        raise WorkbookError("empty_sheet")
    return sheets, date1904


def _is_filled(archive, path):
    """Whether a sheet has a value in any cell."""
    with archive.open(path) as file:
        end = b""
        while data := file.read(PIECE_BYTES):
            if _VALUE.search(end + data):
                return True
            end = data[-MAX_TAG_BYTES:]
    return False


def _read_styles(archive):
    if "xl/styles.xml" in archive.namelist():
        return _read_small(archive, "xl/styles.xml")
    return b""


def _cut(file, tag):
    """Yield (piece, False) for whole elements ``tag`` and, last, (what follows them, True); without ``INVISIBLE``.

    A tag's bracket is escaped wherever it is no tag, so the bytes of an element's end are its end, once comments,
    CDATA and document types are out of the question.
    """
    opening = re.compile(TAG + tag + rb"[\s>/]")
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
            closing = b"</%s%s>" % (find_prefix(pending), tag)
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


def _check_length(pending):
    if len(pending) > MAX_ROW_BYTES:
        raise WorkbookError("too_large")


def _check_head(head):
    declared = re.match(
        rb"""\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=["']([^"']*)""", head
    )
    if b"<!" in head or (declared and declared[1].lower() != b"utf-8"):
        raise WorkbookError("not_a_workbook")


class _SharedTexts:
    """The texts of ``sharedStrings.xml`` by number, in a temporary file; read in runs, as sheets use them in order."""

    RUN = 500

    def __init__(self, archive):
        self.offsets = array("Q", [0])
        self.file = tempfile.TemporaryFile()  # noqa: SIM115
        self.run = lru_cache(64)(self._read_run)
        if "xl/sharedStrings.xml" in archive.namelist():
            with archive.open("xl/sharedStrings.xml") as part:
                for piece, tail in _cut(part, b"si"):
                    if not tail:
                        self._store(piece)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def find(self, numbers):
        """{marked number: text} of the texts with these numbers, which are digits in bytes."""
        return {
            f"{MARKER}{number.decode()}": self.run(int(number) // self.RUN)[
                int(number) % self.RUN
            ]
            for number in numbers
        }

    def _store(self, piece):
        """Keep the texts of whole ``si`` elements, which the parser reads as rows of one cell each."""
        prefix = find_prefix(piece)
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
        start, rows = parse(piece, BOOK % 0)
        texts = [""] * (start[0] if start else 0) + [str(row[0]) for row in rows]
        texts += [""] * (count - len(texts))
        end = self.offsets[-1]
        for text in map(str.encode, texts):
            end += len(text)
            self.offsets.append(end)
            self.file.write(text)

    def _read_run(self, run):
        bounds = self.offsets[run * self.RUN : (run + 1) * self.RUN + 1]
        self.file.seek(bounds[0])
        text = self.file.read(bounds[-1] - bounds[0])
        return [
            text[start - bounds[0] : end - bounds[0]].decode()
            for start, end in zip(bounds, bounds[1:])
        ]
