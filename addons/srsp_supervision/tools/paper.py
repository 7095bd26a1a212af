"""Splits a table into pages of A4 landscape before it is printed.

Debian's build of wkhtmltopdf splits a row at the end of a page and does not repeat the heading.
Lengths are CSS pixels, 96 to the inch.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WIDTH = 1040  # of the table, inside margins of 10 mm
HEIGHT = 630  # for rows: 210 mm less margins, heading and page number, with something to spare
FIRST_HEIGHT = 520  # the same below the title
CHARACTER = 12  # a Chinese one
LINE = 17
PADDING = 11  # of a cell, left and right together, with its border
ROW_PADDING = 9  # the same above and below
# What stays together: no closing mark begins a line, no opening one ends it, no word is cut.
_PIECE = re.compile(
    r"[《（【〔「“‘]*(?:[!-~]+|.)[》）】〕」”’，。；：、！？…]*", re.DOTALL
)


class Paragraph(NamedTuple):
    """A text of a cell; ``style`` is ``name``, ``more`` or ``warning``, or empty for the cell's main text."""

    text: str
    style: str = ""


Row = Sequence[Sequence[Paragraph]]  # cells, each of them its paragraphs


def paginate(rows: Iterable[Row], widths: Sequence[float]) -> list[list[Row]]:
    """Return the rows page by page, in their order; without rows, one empty page.

    :param widths: the widths of the columns, in percent of the table
    """
    pages: list[list[Row]] = [[]]
    free = FIRST_HEIGHT
    for row in rows:
        height = row_height(row, widths)
        if height > free and pages[-1]:
            pages.append([])
            free = HEIGHT
        pages[-1].append(row)
        free -= height
    return pages


def row_height(row: Row, widths: Sequence[float]) -> int:
    """Return an estimate of a row's height that is too high rather than too low."""
    lines = [1]
    for cell, width in zip(row, widths, strict=True):
        room = (WIDTH * width / 100 - PADDING) / CHARACTER
        text = "\n".join(paragraph.text for paragraph in cell)
        lines.append(sum(_count_lines(line, room) for line in text.split("\n")))
    return max(lines) * LINE + ROW_PADDING


def _get_width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return 1
    return 0.65 if character.isalnum() else 0.35


def _count_lines(text: str, room: float) -> int:
    """Return how many lines ``text`` takes if ``room`` Chinese characters fit on one."""
    lines = 1
    used: float = 0
    for piece in _PIECE.findall(text):
        width = sum(map(_get_width, piece))
        if used and used + width > room:
            lines, used = lines + 1, 0
        used += width
        while used > room:  # longer than a line: it is cut after all
            lines, used = lines + 1, used - room
    return lines
