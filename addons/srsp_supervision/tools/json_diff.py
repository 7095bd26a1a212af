"""Where two JSON values part."""

MISSING = "–"


def first_difference(one, other, path=""):
    """Return ``(path, value of one, value of other)`` at the first place where two JSON values differ.

    Objects are walked by ascending name, lists by place; a path reads ``strata[0].quota``. Where one
    side has nothing, its value is ``MISSING``.

    :return: None when they are equal
    """
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
        length = max(len(one), len(other))
        steps = (
            (
                f"[{place}]",
                *(
                    side[place] if place < len(side) else MISSING
                    for side in (one, other)
                ),
            )
            for place in range(length)
        )
    else:
        same = one == other and isinstance(one, bool) == isinstance(other, bool)
        return None if same else (path, one, other)
    for step, left, right in steps:
        found = first_difference(left, right, path + step)
        if found:
            return found
    return None
