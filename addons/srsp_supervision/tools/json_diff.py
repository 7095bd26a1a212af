"""Where two JSON values differ."""

from itertools import zip_longest
from typing import Any

MISSING = "–"


def first_difference(
    one: object, other: object, path: str = ""
) -> tuple[str, Any, Any] | None:
    """Return ``(path, value of one, value of other)`` at the first place where two JSON values differ, or None.

    Objects are compared in ascending order of their keys; a path looks like ``strata[0].quota``. The value
    of a side that has nothing at that place is ``MISSING``.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = {
            f"{path}.{name}" if path else name: (
                one.get(name, MISSING),
                other.get(name, MISSING),
            )
            for name in sorted(one.keys() | other.keys())
        }
    elif isinstance(one, list) and isinstance(other, list):
        zipped = zip_longest(one, other, fillvalue=MISSING)
        pairs = {f"{path}[{place}]": pair for place, pair in enumerate(zipped)}
    else:
        same = one == other and isinstance(one, bool) == isinstance(other, bool)
        return None if same else (path, one, other)
    found = (first_difference(*pair, step) for step, pair in pairs.items())
    return next(filter(None, found), None)
