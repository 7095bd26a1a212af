"""The hash tree over who may visit whom (readme/CERTIFICATE.md, "Eligibility").

Its root is published before the draw. Afterwards the drawn targets are opened: their class and their
blind are published with the roots of the subtrees without an opened leaf, which keep the classes of all
other targets private.

Rows are ``(label, class in hexadecimal)``, both texts, in the order of the roster. They may come straight
from a database cursor: a pass keeps in memory one part of the rows, one hash for each part before it, and
what it returns.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from itertools import chain, islice
from struct import iter_unpack

PART = 4096  # rows; a power of two

Row = Sequence[str]
Level = list[bytes]  # the hashes of the nodes at one height, from left to right


def root(rows: Iterable[Row], salt: bytes) -> bytes:
    """Return the root of the tree (32 bytes); without rows, the SHA-256 of the empty string."""
    return _walk(rows, salt, frozenset())[0]


def open(
    rows: Iterable[Row], salt: bytes, opened: Set[str]
) -> tuple[dict[str, bytes], list[bytes]]:
    """Return what proves the classes of the ``opened`` labels to anybody who has the root.

    :return: ``(blinds, siblings)``: ``{label: 32 bytes}`` of the opened labels, and the roots of the largest
        subtrees without any of them (32 bytes each), from left to right
    :raises ValueError: when a label is not in the rows
    """
    _top, blinds, siblings = _walk(rows, salt, opened)
    if len(blinds) != len(opened):
        raise ValueError("a label to open is not in the roster")
    return blinds, siblings


def _walk(
    rows: Iterable[Row], salt: bytes, opened: Set[str]
) -> tuple[bytes, dict[str, bytes], list[bytes]]:
    """Return ``(root, blinds, siblings)``."""
    rows = iter(rows)
    blinds: dict[str, bytes] = {}
    roots: Level = []
    inside: dict[int, list[bytes]] = {}  # part -> siblings within it
    while part := list(islice(rows, PART)):
        here = [i for i, (label, _class) in enumerate(part) if label in opened]
        # SHAKE256 (FIPS 202): without the salt, blinds that have not been published cannot be told from random bytes.
        number = len(roots).to_bytes(8, "big")
        hidden = hashlib.shake_256(salt + number).digest(32 * len(part))
        levels = _climb(_leaves(part, hidden))
        if here:
            blinds.update((part[i][0], hidden[32 * i : 32 * i + 32]) for i in here)
            inside[len(roots)] = list(chain.from_iterable(_gaps(levels, here)))
        roots += levels[-1]
    # A part is a subtree: it has a power of two leaves, or is the last.
    levels = _climb(roots or [hashlib.sha256().digest()])
    siblings: list[bytes] = []
    for gap, proof in zip(_gaps(levels, inside), [*inside.values(), []], strict=True):
        siblings += gap + proof
    return levels[-1][0], blinds, siblings


def _leaves(rows: Sequence[Row], blinds: bytes) -> Level:
    """Return the leaves of the rows; ``blinds`` are those of the rows, 32 bytes each, joined."""
    sha256 = hashlib.sha256
    ends = {members: b"\t" + members.encode() for members in {row[1] for row in rows}}
    return [
        sha256(b"\0" + blind + label.encode() + ends[members]).digest()
        for (label, members), (blind,) in zip(
            rows, iter_unpack("32s", blinds), strict=True
        )
    ]


def _climb(level: Level) -> list[Level]:
    """Return the levels of the tree over ``level``: ``[leaves, …, [root]]``.

    Hashes are paired until one is left; the last of an odd number moves up unchanged (RFC 6962).
    """
    sha256 = hashlib.sha256
    levels = [level]
    while len(level) > 1:
        lone = level[-1:] if len(level) % 2 else []
        hashes = iter(level)
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(hashes, hashes, strict=False)
        ] + lone
        levels.append(level)
    return levels


def _gaps(levels: Sequence[Level], opened: Collection[int]) -> Iterator[list[bytes]]:
    """Yield the roots of the largest subtrees between opened leaves: a list before each of them, one after the last.

    :param opened: indexes of leaves, ascending
    """
    count, start = len(levels[0]), 0
    for end in (*opened, count):
        gap = []
        while start < end:
            # A subtree begins at a multiple of its size; the last one of the tree may be smaller.
            size = start & -start or 1 << len(levels) - 1
            if end < count:
                size = min(size, 1 << (end - start).bit_length() - 1)
            level = size.bit_length() - 1
            gap.append(levels[level][start >> level])
            start += size
        yield gap
        start = end + 1
