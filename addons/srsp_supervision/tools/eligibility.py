"""The hash tree over who may visit whom (readme/CERTIFICATE.md, "Eligibility").

Its root is published before the draw. Afterwards the drawn targets are opened: their class, their
blind, and the roots of the subtrees without an opened leaf, which keep everybody else's class private.

Rows are ``(label, class in hexadecimal)``, both texts, in the order of the roster. They may come straight
from a database cursor: besides what it returns, a pass holds one part of the rows and one hash for each
part before.
"""

import hashlib
from itertools import islice

from .vrs import hmac_pads

PART = 4096  # rows; a power of two


def root(rows, salt: bytes) -> bytes:
    """Return the root of the tree (32 bytes); of no rows, the SHA-256 of nothing."""
    return _walk(rows, salt, frozenset())[0]


def open(rows, salt: bytes, opened):
    """Return what proves the classes of the ``opened`` labels, a set, to whoever has the root.

    :return: ``(blinds, siblings)``: ``{label: 32 bytes}`` of the opened labels, and the roots of the largest
        subtrees without any of them (32 bytes each), from left to right
    :raises ValueError: when a label is in no row
    """
    top, siblings, blinds = _walk(rows, salt, opened)
    if len(blinds) != len(opened):
        raise ValueError("a label to open is not in the roster")
    return blinds, [top] if siblings is None else siblings


def _walk(rows, salt, opened):
    """Return ``(root, siblings or None when nothing was opened, blinds)``."""
    rows, blinds = iter(rows), {}
    roots, inside = [], {}
    while part := list(islice(rows, PART)):
        leaves, part_blinds = _leaves(part, salt)
        here = {i: [] for i, (label, _class) in enumerate(part) if label in opened}
        blinds.update((part[i][0], part_blinds[i]) for i in here)
        top, siblings = _climb(leaves, here)
        if here:
            inside[len(roots)] = siblings
        roots.append(top)
    # A part is a subtree: it has a power of two leaves, or is the last.
    return *_climb(roots, inside), blinds


def _leaves(rows, salt):
    sha256 = hashlib.sha256
    inner, outer = hmac_pads(salt)
    texts = [(label.encode(), members.encode()) for label, members in rows]
    blinds = [
        sha256(outer + sha256(inner + label).digest()).digest()
        for label, _members in texts
    ]
    leaves = [
        sha256(b"\x00%b%b\t%b" % (blind, label, members)).digest()
        for blind, (label, members) in zip(blinds, texts, strict=True)
    ]
    return leaves, blinds


def _climb(level, inside):
    """Pair the hashes level by level; an odd one out goes up as it is, as in RFC 6962.

    :param inside: ``{index: siblings}`` of the subtrees in which a leaf was opened
    :return: the root, and its siblings if any leaf was opened
    """
    sha256 = hashlib.sha256
    while len(level) > 1:
        pairs = sorted({index // 2 for index in inside})
        inside = {pair: _siblings(level, inside, pair) for pair in pairs}
        lone = level[-1:] if len(level) % 2 else []
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ] + lone
    return level[0] if level else sha256().digest(), inside.get(0)


def _siblings(level, inside, pair):
    """What is needed to reach a node: the siblings inside its children, or those themselves."""
    siblings = []
    for index in range(2 * pair, min(2 * pair + 2, len(level))):
        siblings += inside[index] if index in inside else [level[index]]
    return siblings
