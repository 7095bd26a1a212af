"""Maximum flow, the plain way: what no assignment can exceed."""

from collections import defaultdict, deque


def places_missing(visits, inspectors, team_size, experts=0, cap=None):
    """Return how many places of the visits no assignment can fill; arguments as of ``assign``."""
    spare, wanted = defaultdict(lambda: defaultdict(int)), 0
    for number, (_labels, mask, *kept) in enumerate(visits):
        for kind, size in enumerate((team_size, experts)):
            lacking = max(0, size - len(kept[kind]))
            spare["source"][number, kind] = lacking
            wanted += lacking
            for index, (label, pool, _unit, _load) in enumerate(inspectors):
                fits = mask >> index & 1 and (pool == "expert") == bool(kind)
                if fits and label not in kept[kind]:
                    spare[number, kind][label] = 1
    for label, _pool, _unit, load in inspectors:
        spare[label]["sink"] = wanted if cap is None else max(0, cap - load)
    while _augment(spare):
        wanted -= 1
    return wanted


def _augment(spare):
    """Send one more unit from source to sink along a shortest way, if there is one."""
    came_from, queue = {"source": None}, deque(["source"])
    while queue and "sink" not in came_from:
        node = queue.popleft()
        for other, room in list(spare[node].items()):
            if room and other not in came_from:
                came_from[other] = node
                queue.append(other)
    if "sink" not in came_from:
        return False
    node = "sink"
    while came_from[node] is not None:
        before = came_from[node]
        spare[before][node] -= 1
        spare[node][before] += 1
        node = before
    return True
