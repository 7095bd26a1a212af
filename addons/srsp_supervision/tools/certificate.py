"""The numbers and digests of a draw certificate (see readme/CERTIFICATE.md).

A digest streams over its rows, which may come straight from a database cursor, and keeps a
few thousand of them in memory at a time.
"""

import hashlib
import hmac
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice, pairwise
from operator import lt
from typing import Any, TypeVar

FORMAT = "srsp-draw-certificate/2"  # what strata are and why targets were left out is hidden behind a salt
BATCH = 4096  # rows
Row = TypeVar("Row", bound=Sequence[Any])


def quota(size: int, ratio: float | str | Decimal) -> int:
    """Return how many of a stratum of ``size`` targets are drawn at ``ratio`` (0.05 is 5 %).

    Rounds up exactly: the ratio is taken as the decimal number that its text shows, so that 120
    times 0.05 is 6. At least one target of a stratum is drawn, unless it is empty, and at most all.

    :param ratio: a number or its decimal text
    :raises ValueError: when the size is negative, or the ratio is negative or not a number
    """
    try:
        numerator, denominator = Decimal(str(ratio)).as_integer_ratio()
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValueError(f"{ratio!r} is no ratio") from error
    if size < 0 or numerator < 0:
        raise ValueError("neither a stratum nor a ratio can be negative")
    return min(size, max(1, -(-size * numerator // denominator)))


def bits_needed(strata: Iterable[dict[str, Any]]) -> int:
    """Return how many bits of randomness are needed to make every selection possible.

    That is log2 of the number of selections, rounded up (RFC 3797, section 3.2). With a source
    that gives fewer bits, some selections cannot occur.

    :param strata: ``[{"size": …, "quota": …}, …]``
    """
    log, nats = math.lgamma, 0.0
    for stratum in strata:
        size, drawn = stratum["size"], stratum["quota"]
        nats += log(size + 1) - log(drawn + 1) - log(size - drawn + 1)
    return math.ceil(nats / math.log(2))


def one_line(text: str) -> str:
    """Return a free text as a digest row takes it: each run of white space becomes one space."""
    return " ".join(text.split())


def digest(rows: Iterable[Sequence[str]], width: int = 2) -> str:
    """Return the hex SHA-256 over the first ``width`` fields of each row, ``field 0x09 field 0x0A``.

    The rows of a roster are ``(label, stratum)``, those of the excluded targets ``(label, reason)``.

    :raises ValueError: when a label is empty, or not above the previous one in the order of
        UTF-8 bytes, or when a field contains a tab or a line feed
    """
    hasher = hashlib.sha256()
    deque(watch(rows, hasher, width), maxlen=0)
    return hasher.hexdigest()


def opening_salt(secret: bytes, kind: str, label: str) -> bytes:
    """Return the salt (32 bytes) of what is hidden about a label: each has its own, and tells nothing of another.

    :param kind: ``stratum`` or ``excluded``
    """
    return hmac.digest(secret, f"{kind}\t{label}".encode(), "sha256")


def hide(secret: bytes, kind: str, label: str, value: str) -> str:
    """Return the hex SHA-256 over ``salt label 0x09 value``: what stands in a certificate for a value."""
    salt = opening_salt(secret, kind, label)
    return hashlib.sha256(salt + f"{label}\t{value}".encode()).hexdigest()


def inspectors_digest(rows: Iterable[Sequence[Any]]) -> str:
    """Return the hex SHA-256 over ``label 0x09 pool 0x09 unit 0x09 load 0x0A``, load in decimal.

    :param rows: ``(label, pool, unit, load)``
    :raises ValueError: as in ``digest``
    """
    texts = ((label, pool, unit, str(load)) for label, pool, unit, load in rows)
    return digest(texts, 4)


def watch(rows: Iterable[Row], hasher: Any, width: int = 2) -> Iterator[Row]:
    """Yield ``rows`` unchanged while ``hasher`` takes them in as ``digest`` does, so that they are read only once.

    :param hasher: a ``hashlib`` object, complete once the last row has been yielded
    :raises ValueError: as in ``digest``
    """
    last, rows = "", iter(rows)
    while batch := list(islice(rows, BATCH)):
        lines = ["\t".join(row[:width]) for row in batch]
        text = "\n".join(lines) + "\n"
        # No line has fewer of either than it should, so that comparing the sums checks each line.
        counts = text.count("\t"), text.count("\n")
        if counts != (len(batch) * (width - 1), len(batch)):
            bad = next(s for s in lines if s.count("\t") != width - 1 or "\n" in s)
            raise ValueError(f"a field with a tab or a line feed: {bad!r}")
        # Code points and UTF-8 bytes sort alike, so strings need not be encoded to compare.
        firsts = [last, *(row[0] for row in batch)]
        if not all(map(lt, firsts, islice(firsts, 1, None))):
            bad = next(b for a, b in pairwise(firsts) if a >= b)
            raise ValueError(f"{bad!r} is empty, repeated or out of order")
        last = firsts[-1]
        hasher.update(text.encode())
        yield from batch
