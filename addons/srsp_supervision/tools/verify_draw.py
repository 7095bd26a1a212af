#!/usr/bin/env python3
"""Recompute a draw from its certificate alone.

    python verify_draw.py CERTIFICATE.json [--ticket LABEL] [--opening OPENING.json]

Exit status 0: everything recomputes. 1: there is a difference; the first one is printed. 2: the
file is not a certificate of a known format. ``--ticket`` adds the position of one label in the
draw and whether it was selected. ``--opening`` adds what a bureau has opened to a company: why it was
left out, or what its stratum is.

This file needs Python 3.8 or newer and nothing else: copy it anywhere. It implements the
mathematics of the draw a second time and shares no code with the program that drew, so that an
error in one is not repeated in the other. readme/CERTIFICATE.md describes the format.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import io
import json
import math
import re
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from heapq import nsmallest
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Python 3.8 cannot evaluate these
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, NoReturn, TypeAlias

    Certificate = dict[str, Any]  # the JSON object, with the fields of CERTIFICATE
    Iteration = dict[str, Any]  # an entry of its ``iterations``
    Label = str  # of a target
    Key = str  # of a stratum
    Mask = int  # a set of inspectors: bit i stands for the inspector at index i
    Position = Callable[[str], bytes]  # label -> position in an iteration
    Step = tuple[int, "Visit"]  # an inspector who could be replaced in a visit
    # A dict has at least these keys. A list repeats its one entry. A tuple is a list of just these.
    Shape: TypeAlias = "Check | dict[str, Shape] | list[Shape] | tuple[Shape, ...]"

# The reasons of exclusions, and what a stratum is, are hidden behind digests that can be opened.
FORMAT = "srsp-draw-certificate/2"
OPENING_FORMAT = "srsp-draw-opening/1"
JSON = json.JSONEncoder(ensure_ascii=False)
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
LARGEST = 2**53 - 1  # beyond it, a browser's numbers are not exact


class BadInput(Exception):
    """The file is not a certificate of a known format."""


class Difference(Exception):
    """Something in the certificate does not recompute."""


def differ(where: str, expected: str, found: object) -> NoReturn:
    shown = JSON.encode(found)
    raise Difference(f"{where}: expected {expected:.300}, found {shown:.300}")


def expect(where: str, expected: object, found: object) -> None:
    if expected != found:
        differ(where, JSON.encode(expected), found)


# --- The format: what each field must be -----------------------------------------------------


@dataclass
class Check:
    """What a field must be, in words and as a function that returns something true for such a value."""

    description: str
    test: Callable[[Any], object]


def words(description: str, pattern: str) -> Check:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return Check(description, lambda value: type(value) is str and matches(value))


def is_time(value: Any) -> object:
    try:
        return is_time_like(value) and datetime.fromisoformat(value[:19])
    except ValueError:
        return False


is_time_like = words("", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)").test
time = Check("a time in UTC such as 2025-01-31T08:00:00Z", is_time)
late = Check("a time in UTC, or null", lambda value: value is None or is_time(value))
text = words("a text", "[^\ud800-\udfff]*")
field = words("a text without tab and line feed", "[^\t\n\ud800-\udfff]*")
name = words("a name without tab and line feed", "[^\t\n\ud800-\udfff]+")
pool = words("division, detachment or expert", "division|detachment|expert")
KINDS = "draw|substitution|extension|withdrawal"
kind = words("draw, substitution, extension or withdrawal", KINDS)
sha256 = words("64 hexadecimal digits", "[0-9a-f]{64}")
octets = words("pairs of hexadecimal digits", "([0-9a-f]{2})+")
maybe = words("pairs of hexadecimal digits, or none", "([0-9a-f]{2})*")
number = words("a hexadecimal number", "0|[1-9a-f][0-9a-f]*")
count = Check("a whole number", lambda v: type(v) is int and 0 <= v <= LARGEST)
some = Check("a whole number from 1 up", lambda v: type(v) is int and 1 <= v <= LARGEST)
limit = Check("a whole number, or null", lambda v: v is None or count.test(v))
ratio = Check(
    "a number from 0 up", lambda v: type(v) in (int, float) and 0 <= v <= LARGEST
)

CHAIN: dict[str, Shape] = {
    "sequence": count,
    "kind": text,
    "previous_hash_hex": sha256,
    "hash_hex": sha256,
}
OPENING: dict[str, Shape] = {
    **dict.fromkeys(("format", "draw"), text),
    "label": name,
    "kind": words("excluded or stratum", "excluded|stratum"),
    "value": field,
    "salt_hex": sha256,
}
CERTIFICATE: dict[str, Shape] = {
    "draw": {
        **dict.fromkeys(("number", "task", "bureau", "rulebook", "state"), text),
        "locked_at": time,
        "drawn_at": late,
    },
    "commitment": {
        "n": some,
        **dict.fromkeys(
            ("code_hex", "roster_digest_hex", "excluded_digest_hex"), sha256
        ),
        **dict.fromkeys(("inspectors_digest_hex", "eligibility_root_hex"), sha256),
        "strata": [{"key": field, "size": count, "ratio": ratio, "quota": count}],
        "team_size": some,
        "experts": count,
        "officer_cap": limit,
        "units": [name],
        "randomness": {
            "source": text,
            "announced_for": time,
            "statement": text,
            "bits_needed": count,
        },
    },
    "roster": [(name, field)],
    "excluded": [(name, field)],
    "witnesses": [(text, time, text)],
    "iterations": [
        {
            "number": some,
            "kind": kind,
            "reason": text,
            "one_time_code_hex": octets,
            "randomness_hex": octets,
            "signature_hex": maybe,
            "unavailable": [(name, text)],
            "places": [(field, some)],
            "withdrawn": [(name, text, [name])],
            "selected": [(name, field, sha256)],
        }
    ],
    "assignment": {
        "inspectors": [(name, pool, field, count)],
        "eligibility": {
            "classes": [number],
            "openings": [(name, count, sha256)],
            "siblings": [sha256],
        },
        "visits": [(some, [name])],
        "teams": [(some, [name], [name], [name], [text])],
    },
    "chain": CHAIN,
}


def require(met: object, where: str, wanted: str) -> None:
    if not met:
        raise BadInput(f"{where[1:]}: expected {wanted}")


def check_shape(where: str, value: Any, shape: Shape) -> None:
    """Check that a value and everything in it is what it must be.

    :raises BadInput: at the first field that is wrong
    """
    if isinstance(shape, Check):
        require(shape.test(value), where, shape.description)
    elif isinstance(shape, dict):
        require(isinstance(value, dict), where, "an object")
        for key in shape:
            require(key in value, f"{where}.{key}", "to be present")
        for key, inner in shape.items():
            check_shape(f"{where}.{key}", value[key], inner)
    else:
        require(isinstance(value, list), where, "a list")
        if isinstance(shape, tuple):
            require(len(value) == len(shape), where, f"a list of {len(shape)}")
        elif fit(value, shape[0]):
            return
        inners = shape if isinstance(shape, tuple) else repeat(shape[0])
        for index, (entry, inner) in enumerate(zip(value, inners)):
            check_shape(f"{where}[{index}]", entry, inner)


def fit(rows: list[Any], shape: Shape) -> bool:
    """Return whether all rows are lists of these simple values: faster for long lists."""
    if not isinstance(shape, tuple):
        return False
    size = len(shape)
    return all(type(row) is list and len(row) == size for row in rows) and all(
        isinstance(part, Check) and all(map(part.test, map(itemgetter(place), rows)))
        for place, part in enumerate(shape)
    )


def parse(raw: bytes) -> Any:
    try:
        content = raw.decode()
        return json.loads(content, object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON in UTF-8: {error}") from error


def load(raw: bytes) -> Certificate:
    """Return the certificate in a file's content; every field has the type that it should have.

    :raises BadInput: when the content is not a certificate
    """
    value = parse(raw)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadInput(f"the format is not {FORMAT}")
    check_shape("", value, CERTIFICATE)
    if len(value["chain"]) != len(CHAIN):
        raise BadInput("chain: an unknown field, which nothing would cover")
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("an object names a field twice")
    return value


def refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def canonical(value: Any) -> str:
    """Return canonical JSON: sorted keys, no spaces, numbers as a browser writes them."""
    if isinstance(value, dict):
        pairs = (f"{JSON.encode(k)}:{canonical(value[k])}" for k in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        if all(type(entry) is str for entry in value):
            return COMPACT.encode(value)
        return "[" + ",".join(map(canonical, value)) + "]"
    if type(value) in (int, float) and not abs(value) <= LARGEST:
        raise ValueError("a number too large to be exact")
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        if abs(value) < 1e-6:
            return repr(value).replace("e-0", "e-")
        return format(Decimal(repr(value)), "f")
    return JSON.encode(value)


# --- The mathematics -------------------------------------------------------------------------


def hmac_sha256(key: bytes) -> Callable[[bytes], bytes]:
    """Return a function message -> HMAC-SHA256 under the key (RFC 2104), faster than ``hmac.digest``."""
    digest = hashlib.sha256
    block = (key if len(key) <= 64 else digest(key).digest()).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return lambda message: digest(outer + digest(inner + message).digest()).digest()


def position_function(iteration: Iteration) -> Position:
    """Return the function label -> position (32 bytes) of an iteration."""
    code = bytes.fromhex(iteration["one_time_code_hex"])
    randomness = bytes.fromhex(iteration["randomness_hex"])
    expand = hmac_sha256(hmac_sha256(code)(randomness))
    return lambda label: expand(label.encode() + b"\x01")


def quota(size: int, part: float) -> int:
    return min(size, max(1, math.ceil(size * Fraction(repr(part)))))


def bits_needed(strata: Iterable[dict[str, Any]]) -> float:
    """Return log2 of the number of possible selections."""
    log, nats = math.lgamma, 0.0
    for stratum in strata:
        size, drawn = stratum["size"], stratum["quota"]
        nats += log(size + 1) - log(drawn + 1) - log(size - drawn + 1)
    return nats / math.log(2)


def nth_bit(mask: Mask, place: int) -> int:
    """Return the index of the set bit that has ``place`` set bits below it."""
    bits = bin(mask)[:1:-1]  # the lowest first
    return len(bits) - len(bits.split("1", place + 1)[-1]) - 1


def bit_list(mask: Mask) -> list[int]:
    """Return the indices of the set bits, ascending."""
    return [index for index, bit in enumerate(bin(mask)[:1:-1]) if bit == "1"]


def sha256_of(hexadecimal: str) -> str:
    return hashlib.sha256(bytes.fromhex(hexadecimal)).hexdigest()


def rows_digest(where: str, rows: Iterable[Sequence[Any]]) -> str:
    """Return the SHA-256 of rows that must ascend strictly by the UTF-8 bytes of their label."""
    hasher, last = hashlib.sha256(), b""
    for index, row in enumerate(rows):
        label = row[0].encode()
        if label <= last:
            differ(f"{where}[{index}]", "labels that ascend, each once", row)
        last = label
        values = "".join(f"\t{value}" for value in row[1:])
        hasher.update(label + values.encode() + b"\n")
    return hasher.hexdigest()


# --- The checks, in the order in which things happened ----------------------------------------


def check_times(certificate: Certificate) -> None:
    announced = certificate["commitment"]["randomness"]["announced_for"]
    locked_at = certificate["draw"]["locked_at"]
    drawn_at = certificate["draw"]["drawn_at"]
    if locked_at[:19] > announced[:19]:
        differ("draw.locked_at", f"no later than {announced}", locked_at)
    if (drawn_at is None) != (certificate["iterations"] == []):
        differ("draw.drawn_at", "a time just if there is an iteration", drawn_at)
    if drawn_at is not None and drawn_at[:19] < announced[:19]:
        differ("draw.drawn_at", f"no earlier than {announced}", drawn_at)


def check_roster(certificate: Certificate) -> None:
    commitment, roster = certificate["commitment"], certificate["roster"]
    for key in ("roster", "excluded"):
        digest = rows_digest(key, certificate[key])
        expect(f"commitment.{key}_digest_hex", digest, commitment[f"{key}_digest_hex"])
    out = dict(certificate["excluded"])
    for index, (label, _stratum) in enumerate(roster):
        if label in out:
            differ(f"roster[{index}]", "no label that is excluded", label)
    sizes = Counter(stratum for _label, stratum in roster)
    for index, stratum in enumerate(commitment["strata"]):
        where, size = f"commitment.strata[{index}]", sizes.pop(stratum["key"], 0)
        expect(f"{where}.size", size, stratum["size"])
        expect(f"{where}.quota", quota(size, stratum["ratio"]), stratum["quota"])
    if sizes:
        differ("commitment.strata", "every stratum of the roster", sorted(sizes))
    # Within the error of a sum of logarithms, so that no rounding decides.
    bits = bits_needed(commitment["strata"])
    found = commitment["randomness"]["bits_needed"]
    if not found - 1 - 1e-6 < bits < found + 1e-6:
        differ("commitment.randomness.bits_needed", str(math.ceil(bits)), found)


def check_codes(certificate: Certificate) -> None:
    """Check the chain of one-time codes, and that the one randomness is the hash of a drand round's signature."""
    commitment, iterations = certificate["commitment"], certificate["iterations"]
    last = commitment["code_hex"]
    for index, iteration in enumerate(iterations):
        where, randomness = f"iterations[{index}]", iterations[0]["randomness_hex"]
        expect(f"{where}.number", index + 1, iteration["number"])
        if index == commitment["n"]:
            differ("iterations", f"at most {index}, the length of the chain", index + 1)
        expect(f"{where}.randomness_hex", randomness, iteration["randomness_hex"])
        signature, code = iteration["signature_hex"], iteration["one_time_code_hex"]
        if commitment["randomness"]["source"] != "drand":
            expect(f"{where}.signature_hex", "", signature)
        elif sha256_of(signature) != randomness:
            wanted = f"a signature whose SHA-256 is {randomness}"
            differ(f"{where}.signature_hex", wanted, signature)
        if sha256_of(code) != last:
            wanted = f"a code whose SHA-256 is {last}"
            differ(f"{where}.one_time_code_hex", wanted, code)
        last = code


