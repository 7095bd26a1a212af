/** Texts, JSON in its one spelling, and what a check throws. */

import { Hash } from "./sha256.js";

export const LARGEST = Number.MAX_SAFE_INTEGER;
const BATCH = 4096; // rows hashed at a time
const encoder = new TextEncoder();

/** The file is no certificate of this format: a field at `where` is not `expected` (a word of `say`). */
export class BadInput extends Error {
    constructor(expected, where = "") {
        super(`${where}: ${expected}`);
        Object.assign(this, { expected, where });
    }
}

/** Something does not recompute. `expected` is a value, or `say(word, value)`. */
export class Difference extends Error {
    constructor(where, expected, found) {
        super(`${where}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
        Object.assign(this, { where, expected, found });
    }
}

/** An expectation in words: the page has a sentence for each `word`, with a place for `value`. */
export const say = (word, value) => ({ say: word, value });

export function differ(where, expected, found) {
    throw new Difference(where, expected, found);
}

export function expect(where, expected, found) {
    if (expected !== found) {
        differ(where, expected, found);
    }
}

/** Compare lists of rows (nested lists of texts and numbers), entry by entry. */
export function compareRows(where, expected, found) {
    const shared = Math.min(expected.length, found.length);
    for (let index = 0; index < shared; index++) {
        if (JSON.stringify(expected[index]) !== JSON.stringify(found[index])) {
            differ(`${where}[${index}]`, expected[index], found[index]);
        }
    }
    if (expected.length !== found.length) {
        differ(where, say("entries", expected.length), found.length);
    }
}

export const encode = (text) => encoder.encode(text);
export const encodeInto = (text, bytes) => encoder.encodeInto(text, bytes).written;

/** Order by code point, which is the order of UTF-8 bytes; JavaScript's own goes by UTF-16 units. */
export function compareTexts(one, other) {
    const length = Math.min(one.length, other.length);
    for (let index = 0; index < length; index++) {
        const a = one.charCodeAt(index);
        const b = other.charCodeAt(index);
        if (a !== b) {
            return rank(a) - rank(b);
        }
    }
    return one.length - other.length;
}

/** Units of pairs (U+10000 and up) come after all others. */
function rank(unit) {
    return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/**
 * SHA-256 over rows whose fields are joined by tabs and ended by a line feed.
 * The first field must ascend strictly.
 */
export function rowsDigest(where, rows) {
    const hash = new Hash();
    let last = "";
    let lines = "";
    rows.forEach((row, index) => {
        if (compareTexts(last, row[0]) >= 0) {
            differ(`${where}[${index}]`, say("ascending"), row);
        }
        last = row[0];
        lines += row.join("\t") + "\n";
        if (index % BATCH === BATCH - 1) {
            hash.update(encode(lines));
            lines = "";
        }
    });
    return hash.update(encode(lines)).hex();
}

/** The JSON value in `bytes` (UTF-8, no field named twice). */
export function parse(bytes) {
    let value;
    try {
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        value = JSON.parse(text);
        refuseRepeated(text);
    } catch (error) {
        throw error instanceof BadInput ? error : new BadInput("json");
    }
    return value;
}

/** `text` is JSON already: look at the names of its objects only. */
function refuseRepeated(text) {
    const open = []; // of each value that is open: a Set of names, null for a list
    let named = false; // the next text is a name
    for (let at = 0; at < text.length; at++) {
        const sign = text[at];
        if (sign === '"') {
            const start = at++;
            while (text[at] !== '"') {
                at += text[at] === "\\" ? 2 : 1;
            }
            if (named) {
                const name = JSON.parse(text.slice(start, at + 1));
                if (open[open.length - 1].has(name)) {
                    throw new BadInput("once", name);
                }
                open[open.length - 1].add(name);
                named = false;
            }
        } else if (sign === "{" || sign === "[") {
            named = sign === "{";
            open.push(named ? new Set() : null);
        } else if (sign === "}" || sign === "]") {
            open.pop();
            named = false;
        } else if (sign === ",") {
            named = open[open.length - 1] !== null;
        }
    }
}

/** JSON with names ascending by code point, no spaces, numbers as `JSON.stringify` writes them. */
export function canonical(value) {
    if (Array.isArray(value)) {
        return `[${value.map(canonical).join(",")}]`;
    }
    if (value !== null && typeof value === "object") {
        const names = Object.keys(value).sort(compareTexts);
        const fields = names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
        return `{${fields.join(",")}}`;
    }
    if (typeof value === "number" && !(Math.abs(value) <= LARGEST)) {
        throw new BadInput("exact");
    }
    return JSON.stringify(value);
}
