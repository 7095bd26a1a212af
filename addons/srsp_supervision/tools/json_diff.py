"""Where two JSON values differ."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

MISSING = "–"


def first_difference(
    one: object, other: object, path: str = ""
) -> tuple[str, Any, Any] | None:
    """Return ``(path, value of one, value of other)`` at the first place where two JSON values differ.

    Objects are compared in ascending order of their keys; a path looks like ``strata[0].quota``. The value
    of a side that has nothing at that place is ``MISSING``.

    :return: None when they are equal
    """
    steps: Iterable[tuple[str, Any, Any]]
    if isinstance(one, dict) and isinstance(other, dict):
        steps = (
            (
                f".{name}" if path else name,
                one.get(name, MISSING),
                other.get(name, MISSING),
            )
            for name in sorted(one.keys() | other.keys())
        )
    elif isinstance(one, list) and isinstance(other, list):
        pairs = zip_longest(one, other, fillvalue=MISSING)
        steps = ((f"[{place}]", *pair) for place, pair in enumerate(pairs))
    else:
        same = one == other and isinstance(one, bool) == isinstance(other, bool)
        return None if same else (path, one, other)
    for step, left, right in steps:
        found = first_difference(left, right, path + step)
        if found:
            return found
    return None