# What only one kind of iteration may hold.
OWN = {"unavailable": "substitution", "places": "extension", "withdrawn": "withdrawal"}


def check_kind(where: str, iteration: Iteration) -> None:
    first, kind = iteration["number"] == 1, iteration["kind"]
    if first != (kind == "draw"):
        differ(f"{where}.kind", "draw for the first iteration and no other", kind)
    if first != (iteration["reason"] == ""):
        wanted = "no reason for the first iteration, one for the others"
        differ(f"{where}.reason", wanted, iteration["reason"])
    for key, owner in OWN.items():
        if kind != owner and iteration[key]:
            differ(f"{where}.{key}", f"nothing in this kind, {kind}", iteration[key])


def places_of(
    where: str, iteration: Iteration, quotas: dict[Key, int], drawn: dict[Label, Key]
) -> dict[Key, int]:
    """Return how many labels of each stratum an iteration takes; take the unavailable out of ``drawn``."""
    if iteration["kind"] == "draw":
        return quotas
    places: dict[Key, int] = Counter()
    for row, (label, _reason) in enumerate(iteration["unavailable"]):
        if label not in drawn:
            wanted = "a label drawn earlier and still available"
            differ(f"{where}.unavailable[{row}]", wanted, label)
        places[drawn.pop(label)] += 1
    for row, (stratum, more) in enumerate(iteration["places"]):
        if stratum not in quotas or stratum in places:
            differ(f"{where}.places[{row}]", "a stratum of the draw, once", stratum)
        places[stratum] = more
    return places


