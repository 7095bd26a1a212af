"""The numbers and digests of a draw certificate (see readme/CERTIFICATE.md).

A digest streams over its rows, which may come straight from a database cursor: it holds a
few thousand of them at a time, never the whole roster.
"""

import hashlib
import math
from collections import deque
from decimal import Decimal, InvalidOperation
from itertools import islice, pairwise
from operator import lt

FORMAT = "srsp-draw-certificate/1"
BATCH = 4096


def quota(size: int, ratio) -> int:
    """Return how many of a stratum of ``size`` targets are drawn at ``ratio`` (0.05 is 5 %).

    Rounds up, exactly: the ratio counts as the decimal text it is written in, so that 120
    times 0.05 is 6. A stratum that is not empty gives at least one, and never more than all.

    :param ratio: a number or its decimal text
    :raises ValueError: when the size is negative or the ratio no number from 0 up
    """
    try:
        numerator, denominator = Decimal(str(ratio)).as_integer_ratio()
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValueError(f"{ratio!r} is no ratio") from error
    if size < 0 or numerator < 0:
        raise ValueError("neither a stratum nor a ratio can be negative")
    return min(size, max(1, -(-size * numerator // denominator)))


def bits_needed(strata) -> int:
    """Return how many bits of randomness can reach every possible selection.

    That is log2 of the number of selections, rounded up (RFC 3797, section 3.2). A source that
    gives less leaves some selections impossible.

    :param strata: ``(size, quota)`` of each stratum
    """
    nats = sum(
        math.lgamma(size + 1) - math.lgamma(drawn + 1) - math.lgamma(size - drawn + 1)
        for size, drawn in strata
    )
    return math.ceil(nats / math.log(2))


def one_line(text: str) -> str:
    """Return a free text fit for a digest row: every run of white space is one space."""
    return " ".join(text.split())


def digest(rows, width: int = 2) -> str:
    """Return the hex SHA-256 of rows: ``label 0x09 stratum 0x0A`` of a roster, ``label 0x09 reason 0x0A`` of excluded.

    :raises ValueError: unless labels ascend strictly by their UTF-8 bytes, none is empty and
        no field holds a tab or a line feed
    """
    row_digest = RowDigest(width)
    deque(row_digest.watch(rows), maxlen=0)
    return row_digest.hexdigest()


def inspectors_digest(rows) -> str:
    """Return the hex SHA-256 over ``label 0x09 pool 0x09 unit 0x09 load 0x0A``, load in decimal."""
    texts = ((label, pool, unit, str(load)) for label, pool, unit, load in rows)
    return digest(texts, 4)


class RowDigest:
    """The SHA-256 over rows of texts that go by on their way elsewhere: a million are read once."""

    def __init__(self, width: int = 2):
        """Count the first ``width`` fields of each row."""
        self._width = width
        self._hasher = hashlib.sha256()

    def watch(self, rows):
        """Yield ``rows`` as they come; all of them count once the last one is out.

        :raises ValueError: as in ``digest``
        """
        width, last, rows = self._width, "", iter(rows)
        while batch := list(islice(rows, BATCH)):
            lines = ["\t".join(row[:width]) for row in batch]
            text = "\n".join(lines) + "\n"
            # No line has fewer of either than it should, so that the sums tell of each line.
            if text.count("\t") != len(batch) * (width - 1) or text.count("\n") != len(
                batch
            ):
                bad = next(s for s in lines if s.count("\t") != width - 1 or "\n" in s)
                raise ValueError(f"a field with a tab or a line feed: {bad!r}")
            # Code points and UTF-8 bytes sort alike, so strings need not be encoded to compare.
            firsts = [last, *(row[0] for row in batch)]
            if not all(map(lt, firsts, islice(firsts, 1, None))):
                bad = next(b for a, b in pairwise(firsts) if a >= b)
                raise ValueError(f"{bad!r} is empty, repeated or out of order")
            last = firsts[-1]
            self._hasher.update(text.encode())
            yield from batch

    def hexdigest(self) -> str:
        return self._hasher.hexdigest()
