"""Where two texts differ: by characters in Chinese, by words and numbers in Latin script."""

import re
from difflib import SequenceMatcher
from os.path import commonprefix
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
    blocks = _common_blocks(old, new)
    return (
        _cut(old, [(start, length) for start, _, length in blocks]),
        _cut(new, [(start, length) for _, start, length in blocks]),
    )


def _cut(words: list[str], common: list[tuple[int, int]]) -> list[Piece]:
    """Return one text in pieces; ``common`` is ``(place, length)`` of the words that the other has too."""
    pieces, end = [], 0
    for start, length in common:
        pieces.append(Piece("".join(words[end:start]), True))
        end = start + length
        pieces.append(Piece("".join(words[start:end]), False))
    return [piece for piece in pieces if piece.text]


def _common_blocks(old: list[str], new: list[str]) -> list[tuple[int, int, int]]:
    """Return ``(place before, place after, length)`` of the words in common; the last block ends both texts."""
    head = len(commonprefix([old, new]))
    tail = len(commonprefix([old[head:][::-1], new[head:][::-1]]))
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
