"""The check of a chain of SIZE events of 1 kB, against reading and hashing their payloads once.

The events are about no record that is compared: what is measured is the walk along the chain, whose memory does not
grow with it. The second measurement adds ten recorded rows of a registry per event, and what it takes to compare all
of them with the chain; its peer is the check before there were any.
"""

import hashlib
import secrets
import statistics
import time

import bench_draw

SIZE = 100_000
BATCH = 1_000
ROWS = 10  # of each event


def run(size, tools):
    env = tools.env
    company = env.company
    last = make_chain(env, company, size)

    def check():
        findings, counts = env["srsp.event.check"]._walk(company)
        if findings or counts["event_count"] < last:
            raise RuntimeError(f"the chain must be found intact: {findings}")

    def read_and_hash():
        with env.cr._cnx.cursor(name="bench_chain") as cursor:
            cursor.itersize = BATCH
            cursor.execute("SELECT payload FROM srsp_event")
            for [payload] in cursor:
                hashlib.sha256(payload.encode()).digest()

    yield {
        "measures": "check of the chain",
        **tools.compare(check, read_and_hash, "read and hash payloads"),
    }
    before = measure(check, 5)
    make_rows(env, company, size * ROWS, tools)
    yield {
        "measures": f"check of the chain and {size * ROWS} rows",
        "ours_s": measure(check, 5),
        "peer": "check of the chain",
        "peer_s": before,
    }


def measure(function, rounds=1):
    """The median of the seconds that ``function()`` takes."""
    seconds = []
    for _round in range(rounds):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds), 4)


def make_rows(env, company, count, tools):
    """Add ``count`` targets with an entity each by SQL, and record them."""
    division = env["srsp.division"].create({"name": "Bench", "code": "BENCH"})
    sector = env["srsp.sector"].create(
        {"name": "Bench", "code": "BEN", "division_id": division.id}
    )
    bench_draw.make_targets(env, sector, count // 2)
    seconds = measure(lambda: env["srsp.event.change"]._seal_pending(company))
    tools.say(f"{count} rows recorded and sealed in {seconds:.1f} s")


def make_chain(env, company, size):
    """Append ``size`` events by SQL, sealed as the product seals them; return the number of the last one."""
    from odoo.addons.srsp_supervision.tools import canonical

    counter = company._srsp_event_sequence()
    first = counter.number_next
    event = env["srsp.event"].search(
        [("company_id", "=", company.id), ("sequence", "=", first - 1)]
    )
    link = bytes.fromhex(event.hash) if event else canonical.GENESIS
    rows = []
    for number in range(first, first + size):
        payload = canonical.dumps({"facts": secrets.token_hex(500)})
        before, link = link, canonical.seal(link, number, "bench", payload)
        rows.append((number, payload.decode(), before.hex(), link.hex()))
        if len(rows) == BATCH or number == first + size - 1:
            env.cr.execute_values(
                f"""INSERT INTO srsp_event (company_id, kind, res_model, res_id, sequence, payload, previous_hash, hash)
                    SELECT {company.id}, 'bench', 'res.company', {company.id}, * FROM (VALUES %s) row""",
                rows,
            )
            rows.clear()
    counter.number_next = first + size
    env.flush_all()
    return first + size - 1