def check_selection(certificate: Certificate) -> None:
    left: dict[Key, set[Label]] = defaultdict(set)
    for label, stratum in certificate["roster"]:
        left[stratum].add(label)
    drawn: dict[Label, Key] = {}  # and still available
    strata = certificate["commitment"]["strata"]
    quotas = {stratum["key"]: stratum["quota"] for stratum in strata}
    for index, iteration in enumerate(certificate["iterations"]):
        where = f"iterations[{index}]"
        expected: list[list[str]] = []
        check_kind(where, iteration)
        places = places_of(where, iteration, quotas, drawn)
        position = selecting_position(certificate, iteration)
        for stratum in sorted(filter(places.get, places)):
            pairs = ((position(label), label) for label in left[stratum])
            lowest = nsmallest(places[stratum], pairs)
            expected += [[label, stratum, place.hex()] for place, label in lowest]
        compare(f"{where}.selected", expected, iteration["selected"])
        for label, stratum, _position in expected:
            left[stratum].remove(label)
            drawn[label] = stratum


def selecting_position(certificate: Certificate, iteration: Iteration) -> Position:
    """Return the position function by which an iteration selects: an extension uses that of the first one."""
    extends = iteration["kind"] == "extension"
    return position_function(certificate["iterations"][0] if extends else iteration)


