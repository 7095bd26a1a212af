/**
 * Recompute a draw from its certificate alone, as readme/CERTIFICATE.md of srsp_supervision says.
 *
 * These modules need nothing but a browser: no server, no framework, no network.
 */

import { Hash, unhex } from "./sha256.js";
import { canonical, encode, expect, parse } from "./text.js";
import { checkShape } from "./shape.js";
import {
    checkBits,
    checkCodes,
    checkInspectors,
    checkRoster,
    checkSelection,
    checkTimes,
    ticketOf,
} from "./checks.js";
import { checkEligibility, checkTeams } from "./visits.js";

const NOT_SEALED = ["roster", "excluded", "chain"];

/** @param {Uint8Array} bytes of the file; @returns the certificate; @throws {BadInput} */
export function load(bytes) {
    const value = parse(bytes);
    checkShape(value);
    return value;
}

function checkSeal(certificate) {
    const { chain } = certificate;
    const payload = { ...certificate };
    NOT_SEALED.forEach((name) => delete payload[name]);
    const record = canonical({ kind: chain.kind, payload, sequence: chain.sequence });
    const hash = new Hash().update(unhex(chain.previous_hash_hex)).update(encode(record));
    expect("chain.hash_hex", hash.hex(), chain.hash_hex);
}

/**
 * Recompute everything.
 *
 * @param certificate as `load` returns it
 * @param {(step: string, done?: number, total?: number) => void} report when a step begins, and on its way
 * @returns {{summary: object, ticket: (label: string) => object}}
 * @throws {Difference} at the first thing that does not match
 */
export function verify(certificate, report = () => {}) {
    const at = (step) => (done, total) => report(step, done, total);
    report("commitment");
    checkTimes(certificate);
    checkRoster(certificate);
    checkBits(certificate);
    checkInspectors(certificate);
    report("codes");
    checkCodes(certificate);
    report("selection");
    const state = checkSelection(certificate, at("selection"));
    report("eligibility");
    const masks = checkEligibility(certificate, state);
    report("teams");
    checkTeams(certificate, state, masks, at("teams"));
    report("seal");
    checkSeal(certificate);
    return {
        summary: {
            number: certificate.draw.number,
            roster: certificate.roster.length,
            drawn: state.drawn.size,
            iterations: certificate.iterations.length,
            teams: certificate.assignment.visits.length,
            link: certificate.chain.sequence,
        },
        ticket: (label) => ticketOf(certificate, state, label),
    };
}
