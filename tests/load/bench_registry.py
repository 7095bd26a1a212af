"""A registry from the file to the screen and back into a file: imported, looked at, searched, exported.

Everything is measured three times, but for the import of more than REPEATED rows against a ``COPY`` with an upsert: of
a million rows either takes minutes and leaves as much behind to be cleared away, and once is enough to see whether it
is done at all; ``rounds`` says how often. The list's first page and count are those of an officer of one of ten
divisions, against the same for everybody.
"""

import tempfile
import time
from pathlib import Path

import bench_export
import bench_import
import bench_search
import registry_rows

SIZE = 100_000
REPEATED = 100_000
DIVISIONS = 10


def run(size, tools):
    env = tools.env
    sectors, user = registry_rows.make_sectors(env, DIVISIONS)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".local") as folder:
        path = Path(folder, "registry.csv")
        tools.say(f"writing {size} rows")
        registry_rows.write_csv(path, size, sectors.mapped("code"))
        env.cr.commit()
        yield import_file(env, tools, path, size, sectors, user)
    yield look(env, tools, sectors)
    yield from bench_search.measure(env, tools, size, sectors)
    yield from bench_export.measure(env, tools, size)


def import_file(env, tools, path, size, sectors, user):
    peak = registry_rows.weigh(env, bench_import.import_anew, path, user.id)
    work = bench_import.ours(env, path, user)
    name = "COPY and upsert"

    def peer():
        bench_import.bare(env, path, sectors[0])

    if size <= REPEATED:
        result = {**bench_import.compare(env, tools, work, peer, name), "rounds": 3}
        work()
    else:
        tools.say(name)
        peer_s = timed(bench_import.in_a_savepoint(env, peer))
        registry_rows.tidy(env)
        tools.say("importing")
        result = {
            "ours_s": round(timed(work), 1),
            "peer": name,
            "peer_s": round(peer_s, 1),
            "rounds": 1,
        }
    registry_rows.tidy(env)
    return {"measures": "import", **result, "peak_mb": peak}


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def look(env, tools, sectors):
    """The first page of the list of targets and its count, as the browser asks for them."""
    officer = registry_rows.make_user(env, "officer", sectors[0].division_id)
    own = env["srsp.target"].with_user(officer)

    def page(targets):
        assert bench_search.list_page(targets, []) >= bench_search.PAGE

    page(own)  # record rules are read once
    result = tools.compare(
        lambda: page(own), lambda: page(env["srsp.target"]), "without record rules"
    )
    return {"measures": "first page and count of a division", **result}
