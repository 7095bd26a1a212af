/** The checks up to the selection, in the order in which things happened. */

import { hex, sha256, unhex } from "./sha256.js";
import { compareRows, compareTexts, differ, expect, rowsDigest, say } from "./text.js";
import { Positions, lowest, quota } from "./selection.js";

const TICK = 20000; // labels between two reports of progress

export function checkTimes({ draw, commitment, iterations }) {
    const announced = commitment.randomness.announced_for;
    const before = (one, other) => one.slice(0, 19) < other.slice(0, 19);
    if (before(announced, draw.locked_at)) {
        differ("draw.locked_at", say("noLater", announced), draw.locked_at);
    }
    if ((draw.drawn_at === null) !== (iterations.length === 0)) {
        differ("draw.drawn_at", say("drawnAt"), draw.drawn_at);
    }
    if (draw.drawn_at !== null && before(draw.drawn_at, announced)) {
        differ("draw.drawn_at", say("noEarlier", announced), draw.drawn_at);
    }
}

export function checkRoster({ commitment, roster, excluded }) {
    expect("commitment.roster_digest_hex", rowsDigest("roster", roster), commitment.roster_digest_hex);
    const digest = rowsDigest("excluded", excluded);
    expect("commitment.excluded_digest_hex", digest, commitment.excluded_digest_hex);
    const out = new Set(excluded.map(([label]) => label));
    const sizes = new Map();
    roster.forEach(([label, stratum], index) => {
        if (out.has(label)) {
            differ(`roster[${index}]`, say("notExcluded"), label);
        }
        sizes.set(stratum, (sizes.get(stratum) || 0) + 1);
    });
    commitment.strata.forEach((stratum, index) => {
        const size = sizes.get(stratum.key) || 0;
        sizes.delete(stratum.key);
        expect(`commitment.strata[${index}].size`, size, stratum.size);
        const wanted = quota(size, stratum.ratio);
        expect(`commitment.strata[${index}].quota`, wanted, stratum.quota);
    });
    if (sizes.size) {
        differ("commitment.strata", say("allStrata"), [...sizes.keys()].sort(compareTexts));
    }
}

/** Enough bits for every selection: log2 of their number, up to the error of a sum of logarithms. */
export function checkBits({ commitment }) {
    let bits = 0;
    for (const { size, quota: drawn } of commitment.strata) {
        for (let index = 1; index <= drawn; index++) {
            bits += Math.log2((size - drawn + index) / index);
        }
    }
    const found = commitment.randomness.bits_needed;
    if (!(found - 1 - 1e-6 < bits && bits < found + 1e-6)) {
        differ("commitment.randomness.bits_needed", Math.ceil(bits), found);
    }
}

export function checkInspectors({ commitment, assignment }) {
    const digest = rowsDigest("assignment.inspectors", assignment.inspectors);
    expect("commitment.inspectors_digest_hex", digest, commitment.inspectors_digest_hex);
    const units = new Set(commitment.units);
    if (units.size !== commitment.units.length) {
        differ("commitment.units", say("unitsOnce"), commitment.units);
    }
    assignment.inspectors.forEach(([label, pool, unit], index) => {
        if (pool !== "expert" && (pool === "division") !== units.has(unit)) {
            differ(`assignment.inspectors[${index}]`, say("poolOfUnit"), [label, pool, unit]);
        }
    });
}

export function checkCodes({ commitment, iterations }) {
    let last = commitment.code_hex;
    iterations.forEach((iteration, index) => {
        const where = `iterations[${index}]`;
        expect(`${where}.number`, index + 1, iteration.number);
        if (index === commitment.n) {
            differ("iterations", say("atMost", index), index + 1);
        }
        if ((iteration.kind === "draw") !== (index === 0)) {
            differ(`${where}.kind`, say(index ? "kindLater" : "kindFirst"), iteration.kind);
        }
        if ((iteration.reason === "") !== (index === 0)) {
            differ(`${where}.reason`, say(index ? "reasonLater" : "empty"), iteration.reason);
        }
        expect(`${where}.randomness_hex`, iterations[0].randomness_hex, iteration.randomness_hex);
        checkSignature(`${where}.signature_hex`, commitment.randomness.source, iteration);
        const code = iteration.one_time_code_hex;
        if (hex(sha256(unhex(code))) !== last) {
            differ(`${where}.one_time_code_hex`, say("hashesTo", last), code);
        }
        last = code;
    });
}