def compare(
    where: str, expected: Sequence[object], found: Sequence[object], first: int = 0
) -> None:
    for index, (wanted, row) in enumerate(zip(expected, found), first):
        if wanted != row:
            expect(f"{where}[{index}]", wanted, row)
    if len(expected) != len(found):
        differ(where, f"{len(expected)} entries", len(found))


def check_eligibility(certificate: Certificate) -> None:
    """Check that every selected label is opened, and that the root follows from the opened ones."""
    where, roster = "assignment.eligibility", certificate["roster"]
    beyond = 1 << len(certificate["assignment"]["inspectors"])
    eligibility = certificate["assignment"]["eligibility"]
    classes, openings = eligibility["classes"], eligibility["openings"]
    for index, members in enumerate(classes):
        if int(members, 16) >= beyond:
            differ(f"{where}.classes[{index}]", "inspectors of the draw", members)
    rows = chain.from_iterable(each["selected"] for each in certificate["iterations"])
    selected = sorted(row[0] for row in rows)
    compare(f"{where}.openings", selected, [row[0] for row in openings])
    leaves: dict[Label, bytes] = {}
    for index, (label, which, blind) in enumerate(openings):
        if which >= len(classes):
            differ(f"{where}.openings[{index}]", "an index into the classes", which)
        content = f"{label}\t{classes[which]}".encode()
        leaves[label] = hashlib.sha256(b"\0" + bytes.fromhex(blind) + content).digest()
    places = [index for index, row in enumerate(roster) if row[0] in leaves]
    siblings = map(bytes.fromhex, eligibility["siblings"])
    root = None
    with suppress(StopIteration):
        root = tree_root(len(roster), places, list(leaves.values()), siblings)
    if root is None or next(siblings, None) is not None:
        wanted = "as many hashes as subtrees without an opened leaf"
        differ(f"{where}.siblings", wanted, len(eligibility["siblings"]))
    committed = certificate["commitment"]["eligibility_root_hex"]
    expect("commitment.eligibility_root_hex", root.hex(), committed)


