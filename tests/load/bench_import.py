"""Importing a registry from a file, against the ORM's ``load()`` and against a bare ``COPY`` with an upsert.

Each twice: a new file, and the same file again. ``bare`` copies the columns into a staging table and upserts both
tables by ``ON CONFLICT``, checking nothing and without history: what PostgreSQL needs at least. ``load()`` gets at most
LOAD_ROWS rows, and so do we beside it: a hundred thousand take it about ten minutes, and three rounds of two
measurements an hour. Its time grows with the rows, ours by less than that: at ten times the rows the ratio is no worse.
``peak_mb`` of a new file is what the work takes on top of an Odoo that has done nothing yet.
"""

import csv
import functools
import tempfile
from pathlib import Path

import registry_rows

SIZE = 100_000
LOAD_ROWS = 10_000
BARE_ENTITY = """
INSERT INTO srsp_entity (name, kind, uscc, code, address, legal_representative, founded_on, registering_authority,
                         region, active, company_id)
SELECT entity_name, kind, uscc, uscc, address, legal_representative, founded_on::date, registering_authority,
       entity_region, TRUE, %(company)s FROM bare
ON CONFLICT (company_id, uscc) WHERE uscc IS NOT NULL DO UPDATE
   SET (name, kind, address, legal_representative, founded_on, registering_authority, region)
     = (EXCLUDED.name, EXCLUDED.kind, EXCLUDED.address, EXCLUDED.legal_representative, EXCLUDED.founded_on,
        EXCLUDED.registering_authority, EXCLUDED.region)
 WHERE (srsp_entity.name, srsp_entity.kind, srsp_entity.address, srsp_entity.legal_representative,
        srsp_entity.founded_on, srsp_entity.registering_authority, srsp_entity.region) IS DISTINCT FROM
       (EXCLUDED.name, EXCLUDED.kind, EXCLUDED.address, EXCLUDED.legal_representative, EXCLUDED.founded_on,
        EXCLUDED.registering_authority, EXCLUDED.region)
"""
TARGET_COLUMNS = (
    "name region latitude longitude permit_name permit_authority permit_granted_on permit_valid_until"
    " risk_class is_key key_reason state"
).split()
BARE_TARGET = """
INSERT INTO srsp_target (code, entity_id, sector_id, division_id, company_id, permit_number, {columns})
SELECT 'BARE-' || row_number() OVER (), e.id, %(sector)s, %(division)s, %(company)s, permit_number, b.name, b.region,
       latitude::numeric, longitude::numeric, permit_name, permit_authority, permit_granted_on::date,
       permit_valid_until::date, risk_class, is_key::boolean, key_reason, state
  FROM bare b JOIN srsp_entity e ON e.company_id = %(company)s AND e.uscc = b.uscc
ON CONFLICT (entity_id, sector_id, coalesce(permit_number, '')) DO UPDATE SET ({columns}) = ({new})
 WHERE ({old}) IS DISTINCT FROM ({new})
""".format(
    columns=", ".join(TARGET_COLUMNS),
    old=", ".join(f"srsp_target.{name}" for name in TARGET_COLUMNS),
    new=", ".join(f"EXCLUDED.{name}" for name in TARGET_COLUMNS),
)


def run(size, tools):
    env = tools.env
    sector, user = registry_rows.make_sectors(env)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".local") as folder:
        path = Path(folder, "registry.csv")
        registry_rows.write_csv(path, size, [sector.code])
        few = path
        if size > LOAD_ROWS:
            few = Path(folder, "few.csv")
            registry_rows.write_csv(few, LOAD_ROWS, [sector.code])
        env.cr.commit()
        yield from against_bare(env, tools, path, sector, user)
        yield from against_load(env, tools, few, min(size, LOAD_ROWS), sector, user)


def ours(env, path, user):
    """Import the file; its upload is not part of the measurement, its reading is."""
    record = registry_rows.make_import(env, path, user)
    env.flush_all()

    def work():
        record._run()
        assert record.state == "done" and not record.bad_count, record.message

    return work


def import_anew(env, path, user_id):
    ours(env, path, env["res.users"].browse(user_id))()


