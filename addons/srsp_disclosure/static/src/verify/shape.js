/** The fields of a certificate and what each may hold: see readme/CERTIFICATE.md. */

import { BadInput, LARGEST } from "./text.js";

const LONE_SURROGATE = /[\ud800-\udfff]/u; // no UTF-8 has one
const FORMAT = "srsp-draw-certificate/2";
const CHAIN = ["sequence", "kind", "previous_hash_hex", "hash_hex"];

/** A shape is a function value -> null, or [path, word] of what is amiss. */
const one = (word, test) => (value) => test(value) ? null : ["", word];
const words = (word, pattern) =>
    one(word, (v) => typeof v === "string" && pattern.test(v) && !LONE_SURROGATE.test(v));

const text = words("text", /^/);
const field = words("field", /^[^\t\n]*$/);
const label = words("label", /^[^\t\n]+$/);
const digest = words("digest", /^[0-9a-f]{64}$/);
const octets = words("octets", /^(?:[0-9a-f]{2})+$/);
const maybeOctets = words("octets", /^(?:[0-9a-f]{2})*$/);
const mask = words("mask", /^(?:0|[1-9a-f][0-9a-f]*)$/);
const kind = words("kind", /^(?:draw|substitution|extension|withdrawal)$/);
const pool = words("pool", /^(?:division|detachment|expert)$/);
const whole = one("whole", (v) => Number.isInteger(v) && v >= 0 && v <= LARGEST);
const some = one("some", (v) => Number.isInteger(v) && v >= 1 && v <= LARGEST);
const share = one("share", (v) => typeof v === "number" && v >= 0 && v <= LARGEST);
const time = one("time", isTime);
const orNull = (shape) => (value) => value === null ? null : shape(value);

function isTime(value) {
    const pattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)$/;
    if (typeof value !== "string" || !pattern.test(value)) {
        return false;
    }
    const date = new Date(`${value.slice(0, 19)}Z`);
    return !isNaN(date) && date.toISOString().startsWith(value.slice(0, 19));
}

function object(fields) {
    const entries = Object.entries(fields);
    return (value) => {
        if (value === null || typeof value !== "object" || Array.isArray(value)) {
            return ["", "object"];
        }
        for (const [name, shape] of entries) {
            const found = Object.hasOwn(value, name) ? shape(value[name]) : ["", "present"];
            if (found) {
                return [`.${name}${found[0]}`, found[1]];
            }
        }
        return null;
    };
}

/** A list of any length whose entries have one shape, or of just these entries. */
const list = (shape) => (value) => entriesOf(value, () => shape);
const row = (...shapes) => (value) =>
    Array.isArray(value) && value.length !== shapes.length
        ? ["", "row"]
        : entriesOf(value, (index) => shapes[index]);

function entriesOf(value, shapeAt) {
    if (!Array.isArray(value)) {
        return ["", "list"];
    }
    for (let index = 0; index < value.length; index++) {
        const found = shapeAt(index)(value[index]);
        if (found) {
            return [`[${index}]${found[0]}`, found[1]];
        }
    }
    return null;
}

const certificate = object({
    draw: object({
        number: text,
        task: text,
        bureau: text,
        rulebook: text,
        state: text,
        locked_at: time,
        drawn_at: orNull(time),
    }),
    commitment: object({
        n: some,
        code_hex: digest,
        roster_digest_hex: digest,
        excluded_digest_hex: digest,
        inspectors_digest_hex: digest,
        eligibility_root_hex: digest,
        strata: list(object({ key: field, size: whole, ratio: share, quota: whole })),
        team_size: some,
        experts: whole,
        officer_cap: orNull(whole),
        units: list(label),
        randomness: object({
            source: text,
            announced_for: time,
            statement: text,
            bits_needed: whole,
        }),
    }),
    roster: list(row(label, field)),
    excluded: list(row(label, field)),
    witnesses: list(row(text, time, text)),
    iterations: list(
        object({
            number: some,
            kind,
            reason: text,
            one_time_code_hex: octets,
            randomness_hex: octets,
            signature_hex: maybeOctets,
            unavailable: list(row(label, text)),
            places: list(row(field, some)),
            withdrawn: list(row(label, text, list(label))),
            selected: list(row(label, field, digest)),
        })
    ),
    assignment: object({
        inspectors: list(row(label, pool, field, whole)),
        eligibility: object({
            classes: list(mask),
            openings: list(row(label, whole, digest)),
            siblings: list(digest),
        }),
        visits: list(row(some, list(label))),
        teams: list(row(some, list(label), list(label), list(label), list(text))),
    }),
    chain: object({ sequence: whole, kind: text, previous_hash_hex: digest, hash_hex: digest }),
});

/** @throws {BadInput} unless every field of `value` is there and of its type */
export function checkShape(value) {
    if (value === null || typeof value !== "object" || value.format !== FORMAT) {
        throw new BadInput("format");
    }
    const found = certificate(value);
    if (found) {
        throw new BadInput(found[1], found[0].slice(1));
    }
    if (Object.keys(value.chain).some((name) => !CHAIN.includes(name))) {
        throw new BadInput("chain", "chain");
    }
}