def tree_root(
    size: int, places: list[int], hashes: list[bytes], siblings: Iterator[bytes]
) -> bytes:
    """Return the root over ``size`` leaves of which those at ``places`` are known.

    :raises StopIteration: when there are too few siblings
    """
    if not places:
        return next(siblings)
    if size == 1:
        return hashes[0]
    split = 1 << (size - 1).bit_length() - 1
    middle = bisect_left(places, split)
    later = [place - split for place in places[middle:]]
    left = tree_root(split, places[:middle], hashes[:middle], siblings)
    right = tree_root(size - split, later, hashes[middle:], siblings)
    return hashlib.sha256(b"\1" + left + right).digest()


def check_inspectors(certificate: Certificate) -> None:
    inspectors = certificate["assignment"]["inspectors"]
    units = certificate["commitment"]["units"]
    committed = certificate["commitment"]["inspectors_digest_hex"]
    digest = rows_digest("assignment.inspectors", inspectors)
    expect("commitment.inspectors_digest_hex", digest, committed)
    for index, (_label, pool, unit, _load) in enumerate(inspectors):
        if pool != "expert" and (pool == "division") != (unit in units):
            wanted = "division just for an officer of one of the units"
            differ(f"assignment.inspectors[{index}]", wanted, [pool, unit])


def visits_by_iteration(certificate: Certificate) -> dict[int, list[list[Label]]]:
    """Return the labels of the visits of each iteration that has any, by its number."""
    last, parts = 1, defaultdict(list)
    for index, (number, labels) in enumerate(certificate["assignment"]["visits"]):
        if not last <= number <= len(certificate["iterations"]):
            where = f"assignment.visits[{index}]"
            differ(where, "an iteration of the draw, in order", number)
        parts[number].append(labels)
        last = number
    return parts


def check_visits(first: int, visits: list[list[Label]], iteration: Iteration) -> None:
    """Check that every selected label is in one visit, and that labels and visits are sorted by position."""
    own, last = position_function(iteration), b""
    positions = {label: position for label, _stratum, position in iteration["selected"]}
    for index, labels in enumerate(visits, first):
        where = f"assignment.visits[{index}]"
        keys = [positions.pop(label, "") for label in labels]
        if not all(keys) or not keys or keys != sorted(keys):
            differ(where, "labels selected then, once, by position", labels)
        key = own(labels[0])
        if key <= last:
            differ(where, "visits by the position of their first label", labels)
        last = key
    if positions:
        differ("assignment.visits", "every label selected", min(positions))


class Visit:
    """A visit: its labels, the set ``group`` of who may make it, and its team as lists and as a set."""

    def __init__(self, labels: list[Label], group: Mask) -> None:
        self.labels, self.group = labels, group
        self.officers: list[int] = []
        self.experts: list[int] = []
        self.team: Mask = 0


