"""Who inspects whom: the rule of readme/CERTIFICATE.md, "Teams", a function of public values alone.

Sets of inspectors are integers: bit i stands for the inspector at index i. One pick then costs
a few operations on whole sets, however many inspectors are eligible.
"""

import hashlib
from bisect import insort
from typing import NamedTuple

from .vrs import EXPAND_COUNTER, hmac_pads

POOLS = ("division", "detachment", "expert")


class Team(NamedTuple):
    """Who makes one visit, as iterations and certificates keep it: a list of these four."""

    labels: list[str]  # of the visit's targets
    officers: list[str]  # labels of inspectors
    experts: list[str]
    steps: list[str]  # what the assignment had to do without

    @property
    def label(self):
        """The first label, which names the visit."""
        return self.labels[0]

    @property
    def members(self):
        return [*self.officers, *self.experts]


class Shortage(Exception):
    """No assignment exists; nothing was assigned.

    ``visits`` are those left without a full team, ``[(labels, eligible), ...]``: how many officers may
    make the visit at all, or how many experts where only experts are lacking.

    The proof: every way to serve the visits needs at least ``needed`` places of the inspectors named in
    ``officers`` (a list of labels, perhaps empty), who together have room for ``room``. With
    ``missing = needed - room`` places more in these hands, or eligible officers outside them, all
    could be served; no fewer will do.
    """

    def __init__(self, visits, officers, needed, room):
        super().__init__(f"{len(visits)} visits lack {needed - room} places")
        self.visits, self.officers = visits, officers
        self.needed, self.room, self.missing = needed, room, needed - room


def assign(prk, visits, inspectors, units, team_size, experts=0, cap=None):
    """Give every visit of one iteration its team.

    :param bytes prk: the key of the iteration (``vrs.extract``)
    :param visits: ``[(labels, class mask, kept officers, kept experts), ...]`` in the order in which
        they are served: the labels (str) of the visit; the set of inspectors who may make it,
        without the withdrawn ones; the labels of those who stay in its team (a withdrawal)
    :param inspectors: ``[[label, pool, unit, load], ...]`` ascending by label, the loads as the iteration
        begins: visits that a withdrawal gives up are already taken off
    :param units: ``[unit, ...]``: each gives a visit one officer where it can
    :param cap: the load that nobody exceeds; None for no limit
    :return: ``(teams, loads)``: a list of Team in the order of the visits and ``{inspector label: load}``,
        from which the next iteration starts
    :raises Shortage: when no assignment exists
    :raises ValueError: for an unknown pool, inspectors out of order, a class of strangers
    """
    work = _Assignment(prk, visits, inspectors, cap)
    for unit in units:
        work.give_unit(unit, team_size)
    work.give_officers(team_size)
    work.give_experts(experts)
    if work.short:
        raise work.shortage(team_size, experts)
    return work.teams(units), dict(zip(work.labels, work.staff.loads, strict=True))


