/** Sets of inspectors: arrays of 32-bit words, where bit i stands for the inspector at index i. */

export class Bits extends Uint32Array {
    /** @param {string} text hexadecimal; @returns {Bits|null} null when a bit beyond `size` is set */
    static fromHex(text, size) {
        const bits = Bits.for(size);
        for (let end = text.length, word = 0; end > 0; end -= 8, word++) {
            const value = parseInt(text.slice(Math.max(0, end - 8), end), 16);
            if (word < bits.length) {
                bits[word] = value;
            } else if (value) {
                return null;
            }
        }
        return bits.indices().every((index) => index < size) ? bits : null;
    }

    static for(size) {
        return new Bits(Math.ceil(size / 32));
    }

    has(index) {
        return ((this[index >>> 5] >>> (index & 31)) & 1) === 1;
    }

    add(index) {
        this[index >>> 5] |= 1 << (index & 31);
    }

    drop(index) {
        this[index >>> 5] &= ~(1 << (index & 31));
    }

    meets(other) {
        return this.some((word, index) => word & other[index]);
    }

    copy() {
        return Bits.from(this);
    }

    /** These operations change the set and return it. */
    and(other) {
        for (let word = 0; word < this.length; word++) {
            this[word] &= other[word];
        }
        return this;
    }

    or(other) {
        for (let word = 0; word < this.length; word++) {
            this[word] |= other[word];
        }
        return this;
    }

    without(other) {
        for (let word = 0; word < this.length; word++) {
            this[word] &= ~other[word];
        }
        return this;
    }

    get any() {
        for (let word = 0; word < this.length; word++) {
            if (this[word]) {
                return true;
            }
        }
        return false;
    }

    /** The indices in the set, ascending. */
    indices() {
        const found = [];
        for (let word = 0; word < this.length; word++) {
            for (let rest = this[word]; rest; rest &= rest - 1) {
                found.push(word * 32 + 31 - Math.clz32(rest & -rest));
            }
        }
        return found;
    }
}