class Staff:
    """The rule of "Teams" step by step, with inspectors as indices and sets of them as bits of a number."""

    def __init__(self, certificate: Certificate) -> None:
        commitment = certificate["commitment"]
        inspectors = certificate["assignment"]["inspectors"]
        self.cap: int | None = commitment["officer_cap"]
        self.names: list[str] = [row[0] for row in inspectors]
        self.home: list[str] = [row[2] for row in inspectors]
        self.loads: list[int] = [row[3] for row in inspectors]
        self.by_load: dict[int, Mask] = {}
        self.unit_names: list[str] = commitment["units"]
        self.units: dict[str, Mask] = dict.fromkeys(self.unit_names, 0)
        self.pools: dict[str, Mask] = defaultdict(int)
        self.room: Mask = 0
        self.gone: Mask = 0  # who has been withdrawn
        for index, (_name, pool, unit, load) in enumerate(inspectors):
            self.pools[pool] |= 1 << index
            if pool == "division":
                self.units[unit] |= 1 << index
            self.set_load(index, load)

    def set_load(self, who: int, load: int) -> None:
        bit = 1 << who
        others = self.by_load.pop(self.loads[who], 0) & ~bit
        if others:
            self.by_load[self.loads[who]] = others
        self.loads[who] = load
        self.by_load[load] = self.by_load.get(load, 0) | bit
        self.room |= bit
        if self.cap is not None and load >= self.cap:
            self.room ^= bit

    def serve(
        self, visits: list[Visit], position: Position, size: int, experts: int
    ) -> Visit | None:
        """Fill the teams of one iteration; return the first visit that cannot be served."""
        self.position = position
        self.met: dict[int, Mask] = defaultdict(int)
        self.given: dict[int, list[Visit]] = defaultdict(list)
        self.reach: dict[int, Mask] = defaultdict(int)
        for unit in self.unit_names:
            self.dead, mine = 0, self.units[unit]
            for visit in visits:
                lacks = len(visit.officers) < size and not visit.team & mine
                if lacks and visit.group & mine:
                    self.add(visit, visit.officers, mine)
        officers = self.pools["division"], self.pools["detachment"]
        for role, wanted, pools in (
            ("officers", size, officers),
            ("experts", experts, (self.pools["expert"],)),
        ):
            self.dead = 0
            for visit in visits:
                team: list[int] = getattr(visit, role)
                while len(team) < wanted:
                    if not self.add(visit, team, *pools):
                        return visit
        return None

    def add(self, visit: Visit, team: list[int], *pools: Mask) -> bool:
        """Give a visit one more member, of the first pool where somebody has room, or by a move."""
        free = visit.group & self.room & ~visit.team
        candidates = next(filter(None, (free & pool for pool in pools)), 0)
        if candidates:
            who: int | None = self.pick(visit, candidates)
        else:
            who = self.move(visit, sum(pools), True)
            if who is None:
                who = self.move(visit, sum(pools), False)
        if who is None:
            return False
        team.append(who)
        self.enter(visit, who)
        return True

    def choose(self, visit: Visit, candidates: Mask) -> int:
        place = len(visit.officers) + len(visit.experts) + 1
        position = int.from_bytes(self.position(f"{visit.labels[0]}\t{place}"), "big")
        return nth_bit(candidates, position % bin(candidates).count("1"))

    def pick(self, visit: Visit, candidates: Mask) -> int:
        by_load = (candidates & self.by_load[load] for load in sorted(self.by_load))
        least = next(filter(None, by_load))
        known, members = 0, bit_list(visit.team)
        for member in members:
            known |= self.met[member]
        who = self.choose(visit, least & ~known or least)
        for member in members:
            self.met[member] |= 1 << who
        self.met[who] |= visit.team
        self.set_load(who, self.loads[who] + 1)
        return who

    def enter(self, visit: Visit, who: int) -> None:
        visit.team |= 1 << who
        self.given[who].append(visit)
        self.reach[who] |= visit.group

    def move(self, visit: Visit, allowed: Mask, strict: bool) -> int | None:
        """Free somebody for the visit, if possible, and return them."""
        if not self.room & allowed:
            return None
        free = allowed & ~self.dead
        queue = bit_list(visit.group & free & ~visit.team)
        led: dict[int, Step | None] = dict.fromkeys(queue)
        free &= ~(visit.group & ~visit.team)
        for who in queue:
            if not self.reach[who] & free:
                continue
            for held in self.given[who]:
                others = held.group & free & ~held.team
                mine = self.units.get(self.home[who], 0)
                if strict and held.team & mine == 1 << who:
                    others &= mine
                if others & self.room:
                    heir = self.choose(visit, others & self.room)
                    self.set_load(heir, self.loads[heir] + 1)
                    return self.hand_on(heir, (who, held), led)
                free &= ~others
                for other in bit_list(others):
                    led[other] = who, held
                    queue.append(other)
        if not strict:
            self.dead |= sum(1 << who for who in queue)
        return None

    def hand_on(self, heir: int, step: Step | None, led: dict[int, Step | None]) -> int:
        """Put everybody into the place that the next one leaves; return whom the last step frees."""
        while step:
            who, held = step
            places = held.officers if who in held.officers else held.experts
            places[places.index(who)] = heir
            held.team ^= 1 << who
            self.given[who].remove(held)
            self.enter(held, heir)
            heir, step = who, led[who]
        return heir

    def give_up(
        self, where: str, withdrawn: list[Any], visits: dict[Label, Visit]
    ) -> list[Visit]:
        """Take the withdrawn out of the teams of the named visits; return these visits."""
        left: dict[Label, Visit] = {}
        for row, (name, _reason, labels) in enumerate(withdrawn):
            place = f"{where}.withdrawn[{row}]"
            if name not in self.names:
                differ(place, "an inspector of the draw", name)
            who = self.names.index(name)
            self.gone |= 1 << who
            for label in labels:
                visit = visits.get(label)
                if visit is None or not visit.team >> who & 1:
                    differ(place, "visits of that inspector", label)
                (visit.officers if who in visit.officers else visit.experts).remove(who)
                visit.team ^= 1 << who
                self.set_load(who, self.loads[who] - 1)
                left[label] = visit
        return list(left.values())

    def row(self, number: int, visit: Visit) -> list[Any]:
        """Return the team of a visit as a row of the certificate."""
        steps = ["detachment"] if visit.team & self.pools["detachment"] else []
        for unit in self.unit_names:
            if visit.group & self.units[unit] and not visit.team & self.units[unit]:
                steps.append(f"without {unit}")
        officers = [self.names[who] for who in visit.officers]
        experts = [self.names[who] for who in visit.experts]
        return [number, visit.labels, officers, experts, steps]


