/** Who inspects whom: "Teams" of readme/CERTIFICATE.md, for one iteration. */

import { Bits } from "./bits.js";

/** The inspectors of a draw, and who of them forms which round. */
export class Staff {
    /**
     * @param {Array} inspectors [[label, pool, unit, load], …]
     * @param {string[]} units
     */
    constructor(inspectors, units) {
        this.size = inspectors.length;
        this.labels = inspectors.map(([label]) => label);
        this.index = new Map(this.labels.map((label, index) => [label, index]));
        this.loads = inspectors.map((row) => row[3]);
        this.units = units;
        this.unitOf = inspectors.map(([, pool, unit]) => (pool === "division" ? unit : null));
        this.ofUnit = new Map(units.map((unit) => [unit, this.select((i) => this.unitOf[i] === unit)]));
        this.pools = {};
        for (const pool of ["division", "detachment", "expert"]) {
            this.pools[pool] = this.select((index) => inspectors[index][1] === pool);
        }
        this.officers = this.pools.division.copy().or(this.pools.detachment);
    }

    select(test) {
        const bits = Bits.for(this.size);
        this.labels.forEach((_label, index) => test(index) && bits.add(index));
        return bits;
    }
}

/** A visit that is to get its team. `kept` are indices of inspectors who stay in it. */
export class Visit {
    constructor(labels, mask, kept = { officers: [], experts: [] }) {
        Object.assign(this, { labels, mask });
        this.officers = [...kept.officers];
        this.experts = [...kept.experts];
        this.members = mask.copy().fill(0);
        [...this.officers, ...this.experts].forEach((member) => this.members.add(member));
    }

    get size() {
        return this.officers.length + this.experts.length;
    }
}

export class Assignment {
    /**
     * @param {Staff} staff whose `loads` are as the iteration begins, and grow
     * @param {number|null} cap
     * @param {Positions} positions of the iteration
     * @param {Visit[]} visits in their order
     */
    constructor(staff, cap, positions, visits) {
        Object.assign(this, { staff, positions, visits });
        this.cap = cap === null ? Infinity : cap;
        this.room = staff.select((index) => staff.loads[index] < this.cap);
        this.given = staff.labels.map(() => []); // the visits of each, in the order given
        this.met = staff.labels.map(() => Bits.for(staff.size));
    }

    /** @returns {Visit|null} a visit that nobody can serve, else null: every team is full */
    run(teamSize, experts) {
        const { ofUnit, pools, officers } = this.staff;
        for (const allowed of ofUnit.values()) {
            this.giveUnit(allowed, teamSize);
        }
        const ranks = [pools.division, pools.detachment];
        for (const visit of this.visits) {
            while (visit.officers.length < teamSize) {
                if (!ranks.some((rank) => this.pick(visit, rank, "officers"))) {
                    const freed = this.free(visit, officers, "officers", { keepUnits: true });
                    if (freed !== true && this.free(visit, officers, "officers") !== true) {
                        return visit;
                    }
                }
            }
        }
        for (const visit of this.visits) {
            while (visit.experts.length < experts) {
                const served = this.pick(visit, pools.expert, "experts");
                if (!served && this.free(visit, pools.expert, "experts") !== true) {
                    return visit;
                }
            }
        }
        return null;
    }

    giveUnit(allowed, teamSize) {
        const dead = Bits.for(this.staff.size);
        for (const visit of this.visits) {
            const lacks = visit.officers.length < teamSize && visit.mask.meets(allowed);
            if (lacks && !visit.members.meets(allowed) && !this.pick(visit, allowed, "officers")) {
                const found = this.free(visit, allowed, "officers", { dead });
                if (found !== true) {
                    dead.or(found);
                }
            }
        }
    }

