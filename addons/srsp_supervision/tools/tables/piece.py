"""Lets the parser read a piece of a sheet: whole rows of its XML, which become a small workbook of their own.

Before, the piece is looked through for what would fill the memory, and for what a registry does not take.
"""

import io
import re
import zipfile
from functools import lru_cache

from python_calamine import CalamineWorkbook

from ..workbook import WorkbookError
from .table import MAX_COLUMNS, Block, Mark

MAX_GAP = 10_000  # rows between the first and the last one of a piece
MAX_MERGED = 100_000  # cells in merged ranges
TAG = rb"<(?:\w+:)?"
_CELL = re.compile(TAG + rb"c[\s>/]")
_USUAL_COLUMN = re.compile(rb'<c r="([A-Z]+)')
_USUAL_ROW = re.compile(rb'<c r="[A-Z]+([0-9]+)"')
_REFERENCE = re.compile(
    TAG + rb"""(?:c|row)\s(?:[^<>]*?\s)?r=["']([A-Z]*)([0-9]+)["']"""
)
_CELL_AT = TAG + rb"""c\s(?:[^<>]*?\s)?r=["']([A-Z]+)([0-9]+)["'][^<>]*"""
_FORMULA = re.compile(_CELL_AT + rb">\s*" + TAG + rb"f[\s>/]")
_ERROR = re.compile(_CELL_AT + rb"""\st=["']e["']""")
_ERROR_FIRST = re.compile(
    TAG + rb"""c\s[^<>]*t=["']e["'][^<>]*?\sr=["']([A-Z]+)([0-9]+)["']"""
)
_SHARED = re.compile(
    rb"""(<(?:\w+:)?c\s[^<>]*?\bt=["'])s(["'][^<>]*>\s*<(?:\w+:)?v>)"""
)
_MERGED = re.compile(
    rb"""mergeCell\s[^<>]*?ref=["']([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)["']"""
)
MARKER = "\ue0f5"  # stands before the number of a shared text; a private character
_NUMBER = re.compile(MARKER.encode() + rb"([0-9]+)")
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROOT = (
    f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_RELATIONS = (
    f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    f' xmlns:r="{OFFICE}"><workbookPr date1904="%d"/>'
    '<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_NO_STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
)


class PieceReader:
    """Reads pieces of one sheet."""

    def __init__(self, texts, styles, date1904):
        self.texts = texts
        self.styles = styles
        self.book = BOOK % date1904
        self.last = 0

    def take(self, piece):
        """The rows of the next piece as a Block."""
        first = _check_references(piece, self.last)
        marks = _mark_formulas(piece)
        piece = _mark_shared(piece)
        start, rows = parse(piece, self.book, self.styles)
        if start is None:  # cells without a value
            return Block(first, [], marks)
        if (
            b" r=" not in piece
        ):  # nothing is numbered: it goes on where the last piece ended
            start = (self.last + start[0], start[1])
        texts = self.texts.find(set(_NUMBER.findall(piece))).get
        pad = [""] * start[1]
        rows = [pad + list(map(texts, cells, cells)) for cells in rows]
        self.last = start[0] + len(rows)
        return Block(start[0] + 1, rows, marks)


def parse(rows, book, styles=b""):
    """Let the parser read whole rows: ((row, column) of the first filled cell from 0, or None; rows of values)."""
    sheet = (
        b"<%(p)sworksheet><%(p)ssheetData>%(rows)s</%(p)ssheetData></%(p)sworksheet>"
    ) % {b"p": find_prefix(rows), b"rows": rows}
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


def find_prefix(piece):
    """What stands before the colon in the piece's tags, with the colon."""
    return re.match(TAG, piece)[0][1:]


def _check_references(piece, last):
    """Let no cell stand so far out that the table between would fill the memory; return the first row's number."""
    rows = _USUAL_ROW.findall(piece)
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


def _mark_shared(piece):
    """The piece with ``MARKER`` before the numbers of shared texts, which become texts of their own."""
    marker = MARKER.encode()
    piece = piece.replace(b't="s"><v>', b't="str"><v>' + marker)
    if b'"s"' in piece or b"'s'" in piece:
        piece = _SHARED.sub(b"\\g<1>str\\g<2>" + marker, piece)
    return piece


def _mark_formulas(piece):
    marks = []
    if b":f" in piece or b"<f" in piece:
        marks += _mark_cells(_FORMULA, piece, "formula")
    if b'"e"' in piece or b"'e'" in piece:
        marks += _mark_cells(_ERROR, piece, "formula_error")
        marks += _mark_cells(_ERROR_FIRST, piece, "formula_error")
    return marks


def _mark_cells(pattern, piece, reason):
    return [
        Mark(int(row), _index(column), "", reason)
        for column, row in pattern.findall(piece)
    ]


def mark_merged(tail):
    """A block without rows: a mark for every cell of a merged range.

    Such a range keeps only its first cell's value: what the others were meant to say, nobody knows.
    """
    marks = []
    for left, top, right, bottom in _MERGED.findall(tail):
        columns = range(_index(left), min(_index(right), MAX_COLUMNS) + 1)
        rows = range(int(top), int(bottom) + 1)
        if len(marks) + len(columns) * len(rows) > MAX_MERGED:
            raise WorkbookError("too_large")
        marks += [Mark(r, c, "", "merged_cell") for r in rows for c in columns]
    return Block(0, [], marks)


@lru_cache(1_000)
def _index(letters):
    """B → 1."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1
