"""Arguments of ``assign`` for tests."""

import random


def division(*labels, load=0, unit="矿"):
    return [[label, "division", unit, load] for label in labels]


def visit(label, mask, officers=(), experts=()):
    return [label], mask, list(officers), list(experts)


def tiny_case(seed):
    """A few visits and inspectors, so tight that many cannot be served: arguments of ``assign``."""
    rng = random.Random(seed)
    units = ["矿", "测"][: rng.randrange(3)]
    inspectors = []
    for index in range(rng.randrange(1, 8)):
        pool = rng.choice(["division", "division", "detachment", "expert"])
        if pool == "division" and not units:
            pool = "detachment"
        unit = rng.choice(units) if pool == "division" else "队"
        inspectors.append([f"i{index}", pool, unit, rng.randrange(2)])
    size, experts = rng.randrange(1, 4), rng.randrange(2)
    officers = [row[0] for row in inspectors if row[1] != "expert"]
    advisers = [row[0] for row in inspectors if row[1] == "expert"]
    everybody = len(inspectors)
    visits = []
    for index in range(rng.randrange(1, 8)):
        kept = rng.sample(officers, min(len(officers), rng.randrange(size)))
        aside = rng.sample(advisers, min(len(advisers), rng.randrange(experts + 1)))
        if seed % 3:
            kept, aside = [], []
        mask = rng.getrandbits(everybody) | rng.getrandbits(everybody)
        visits.append(visit(f"t{index}", mask, kept, aside))
    return visits, inspectors, units, size, experts, rng.choice([None, 1, 2, 3, 4])


def tight_case(seed):
    """As many places as there is room, so that much must be moved: arguments of ``assign``."""
    rng = random.Random(seed)
    everybody, size, cap = rng.randrange(4, 9), rng.randrange(1, 3), rng.randrange(2, 5)
    units = ["矿", "测"][: rng.randrange(1, 3)]
    places = [("division", units[0]), ("division", units[-1]), ("detachment", "队")]
    inspectors = [[f"i{n}", *rng.choice(places), 0] for n in range(everybody)]
    masks = [
        rng.getrandbits(everybody) | rng.getrandbits(everybody)
        for _visit in range(everybody * cap // size)
    ]
    visits = [visit(f"t{number}", mask) for number, mask in enumerate(masks)]
    return visits, inspectors, units, size, 0, cap
