"""What a reader yields: a table of any size, block by block.

Nothing here knows what the columns mean. What is wrong with single cells comes along as marks, with the row's number as
a spreadsheet shows it; what makes the file as a whole unreadable is a ``WorkbookError``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MAX_COLUMNS = 200
# Invisible characters, as they come from web pages and chats.
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"


class Mark(NamedTuple):
    """A bad cell; ``column`` counts from 0, or is -1 for the row as a whole.

    ``reason`` is one of ``formula``, ``formula_error``, ``merged_cell``, ``encoding``, ``broken_quotes``,
    ``extra_cells``, ``not_exact``.
    """

    row: int
    column: int
    value: str
    reason: str


class Block(NamedTuple):
    """Rows that follow each other, the first of them number ``first`` (from 1), and what is wrong with their cells."""

    first: int
    rows: list[list]
    marks: list[Mark]

    def below(self, row):
        """Return the block without the rows up to number ``row``: what is above a table, and its headings."""
        skip = max(row + 1 - self.first, 0)
        if not skip:
            return self
        marks = [mark for mark in self.marks if mark.row > row]
        return self._replace(
            first=self.first + skip, rows=self.rows[skip:], marks=marks
        )


class TableFile:
    """One file. ``blocks()`` may be called again and starts anew; ``done`` is how much of it has been read, 0 to 1."""

    encoding = ""

    def __init__(self, path):
        self.path = Path(path)
        self.done = 0.0

    def blocks(self) -> Iterator[Block]:
        raise NotImplementedError
