/**
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104) in plain JavaScript.
 *
 * A draw needs millions of hashes of a few bytes each. WebCrypto answers every one of them through a
 * promise, which costs a hundred times the hash itself, and it is missing on pages without HTTPS.
 * `agreesWithBrowser` holds this code against WebCrypto wherever there is one.
 */

const BLOCK = 64;

/** The first 32 bits of the fractional parts of the `power`-th roots of the first `count` primes. */
function fractions(count, power) {
    const words = new Int32Array(count);
    const primes = [];
    for (let number = 2; primes.length < count; number++) {
        if (primes.every((prime) => number % prime)) {
            words[primes.length] = rootFraction(BigInt(number), power);
            primes.push(number);
        }
    }
    return words;
}

/** floor(number^(1 / power) * 2^32), its low 32 bits: exact, by bisection over whole numbers. */
function rootFraction(number, power) {
    const scaled = number << BigInt(32 * power);
    let low = 0n;
    let high = 1n << 42n;
    while (high - low > 1n) {
        const middle = (low + high) >> 1n;
        if (middle ** BigInt(power) <= scaled) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return Number(BigInt.asIntN(32, low));
}

const K = fractions(64, 3);
const START = fractions(8, 2);
const W = new Int32Array(64);

/** Mix the block in the first 16 words of W into `state` (8 words). */
function compress(state) {
    for (let i = 16; i < 64; i++) {
        const x = W[i - 15];
        const y = W[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

function loadBlock(bytes, offset) {
    for (let i = 0, at = offset; i < 16; i++, at += 4) {
        W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
}

/** A hash in progress: `new Hash().update(bytes).update(more).hex()`. */
export class Hash {
    constructor(state = START, length = 0) {
        this.state = Int32Array.from(state);
        this.length = length; // bytes so far; what comes with `state` is whole blocks
        this.rest = new Uint8Array(BLOCK);
        this.used = 0;
    }

    update(bytes) {
        let at = 0;
        this.length += bytes.length;
        while (at < bytes.length) {
            if (this.used === 0 && bytes.length - at >= BLOCK) {
                loadBlock(bytes, at);
                compress(this.state);
                at += BLOCK;
            } else {
                const size = Math.min(BLOCK - this.used, bytes.length - at);
                this.rest.set(bytes.subarray(at, at + size), this.used);
                this.used += size;
                at += size;
                if (this.used === BLOCK) {
                    loadBlock(this.rest, 0);
                    compress(this.state);
                    this.used = 0;
                }
            }
        }
        return this;
    }

    /** The 8 words of the hash; nothing can be added afterwards. */
    words() {
        const { rest, length } = this;
        rest[this.used++] = 0x80;
        if (this.used > BLOCK - 8) {
            rest.fill(0, this.used);
            loadBlock(rest, 0);
            compress(this.state);
            this.used = 0;
        }
        rest.fill(0, this.used);
        loadBlock(rest, 0);
        W[14] = Math.floor(length / 0x20000000);
        W[15] = length << 3;
        compress(this.state);
        return this.state;
    }

    bytes() {
        return bytesOf(this.words());
    }

    hex() {
        return hexOfWords(this.words());
    }
}

export function sha256(bytes) {
    return new Hash().update(bytes).bytes();
}

export function bytesOf(words) {
    const bytes = new Uint8Array(words.length * 4);
    const view = new DataView(bytes.buffer);
    words.forEach((word, index) => view.setInt32(index * 4, word));
    return bytes;
}

export function hexOfWords(words) {
    let text = "";
    for (const word of words) {
        text += (word >>> 0).toString(16).padStart(8, "0");
    }
    return text;
}

export function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text hexadecimal, two digits to a byte */
export function unhex(text) {
    return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

/** HMAC-SHA256 under one key, for many short messages: the pads are hashed once. */
export class Hmac {
    constructor(key) {
        const short = key.length > BLOCK ? sha256(key) : key;
        const pad = (value) => {
            const block = new Uint8Array(BLOCK).fill(value);
            short.forEach((byte, index) => (block[index] ^= byte));
            return new Hash().update(block).state;
        };
        this.inner = pad(0x36);
        this.outer = pad(0x5c);
        this.block = new Uint8Array(BLOCK);
        this.result = new Int32Array(8);
    }

    /** The 8 words for the first `length` bytes of `bytes`; the next call overwrites them. */
    words(bytes, length = bytes.length) {
        const { result } = this;
        if (length > BLOCK - 9) {
            const hash = new Hash(this.inner, BLOCK).update(bytes.subarray(0, length));
            result.set(hash.words());
        } else {
            this.block.fill(0);
            this.block.set(bytes.subarray(0, length));
            this.block[length] = 0x80;
            loadBlock(this.block, 0);
            W[15] = (BLOCK + length) << 3;
            result.set(this.inner);
            compress(result);
        }
        W.set(result);
        W[8] = 0x80000000 | 0;
        W.fill(0, 9, 15);
        W[15] = (BLOCK + 32) << 3;
        result.set(this.outer);
        compress(result);
        return result;
    }
}

/** Whether this code says what the browser's own SHA-256 and HMAC say; null where there is none. */
export async function agreesWithBrowser() {
    const { subtle } = globalThis.crypto || {};
    if (!subtle) {
        return null;
    }
    for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 65536]) {
        const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 255);
        const hash = new Uint8Array(await subtle.digest("SHA-256", bytes));
        const secret = bytes.length ? bytes : new Uint8Array(1);
        const usage = [{ name: "HMAC", hash: "SHA-256" }, false, ["sign"]];
        const key = await subtle.importKey("raw", secret, ...usage);
        const code = new Uint8Array(await subtle.sign("HMAC", key, bytes));
        const mine = bytesOf(new Hmac(secret).words(bytes));
        if (hex(hash) !== hex(sha256(bytes)) || hex(code) !== hex(mine)) {
            return false;
        }
    }
    return true;
}
