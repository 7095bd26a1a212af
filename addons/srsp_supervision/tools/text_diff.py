"""Where two texts differ: by characters in Chinese, by words and numbers in Latin script."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

MIN_COMMON = 2  # words; a single common word does not separate two changes
# Pairs of words; beyond that, the whole middle counts as changed.
MAX_SEARCH = 4_000_000
_WORD = re.compile(r"[A-Za-z0-9.,%]+|.", re.DOTALL)


class Piece(NamedTuple):
    """A stretch of text, and whether the other version lacks it."""

    text: str
    changed: bool


def compare_texts(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces; the pieces of a side, joined, are its text.

    >>> compare_texts("每年2次", "每年12次")
    ([Piece(text='每年', changed=False), Piece(text='2', changed=True), Piece(text='次', changed=False)],
     [Piece(text='每年', changed=False), Piece(text='12', changed=True), Piece(text='次', changed=False)])
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    sides: tuple[list[Piece], list[Piece]] = [], []
    for same, old_words, new_words in _steps(old, new):
        for side, words in zip(sides, (old_words, new_words), strict=True):
            if words:
                side.append(Piece("".join(words), not same))
    return sides


def _steps(old: list[str], new: list[str]) -> list[tuple[bool, list[str], list[str]]]:
    """Return ``(same, words before, words after)`` of each stretch of both texts, in order."""
    steps = []
    blocks = _common_blocks(old, new)
    old_at = new_at = 0
    for old_start, new_start, length in blocks:
        gap = old[old_at:old_start], new[new_at:new_start]
        old_at, new_at = old_start + length, new_start + length
        if any(gap):
            steps.append((False, *gap))
        if length:
            steps.append((True, old[old_start:old_at], new[new_start:new_at]))
    return steps


def _common_blocks(old: list[str], new: list[str]) -> list[tuple[int, int, int]]:
    """Return ``(place before, place after, length)`` of the words in common; the last block ends both texts."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    blocks = [(0, 0, head)]
    if (old_end - head) * (new_end - head) <= MAX_SEARCH:
        matcher = SequenceMatcher(
            None, old[head:old_end], new[head:new_end], autojunk=False
        )
        blocks += [
            (head + a, head + b, length)
            for a, b, length in matcher.get_matching_blocks()
            if length >= MIN_COMMON
        ]
    return [*blocks, (old_end, new_end, tail)]
