#!/usr/bin/env python3
"""Recompute a draw from its certificate alone.

    python verify_draw.py CERTIFICATE.json [--ticket LABEL]

Exit status 0: everything recomputes. 1: the first difference, in one sentence. 2: the file is
no certificate of a known format. ``--ticket`` adds what the draw held for one label.

This file needs Python 3.8 or newer and nothing else: copy it anywhere. It restates the
mathematics of the draw on purpose and shares no line with the program that drew, so that an
error in one is not repeated in the other. readme/CERTIFICATE.md describes the format.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from datetime import datetime
from decimal import ROUND_CEILING, Decimal, localcontext
from heapq import nsmallest

FORMAT = "srsp-draw-certificate/1"
JSON = json.JSONEncoder(ensure_ascii=False)
LARGEST = 2**53 - 1  # beyond it a browser's numbers are not exact


class BadInput(Exception):
    """The file is no certificate of a known format."""


class Difference(Exception):
    """Something in the certificate does not recompute."""


def differ(where, expected, found):
    shown = JSON.encode(found)
    raise Difference(f"{where}: expected {expected:.300}, found {shown:.300}")


def expect(where, expected, found):
    if expected != found:
        differ(where, JSON.encode(expected), found)


# --- The format: what each field must be -----------------------------------------------------


def words(description, pattern):
    matches = re.compile(pattern, re.ASCII).fullmatch
    return description, lambda value: type(value) is str and matches(value)


def is_time(value):
    try:
        return is_time_like(value) and datetime.fromisoformat(value[:19])
    except ValueError:
        return False


is_time_like = words("", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)")[1]
time = ("a time in UTC such as 2025-01-31T08:00:00Z", is_time)
late = ("a time in UTC, or null", lambda value: value is None or is_time(value))
text = words("a text", "[^\ud800-\udfff]*")
field = words("a text without tab and line feed", "[^\t\n\ud800-\udfff]*")
name = words("a name without tab and line feed", "[^\t\n\ud800-\udfff]+")
pool = words("division or detachment", "division|detachment")
sha256 = words("64 hexadecimal digits", "[0-9a-f]{64}")
octets = words("pairs of hexadecimal digits", "([0-9a-f]{2})+")
count = ("a whole number", lambda v: type(v) is int and 0 <= v <= LARGEST)
some = ("a whole number from 1 up", lambda v: type(v) is int and 1 <= v <= LARGEST)
ratio = ("a number from 0 up", lambda v: type(v) in (int, float) and 0 <= v <= LARGEST)

# A dict has at least these keys. A list repeats its one entry. A tuple is a list of just these.
CERTIFICATE = {
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
        **dict.fromkeys(("inspectors_digest_hex", "recusals_digest_hex"), sha256),
        "strata": [{"key": field, "size": count, "ratio": ratio, "quota": count}],
        "team_size": some,
        "randomness": {"source": text, "announced_for": time, "statement": text},
    },
    "roster": [(name, field)],
    "excluded": [(name, field)],
    "iterations": [
        {
            "number": some,
            "reason": text,
            "one_time_code_hex": octets,
            "randomness_hex": octets,
            "unavailable": [(name, text)],
            "selected": [(name, field, sha256)],
        }
    ],
    "assignment": {
        "team_size": some,
        "inspectors": [(name, pool, count)],
        "eligibility": {"classes": [[name]], "visits": [(some, [name], count)]},
        "teams": [(some, [name], [name])],
    },
    "chain": {
        "sequence": count,
        "kind": text,
        "previous_hash_hex": sha256,
        "hash_hex": sha256,
    },
}


def flaw(value, shape):
    """Return None, or ``(path, what was expected there)`` of the first field that is amiss."""
    if isinstance(shape, tuple) and callable(shape[1]):
        return None if shape[1](value) else ("", shape[0])
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return "", "an object"
        missing = [key for key in shape if key not in value]
        if missing:
            return "." + missing[0], "to be present"
        entries = ((f".{key}", value[key], shape[key]) for key in shape)
    elif not isinstance(value, list):
        return "", "a list"
    elif isinstance(shape, list):
        entries = ((index, entry, shape[0]) for index, entry in enumerate(value))
    elif len(value) != len(shape):
        return "", f"a list of {len(shape)}"
    else:
        entries = ((index, value[index], shape[index]) for index in range(len(shape)))
    for step, entry, inner in entries:
        found = flaw(entry, inner)
        if found:
            return (step if isinstance(step, str) else f"[{step}]") + found[0], found[1]
    return None


def load(raw):
    """Return the certificate that bytes hold, with every field of the type it should have.

    :raises BadInput: when they hold none
    """
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=unique, parse_constant=refuse
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON in UTF-8: {error}") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadInput(f"the format is not {FORMAT}")
    found = flaw(value, CERTIFICATE)
    if found:
        raise BadInput(f"{found[0][1:]}: expected {found[1]}")
    if len(value["chain"]) != len(CERTIFICATE["chain"]):
        raise BadInput("chain: an unknown field, which nothing would cover")
    return value


def unique(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("an object names a field twice")
    return value


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def canonical(value):
    """Write JSON in its one spelling: sorted keys, no spaces, numbers as a browser does."""
    if isinstance(value, dict):
        fields = (
            JSON.encode(key) + ":" + canonical(value[key]) for key in sorted(value)
        )
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if type(value) in (int, float) and not abs(value) <= LARGEST:
        raise ValueError("a number too large to be exact")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, float):
        small = abs(value) < 1e-6
        return (
            repr(value).replace("e-0", "e-")
            if small
            else format(Decimal(repr(value)), "f")
        )
    return JSON.encode(value)


# --- The mathematics -------------------------------------------------------------------------


def hmac_sha256(key):
    """Return a function message -> HMAC-SHA256 under the key (RFC 2104)."""
    digest = hashlib.sha256
    block = (key if len(key) <= 64 else digest(key).digest()).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return lambda message: digest(outer + digest(inner + message).digest()).digest()


def position_function(iteration):
    """Return the function label -> position (32 bytes) of an iteration."""
    code, randomness = (
        bytes.fromhex(iteration[key]) for key in ("one_time_code_hex", "randomness_hex")
    )
    expand = hmac_sha256(hmac_sha256(code)(randomness))
    return lambda label: expand(label.encode() + b"\x01")


def quota(size, part):
    with localcontext() as context:
        context.prec = 60
        wanted = (size * Decimal(repr(part))).to_integral_value(ROUND_CEILING)
    return min(size, max(1, int(wanted)))


def rows_digest(where, rows):
    """Return the SHA-256 of rows that must ascend strictly by the UTF-8 bytes of their label."""
    hasher, last = hashlib.sha256(), b""
    for index, row in enumerate(rows):
        label = row[0].encode()
        if label <= last:
            differ(f"{where}[{index}]", "labels that ascend, each once", row)
        last = label
        hasher.update(
            label + "".join(f"\t{value}" for value in row[1:]).encode() + b"\n"
        )
    return hasher.hexdigest()


# --- The checks, in the order in which things happened ----------------------------------------


def check_times(certificate):
    draw, announced = (
        certificate["draw"],
        certificate["commitment"]["randomness"]["announced_for"],
    )
    if draw["locked_at"][:19] > announced[:19]:
        differ("draw.locked_at", f"no later than {announced}", draw["locked_at"])
    drawn_at = draw["drawn_at"]
    if (drawn_at is None) != (certificate["iterations"] == []):
        differ("draw.drawn_at", "a time just if there is an iteration", drawn_at)
    if drawn_at is not None and drawn_at[:19] < announced[:19]:
        differ("draw.drawn_at", f"no earlier than {announced}", drawn_at)


def check_roster(certificate):
    commitment, roster = certificate["commitment"], certificate["roster"]
    for key in ("roster", "excluded"):
        digest = rows_digest(key, certificate[key])
        expect(f"commitment.{key}_digest_hex", digest, commitment[f"{key}_digest_hex"])
    out = {label for label, _reason in certificate["excluded"]}
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


def check_codes(certificate):
    commitment = certificate["commitment"]
    last = commitment["code_hex"]
    for index, iteration in enumerate(certificate["iterations"]):
        expect(f"iterations[{index}].number", index + 1, iteration["number"])
        if index == commitment["n"]:
            differ("iterations", f"at most {index}, the length of the chain", index + 1)
        expect(
            f"iterations[{index}].randomness_hex",
            certificate["iterations"][0]["randomness_hex"],
            iteration["randomness_hex"],
        )
        code = iteration["one_time_code_hex"]
        if hashlib.sha256(bytes.fromhex(code)).hexdigest() != last:
            where = f"iterations[{index}].one_time_code_hex"
            differ(where, f"a code whose SHA-256 is {last}", code)
        last = code


def check_selection(certificate):
    strata, drawn, gone = {}, {}, set()
    for label, stratum in certificate["roster"]:
        strata.setdefault(stratum, []).append(label)
    places = {
        stratum["key"]: stratum["quota"]
        for stratum in certificate["commitment"]["strata"]
    }
    for index, iteration in enumerate(certificate["iterations"]):
        for row, (label, _reason) in enumerate(iteration["unavailable"]):
            if label not in drawn or label in gone:
                where = f"iterations[{index}].unavailable[{row}]"
                differ(where, "a label drawn earlier and still available", label)
            gone.add(label)
            places[drawn[label]] = places.get(drawn[label], 0) + 1
        position, expected = position_function(iteration), []
        for stratum in sorted(filter(places.get, places)):
            pairs = (
                (position(label), label)
                for label in strata[stratum]
                if label not in drawn
            )
            lowest = nsmallest(places[stratum], pairs)
            expected += [[label, stratum, where.hex()] for where, label in lowest]
        compare(f"iterations[{index}].selected", expected, iteration["selected"])
        drawn.update(row[:2] for row in expected)
        places = {}


def compare(where, expected, found):
    for index, (wanted, row) in enumerate(zip(expected, found)):
        if wanted != row:
            expect(f"{where}[{index}]", wanted, row)
    if len(expected) != len(found):
        differ(where, f"{len(expected)} entries", len(found))


def check_visits(certificate):
    """Every selected label is in one visit of its iteration; visits and labels by position."""
    assignment, last = certificate["assignment"], (0, "")
    classes, size = assignment["eligibility"]["classes"], assignment["team_size"]
    positions = {
        (iteration["number"], label): position
        for iteration in certificate["iterations"]
        for label, _stratum, position in iteration["selected"]
    }
    for index, (number, labels, which) in enumerate(
        assignment["eligibility"]["visits"]
    ):
        where = f"assignment.eligibility.visits[{index}]"
        keys = [(number, positions.pop((number, label), "")) for label in labels]
        known = labels and all(position for _number, position in keys)
        if not known or keys[0] <= last or keys != sorted(keys):
            differ(where, "labels selected then, once, by position", [number, labels])
        last = keys[0]
        if which >= len(classes) or len(classes[which]) < size:
            differ(where, f"a class of at least {size} officers", which)
    if positions:
        differ("assignment.eligibility.visits", "every label selected", min(positions))


def check_teams(certificate):
    assignment = certificate["assignment"]
    inspectors, classes = assignment["inspectors"], assignment["eligibility"]["classes"]
    digest = rows_digest("assignment.inspectors", inspectors)
    commitment = certificate["commitment"]
    expect(
        "commitment.inspectors_digest_hex", digest, commitment["inspectors_digest_hex"]
    )
    expect("assignment.team_size", commitment["team_size"], assignment["team_size"])
    pools = {label: pool == "detachment" for label, pool, _load in inspectors}
    for index, members in enumerate(classes):
        if len(set(members)) != len(members) or not pools.keys() >= set(members):
            where = f"assignment.eligibility.classes[{index}]"
            differ(where, "inspectors of the draw, each once", members)
    check_visits(certificate)
    loads = {label: load for label, _pool, load in inspectors}
    hashes = [position_function(iteration) for iteration in certificate["iterations"]]
    expected = []
    for number, labels, which in assignment["eligibility"]["visits"]:
        ranks = {}
        for officer in classes[which]:
            ranks.setdefault((pools[officer], loads[officer]), []).append(officer)
        team = []
        for rank in sorted(ranks):
            if len(team) < assignment["team_size"]:
                tickets = (
                    (hashes[number - 1](f"{labels[0]}\t{o}"), o) for o in ranks[rank]
                )
                team += [officer for _ticket, officer in sorted(tickets)]
        team = team[: assignment["team_size"]]
        loads.update((officer, loads[officer] + 1) for officer in team)
        expected.append([number, labels, team])
    compare("assignment.teams", expected, assignment["teams"])


def check_chain(certificate):
    chain = certificate["chain"]
    covered = {
        key: certificate[key]
        for key in certificate.keys() - {"roster", "excluded", "chain"}
    }
    record = {"kind": chain["kind"], "payload": covered, "sequence": chain["sequence"]}
    try:
        sealed = canonical(record).encode()
    except (ValueError, RecursionError) as error:
        raise BadInput(f"a value has no canonical JSON: {error}") from error
    digest = hashlib.sha256(
        bytes.fromhex(chain["previous_hash_hex"]) + sealed
    ).hexdigest()
    expect("chain.hash_hex", digest, chain["hash_hex"])


def verify(certificate):
    """Recompute everything; raise Difference at the first thing that does not match."""
    for check in (check_times, check_roster, check_codes, check_selection, check_teams):
        check(certificate)
    check_chain(certificate)


def summary(certificate):
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


def ticket(certificate, label):
    """Yield a line per iteration: the position of a label and its place in its stratum."""
    shown, reason = JSON.encode(label), dict(certificate["excluded"]).get(label)
    if reason is not None:
        yield f"{shown} was left out of the roster: {JSON.encode(reason)}"
        return
    stratum = dict(certificate["roster"]).get(label)
    if stratum is None:
        raise BadInput(f"no label {shown} in the roster")
    others = [other for other, key in certificate["roster"] if key == stratum]
    for iteration in certificate["iterations"]:
        position = position_function(iteration)
        mine = position(label)
        place = 1 + sum(position(other) < mine for other in others)
        chosen = any(row[0] == label for row in iteration["selected"])
        yield (
            f"iteration {iteration['number']}: {shown} at {mine.hex()}, place {place} of "
            f"{len(others)} in stratum {JSON.encode(stratum)}: {'' if chosen else 'not '}selected"
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Recompute a draw from its certificate alone."
    )
    parser.add_argument("certificate", metavar="CERTIFICATE.json")
    parser.add_argument(
        "--ticket", metavar="LABEL", help="show what the draw held for one label"
    )
    options = parser.parse_args(arguments)
    try:
        with open(options.certificate, "rb") as file:
            certificate = load(file.read())
        verify(certificate)
        lines = [summary(certificate)]
        if options.ticket is not None:
            lines += ticket(certificate, options.ticket)
    except Difference as difference:
        sys.stdout.write(f"{difference}\n")
        return 1
    except (BadInput, OSError) as error:
        sys.stderr.write(f"bad input: {error}\n")
        return 2
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a label may be in any script
    sys.exit(main())
