"""Joins headings that take two rows, as registers have them: a group above, its columns below.

The cells of the other columns are merged downwards, so that their lower cell is empty.
"""

from collections.abc import Sequence

from ..workbook import Cell


def join_headings(upper: Sequence[Cell], lower: Sequence[Cell]) -> list[Cell]:
    """Return the heading of each column, or nothing if ``lower`` is no second row of headings.

    Below a group is its column's own heading, or the group's and its own where several groups have the same one.
    """
    width = max(len(upper), len(lower))
    above, below = ([*row, *[""] * (width - len(row))] for row in (upper, lower))
    groups: list[tuple[Cell, list[int]]] = []  # a heading and the columns under it
    for at, label in enumerate(above):
        if label != "" or not groups:
            groups.append((label, []))
        groups[-1][1].append(at)
    labels = list(above)
    for group, columns in groups:
        filled = [at for at in columns if below[at] != ""]
        if not filled:
            continue
        if len(filled) < 2 or group == "" or columns[: len(filled)] != filled:
            return []
        for at in filled:
            if not isinstance(below[at], str):
                return []
            is_common = below.count(below[at]) > 1
            labels[at] = f"{group}{below[at]}" if is_common else below[at]
    return [] if labels == above else labels
