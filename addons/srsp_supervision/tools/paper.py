"""Break a table into pages of A4 landscape beforehand.

wkhtmltopdf as Debian builds it tears a row apart at the end of a page and does not repeat the heading.
Lengths are CSS pixels, 96 to the inch.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WIDTH = 1040  # of the table, inside margins of 10 mm
HEIGHT = 630  # for rows: 210 mm less margins, heading and page number, with something to spare
FIRST_HEIGHT = 520  # the same below the title
CHARACTER = 12  # a Chinese one; others take about two thirds
LINE = 18
PADDING = 11  # of a cell, on both sides together, with its border


class Paragraph(NamedTuple):
    """A text of a cell; ``style`` is ``name``, ``more``, ``warning``, or empty for what the cell is about."""

    text: str
    style: str = ""


Row = Sequence[Sequence[Paragraph]]  # cells, each of them its paragraphs


def paginate(rows: Iterable[Row], widths: Sequence[float]) -> list[list[Row]]:
    """Return the rows page by page, in their order; no row, one empty page.

    :param widths: of the columns, in percent of the table
    """
    pages, free = [[]], FIRST_HEIGHT
    for row in rows:
        height = row_height(row, widths)
        if height > free and pages[-1]:
            pages.append([])
            free = HEIGHT
        pages[-1].append(row)
        free -= height
    return pages


def row_height(row: Row, widths: Sequence[float]) -> int:
    """Return how high a row gets, rather too much than too little."""
    lines = 1
    for cell, width in zip(row, widths, strict=True):
        room = (WIDTH * width / 100 - PADDING) / CHARACTER
        lines = max(
            lines,
            sum(
                _count_lines(line, room)
                for paragraph in cell
                for line in paragraph.text.split("\n")
            ),
        )
    return lines * LINE + PADDING


def _count_lines(text, room):
    """Lines that ``text`` takes where ``room`` Chinese characters stand beside each other."""
    length = sum(
        1 if unicodedata.east_asian_width(character) in "WFA" else 0.65
        for character in text
    )
    whole = max(1, room - 1)  # punctuation does not begin a line, a word is not cut
    return max(1, -int(-length // whole))