    /** Give the visit one of the allowed who has room; false when there is none. */
    pick(visit, allowed, role) {
        const free = visit.mask.copy().and(allowed).and(this.room).without(visit.members);
        let candidates = free.indices();
        if (!candidates.length) {
            return false;
        }
        const { loads } = this.staff;
        const least = candidates.reduce((low, index) => Math.min(low, loads[index]), Infinity);
        candidates = candidates.filter((index) => loads[index] === least);
        const team = [...visit.officers, ...visit.experts];
        const strangers = candidates.filter(
            (index) => !team.some((member) => this.met[member].has(index))
        );
        const chosen = this.choose(visit, strangers.length ? strangers : candidates);
        for (const member of team) {
            this.met[member].add(chosen);
            this.met[chosen].add(member);
        }
        this.grow(chosen);
        this.join(visit, chosen, role);
        return true;
    }

    choose(visit, candidates) {
        const text = `${visit.labels[0]}\t${visit.size + 1}`;
        return candidates[this.positions.modulo(text, candidates.length)];
    }

    join(visit, member, role) {
        visit[role].push(member);
        visit.members.add(member);
        this.given[member].push(visit);
    }

    grow(member) {
        if (++this.staff.loads[member] >= this.cap) {
            this.room.drop(member);
        }
    }

    /**
     * Free somebody for the visit by moving others.
     *
     * @returns {true|Bits} true when somebody was; else everybody who was queued: all are full, and their
     * visits have nobody else to go to. That stays so; a later search may leave them out (`dead`).
     */
    free(visit, allowed, role, { dead = null, keepUnits = false } = {}) {
        if (!this.room.meets(allowed)) {
            return Bits.for(this.staff.size);
        }
        const unseen = allowed.copy();
        if (dead) {
            unseen.without(dead);
        }
        const start = visit.mask.copy().and(unseen).without(visit.members);
        unseen.without(start);
        const seen = start.copy();
        const queue = start.indices();
        const cameFrom = new Map();
        for (let at = 0; at < queue.length && unseen.any; at++) {
            const member = queue[at];
            for (const held of this.given[member]) {
                const others = held.mask.copy().and(unseen).without(held.members);
                if (keepUnits && others.any && this.isAlone(member, held)) {
                    others.and(this.staff.ofUnit.get(this.staff.unitOf[member]));
                }
                if (!others.any) {
                    continue;
                }
                const ready = others.copy().and(this.room).indices();
                if (ready.length) {
                    this.move(visit, role, this.choose(visit, ready), [member, held], cameFrom);
                    return true;
                }
                unseen.without(others);
                seen.or(others);
                for (const other of others.indices()) {
                    cameFrom.set(other, [member, held]);
                    queue.push(other);
                }
            }
        }
        return seen;
    }

    isAlone(member, visit) {
        const unit = this.staff.unitOf[member];
        const colleagues = visit.officers.filter((other) => this.staff.unitOf[other] === unit);
        return unit !== null && colleagues.length === 1;
    }

    /** `heir` takes the place of `member` in `held`, who takes that of whoever led there, and so on. */
    move(visit, role, heir, [member, held], cameFrom) {
        this.grow(heir);
        for (;;) {
            held[role][held[role].indexOf(member)] = heir;
            held.members.drop(member);
            held.members.add(heir);
            this.given[member].splice(this.given[member].indexOf(held), 1);
            this.given[heir].push(held);
            const earlier = cameFrom.get(member);
            if (!earlier) {
                break;
            }
            heir = member;
            [member, held] = earlier;
        }
        this.join(visit, member, role);
    }

    /** What the certificate says of a visit: `[labels, officers, experts, steps]`. */
    teamOf(visit) {
        const { labels, pools, ofUnit } = this.staff;
        const steps = visit.members.meets(pools.detachment) ? ["detachment"] : [];
        for (const [unit, colleagues] of ofUnit) {
            if (visit.mask.meets(colleagues) && !visit.members.meets(colleagues)) {
                steps.push(`without ${unit}`);
            }
        }
        const name = (member) => labels[member];
        return [visit.labels, visit.officers.map(name), visit.experts.map(name), steps];
    }
}