/** The randomness of a drand round is the hash of its signature. */
function checkSignature(where, source, { signature_hex: signature, randomness_hex: randomness }) {
    if (source !== "drand") {
        expect(where, "", signature);
    } else if (hex(sha256(unhex(signature))) !== randomness) {
        differ(where, say("hashesTo", randomness), signature);
    }
}

/** What only iterations of one kind have. */
const ONLY = { unavailable: "substitution", places: "extension", withdrawn: "withdrawal" };

/**
 * @returns {{positions: Positions[], drawn: Map}} the positions of each iteration, and
 *     label -> [number of the iteration, stratum, position in hex] of everything selected
 */
export function checkSelection(certificate, report) {
    const strata = new Map();
    certificate.roster.forEach(([label, stratum]) => {
        strata.has(stratum) ? strata.get(stratum).push(label) : strata.set(stratum, [label]);
    });
    const { iterations } = certificate;
    const state = {
        strata,
        drawn: new Map(),
        gone: new Set(),
        positions: iterations.map((i) => new Positions(i.one_time_code_hex, i.randomness_hex)),
    };
    iterations.forEach((iteration, index) => {
        for (const [name, kind] of Object.entries(ONLY)) {
            if (iteration.kind !== kind && iteration[name].length) {
                differ(`iterations[${index}].${name}`, say("empty"), iteration[name]);
            }
        }
        const places = placesOf(certificate, index, state);
        const expected = select(state, places, iteration.kind === "extension" ? 0 : index, report);
        compareRows(`iterations[${index}].selected`, expected, iteration.selected);
        for (const [label, ...rest] of expected) {
            state.drawn.set(label, [iteration.number, ...rest]);
        }
    });
    return state;
}

/** How many each stratum draws: `Map` stratum -> number. */
function placesOf({ commitment, iterations }, index, { drawn, gone }) {
    const { kind, unavailable, places } = iterations[index];
    if (kind === "draw") {
        return new Map(commitment.strata.map(({ key, quota: count }) => [key, count]));
    }
    const wanted = new Map();
    unavailable.forEach(([label], row) => {
        if (!drawn.has(label) || gone.has(label)) {
            differ(`iterations[${index}].unavailable[${row}]`, say("stillThere"), label);
        }
        gone.add(label);
        const stratum = drawn.get(label)[1];
        wanted.set(stratum, (wanted.get(stratum) || 0) + 1);
    });
    places.forEach(([stratum, count], row) => {
        if (!commitment.strata.some(({ key }) => key === stratum) || wanted.has(stratum)) {
            differ(`iterations[${index}].places[${row}]`, say("stratumOnce"), stratum);
        }
        wanted.set(stratum, count);
    });
    return wanted;
}

function select({ strata, drawn, positions }, places, index, report) {
    const chosen = [];
    for (const stratum of [...places.keys()].sort(compareTexts)) {
        let labels = strata.get(stratum) || [];
        if (drawn.size) {
            labels = labels.filter((label) => !drawn.has(label));
        }
        let done = 0;
        const tick = () => ++done % TICK || report(done, labels.length);
        for (const [position, label] of lowest(positions[index], labels, places.get(stratum), tick)) {
            chosen.push([label, stratum, position]);
        }
    }
    return chosen;
}

/** The words that `ticket` has for one label of a certificate that has been checked. */
export function ticketOf(certificate, { strata, drawn, gone, positions }, label) {
    const left = certificate.excluded.find(([other]) => other === label);
    if (left) {
        return { label, excluded: left[1] };
    }
    const row = certificate.roster.find(([other]) => other === label);
    if (!row) {
        return { label, unknown: true };
    }
    const [, stratum] = row;
    const { quota: count } = certificate.commitment.strata.find(({ key }) => key === stratum);
    const found = { label, stratum, size: strata.get(stratum).length, quota: count };
    if (positions.length) {
        const mine = positions[0].hex(label);
        const prefix = positions[0].prefix(label);
        const before = (other) => {
            const theirs = positions[0].prefix(other);
            return theirs < prefix || (theirs === prefix && positions[0].hex(other) < mine);
        };
        found.position = mine;
        found.place = 1 + strata.get(stratum).filter(before).length;
    }
    if (drawn.has(label)) {
        [found.iteration] = drawn.get(label);
        found.kind = certificate.iterations[found.iteration - 1].kind;
        const { teams } = certificate.assignment;
        const team = teams.findLast(([, labels]) => labels.includes(label));
        found.officers = [...team[2], ...team[3]];
        found.unavailable = gone.has(label);
    }
    return found;
}

