"""A registry from the file to the screen and back into a file: imported, looked at, searched, exported.

The import runs once, against one ``COPY`` with an upsert (``bench_import`` repeats it); everything else is repeated.
The list's first page and count are those of an officer of one of ten divisions, against the same for everybody.
"""

import tempfile
import time
from pathlib import Path

import bench_export
import bench_import
import bench_search
import registry_rows

SIZE = 100_000
DIVISIONS = 10
PAGE = 80


def run(size, tools):
    env = tools.env
    sectors, user = registry_rows.make_sectors(env, DIVISIONS)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".local") as folder:
        path = Path(folder, "registry.csv")
        tools.say(f"writing {size} rows")
        registry_rows.write_csv(path, size, sectors.mapped("code"))
        env.cr.commit()
        yield import_once(env, tools, path, sectors, user)
    yield look(env, tools, sectors)
    yield from bench_search.measure(env, tools, size)
    yield from bench_export.measure(env, tools, size)


def import_once(env, tools, path, sectors, user):
    peer = bench_import.in_a_savepoint(
        env, lambda: bench_import.bare(env, path, sectors[0])
    )
    tools.say("COPY and upsert")
    peer_s = timed(peer)
    registry_rows.tidy(env)
    work = bench_import.ours(env, path, user)
    tools.say("importing")
    with registry_rows.PeakMemory() as peak:
        ours_s = timed(work)
    registry_rows.tidy(env)
    return {
        "measures": "import, once",
        "ours_s": round(ours_s, 1),
        "peer": "COPY and upsert",
        "peer_s": round(peer_s, 1),
        "peak_mb": peak.mb,
    }


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def look(env, tools, sectors):
    """The first page of the list of targets and its count, as the browser asks for them."""
    officer = registry_rows.make_user(env, "officer", sectors[0].division_id)
    specification = {
        name: {}
        for name in "code name region permit_number risk_class state is_key".split()
    } | {"entity_id": {"fields": {"display_name": {}}}}

    def page(targets):
        targets.env.invalidate_all()
        found = targets.web_search_read(
            [], specification, limit=PAGE, count_limit=10_001
        )
        assert len(found["records"]) == PAGE

    own = env["srsp.target"].with_user(officer)
    page(own)  # record rules are read once
    result = tools.compare(
        lambda: page(own), lambda: page(env["srsp.target"]), "without record rules"
    )
    return {"measures": "first page and count of a division", **result}
