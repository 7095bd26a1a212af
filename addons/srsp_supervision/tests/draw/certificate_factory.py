"""Valid draw certificates from a few parameters, without a database."""

import hashlib

from ...tools import assignment, canonical, certificate, eligibility, vrs

SEED = b"the numbers drawn in public"
SALT = b"a salt of this test".ljust(32, b".")
WITNESSES = [["市司法局", "2025-03-03T02:00:00Z", "receipt 17"]]
ROSTER = (("甲-1", "A"), ("甲-2", "A"), ("甲-3", "A"), ("乙-1", "B"), ("乙-2", "B"))
INSPECTORS = (
    ("I1", "division", "矿产处", 0),
    ("I2", "division", "矿产处", 1),
    ("I3", "detachment", "执法支队", 0),
    ("I4", "expert", "地质院", 0),
)


def make_certificate(
    roster=ROSTER,
    ratios=(("A", 0.5), ("B", 0.05)),
    excluded=(("丙-1", "permit cancelled"),),
    inspectors=INSPECTORS,
    classes=(("I1", "I2", "I3"), ("I1", "I3")),
    class_of=None,
    later=(),
    entity_of=None,
    units=("矿产处",),
    team_size=2,
    experts=0,
    cap=None,
    n=5,
    secret=b"a secret of this test",
    randomness=SEED,
    signature=None,
):
    """Return a certificate that recomputes.

    :param classes: sets of inspector labels
    :param class_of: function label -> index into ``classes``; without it by the label's hash
    :param later: one ``(kind, what)`` per further iteration. Of a substitution, the places in the list of
        everything selected before it which are unavailable; of an extension, ``[[stratum, number], ...]``; of a
        withdrawal, function ``(teams so far) -> withdrawn``
    :param entity_of: function label -> entity, by which the labels of an iteration become visits; without
        it each label is a visit of its own
    :param signature: of a drand round, whose SHA-256 is then the randomness
    """
    lists = (roster, excluded, inspectors)
    roster, excluded, inspectors = (sorted(map(list, rows)) for rows in lists)
    if signature:
        randomness = hashlib.sha256(signature).digest()
    class_of = class_of or (lambda label: sum(label.encode()) % len(classes))
    story = _Story(
        roster=roster,
        strata=_make_strata(roster, ratios),
        inspectors=inspectors,
        masks=_make_masks(inspectors, classes),
        class_of=class_of,
        entity_of=entity_of or (lambda label: label),
        rule=(list(units), team_size, experts, cap),
        codes=vrs.chain(secret, n),
        randomness=randomness,
        signature=signature or b"",
    )
    for kind, what in (("draw", None), *later):
        story.run(kind, what)
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
        "commitment": story.commitment(excluded, n),
        "roster": roster,
        "excluded": excluded,
        "witnesses": WITNESSES,
        "iterations": story.iterations,
        "assignment": story.assignment(),
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
    covered = ("roster", "excluded", "chain")  # by the digests and the link
    payload = {key: value for key, value in made.items() if key not in covered}
    link["hash_hex"] = canonical.seal(
        previous, link["sequence"], link["kind"], canonical.dumps(payload)
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


def _make_masks(inspectors, classes):
    index = {row[0]: number for number, row in enumerate(inspectors)}
    return [sum(1 << index[label] for label in members) for members in classes]


class _Story:
    """A draw and what follows it, iteration by iteration."""

    def __init__(self, **given):
        self.__dict__.update(given)
        self.iterations, self.visits, self.teams = [], [], []
        self.loads = {row[0]: row[3] for row in self.inspectors}
        self.out = 0  # the set of those withdrawn
        self.current = {}  # first label -> row of teams

    def run(self, kind, what):
        number = len(self.iterations) + 1
        iteration = {
            "number": number,
            "kind": kind,
            "reason": "" if kind == "draw" else f"there was a {kind}",
            "one_time_code_hex": self.codes[-1 - number].hex(),
            "randomness_hex": self.randomness.hex(),
            "signature_hex": self.signature.hex(),
            "unavailable": [],
            "places": [],
            "withdrawn": [],
        }
        places = {}
        if kind == "draw":
            places = {stratum["key"]: stratum["quota"] for stratum in self.strata}
        elif kind == "extension":
            iteration["places"] = [list(row) for row in what]
            places = dict(what)
        elif kind == "substitution":
            drawn = [row for each in self.iterations for row in each["selected"]]
            iteration["unavailable"] = [[drawn[place][0], "closed"] for place in what]
            for place in what:
                places[drawn[place][1]] = places.get(drawn[place][1], 0) + 1
        else:
            iteration["withdrawn"] = what(self.teams)
        iteration["selected"] = self._select(iteration, places)
        self.iterations.append(iteration)
        visits = (
            self._withdraw(iteration)
            if kind == "withdrawal"
            else self._group(iteration)
        )
        self._assign(iteration, visits)

    def _select(self, iteration, places):
        prk = key_of(
            self.iterations[0] if iteration["kind"] == "extension" else iteration
        )
        taken = {row[0] for each in self.iterations for row in each["selected"]}
        selected = []
        for key in sorted(places):
            labels = [
                label.encode()
                for label, stratum in self.roster
                if stratum == key and label not in taken
            ]
            for position, label in vrs.lowest(prk, labels, places[key]):
                selected.append([label.decode(), key, position.hex()])
        return selected

    def _group(self, iteration):
        """The labels of each visit, with nobody kept."""
        by_entity = {}
        for label, _stratum, _position in sorted(
            iteration["selected"], key=lambda row: row[2]
        ):
            by_entity.setdefault(self.entity_of(label), []).append(label)
        return [(labels, [], []) for labels in by_entity.values()]

    def _withdraw(self, iteration):
        """The visits given up, with the rest of their teams."""
        index = {row[0]: number for number, row in enumerate(self.inspectors)}
        left = {}
        for name, _reason, first_labels in iteration["withdrawn"]:
            self.out |= 1 << index[name]
            self.loads[name] -= len(first_labels)
            for label in first_labels:
                _number, labels, officers, experts, _steps = self.current[label]
                kept = left.setdefault(label, (labels, list(officers), list(experts)))
                (kept[1] if name in kept[1] else kept[2]).remove(name)
        return list(left.values())

    def _assign(self, iteration, visits):
        prk = key_of(iteration)
        visits.sort(key=lambda visit: vrs.position(prk, visit[0][0].encode()))
        served = []
        for labels, officers, experts in visits:
            mask = ~self.out
            for label in labels:
                mask &= self.masks[self.class_of(label)]
            served.append((labels, mask, officers, experts))
        staff = [[*row[:3], self.loads[row[0]]] for row in self.inspectors]
        teams, self.loads = assignment.assign(prk, served, staff, *self.rule)
        for team in teams:
            row = [iteration["number"], *team]
            self.visits.append(row[:2])
            self.teams.append(row)
            self.current[team.label] = row

    def _class_rows(self):
        return (
            (label, f"{self.masks[self.class_of(label)]:x}") for label, _ in self.roster
        )

    def commitment(self, excluded, n):
        units, team_size, experts, cap = self.rule
        return {
            "n": n,
            "code_hex": self.codes[n].hex(),
            "roster_digest_hex": certificate.digest(self.roster),
            "excluded_digest_hex": certificate.digest(excluded),
            "inspectors_digest_hex": certificate.inspectors_digest(self.inspectors),
            "eligibility_root_hex": eligibility.root(self._class_rows(), SALT).hex(),
            "strata": self.strata,
            "team_size": team_size,
            "experts": experts,
            "officer_cap": cap,
            "units": units,
            "randomness": {
                "source": "drand" if self.signature else "lottery",
                "announced_for": "2025-03-04T01:00:00Z",
                "statement": "The first draw of that day, read aloud before witnesses.",
                "bits_needed": certificate.bits_needed(self.strata),
            },
        }

    def assignment(self):
        opened = sorted(row[0] for each in self.iterations for row in each["selected"])
        blinds, siblings = eligibility.open(self._class_rows(), SALT, set(opened))
        return {
            "inspectors": self.inspectors,
            "eligibility": {
                "classes": [f"{mask:x}" for mask in self.masks],
                "openings": [
                    [label, self.class_of(label), blinds[label].hex()]
                    for label in opened
                ],
                "siblings": [sibling.hex() for sibling in siblings],
            },
            "visits": self.visits,
            "teams": self.teams,
        }