class _Assignment:
    """One iteration at work. Visits and inspectors are indices; sets of inspectors are integers."""

    def __init__(self, prk, visits, inspectors, cap):
        self.visits, self.staff = visits, _Staff(inspectors, cap)
        self.labels, self.pools = self.staff.labels, self.staff.pools
        self.first_loads = list(self.staff.loads)
        self.pads = hmac_pads(prk)
        self.classes = [mask for _labels, mask, _officers, _experts in visits]
        if any(mask < 0 or mask >> len(self.labels) for mask in self.classes):
            raise ValueError("a class holds somebody who is not among the inspectors")
        index = {label: number for number, label in enumerate(self.labels)}
        self.officers = [[index[label] for label in visit[2]] for visit in visits]
        self.experts = [[index[label] for label in visit[3]] for visit in visits]
        self.kept = [
            sum(1 << member for member in officers + experts)
            for officers, experts in zip(self.officers, self.experts, strict=True)
        ]
        self.members = list(self.kept)
        self.given = [
            [] for _label in self.labels
        ]  # visits of each, in the order given
        self.met = [0] * len(self.labels)  # whom a pick put into a team with each
        # Who could take over a place of each: of any kind, or without leaving a visit without a
        # unit. Both may name too many, never too few.
        self.reach, self.narrow = [0] * len(self.labels), [0] * len(self.labels)
        # Nobody in this set can be freed any more, see _free; and the visits that suffer.
        self.dead, self.short = 0, []

    # --- The rounds ------------------------------------------------------------------------

    def give_unit(self, unit, team_size):
        """Round 1: an officer of the unit for every visit that can have one and has none."""
        allowed, stuck = self.staff.units.get(unit, 0), 0
        for visit, mask in enumerate(self.classes):
            mask &= allowed
            lacks = len(self.officers[visit]) < team_size
            if mask and lacks and not self.members[visit] & allowed:
                if mask & self.staff.room:
                    self._pick(visit, mask & self.staff.room, self.officers)
                elif self.staff.room & allowed:
                    stuck |= self._free(visit, allowed, self.officers, stuck)

    def give_officers(self, team_size):
        """Round 2: officers of the units, else of the detachment, until each team is full."""
        division, detachment = self.pools["division"], self.pools["detachment"]
        allowed = division | detachment
        for visit, mask in enumerate(self.classes):
            while len(self.officers[visit]) < team_size:
                free = mask & self.staff.room & ~self.members[visit]
                free = free & division or free & detachment
                if free:
                    self._pick(visit, free, self.officers)
                elif not self._free_officer(visit, allowed):
                    self.short.append(visit)
                    break

    def give_experts(self, experts):
        """Round 3: experts, as many as asked for."""
        allowed, lacking = self.pools["expert"], set(self.short)
        for visit, mask in enumerate(self.classes):
            while len(self.experts[visit]) < experts:
                free = mask & allowed & self.staff.room & ~self.members[visit]
                if free:
                    self._pick(visit, free, self.experts)
                    continue
                dead = self._free(visit, allowed, self.experts, self.dead)
                if dead is not False:
                    self.dead |= dead
                    if visit not in lacking:
                        self.short.append(visit)
                    break

    # --- Picking ---------------------------------------------------------------------------

    def _pick(self, visit, candidates, teams):
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

    def _choose(self, visit, candidates):
        """The candidate that the position of the next place of the visit points to."""
        count = candidates.bit_count()
        if count == 1:
            return candidates.bit_length() - 1
        place = len(self.officers[visit]) + len(self.experts[visit]) + 1
        message = f"{self.visits[visit][0][0]}\t{place}".encode() + EXPAND_COUNTER
        inner, outer = self.pads
        digest = hashlib.sha256(inner + message).digest()
        position = hashlib.sha256(outer + digest).digest()
        return _nth(candidates, int.from_bytes(position, "big") % count)

    def _join(self, visit, member, teams):
        teams[visit].append(member)
        self.members[visit] |= 1 << member
        self.given[member].append(visit)
        self._widen(visit)

    # --- Moving ----------------------------------------------------------------------------

    def _free_officer(self, visit, allowed):
        """Round 2 where nobody has room: is somebody freed? If not, they are dead from now on."""
        for keep_units in (True, False) if self.staff.room & allowed else (False,):
            dead = self._free(visit, allowed, self.officers, self.dead, keep_units)
            if dead is False:
                return True
        self.dead |= dead
        return False

    def _free(self, visit, allowed, teams, dead, keep_units=False):
        """Free somebody of the class for the visit by moving others, along a shortest way.

        Whoever is ``dead`` is left out. When the search ends without anybody who has room, it has found
        a set that is full and whose visits have nobody outside it to go to. No later move or
        pick changes that, so that no later search need enter it.

        :return: False when somebody was freed, else that set
        """
        unseen = allowed & ~dead
        start = self.classes[visit] & ~self.members[visit] & unseen
        unseen ^= start
        queue, came_from = list(_bits(start)), {}
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
                    self._move(visit, teams, last, member, held, came_from)
                    return False
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

    def _heirs(self, member, visit, keep_units):
        """Who could take over the member's place: of the same unit alone, to keep an only one."""
        present = self.members[visit]
        heirs = self.classes[visit] & ~present
        unit = self.staff.unit_of[member]
        return heirs & unit if keep_units and unit & present == 1 << member else heirs

    def _widen(self, visit):
        """Take note of whom a team that changed lets take over its places."""
        for member in self.officers[visit] + self.experts[visit]:
            self.reach[member] |= self._heirs(member, visit, False)
            self.narrow[member] |= self._heirs(member, visit, True)

    def _move(self, visit, teams, last, member, held, came_from):
        """Hand places on: ``last`` takes that of ``member`` in ``held``, and so on back to the visit."""
        self.staff.grow(last)
        heir = last
        while True:
            team = teams[held]
            team[team.index(member)] = heir
            self.members[held] ^= 1 << member | 1 << heir
            self.given[member].remove(held)
            self.given[heir].append(held)
            self._widen(held)
            if member not in came_from:
                break
            heir, (member, held) = member, came_from[member]
        self._join(visit, member, teams)

    # --- The outcome -----------------------------------------------------------------------

    def teams(self, units):
        """Return a Team for each visit, people by their labels."""
        names, detachment, result = self.labels, self.pools["detachment"], []
        for number, (labels, mask, _officers, _experts) in enumerate(self.visits):
            members = self.members[number]
            steps = ["detachment"] if members & detachment else []
            for unit in units:
                officers = self.staff.units.get(unit, 0)
                if mask & officers and not members & officers:
                    steps.append(f"without {unit}")
            teams = (self.officers[number], self.experts[number])
            officers, experts = ([names[member] for member in team] for team in teams)
            result.append(Team(list(labels), officers, experts, steps))
        return result

    def shortage(self, team_size, experts):
        """Return the proof that no assignment exists: Hall's condition, violated by the dead."""
        officers = self.pools["division"] | self.pools["detachment"]
        rounds = (
            (officers, team_size, self.officers),
            (self.pools["expert"], experts, self.experts),
        )
        needed, visits = 0, []
        for mask, kept in zip(self.classes, self.kept, strict=True):
            for pool, wanted, _teams in rounds:
                others = (mask & pool & ~self.dead & ~kept).bit_count()
                needed += max(0, wanted - (kept & pool).bit_count() - others)
        for number in sorted(self.short):
            pool = next(p for p, wanted, teams in rounds if len(teams[number]) < wanted)
            eligible = (self.classes[number] & pool).bit_count()
            visits.append((list(self.visits[number][0]), eligible))
        dead = list(_bits(self.dead))
        room = sum(max(0, self.staff.cap - self.first_loads[member]) for member in dead)
        return Shortage(visits, [self.labels[member] for member in dead], needed, room)


