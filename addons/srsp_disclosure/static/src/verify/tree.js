/** The hash tree over who may visit whom (the shape of RFC 6962, leaves as in readme/CERTIFICATE.md). */

import { Hash, hex, unhex } from "./sha256.js";
import { encode } from "./text.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leaf(blindHex, label, classHex) {
    const hash = new Hash().update(LEAF).update(unhex(blindHex));
    return hash.update(encode(`${label}\t${classHex}`)).bytes();
}

/**
 * The root, in hexadecimal, of a tree of `size` leaves of which some are known.
 *
 * @param {number[]} places of the known leaves, ascending
 * @param {Uint8Array[]} leaves their hashes
 * @param {string[]} siblings hashes of the subtrees without a known leaf, left before right
 * @returns {string|null} null when there are too many or too few siblings
 */
export function rootOf(size, places, leaves, siblings) {
    let used = 0;
    let at = 0; // the next known leaf

    /** The hash of the leaves `first` up to `end`. */
    function walk(first, end) {
        if (at === places.length || places[at] >= end) {
            return unhex(siblings[used++] || "");
        }
        if (end - first === 1) {
            return leaves[at++];
        }
        let half = 1;
        while (half * 2 < end - first) {
            half *= 2;
        }
        const left = walk(first, first + half);
        const right = walk(first + half, end);
        return new Hash().update(NODE).update(left).update(right).bytes();
    }

    const root = walk(0, size);
    return used === siblings.length ? hex(root) : null;
}
