"""Valid draw certificates from a few parameters, without a database."""

from ..tools import assignment, canonical, certificate, vrs

SEED = b"the numbers drawn in public"


def make_certificate(
    roster=(("甲-1", "A"), ("甲-2", "A"), ("甲-3", "A"), ("乙-1", "B"), ("乙-2", "B")),
    ratios=(("A", 0.5), ("B", 0.05)),
    excluded=(("丙-1", "permit cancelled"),),
    inspectors=(("I1", "division", 0), ("I2", "division", 1), ("I3", "detachment", 0)),
    classes=(("I1", "I2", "I3"), ("I1", "I3")),
    unavailable=(),
    entity_of=None,
    team_size=2,
    n=5,
    secret=b"a secret of this test",
    randomness=SEED,
):
    """Return a certificate that recomputes.

    :param unavailable: one tuple per substitution, of the places in the list of everything
        selected before it which turn out to be unavailable
    :param entity_of: function label -> entity, by which the labels of an iteration become
        visits; without it each label is a visit of its own
    :param randomness: of every iteration
    """
    lists = (roster, excluded, inspectors)
    roster, excluded, inspectors = (sorted(map(list, rows)) for rows in lists)
    codes = vrs.chain(secret, n)
    strata = _make_strata(roster, ratios)
    iterations = _make_iterations(roster, strata, codes, randomness, unavailable)
    made = {
        "format": certificate.FORMAT,
        "draw": {
            "number": "DRAW/2025/0001",
            "task": "350100202503031000 矿业权抽查",
            "bureau": "福州市自然资源和规划局",
            "rulebook": "2025 v1",
            "locked_at": "2025-03-03T01:00:00Z",
            "drawn_at": "2025-03-04T01:00:05Z",
            "state": "drawn",
        },
        "commitment": {
            "n": n,
            "code_hex": codes[n].hex(),
            "roster_digest_hex": certificate.roster_digest(roster),
            "excluded_digest_hex": certificate.excluded_digest(excluded),
            "inspectors_digest_hex": certificate.inspectors_digest(inspectors),
            "recusals_digest_hex": certificate.recusals_digest(
                b"salt", [("甲-1", "I2")]
            ),
            "strata": strata,
            "team_size": team_size,
            "randomness": {
                "source": "lottery",
                "announced_for": "2025-03-04T01:00:00Z",
                "statement": "The first draw of that day, read aloud before witnesses.",
            },
        },
        "roster": roster,
        "excluded": excluded,
        "iterations": iterations,
        "assignment": _make_assignment(
            iterations, inspectors, classes, team_size, entity_of
        ),
        "chain": {
            "sequence": 7,
            "kind": "draw",
            "previous_hash_hex": canonical.GENESIS.hex(),
        },
    }
    return reseal(made)


def reseal(made):
    """Compute the link of the chain anew, as whoever doctors a certificate would."""
    link = made["chain"]
    previous = bytes.fromhex(link["previous_hash_hex"])
    payload = certificate.seal_payload(made)
    link["hash_hex"] = canonical.seal(
        previous, link["sequence"], link["kind"], payload
    ).hex()
    return made


def key_of(iteration):
    """Return the pseudo-random key of an iteration."""
    code, randomness = iteration["one_time_code_hex"], iteration["randomness_hex"]
    return vrs.extract(bytes.fromhex(code), bytes.fromhex(randomness))


def _make_strata(roster, ratios):
    strata = []
    for key, ratio in ratios:
        size = sum(1 for _label, stratum in roster if stratum == key)
        quota = certificate.quota(size, ratio)
        strata.append({"key": key, "size": size, "ratio": ratio, "quota": quota})
    return strata


def _make_iterations(roster, strata, codes, randomness, unavailable):
    places = {stratum["key"]: stratum["quota"] for stratum in strata}
    iterations, drawn = [], []
    for number, gone in enumerate(((), *unavailable), start=1):
        for place in gone:
            stratum = drawn[place][1]
            places[stratum] = places.get(stratum, 0) + 1
        iteration = {
            "number": number,
            "reason": "drawn targets had closed" if gone else "",
            "one_time_code_hex": codes[-1 - number].hex(),
            "randomness_hex": randomness.hex(),
            "unavailable": [[drawn[place][0], "closed"] for place in gone],
        }
        iteration["selected"] = _select(key_of(iteration), roster, places, drawn)
        drawn += iteration["selected"]
        iterations.append(iteration)
        places = {}
    return iterations


def _select(prk, roster, places, drawn):
    taken, selected = {row[0] for row in drawn}, []
    for key in sorted(places):
        labels = [
            label.encode() for label, of in roster if of == key and label not in taken
        ]
        lowest = vrs.lowest(prk, labels, places[key])
        selected += [
            [label.decode(), key, position.hex()] for position, label in lowest
        ]
    return selected


def _make_assignment(iterations, inspectors, classes, team_size, entity_of):
    loads = {label: load for label, _pool, load in inspectors}
    all_visits, all_teams = [], []
    for iteration in iterations:
        by_entity = {}
        for label, _stratum, _position in sorted(
            iteration["selected"], key=lambda row: row[2]
        ):
            by_entity.setdefault(entity_of(label) if entity_of else label, []).append(
                label
            )
        visits = [
            (labels, place % len(classes))
            for place, labels in enumerate(by_entity.values())
        ]
        staff = [[label, pool, loads[label]] for label, pool, _load in inspectors]
        teams, loads = assignment.assign(
            key_of(iteration), visits, classes, staff, team_size
        )
        all_visits += [
            [iteration["number"], list(labels), which] for labels, which in visits
        ]
        all_teams += [[iteration["number"], *team] for team in teams]
    return {
        "team_size": team_size,
        "inspectors": inspectors,
        "eligibility": {
            "classes": [list(members) for members in classes],
            "visits": all_visits,
        },
        "teams": all_teams,
    }
