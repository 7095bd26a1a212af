"""Who inspects whom: the rule of readme/CERTIFICATE.md, "Teams", a function of public values alone.

Sets of inspectors are integers: bit i stands for the inspector at index i. One pick then takes
a few operations on whole sets, however many inspectors are eligible.
"""

import hashlib
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from .vrs import EXPAND_COUNTER, hmac_pads

POOLS = ("division", "detachment", "expert")

InspectorRow = Sequence[Any]  # label, pool, unit, load
Labels = Sequence[str]
# The labels of the visit, the set of who may make it, officers and experts kept in its team.
Visit = tuple[Labels, int, Labels, Labels]
Places = list[list[int]]  # of each visit, the inspectors who have its places
Step = tuple[int, int]  # an inspector, and a visit whose team they are in


class Team(NamedTuple):
    """Who makes one visit. Iterations and certificates keep it as a list of these four."""

    labels: list[str]  # of the visit's targets
    officers: list[str]  # labels of inspectors
    experts: list[str]
    steps: list[str]  # what the assignment had to do without

    @property
    def label(self) -> str:
        """The first label, which names the visit."""
        return self.labels[0]

    @property
    def members(self) -> list[str]:
        return [*self.officers, *self.experts]


@dataclass(eq=False)
class Shortage(Exception):
    """No assignment exists; nothing was assigned.

    ``visits`` has the labels of each visit left without a full team.

    The other attributes prove it: every way to serve the visits takes at least ``needed`` places of the
    inspectors whose labels are in ``officers`` (perhaps none), who have room for ``room`` together. With
    ``missing`` more places, of these or of other eligible inspectors, all visits could be served; with fewer
    they could not.
    """

    visits: list[list[str]]
    officers: list[str]
    needed: int
    room: int

    @property
    def missing(self) -> int:
        return self.needed - self.room


def assign(
    prk: bytes,
    visits: Sequence[Visit],
    inspectors: Sequence[InspectorRow],
    units: Sequence[str],
    team_size: int,
    experts: int = 0,
    cap: int | None = None,
) -> tuple[list[Team], dict[str, int]]:
    """Give every visit of one iteration its team.

    :param prk: the key of the iteration (``vrs.extract``)
    :param visits: ``[(labels, class mask, kept officers, kept experts), ...]`` in the order in which
        they are served; the class is the set of inspectors who may make the visit, without the
        withdrawn ones; the kept are the labels of those who stay in its team after a withdrawal
    :param inspectors: ``[[label, pool, unit, load], ...]`` ascending by label, with the loads before the
        iteration, from which the visits that a withdrawal gives up are already deducted
    :param units: each gives every visit one officer where it can
    :param team_size: officers in a team
    :param experts: experts in a team
    :param cap: the highest load that an inspector may have; None for no limit
    :return: ``(teams, loads)``: a list of Team in the order of the visits and ``{inspector label: load}``,
        with which the next iteration starts
    :raises Shortage: when no assignment exists
    :raises ValueError: when a pool is unknown, inspectors are out of order or a class contains others
    """
    work = _Assignment(prk, visits, inspectors, cap)
    for unit in units:
        work.give_unit(unit, team_size)
    division, detachment, expert = (work.pools[name] for name in POOLS)
    work.give(team_size, work.officers, division, detachment)
    work.give(experts, work.experts, expert)
    if work.short:
        raise work.shortage(team_size, experts)
    return work.teams(units), dict(zip(work.labels, work.staff.loads, strict=True))