class _Staff:
    """Inspectors by their index, with loads that grow.

    ``pools`` and ``units`` map names to sets (a unit: its division officers), ``unit_of`` an
    index to the set of the own unit, ``room`` is the set of those whose load is below the cap.

    :param inspectors: ``[[label, pool, unit, load], ...]`` ascending by label
    :param cap: the load that nobody exceeds; None for no limit
    :raises ValueError: for an unknown pool, or inspectors out of order
    """

    def __init__(self, inspectors, cap):
        self.labels = [label for label, _pool, _unit, _load in inspectors]
        if any(a >= b for a, b in zip(self.labels, self.labels[1:], strict=False)):
            raise ValueError("inspectors do not ascend by label, each once")
        self.loads = [load for _label, _pool, _unit, load in inspectors]
        self.cap, self.room = cap, 0
        self.pools, self.units = dict.fromkeys(POOLS, 0), {}
        self.levels = {}  # load -> the set of those who have it
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

    def least(self, candidates):
        """Return those of a set, which is not empty, who have the least load."""
        for load in self.ascending:
            least = candidates & self.levels[load]
            if least:
                return least
        raise ValueError("no candidate is among the inspectors")

    def grow(self, member):
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


def _bits(mask):
    """Iterate over the numbers in the set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _nth(mask, count):
    """Return the number in the set that has ``count`` below it, by halving the mask."""
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
