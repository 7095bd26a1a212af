"""The inspectors of one iteration, as sets (see bits.py) by pool, by unit and by load."""

from bisect import insort
from collections.abc import Sequence
from typing import Any

from . import bits

POOLS = ("division", "detachment", "expert")

InspectorRow = Sequence[Any]  # label, pool, unit, load


class Staff:
    """Inspectors by their index, with loads that grow.

    ``pools`` maps a name to the set of that pool, ``units`` a name to the set of that unit's division
    officers, ``unit_of`` an index to the set of its unit; ``room`` is the set of those whose load is
    below the cap.

    :param inspectors: ``[[label, pool, unit, load], ...]`` ascending by label
    :param cap: the highest load that an inspector may have; None for no limit
    :raises ValueError: for an unknown pool, or inspectors out of order
    """

    def __init__(self, inspectors: Sequence[InspectorRow], cap: int | None) -> None:
        self.labels: list[str] = [label for label, _pool, _unit, _load in inspectors]
        if any(a >= b for a, b in zip(self.labels, self.labels[1:], strict=False)):
            raise ValueError("inspectors do not ascend by label, each once")
        self.loads: list[int] = [load for _label, _pool, _unit, load in inspectors]
        self.cap, self.room = cap, 0
        self.pools = dict.fromkeys(POOLS, 0)
        self.units: dict[str, int] = {}
        self.levels: dict[int, int] = {}  # load -> the set of those who have it
        for number, (label, pool, unit, load) in enumerate(inspectors):
            if pool not in self.pools:
                raise ValueError(f"inspector {label} is in no known pool: {pool}")
            bit = 1 << number
            self.pools[pool] |= bit
            if pool == "division":
                self.units[unit] = self.units.get(unit, 0) | bit
            self.levels[load] = self.levels.get(load, 0) | bit
            if cap is None or load < cap:
                self.room |= bit
        self.ascending = sorted(self.levels)
        self.unit_of = [0] * len(inspectors)
        for unit in self.units.values():
            for member in bits.members(unit):
                self.unit_of[member] = unit

    def least(self, candidates: int) -> int:
        """Return those of a set, which is not empty, who have the lowest load."""
        for load in self.ascending:
            least = candidates & self.levels[load]
            if least:
                return least
        raise ValueError("no candidate is among the inspectors")

    def grow(self, member: int) -> None:
        """Add one visit to the load of a member."""
        bit, load = 1 << member, self.loads[member]
        self.levels[load] ^= bit
        if not self.levels[load]:
            del self.levels[load]
            self.ascending.remove(load)
        load += 1
        if load not in self.levels:
            self.levels[load] = 0
            insort(self.ascending, load)
        self.levels[load] |= bit
        self.loads[member] = load
        if load == self.cap:
            self.room ^= bit
