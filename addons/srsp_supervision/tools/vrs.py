"""A verifiable random selection process: one-time codes and positions.

Source: draft-thomson-elegy-vrs. Everything here is bytes: secrets and codes are raw,
labels are UTF-8. SHA-256 is the only hash, so every code, key and position is 32 bytes
long (a secret may have any length).
"""

import hashlib
import heapq
import hmac
from collections.abc import Iterable

BLOCK_LENGTH = 64
# RFC 5869: the first (and for 32 bytes the only) block of HKDF-Expand ends with this counter.
EXPAND_COUNTER = b"\x01"
# RFC 2104: the key is combined with these two bytes by exclusive or.
INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


def chain(secret: bytes, n: int) -> list[bytes]:
    """Return ``[H^0, H^1, ..., H^n]``: index ``i`` is SHA-256 applied ``i`` times to the secret.

    ``H^n`` is the public commitment; iteration ``k``, counted from 1, reveals ``H^(n-k)``.

    :raises ValueError: when ``n`` is negative
    """
    if n < 0:
        raise ValueError("the length of a chain of one-time codes cannot be negative")
    links = [bytes(secret)]
    for _step in range(n):
        links.append(hashlib.sha256(links[-1]).digest())
    return links


def extract(one_time_code: bytes, randomness: bytes) -> bytes:
    """Return the pseudo-random key (32 bytes): HKDF-Extract, salt = code, IKM = randomness."""
    return hmac.digest(one_time_code, randomness, "sha256")


def position(prk: bytes, label: bytes) -> bytes:
    """Return the position of a label (32 bytes): HKDF-Expand with info = label and L = 32."""
    return hmac.digest(prk, label + EXPAND_COUNTER, "sha256")


def hmac_pads(prk: bytes) -> tuple[bytes, bytes]:
    """Return the two 64-byte key blocks of HMAC-SHA256 under ``prk`` (at most 64 bytes): ``(ipad, opad)``.

    With them a position can be computed with SHA-256 alone, which PostgreSQL has built in:
    ``sha256(opad || sha256(ipad || label || 0x01))``.
    """
    key = prk.ljust(BLOCK_LENGTH, b"\0")
    return key.translate(INNER_PAD), key.translate(OUTER_PAD)


def lowest(
    prk: bytes, labels: Iterable[bytes], count: int
) -> list[tuple[bytes, bytes]]:
    """Select from one stratum: the ``count`` labels with the lowest positions, ascending.

    :param labels: each at most once, in any order
    :return: ``[(position, label), ...]``, fewer than ``count`` when there are not enough labels
    """
    return heapq.nsmallest(count, ((position(prk, label), label) for label in labels))
