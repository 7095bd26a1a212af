"""Teams of two for SIZE visits by 500 inspectors, each pair barred with probability 0.3, against scipy's maximum flow.

At the load cap that needs everybody's last place, and one below it, where both prove that no assignment exists.
``maximum_flow`` is measured with its graph already made, and gives any assignment at all: neither even nor recomputable
by others.
"""

import secrets

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

SIZE = 50_000
INSPECTORS = 500
TEAM = 2
BARRED = 0.3


def run(size, tools):
    from odoo.addons.srsp_supervision.tools.assignment import Shortage, assign

    rng = np.random.default_rng(size)
    may = rng.random((size, INSPECTORS)) >= BARRED
    packed = np.packbits(may, axis=1, bitorder="little")
    visits = [
        ([f"T{number:06}"], int.from_bytes(row.tobytes(), "little"), [], [])
        for number, row in enumerate(packed)
    ]
    inspectors = [[f"I{number:04}", "division", "A", 0] for number in range(INSPECTORS)]
    key = secrets.token_bytes(32)
    smallest = -(-size * TEAM // INSPECTORS)
    for cap in (smallest, smallest - 1):
        graph = make_graph(may, cap)

        def ours(cap=cap):
            try:
                assign(key, visits, inspectors, ["A"], TEAM, 0, cap)
            except Shortage as shortage:
                return size * TEAM - shortage.missing
            return size * TEAM

        def flow(graph=graph):
            return maximum_flow(graph, 0, graph.shape[0] - 1).flow_value

        filled = ours()
        if filled != flow():
            raise RuntimeError(f"both must fill the same number of places at cap {cap}")
        feasible = filled == size * TEAM
        result = tools.compare(ours, flow, "scipy maximum_flow")
        yield {"measures": "teams", "cap": cap, "feasible": feasible, **result}


def make_graph(may, cap):
    """Source 0, then the visits, then the inspectors, then the sink; capacities as scipy wants them."""
    size = len(may)
    visit, inspector = np.nonzero(may)
    sink = size + INSPECTORS + 1
    people = np.arange(size + 1, sink)
    starts = (np.zeros(size, dtype=int), visit + 1, people)
    ends = (np.arange(1, size + 1), inspector + size + 1, np.full(INSPECTORS, sink))
    room = (np.full(size, TEAM), np.ones(len(visit)), np.full(INSPECTORS, cap))
    shape = (sink + 1, sink + 1)
    values, rows, columns = (np.concatenate(part) for part in (room, starts, ends))
    return coo_array((values.astype(np.int32), (rows, columns)), shape).tocsr()