def in_a_savepoint(env, work):
    """Let ``work`` leave nothing behind, so that each round begins with the same registry."""

    def run():
        with env.cr.savepoint(flush=False) as savepoint:
            work()
            env.flush_all()
            savepoint.rollback()
        env.invalidate_all()

    return run


def compare(env, tools, work, peer, name):
    """Both from the same registry, in tables that are as good as new."""
    return tools.compare(
        in_a_savepoint(env, work),
        in_a_savepoint(env, peer),
        name,
        before=lambda: registry_rows.tidy(env),
    )


def against_bare(env, tools, path, sector, user):
    work, peer = ours(env, path, user), lambda: bare(env, path, sector)
    peak = registry_rows.weigh(env, import_anew, path, user.id)
    result = compare(env, tools, work, peer, "COPY and upsert")
    yield {"measures": "a new file", **result, "peak_mb": peak}
    tools.say("importing for good")
    work()
    env["srsp.registry.import"].flush_model()
    env.cr.commit()
    env.cr.execute("ANALYZE srsp_entity, srsp_target")
    again = ours(env, path, user)
    result = compare(env, tools, again, peer, "COPY and upsert")
    yield {"measures": "the same file again", **result}


def bare(env, path, sector):
    cr = env.cr
    columns = ", ".join(f"{name} varchar" for name in registry_rows.HEADER)
    cr.execute(f"CREATE TEMP TABLE bare ({columns}) ON COMMIT DROP")
    with open(path, encoding="utf-8") as file:
        cr.copy_expert("COPY bare FROM STDIN WITH (FORMAT csv, HEADER)", file)
    cr.execute("ANALYZE bare")
    values = {
        "company": sector.company_id.id,
        "sector": sector.id,
        "division": sector.division_id.id,
    }
    cr.execute(BARE_ENTITY, values)
    cr.execute(BARE_TARGET, values)


def against_load(env, tools, path, rows, sector, user):
    """The rows are in the registry: first taken out again within the measurement's savepoint, then left there."""
    tools.say(f"load() of {rows} rows")
    env.cr.execute(
        "DELETE FROM srsp_key_target; DELETE FROM srsp_target; DELETE FROM srsp_entity"
    )
    env.cr.commit()
    for measures in ("a new file", "the same file again"):
        work = ours(env, path, user)
        again = measures != "a new file"
        peer = functools.partial(load, env, path, sector, again)
        result = compare(env, tools, work, peer, "load()")
        yield {"measures": measures, "rows": rows, **result}
        if not again:
            work()
            env.flush_all()
            env.cr.execute("ANALYZE srsp_entity, srsp_target")
            env.cr.commit()


def load(env, path, sector, again):
    """What Odoo's own import does with the same values: entities first, then their targets."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {}
    if again:
        env.cr.execute(
            "SELECT uscc, e.id, t.id FROM srsp_entity e JOIN srsp_target t ON t.entity_id = e.id"
        )
        known = {uscc: ids for uscc, *ids in env.cr.fetchall()}
    entity = "name kind uscc address legal_representative founded_on registering_authority region_id".split()
    own = "entity_name kind uscc address legal_representative founded_on registering_authority entity_region".split()
    table = [
        [known.get(row["uscc"], [""])[0], *(row[name] for name in own)] for row in rows
    ]
    ids = _load(env["srsp.entity"], [".id", *entity], table)
    target = [*TARGET_COLUMNS, "permit_number"]
    names = ["region_id" if name == "region" else name for name in target]
    table = [
        [
            known.get(row["uscc"], ["", ""])[1],
            entity_id,
            sector.id,
            *(row[name] for name in target),
        ]
        for row, entity_id in zip(rows, ids, strict=True)
    ]
    if again:  # an entity and a sector are for good
        table = [[cells[0], *cells[3:]] for cells in table]
        _load(env["srsp.target"], [".id", *names], table)
    else:
        _load(
            env["srsp.target"],
            [".id", "entity_id/.id", "sector_id/.id", *names],
            table,
        )


def _load(model, names, table):
    result = model.load(names, [[str(cell) for cell in row] for row in table])
    assert result["ids"], result["messages"][:3]
    return result["ids"]
