"""Sets of small numbers as integers: number i is in the set when bit i is set."""

from collections.abc import Iterator


def members(mask: int) -> Iterator[int]:
    """Iterate over the numbers in the set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def nth(mask: int, count: int) -> int:
    """Return the number in the set that has ``count`` others below it, by halving the mask."""
    number = 0
    half = 1 << (mask.bit_length() - 1).bit_length() >> 1
    while half:
        low = mask & (1 << half) - 1
        below = low.bit_count()
        if count < below:
            mask = low
        else:
            count -= below
            mask >>= half
            number += half
        half >>= 1
    return number
