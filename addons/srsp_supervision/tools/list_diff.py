"""What changed between two versions of a list: lines added, changed, moved to another owner, retired."""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple


class Change(NamedTuple):
    """One line that differs.

    ``old`` and ``new`` are the line's keys in the two versions, None where it is missing; ``fields`` holds
    (field name, value before, value after) of each field that differs, in the order of the columns.
    """

    kind: str
    old: Hashable | None
    new: Hashable | None
    fields: tuple[tuple[str, Any, Any], ...]


def compare(
    old: Mapping[Hashable, Mapping[str, Any]],
    new: Mapping[Hashable, Mapping[str, Any]],
    ancestors: Mapping[Hashable, Hashable],
) -> list[Change]:
    """Return the changes from ``old`` to ``new``: lines of the new version in its order, then the retired ones.

    A line with another ``division_id`` is ``moved``, even when other fields change too.

    :param old: rows of the old version, by key; a row is {field name: value}
    :param ancestors: key in ``new`` → key in ``old`` of the line it descends from
    """
    changes = []
    retired = dict.fromkeys(old)
    for key, row in new.items():
        ancestor = ancestors.get(key)
        if ancestor not in old:
            changes.append(Change("added", None, key, ()))
            continue
        retired.pop(ancestor, None)
        before = old[ancestor]
        fields = tuple(
            (name, before.get(name), value)
            for name, value in row.items()
            if before.get(name) != value
        )
        if fields:
            moved = any(name == "division_id" for name, *_ in fields)
            kind = "moved" if moved else "changed"
            changes.append(Change(kind, ancestor, key, fields))
    return changes + [Change("retired", key, None, ()) for key in retired]