class _Assignment:
    """The state of one iteration. Visits and inspectors are indices; sets of inspectors are integers."""

    def __init__(
        self,
        prk: bytes,
        visits: Sequence[Visit],
        inspectors: Sequence[InspectorRow],
        cap: int | None,
    ) -> None:
        self.pads, self.visits = hmac_pads(prk), visits
        self.staff = _Staff(inspectors, cap)
        self.labels, self.pools = self.staff.labels, self.staff.pools
        self.first_loads = list(self.staff.loads)
        self.classes = [mask for _labels, mask, _officers, _experts in visits]
        if any(mask < 0 or mask >> len(self.labels) for mask in self.classes):
            raise ValueError("a class holds somebody who is not among the inspectors")
        index = {label: number for number, label in enumerate(self.labels)}
        self.officers: Places = [[index[one] for one in visit[2]] for visit in visits]
        self.experts: Places = [[index[one] for one in visit[3]] for visit in visits]
        self.kept = [
            sum(1 << index[one] for one in (*visit[2], *visit[3])) for visit in visits
        ]
        self.members = list(self.kept)
        # Of each inspector: the visits in the order in which they were given, and the set of those
        # whom a pick put into the same team.
        self.given: list[list[int]] = [[] for _label in self.labels]
        self.met = [0] * len(self.labels)
        # Of each inspector, who could take over one of their places, in any way or without leaving a
        # visit without a unit. Both sets may hold too many, but never too few.
        self.reach, self.narrow = [0] * len(self.labels), [0] * len(self.labels)
        self.dead = 0  # the set of those who can no longer be freed, see _free
        self.short: set[int] = set()  # the visits that cannot have a full team

    # --- The rounds ------------------------------------------------------------------------

    def give_unit(self, unit: str, team_size: int) -> None:
        """Round 1: an officer of the unit for every visit that can have one and has none."""
        allowed, stuck = self.staff.units.get(unit, 0), 0
        for visit, mask in enumerate(self.classes):
            mask &= allowed
            lacks = len(self.officers[visit]) < team_size
            if mask and lacks and not self.members[visit] & allowed:
                if mask & self.staff.room:
                    self._pick(visit, mask & self.staff.room, self.officers)
                elif self.staff.room & allowed:
                    stuck |= self._free(visit, allowed & ~stuck, self.officers) or 0

    def give(self, count: int, teams: Places, first: int, second: int = 0) -> None:
        """Rounds 2 and 3: people of the set ``first``, else of ``second``, until each team has ``count``."""
        for visit, mask in enumerate(self.classes):
            while len(teams[visit]) < count:
                free = mask & self.staff.room & ~self.members[visit]
                free = free & first or free & second
                if free:
                    self._pick(visit, free, teams)
                elif not self._free_one(visit, first | second, teams):
                    self.short.add(visit)
                    break

    # --- Picking ---------------------------------------------------------------------------

    def _pick(self, visit: int, candidates: int, teams: Places) -> None:
        """Put one of the candidates, who all have room, into the team."""
        least = self.staff.least(candidates)
        team = self.officers[visit] + self.experts[visit]
        met = 0
        for member in team:
            met |= self.met[member]
        chosen = self._choose(visit, least & ~met or least)
        self.met[chosen] |= self.members[visit]
        for member in team:
            self.met[member] |= 1 << chosen
        self.staff.grow(chosen)
        self._join(visit, chosen, teams)

    def _choose(self, visit: int, candidates: int) -> int:
        """Return the candidate that the position of the visit's next place selects."""
        count = candidates.bit_count()
        if count == 1:
            return candidates.bit_length() - 1
        place = len(self.officers[visit]) + len(self.experts[visit]) + 1
        message = f"{self.visits[visit][0][0]}\t{place}".encode() + EXPAND_COUNTER
        inner, outer = self.pads
        digest = hashlib.sha256(inner + message).digest()
        position = hashlib.sha256(outer + digest).digest()
        return _nth(candidates, int.from_bytes(position, "big") % count)

    def _join(self, visit: int, member: int, teams: Places) -> None:
        teams[visit].append(member)
        self.members[visit] |= 1 << member
        self.given[member].append(visit)
        self._widen(visit)

    # --- Moving ----------------------------------------------------------------------------

    def _free_one(self, visit: int, allowed: int, teams: Places) -> bool:
        """Free somebody in rounds 2 and 3 where nobody has room; return whether it was possible."""
        search = visit, allowed & ~self.dead, teams
        if self.staff.room & allowed and self._free(*search, keep_units=True) is None:
            return True
        dead = self._free(*search)
        self.dead |= dead or 0
        return dead is None

    def _free(
        self, visit: int, unseen: int, teams: Places, keep_units: bool = False
    ) -> int | None:
        """Free somebody of the class for the visit by moving others, along a shortest path.

        When the search does not reach anybody who has room, the inspectors it has reached are all full and nobody
        else can take over their visits. No later move or pick changes that, so that later searches can leave them out.

        :param unseen: the set of those to be considered
        :return: None when somebody was freed, else the set of those inspectors
        """
        start = self.classes[visit] & ~self.members[visit] & unseen
        unseen ^= start
        queue = list(_bits(start))
        came_from: dict[int, Step] = {}  # whose place somebody could take over
        reach = self.narrow if keep_units else self.reach
        for member in queue:
            if not reach[member] & unseen:
                continue
            reached = 0
            for held in self.given[member]:
                heirs = self._heirs(member, held, keep_units)
                reached |= heirs
                others = heirs & unseen
                if others & self.staff.room:
                    last = self._choose(visit, others & self.staff.room)
                    came_from[last] = member, held
                    self._move(visit, teams, last, came_from)
                    return None
                if others:
                    unseen ^= others
                    for other in _bits(others):
                        came_from[other] = member, held
                        queue.append(other)
                    if not reach[member] & unseen:
                        break
            else:
                reach[member] = reached
        return sum(1 << member for member in queue)

    def _heirs(self, member: int, visit: int, keep_units: bool) -> int:
        """Return the set of those who could take over the member's place in the visit.

        With ``keep_units``, the only one of a unit can be replaced only by another one of that unit.
        """
        present = self.members[visit]
        heirs = self.classes[visit] & ~present
        unit = self.staff.unit_of[member]
        return heirs & unit if keep_units and unit & present == 1 << member else heirs

    def _widen(self, visit: int) -> None:
        """Add to the reach of a changed team's members those who could take over its places."""
        for member in self.officers[visit] + self.experts[visit]:
            self.reach[member] |= self._heirs(member, visit, False)
            self.narrow[member] |= self._heirs(member, visit, True)

    def _move(
        self, visit: int, teams: Places, heir: int, came_from: dict[int, Step]
    ) -> None:
        """Pass places on: ``heir``, who has room, takes the place it came from, and so on back to the visit."""
        self.staff.grow(heir)
        while heir in came_from:
            member, held = came_from[heir]
            team = teams[held]
            team[team.index(member)] = heir
            self.members[held] ^= 1 << member | 1 << heir
            self.given[member].remove(held)
            self.given[heir].append(held)
            self._widen(held)
            heir = member
        self._join(visit, heir, teams)

    # --- The outcome -----------------------------------------------------------------------

    def teams(self, units: Sequence[str]) -> list[Team]:
        """Return a Team for each visit, people by their labels."""
        names, detachment = self.labels, self.pools["detachment"]
        result = []
        for number, (labels, mask, _officers, _experts) in enumerate(self.visits):
            members = self.members[number]
            steps = ["detachment"] if members & detachment else []
            for unit in units:
                own = self.staff.units.get(unit, 0)
                if mask & own and not members & own:
                    steps.append(f"without {unit}")
            teams = (self.officers[number], self.experts[number])
            officers, experts = ([names[member] for member in team] for team in teams)
            result.append(Team(list(labels), officers, experts, steps))
        return result

    def shortage(self, team_size: int, experts: int) -> Shortage:
        """Return the proof that no assignment exists: the dead violate Hall's condition."""
        officers = self.pools["division"] | self.pools["detachment"]
        needed = 0
        for mask, kept in zip(self.classes, self.kept, strict=True):
            for pool, wanted in (
                (officers, team_size),
                (self.pools["expert"], experts),
            ):
                others = (mask & pool & ~self.dead & ~kept).bit_count()
                needed += max(0, wanted - (kept & pool).bit_count() - others)
        visits = [list(self.visits[number][0]) for number in sorted(self.short)]
        dead = list(_bits(self.dead))
        cap = self.staff.cap or 0  # without a cap, nobody is dead
        room = sum(max(0, cap - self.first_loads[member]) for member in dead)
        return Shortage(visits, [self.labels[member] for member in dead], needed, room)


class _Staff:
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
        if any(a >= b for a, b in pairwise(self.labels)):
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
            for member in _bits(unit):
                self.unit_of[member] = unit

    def least(self, candidates: int) -> int:
        """Return those of a set, which is not empty, who have the lowest load."""
        for load in self.ascending:
            if least := candidates & self.levels[load]:
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
            insort(self.ascending, load)
        self.levels[load] = self.levels.get(load, 0) | bit
        self.loads[member] = load
        if load == self.cap:
            self.room ^= bit


def _bits(mask: int) -> Iterator[int]:
    """Iterate over the numbers in the set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _nth(mask: int, count: int) -> int:
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
