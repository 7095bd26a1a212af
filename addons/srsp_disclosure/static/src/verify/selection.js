/** Positions, and the lowest of them. */

import { Hmac, bytesOf, hexOfWords, unhex } from "./sha256.js";
import { encode, encodeInto } from "./text.js";

const SCRATCH = 4096; // bytes; a longer text gets an array of its own
const TWO_32 = 0x100000000;

/** The positions of one iteration: HKDF with its one-time code and the randomness. */
export class Positions {
    constructor(codeHex, randomnessHex) {
        const key = bytesOf(new Hmac(unhex(codeHex)).words(unhex(randomnessHex)));
        this.hmac = new Hmac(key);
        this.scratch = new Uint8Array(SCRATCH);
    }

    /** The 8 words of the position of `text`; the next call overwrites them. */
    words(text) {
        let bytes = this.scratch;
        let length;
        if (text.length * 3 < SCRATCH) {
            length = encodeInto(text, bytes);
        } else {
            const long = encode(text);
            length = long.length;
            bytes = new Uint8Array(length + 1);
            bytes.set(long);
        }
        bytes[length] = 1;
        return this.hmac.words(bytes, length + 1);
    }

    hex(text) {
        return hexOfWords(this.words(text));
    }

    /** The first 53 bits of the position, as a number: enough to sort all but twins. */
    prefix(text) {
        const words = this.words(text);
        return (words[0] >>> 0) * 0x200000 + (words[1] >>> 11);
    }

    /** The position as one big-endian number, modulo `count` (at most 2^20). */
    modulo(text, count) {
        let rest = 0;
        for (const word of this.words(text)) {
            rest = (rest * TWO_32 + (word >>> 0)) % count;
        }
        return rest;
    }
}

/** The `count` labels with the lowest positions, ascending: `[[position in hex, label], …]`. */
export function lowest(positions, labels, count, tick = () => {}) {
    if (count <= 0 || labels.length === 0) {
        return [];
    }
    const prefixes = new Float64Array(labels.length);
    labels.forEach((label, index) => {
        prefixes[index] = positions.prefix(label);
        tick();
    });
    const last = Float64Array.from(prefixes).sort()[Math.min(count, labels.length) - 1];
    const candidates = [];
    prefixes.forEach((prefix, index) => {
        if (prefix <= last) {
            candidates.push([positions.hex(labels[index]), labels[index]]);
        }
    });
    candidates.sort(([one], [other]) => (one < other ? -1 : 1));
    return candidates.slice(0, count);
}

/** How many of a stratum of `size` are drawn at `ratio`, which counts as the decimal text it is. */
export function quota(size, ratio) {
    const [digits, exponent = "0"] = String(ratio).split("e");
    const [whole, fraction = ""] = digits.split(".");
    const places = fraction.length - Number(exponent);
    const scale = (power) => 10n ** BigInt(Math.max(0, power));
    const numerator = BigInt(size) * BigInt(whole + fraction) * scale(-places);
    const wanted = (numerator + scale(places) - 1n) / scale(places);
    return Math.min(size, Math.max(1, Number(wanted)));
}