def check_teams(certificate: Certificate) -> None:
    commitment, assignment = certificate["commitment"], certificate["assignment"]
    sets = [int(members, 16) for members in assignment["eligibility"]["classes"]]
    openings = assignment["eligibility"]["openings"]
    classes = {label: sets[which] for label, which, _blind in openings}
    size, experts = commitment["team_size"], commitment["experts"]
    staff, first = Staff(certificate), 0
    known: dict[Label, Visit] = {}  # by the first label
    expected: list[list[Any]] = []
    parts = visits_by_iteration(certificate)
    for number, iteration in enumerate(certificate["iterations"], 1):
        rows, position = parts.get(number, []), position_function(iteration)
        if iteration["kind"] == "withdrawal":
            where = f"iterations[{number - 1}]"
            visits = staff.give_up(where, iteration["withdrawn"], known)
            visits.sort(key=lambda visit: position(visit.labels[0]))
            labels = [visit.labels for visit in visits]
            compare("assignment.visits", labels, rows, first)
        else:
            check_visits(first, rows, iteration)
            visits = [Visit(labels, classes[labels[0]]) for labels in rows]
        for visit in visits:
            for label in visit.labels:
                visit.group &= classes[label]
            visit.group &= ~staff.gone
            known[visit.labels[0]] = visit
        lost = staff.serve(visits, position, size, experts)
        if lost:
            wanted = f"a team for every visit of iteration {number}"
            differ("assignment.teams", wanted, lost.labels)
        expected += [staff.row(number, visit) for visit in visits]
        first += len(rows)
    compare("assignment.teams", expected, assignment["teams"])


def check_chain(certificate: Certificate) -> None:
    link, apart = certificate["chain"], ("roster", "excluded", "chain")
    covered = {key: certificate[key] for key in certificate if key not in apart}
    record = {"kind": link["kind"], "payload": covered, "sequence": link["sequence"]}
    try:
        sealed = canonical(record).encode()
    except (ValueError, RecursionError) as error:
        raise BadInput(f"a value has no canonical JSON: {error}") from error
    previous = bytes.fromhex(link["previous_hash_hex"])
    digest = hashlib.sha256(previous + sealed).hexdigest()
    expect("chain.hash_hex", digest, link["hash_hex"])


