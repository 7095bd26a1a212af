"""What a reader yields: a table of any size, block by block.

Nothing here knows what the columns mean. A bad cell is reported as a mark, with the row's number as a spreadsheet shows
it; a file that cannot be read as a whole raises ``WorkbookError``.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from ..workbook import Cell

FilePath: TypeAlias = str | os.PathLike[str]

MAX_COLUMNS = 200
BLOCK_ROWS = 1_000  # of a block, in files that are not read by pieces of bytes


class Mark(NamedTuple):
    """A bad cell; ``column`` counts from 0, or is -1 for the row as a whole.

    ``reason`` is one of ``formula``, ``formula_error``, ``merged_cell``, ``encoding``, ``broken_quotes``,
    ``extra_cells``, ``not_exact``, ``hidden_row`` (its cells are in the block all the same).
    """

    row: int
    column: int
    value: str
    reason: str


class Block(NamedTuple):
    """Consecutive rows, the first of them number ``first`` (from 1), and the marks of their bad cells."""

    first: int
    rows: list[list[Cell]]
    marks: list[Mark]


@dataclass
class TableFile:
    """One file. Every call of ``blocks()`` starts at its beginning; ``done`` is how much has been read, 0 to 1."""

    path: FilePath
    done: float = 0.0

    def blocks(self) -> Iterator[Block]:
        """Yield the rows."""
        raise NotImplementedError
