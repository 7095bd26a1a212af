"""Looking somebody up in a registry: fragments of names of two to six characters, against the same without the index.

The peer is Odoo's plain ``ilike``. The same of the box above the list of targets, which looks in names, permits and
codes at once, as an officer of one division asks it: first page and count. A lookup by credit code is measured in the
database alone, against the fragment.
"""

import random
import tempfile
from pathlib import Path
from unittest.mock import patch

import registry_rows

from odoo import fields

SIZE = 100_000
LOOKUPS = 5  # per round
PAGE = 80  # rows
COUNTED = 10_001  # from there on the list says 10,000+
SPECIFICATION = {
    name: {}
    for name in "code name region permit_number risk_class state is_key".split()
} | {"entity_id": {"fields": {"display_name": {}}}}


def run(size, tools):
    env = tools.env
    sectors, _user = fill(env, tools, size)
    yield from measure(env, tools, size, sectors)


def fill(env, tools, size, sectors=1):
    """Import ``size`` targets; return (sectors, user)."""
    sectors, user = registry_rows.make_sectors(env, sectors)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".local") as folder:
        path = Path(folder, "registry.csv")
        registry_rows.write_csv(path, size, sectors.mapped("code"))
        tools.say(f"importing {size} targets")
        record = registry_rows.make_import(env, path, user)
        record._run()
    assert record.state == "done" and not record.bad_count, record.message
    registry_rows.tidy(env)
    return sectors, user


def measure(env, tools, size, sectors):
    entities = env["srsp.entity"]
    [spelled] = type(entities._fields["name"]).__bases__
    plain = patch.object(spelled, "condition_to_sql", fields.Char.condition_to_sql)
    names = [row[0] for row in registry_rows.make_rows(min(size, 2_000), ["X"])]
    pick = random.Random(7)
    for length in range(2, 7):
        # From the part of a name that tells it from others: 福州市…区 stands before it.
        at = names[0].index("区") + 1
        fragments = [name[at : at + length] for name in pick.sample(names, LOOKUPS)]

        def ours(fragments=fragments):
            return [
                entities.search_count([("name", "ilike", text)]) for text in fragments
            ]

        def peer(fragments=fragments):
            with plain:
                return [
                    entities.search_count([("name", "ilike", text)])
                    for text in fragments
                ]

        found = ours()
        assert found == peer() and all(found), fragments
        result = tools.compare(ours, peer, "without the index")
        yield {"measures": f"{LOOKUPS} name fragments of {length} characters", **result}
    yield from by_box(env, tools, size, sectors, plain)
    codes = [row[2] for row in registry_rows.make_rows(min(size, 2_000), ["X"])][
        -LOOKUPS:
    ]
    yield from by_code(env, tools, codes, plain)


def by_box(env, tools, size, sectors, plain):
    """What the box above the list of targets finds for an officer of one division."""
    reader = registry_rows.make_user(env, "reader", sectors[0].division_id)
    targets = env["srsp.target"].with_user(reader)
    rows = list(registry_rows.make_rows(min(size, 2_000), sectors.mapped("code")))
    own = random.Random(7).sample(
        [row for row in rows if row[8] == sectors[0].code], LOOKUPS
    )
    at = rows[0][0].index("区") + 1
    for measures, typed in (
        ("fragments of 2 characters", [row[0][at : at + 2] for row in own]),
        ("fragments of 4 characters", [row[0][at : at + 4] for row in own]),
        ("ends of permit numbers", [row[14][-6:] for row in own]),
        ("whole permit numbers", [row[14] for row in own]),
    ):

        def ours(typed=typed):
            return [
                list_page(targets, [("display_name", "ilike", text)]) for text in typed
            ]

        def peer(ours=ours):
            with plain:
                return ours()

        found = ours()
        assert found == peer() and all(found), typed
        result = tools.compare(ours, peer, "without the indexes")
        yield {"measures": f"{LOOKUPS} {measures} in the list's box", **result}


def list_page(targets, domain):
    """Read the list's first page and count, as the browser asks for them; return the count."""
    targets.env.invalidate_all()
    return targets.web_search_read(
        domain, SPECIFICATION, limit=PAGE, count_limit=COUNTED
    )["length"]


def by_code(env, tools, codes, plain):
    """Whole credit codes: what the database itself needs for one of them stands in ``database_ms``."""
    entities = env["srsp.entity"]
    statement = entities._search([("uscc", "=", codes[0])]).select()
    env.cr.execute(statement)
    env.cr.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + env.cr.query.decode())
    [[[plan]]] = env.cr.fetchall()

    def ours():
        return [entities.search([("uscc", "=", code)]) for code in codes]

    def peer():
        env.cr.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off;"
                       " SET LOCAL enable_indexonlyscan = off")  # fmt: skip
        found = ours()
        env.cr.execute(
            "RESET enable_indexscan; RESET enable_bitmapscan; RESET enable_indexonlyscan"
        )
        return found

    result = tools.compare(ours, peer, "without the index")
    yield {
        "measures": f"{LOOKUPS} credit codes",
        **result,
        "database_ms": plan["Execution Time"],
    }
