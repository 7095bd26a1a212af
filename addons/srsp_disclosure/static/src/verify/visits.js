/** The checks of who inspects whom. */

import { rootOf, leaf } from "./tree.js";
import { compareRows, compareTexts, differ, expect, say } from "./text.js";
import { Bits } from "./bits.js";
import { Assignment, Staff, Visit } from "./teams.js";

/** The openings lead to the committed root. @returns {Map} label -> Bits of its class */
export function checkEligibility({ assignment, commitment, roster }, { drawn }) {
    const { classes, openings, siblings } = assignment.eligibility;
    const where = "assignment.eligibility";
    const masks = classes.map((text, index) => {
        const mask = Bits.fromHex(text, assignment.inspectors.length);
        return mask || differ(`${where}.classes[${index}]`, say("ofInspectors"), text);
    });
    const labels = [...drawn.keys()].sort(compareTexts);
    compareRows(`${where}.openings`, labels, openings.map(([label]) => label));
    openings.forEach(([, which], index) => {
        if (which >= masks.length) {
            differ(`${where}.openings[${index}]`, say("aClass", masks.length), which);
        }
    });
    const places = openings.map(([label]) => placeOf(roster, label));
    const leaves = openings.map(([label, which, blind]) => leaf(blind, label, classes[which]));
    const root = rootOf(roster.length, places, leaves, siblings);
    if (root === null) {
        differ(`${where}.siblings`, say("allUsed"), siblings.length);
    }
    expect("commitment.eligibility_root_hex", root, commitment.eligibility_root_hex);
    return new Map(openings.map(([label, which]) => [label, masks[which]]));
}

/** The place of a label in the roster, which ascends. */
function placeOf(roster, label) {
    let low = 0;
    let high = roster.length;
    while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if (compareTexts(roster[middle][0], label) <= 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/** Visits in their order, and the team of each. */
export function checkTeams(certificate, { positions }, masks, report) {
    const { assignment, commitment, iterations } = certificate;
    const staff = new Staff(assignment.inspectors, commitment.units);
    const state = { staff, masks, current: new Map(), withdrawn: Bits.for(staff.size) };
    const expected = [];
    let start = 0;
    iterations.forEach((iteration, index) => {
        let end = start;
        while (end < assignment.visits.length && assignment.visits[end][0] === iteration.number) {
            end++;
        }
        const rows = assignment.visits.slice(start, end);
        const known = iteration.kind === "withdrawal" ? takeOut(state, iteration, index) : null;
        checkVisits(iteration, rows, start, positions[index], known || newVisits(iteration));
        const visits = rows.map(([, labels]) => prepare(state, labels, known));
        const work = new Assignment(staff, commitment.officer_cap, positions[index], visits);
        const unserved = work.run(commitment.team_size, commitment.experts);
        if (unserved) {
            differ("assignment.teams", say("served", unserved.labels[0]), iteration.number);
        }
        for (const visit of visits) {
            state.current.set(visit.labels[0], visit);
            expected.push([iteration.number, ...work.teamOf(visit)]);
        }
        report(end, assignment.visits.length);
        start = end;
    });
    if (start < assignment.visits.length) {
        differ(`assignment.visits[${start}]`, say("visitOfIteration"), assignment.visits[start]);
    }
    compareRows("assignment.teams", expected, assignment.teams);
}

/** What an iteration selected: label -> position in hex. */
function newVisits({ selected }) {
    return new Map(selected.map(([label, , position]) => [label, position]));
}

/**
 * `rows` hold what is in `known`, once each; they ascend by the position of their first label under the key
 * of the iteration.
 *
 * @param {Map} known label -> position in hex, of an iteration that selects; first label -> visit, of
 *     one that withdraws
 */
function checkVisits({ kind, number }, rows, start, positions, known) {
    const left = new Set(known.keys());
    let last = "";
    rows.forEach(([, labels], index) => {
        const where = `assignment.visits[${start + index}]`;
        const first = labels.length ? positions.hex(labels[0]) : "";
        let fits = first > last;
        if (kind === "withdrawal") {
            const visit = known.get(labels[0]);
            fits = fits && left.delete(labels[0]) && `${visit.labels}` === `${labels}`;
        } else {
            const places = labels.map((label) => (left.delete(label) ? known.get(label) : ""));
            fits = fits && places.every((place, i) => place && (!i || places[i - 1] < place));
        }
        if (!fits) {
            differ(where, say(kind === "withdrawal" ? "visitGivenUp" : "visitOnce"), [number, labels]);
        }
        last = first;
    });
    if (left.size) {
        differ("assignment.visits", say("allInVisits", number), [...left][0]);
    }
}

/** Note who can no longer serve, and take what they give up off their loads: first label -> visit. */
function takeOut({ staff, current, withdrawn }, iteration, index) {
    const visits = new Map();
    iteration.withdrawn.forEach(([name, , labels], row) => {
        const member = staff.index.get(name);
        if (member === undefined || withdrawn.has(member)) {
            differ(`iterations[${index}].withdrawn[${row}]`, say("inspectorOnce"), name);
        }
        withdrawn.add(member);
        for (const label of labels) {
            const visit = visits.get(label) || leaving(current.get(label));
            if (!visit || !visit.members.has(member)) {
                differ(`iterations[${index}].withdrawn[${row}]`, say("inTeam", name), label);
            }
            visit.members.drop(member);
            visit.officers = visit.officers.filter((other) => other !== member);
            visit.experts = visit.experts.filter((other) => other !== member);
            staff.loads[member]--;
            visits.set(label, visit);
        }
    });
    return visits;
}

/** A copy of a visit as it stands, which members can leave. */
function leaving(visit) {
    return visit && new Visit(visit.labels, visit.members, visit);
}

function prepare({ masks, withdrawn }, labels, known) {
    const mask = masks.get(labels[0]).copy().without(withdrawn);
    labels.forEach((label) => mask.and(masks.get(label)));
    return new Visit(labels, mask, known ? known.get(labels[0]) : undefined);
}