def verify(certificate: Certificate) -> None:
    """Recompute everything.

    :raises Difference: at the first value that does not recompute
    :raises BadInput: when a value has no canonical JSON
    """
    for check in (check_times, check_roster, check_codes, check_selection):
        check(certificate)
    for check in (check_eligibility, check_inspectors, check_teams, check_chain):
        check(certificate)


def summary(certificate: Certificate) -> str:
    iterations, roster = certificate["iterations"], len(certificate["roster"])
    number = JSON.encode(certificate["draw"]["number"])
    if not iterations:
        return f"draw {number} has drawn nothing: its commitment to {roster} targets recomputes"
    drawn = sum(len(iteration["selected"]) for iteration in iterations)
    teams, link = certificate["assignment"]["teams"], certificate["chain"]["sequence"]
    return (
        f"draw {number} recomputes: {drawn} of {roster} targets in {len(iterations)} "
        f"iteration(s), {len(teams)} team(s), chain link {link}"
    )


def ticket(certificate: Certificate, label: Label) -> Iterator[str]:
    """Yield a line per iteration with the position of a label and its place in its stratum."""
    shown, reason = JSON.encode(label), dict(certificate["excluded"]).get(label)
    if reason is not None:
        yield f"{shown} was left out of the roster: {JSON.encode(reason)}"
        return
    stratum = dict(certificate["roster"]).get(label)
    if stratum is None:
        raise BadInput(f"no label {shown} in the roster")
    others = [other for other, key in certificate["roster"] if key == stratum]
    for iteration in certificate["iterations"]:
        if iteration["kind"] == "withdrawal":
            yield f"iteration {iteration['number']}: a withdrawal selects nothing"
            continue
        position = selecting_position(certificate, iteration)
        mine = position(label)
        place = 1 + sum(position(other) < mine for other in others)
        chosen = any(row[0] == label for row in iteration["selected"])
        yield (
            f"iteration {iteration['number']}: {shown} at {mine.hex()}, place {place} of "
            f"{len(others)} in stratum {JSON.encode(stratum)}: {'' if chosen else 'not '}selected"
        )


def opened(certificate: Certificate, raw: bytes) -> str:
    """Return a line with what the content of an opening proves about a label.

    :raises BadInput: when it is no opening of this draw
    :raises Difference: when the certificate hides something else
    """
    opening = parse(raw)
    check_shape("", opening, OPENING)
    require(opening["format"] == OPENING_FORMAT, ".format", OPENING_FORMAT)
    require(opening["draw"] == certificate["draw"]["number"], ".draw", "this draw")
    label, value, named = opening["label"], opening["value"], opening["label"]
    if opening["kind"] == "excluded":
        found = dict(certificate["excluded"]).get(label)
    else:
        named = dict(certificate["roster"]).get(label, "")
        strata = {one["key"]: one for one in certificate["commitment"]["strata"]}
        found = strata.get(named, {}).get("name_digest_hex")
    salted = bytes.fromhex(opening["salt_hex"]) + f"{named}\t{value}".encode()
    expect(f"opening of {label}", hashlib.sha256(salted).hexdigest(), found)
    return f"{JSON.encode(label)} is opened: {opening['kind']} {JSON.encode(value)}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Recompute a draw from its certificate alone."
    )
    parser.add_argument("certificate", metavar="CERTIFICATE.json")
    parser.add_argument(
        "--ticket", metavar="LABEL", help="show what the draw held for one label"
    )
    parser.add_argument(
        "--opening", metavar="OPENING.json", help="check what was opened to a company"
    )
    options = parser.parse_args(arguments)
    try:
        with open(options.certificate, "rb") as file:
            certificate = load(file.read())
        verify(certificate)
        lines = [summary(certificate)]
        if options.ticket is not None:
            lines += ticket(certificate, options.ticket)
        if options.opening is not None:
            with open(options.opening, "rb") as file:
                lines.append(opened(certificate, file.read()))
    except Difference as difference:
        sys.stdout.write(f"{difference}\n")
        return 1
    except (BadInput, OSError) as error:
        sys.stderr.write(f"bad input: {error}\n")
        return 2
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    gc.disable()  # nothing here is cyclic, and a large certificate is millions of small lists
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a label may be in any script
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
