"""The draw at registry size, against what PostgreSQL needs at least and against plain Odoo.

Choosing 5 % in four strata (marking them is part of the act): ``scan`` hashes every label of the roster once and
keeps nothing (the floor), in one process; ``row_number`` ranks the whole roster by hash in plain SQL. The whole
act, from the lock to the visits with their teams: ``orm`` does no more than a script on Odoo would: search,
sample, create the visits.
"""

import random
import secrets
from datetime import date, datetime, timedelta

SIZE = 100_000
STRATA = {"A": 0.4, "B": 0.3, "C": 0.2, "D": 0.1}  # share of the roster
RATIO = 0.05
OFFICERS = 500
NOW = datetime(2026, 3, 20, 1, 0)

SCAN = """
SELECT count(sha256(%(opad)s || sha256(%(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)))
  FROM srsp_draw_line WHERE draw_id = %(draw)s
"""
ROW_NUMBER = """
CREATE TEMP TABLE bench_ranked ON COMMIT DROP AS
SELECT id, position FROM (
    SELECT id, stratum, position, row_number() OVER (PARTITION BY stratum ORDER BY position) AS place
      FROM (SELECT id, stratum, sha256(%(opad)s || sha256(
                   %(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)) AS position
              FROM srsp_draw_line WHERE draw_id = %(draw)s AND excluded_reason IS NULL) hashed) ranked
  JOIN (VALUES %(places)s) wanted (key, number) ON key = stratum AND place <= number
"""


def run(size, tools):
    env = tools.env
    tools.say(f"making a registry of {size} targets")
    task = make_task(env, size)
    env.flush_all()
    yield {"measures": "lock, draw and visits", **compare_act(env, task, tools)}
    draw = task._lock_roster(NOW)
    env.cr.execute("ANALYZE srsp_draw_line")
    for result in compare_selection(env, draw, tools):
        yield {"measures": "selection of 5 % in four strata", **result}


def undone(env, function):
    """``function`` with all it does to the database taken back."""

    def run_and_undo():
        with env.cr.savepoint() as savepoint:
            function()
            env.flush_all()
            savepoint.rollback()
        env.invalidate_all()

    return run_and_undo


def compare_act(env, task, tools):
    def act():
        task._lock_roster(NOW)._draw(task.draw_at)

    def orm():
        targets = env["srsp.target"].search(list(task._get_pool_domain()))
        inspectors = env["srsp.inspector"].search([("company_id", "=", env.company.id)])
        drawn = env["srsp.target"]
        for stratum in targets.grouped("risk_class").values():
            drawn |= stratum.browse(
                random.sample(stratum.ids, round(len(stratum) * RATIO))
            )
        env["srsp.inspection"].create(
            [
                {
                    "task_id": task.id,
                    "entity_id": target.entity_id.id,
                    "company_id": task.company_id.id,
                    "officer_ids": [(6, 0, random.sample(inspectors.ids, 2))],
                    "line_ids": [
                        (0, 0, {"target_id": target.id, "item_id": task.item_ids.id})
                    ],
                }
                for target in drawn
            ]
        )

    return tools.compare(undone(env, act), undone(env, orm), "orm")


def compare_selection(env, draw, tools):
    from odoo.addons.srsp_supervision.tools import vrs

    iteration = env["srsp.draw.iteration"].create(
        {"draw_id": draw.id, "number": 1, "randomness_hex": "00"}
    )
    env.flush_all()
    prk = secrets.token_bytes(32)
    ipad, opad = vrs.hmac_pads(prk)
    values = {"ipad": ipad, "opad": opad, "draw": draw.id}

    def scan():
        env.cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        env.cr.execute(SCAN, values)
        env.cr.execute("RESET max_parallel_workers_per_gather")

    def row_number():
        places = ", ".join(
            f"('{key}', {number})" for key, number in iteration._get_places().items()
        )
        env.cr.execute(ROW_NUMBER.replace("%(places)s", places), values)

    select = undone(env, lambda: iteration._find(prk, iteration._get_places()))
    for peer in (scan, row_number):
        yield tools.compare(select, undone(env, peer), peer.__name__)


def make_task(env, size):
    """An announced task with ``size`` targets (bulk rows by SQL) and OFFICERS officers, some of them recused."""
    company = env.company
    company.srsp_area_code = "350100"
    division = env["srsp.division"].create({"name": "Bench", "code": "BENCH"})
    sector = env["srsp.sector"].create(
        {"name": "Bench", "code": "BEN", "division_id": division.id}
    )
    env["srsp.rulebook"].create(
        {
            "name": "Bench",
            "effective_date": date(2020, 1, 1),
            "state": "published",
            "ratio_c": RATIO,
            "ratio_d": RATIO,
        }
    )
    item_list = env["srsp.list"].create({"kind": "item"})
    item = env["srsp.item"].create(
        {
            "list_id": item_list.id,
            "code": "1",
            "name": "Bench",
            "division_id": division.id,
            "sector_id": sector.id,
            "legal_basis_ids": [(0, 0, {"title": "Bench"})],
        }
    )
    make_targets(env, sector, size)
    env["srsp.inspector"].create(
        [
            {
                "name": f"Officer {number}",
                "staff_number": f"B{number:03d}",
                "division_id": division.id,
                "sector_ids": [(6, 0, sector.ids)],
                "certificate_number": str(number),
                "certificate_valid_until": date(2099, 12, 31),
            }
            for number in range(OFFICERS)
        ]
    )
    return env["srsp.task"].create(
        {
            "name": "Bench",
            "division_id": division.id,
            "sector_id": sector.id,
            "item_ids": [(6, 0, item.ids)],
            "ratio": RATIO,
            "stratify_by": "risk_class",
            "date_from": date(2026, 4, 1),
            "date_to": date(2026, 6, 30),
            "draw_at": NOW + timedelta(days=1),
            "lock_at": NOW,
            "announced_on": NOW,
        }
    )


def make_targets(env, sector, size):
    """``size`` entities with one target each, spread over the risk classes as STRATA says."""
    env.flush_all()
    bounds, upper = [], 0.0
    for key, share in STRATA.items():
        upper += share
        bounds.append((key, upper))
    cases = " ".join(
        f"WHEN n <= {round(upper * size)} THEN '{key}'" for key, upper in bounds[:-1]
    )
    env.cr.execute(
        f"""
        WITH entity AS (
            INSERT INTO srsp_entity (name, kind, code, company_id, active)
            SELECT 'Bench ' || n, 'enterprise', 'BENCH' || n, %(company)s, TRUE
              FROM generate_series(1, %(size)s) n RETURNING id, code)
        INSERT INTO srsp_target
               (entity_id, sector_id, division_id, company_id, code, risk_class, state, is_key)
        SELECT id, %(sector)s, %(division)s, %(company)s, 'BEN-' || lpad(n::text, 7, '0'),
               CASE {cases} ELSE '{bounds[-1][0]}' END, 'active', FALSE
          FROM (SELECT id, substr(code, 6)::int AS n FROM entity) numbered
        """,
        {
            "company": sector.company_id.id,
            "size": size,
            "sector": sector.id,
            "division": sector.division_id.id,
        },
    )
    env.cr.execute("ANALYZE srsp_entity, srsp_target")
    env.invalidate_all()
