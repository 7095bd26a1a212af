"""Where two JSON values differ, and what both know."""

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


def restrict(
    sealed: object, live: object, path: str = ""
) -> tuple[Any, Any, list[str]]:
    """Return ``(sealed, live, gone)`` with the keys alone that objects of both have, and the paths that ``live`` lacks.

    What is new in ``live`` is left out, as nobody has sealed it; lists keep their lengths. A path of ``gone`` names no
    places of a list: ``lines.result``.
    """
    if isinstance(sealed, dict) and isinstance(live, dict):
        first: dict[str, Any] = {}
        second: dict[str, Any] = {}
        gone: list[str] = []
        for name, value in sorted(sealed.items()):
            step = f"{path}.{name}" if path else name
            if name in live:
                first[name], second[name], more = restrict(value, live[name], step)
                gone += more
            else:
                gone.append(step)
        return first, second, gone
    if isinstance(sealed, list) and isinstance(live, list):
        rows = [restrict(*pair, path) for pair in zip(sealed, live, strict=False)]
        count = len(rows)
        return (
            [row[0] for row in rows] + sealed[count:],
            [row[1] for row in rows] + live[count:],
            sorted({name for row in rows for name in row[2]}),
        )
    return sealed, live, []
