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
    owner: str = "division_id",
) -> list[Change]:
    """Return the changes from ``old`` to ``new``: lines of the new version in its order, then the retired ones.

    :param old: rows of the old version, by key; a row is {field name: value}
    :param new: rows of the new version
    :param ancestors: key in ``new`` → key in ``old`` of the line it descends from
    :param owner: the field whose change makes a line ``moved``, even when other fields change too
    """
    changes = []
    kept = set()
    for key, row in new.items():
        ancestor = ancestors.get(key)
        if ancestor not in old:
            changes.append(Change("added", None, key, ()))
            continue
        kept.add(ancestor)
        fields = tuple(
            (name, old[ancestor].get(name), value)
            for name, value in row.items()
            if old[ancestor].get(name) != value
        )
        if fields:
            moved = any(name == owner for name, _before, _after in fields)
            kind = "moved" if moved else "changed"
            changes.append(Change(kind, ancestor, key, fields))
    changes += [Change("retired", key, None, ()) for key in old if key not in kept]
    return changes
