"""Who inspects whom: the published rule, a function of public values alone.

The rule. The visits of an iteration are served in ascending order of their lowest position.
For each, the officers of its eligibility class are ordered by

1. pool: ``division`` before ``detachment``, who fill in where a division is short;
2. current load, the lowest first;
3. ``position(prk, first label of the visit || 0x09 || label of the inspector)``;

the first ``team_size`` of them form the team, in that order, and the load of each grows by
one. Experts join teams later and never count, so they have no place here.
"""

from .vrs import lowest

POOL_RANK = {"division": 0, "detachment": 1}


class Shortage(Exception):
    """Some visits have fewer eligible officers than a team needs.

    ``visits`` names every one of them: ``[(labels, number of eligible officers), ...]``.
    """

    def __init__(self, visits):
        super().__init__(f"{len(visits)} visits have too few eligible officers")
        self.visits = visits


def assign(prk, visits, classes, inspectors, team_size):
    """Give every visit of one iteration its team.

    :param bytes prk: the key of the iteration (``vrs.extract``)
    :param visits: ``[(labels, class index), ...]`` ascending by lowest position, the labels
        (str) of a visit ascending by position as well
    :param classes: ``[[inspector label, ...], ...]``, the eligibility classes
    :param inspectors: ``[[label, pool, load], ...]``, the loads as they are before
    :return: ``(teams, loads)``: ``[[labels, officers], ...]`` in the order of the visits and
        ``{inspector label: load afterwards}``, which the next iteration starts from
    :raises Shortage: before anything is assigned, when a class has too few officers
    :raises ValueError: for an unknown pool or officer, or a label that is named twice
    """
    loads, ranks = _read_inspectors(inspectors)
    ranked = [_by_pool(members, ranks) for members in classes]
    short = [
        (list(labels), len(classes[index]))
        for labels, index in visits
        if len(classes[index]) < team_size
    ]
    if short:
        raise Shortage(short)
    teams = []
    for labels, index in visits:
        prefix = labels[0].encode() + b"\t"
        officers = []
        for members in ranked[index]:
            if len(officers) < team_size:
                officers += _pick(
                    members, loads, team_size - len(officers), prk, prefix
                )
        for officer in officers:
            loads[officer] += 1
        teams.append([list(labels), officers])
    return teams, loads


def _read_inspectors(inspectors):
    loads, ranks = {}, {}
    for label, pool, load in inspectors:
        if label in loads:
            raise ValueError(f"inspector {label} is listed twice")
        if pool not in POOL_RANK:
            raise ValueError(
                f"inspector {label} is in no pool that fills teams: {pool}"
            )
        loads[label], ranks[label] = load, POOL_RANK[pool]
    return loads, ranks


def _by_pool(members, ranks):
    """Split an eligibility class into one list of officers per pool, in the order of ranks."""
    if len(set(members)) != len(members):
        raise ValueError("an eligibility class names an inspector twice")
    pools = [[] for _rank in POOL_RANK]
    for member in members:
        if member not in ranks:
            raise ValueError(f"{member} is not among the inspectors")
        pools[ranks[member]].append(member)
    return pools


def _pick(members, loads, wanted, prk, prefix):
    """Return the first ``wanted`` members by load, then position; hashes only those tied."""
    picked = []
    while members:
        least = min(loads[member] for member in members)
        tied = [member for member in members if loads[member] == least]
        if len(tied) > 1:
            best = lowest(
                prk, [prefix + member.encode() for member in tied], wanted - len(picked)
            )
            tied = [label[len(prefix) :].decode() for _position, label in best]
        picked += tied
        if len(picked) >= wanted:
            break
        members = [member for member in members if loads[member] > least]
    return picked
