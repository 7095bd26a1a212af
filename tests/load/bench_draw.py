"""Selecting 5 % of a roster in four strata, against what PostgreSQL needs to hash it and against Python.

Peers: ``scan`` hashes every label of the roster once and keeps nothing (the floor);
``python`` is the reference in ``tools/vrs.py``, labels already in memory.
"""

import secrets
from datetime import date, datetime, timedelta

SIZE = 100_000
STRATA = {"A": 0.4, "B": 0.3, "C": 0.2, "D": 0.1}  # share of the roster
RATIO = 0.05

SCAN = """
SELECT count(sha256(%(opad)s || sha256(%(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)))
  FROM srsp_draw_line WHERE draw_id = %(draw)s
"""


def run(size, tools):
    env = tools.env
    from odoo.addons.srsp_supervision.tools import vrs

    tools.say(f"making a roster of {size} targets")
    draw = make_draw(env, size)
    env.cr.execute(
        "SELECT stratum, label FROM srsp_draw_line WHERE draw_id = %s", [draw.id]
    )
    labels = {}
    for stratum, label in env.cr.fetchall():
        labels.setdefault(stratum, []).append(label.encode())
    iteration = env["srsp.draw.iteration"].create(
        {"draw_id": draw.id, "number": 1, "randomness_hex": "00"}
    )
    env.flush_all()
    prk = secrets.token_bytes(32)
    ipad, opad = vrs.hmac_pads(prk)

    def select():
        with env.cr.savepoint() as savepoint:
            for stratum, places in iteration._get_places().items():
                iteration._select(prk, stratum, places)
            savepoint.rollback()

    def scan():
        env.cr.execute(SCAN, {"ipad": ipad, "opad": opad, "draw": draw.id})

    def python():
        for stratum, places in iteration._get_places().items():
            vrs.lowest(prk, labels[stratum], places)

    for peer in (scan, python):
        result = tools.compare(select, peer, peer.__name__)
        yield {"measures": "selection of 5 % in four strata", **result}


def make_draw(env, size):
    """A draw whose roster of ``size`` targets is locked: bulk rows by SQL, the lock by the product."""
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
            for number in range(20)
        ]
    )
    now = datetime(2026, 3, 20, 1, 0)
    task = env["srsp.task"].create(
        {
            "name": "Bench",
            "division_id": division.id,
            "sector_id": sector.id,
            "item_ids": [(6, 0, item.ids)],
            "ratio": RATIO,
            "stratify_by": "risk_class",
            "date_from": date(2026, 4, 1),
            "date_to": date(2026, 6, 30),
            "draw_at": now + timedelta(days=1),
            "lock_at": now,
            "announced_on": now,
        }
    )
    return task._lock_roster(now)


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
