"""The draw at registry size, against what PostgreSQL needs at least and against plain Odoo.

Choosing 5 % in four strata: ``scan`` hashes every label of the roster once and keeps nothing (the floor), in one
process; ``row_number`` ranks the whole roster by hash in plain SQL, by as many processes as PostgreSQL likes. Choosing
and marking: iteration and position are then written into the lines drawn, by ``row_number_update`` in one statement,
which PostgreSQL gives one process; ``added_mb`` is the most memory that PostgreSQL's processes took for ours (the
server must run on this machine). The whole act, from the lock to the visits with their teams: ``orm`` does it record
by record, with a line for each target, HMAC positions, the officers with the least load who are not recused, and the
visits; it makes no hash tree, no certificate and no seal, which ours does.
"""

import hashlib
import heapq
import secrets
import threading
from datetime import date, datetime, timedelta
from pathlib import Path

SIZE = 100_000
STRATA = {"A": 0.4, "B": 0.3, "C": 0.2, "D": 0.1}  # share of the roster
RATIO = 0.05
OFFICERS = 500  # each of them recused from one entity
BATCH = 10_000
NOW = datetime(2026, 3, 20, 1, 0)

SCAN = """
SELECT count(sha256(%(opad)s || sha256(%(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)))
  FROM srsp_draw_line WHERE draw_id = %(draw)s
"""
RANKED = """
SELECT id, position FROM (
    SELECT id, stratum, position, row_number() OVER (PARTITION BY stratum ORDER BY position) AS place
      FROM (SELECT id, stratum, sha256(%(opad)s || sha256(
                   %(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)) AS position
              FROM srsp_draw_line WHERE draw_id = %(draw)s AND excluded_reason IS NULL) hashed) ranked
  JOIN (VALUES %(places)s) wanted (key, number) ON key = stratum AND place <= number
"""
ROW_NUMBER = f"CREATE TEMP TABLE bench_ranked ON COMMIT DROP AS {RANKED}"
ROW_NUMBER_UPDATE = f"""
UPDATE srsp_draw_line line SET iteration = 1, position = encode(ranked.position, 'hex')
  FROM ({RANKED}) ranked WHERE line.id = ranked.id
"""


def run(size, tools):
    env = tools.env
    tools.say(f"making a registry of {size} targets")
    task = make_task(env, size)
    env.flush_all()
    yield {"measures": "lock, draw and visits", **compare_act(env, task, tools)}
    draw = task._lock_roster(NOW)
    yield from compare_selection(env, draw, tools)


def undone(env, function):
    """``function`` with all it does to the database taken back."""

    def run_and_undo():
        with env.cr.savepoint() as savepoint:
            function()
            env.cr.flush()  # what a commit does before it: messages, and the recording of rows
            savepoint.rollback()
        env.invalidate_all()

    return run_and_undo


def compare_act(env, task, tools):
    def act():
        task._lock_roster(NOW)._draw(task.draw_at)

    def orm():
        rulebook = env["srsp.rulebook"]._get_in_force(task.company_id, NOW.date())
        lock = task._get_roster_lock(rulebook)
        draw = env["srsp.draw"].create(lock._prepare_draw_vals(NOW))
        create_visits(task, draw, create_lines(task, draw))

    return tools.compare(undone(env, act), undone(env, orm), "orm")


def create_lines(task, draw):
    """A roster line for each target of the pool; return the targets drawn, in the order of their positions."""
    from odoo.models import BaseModel

    from odoo.addons.srsp_supervision.tools import vrs

    env, key = task.env, secrets.token_bytes(32)
    targets = env["srsp.target"].search(list(task._get_pool_domain()), order="code")
    lines, strata, digest = env["srsp.draw.line"], {}, hashlib.sha256()
    for start in range(0, len(targets), BATCH):
        part, rows = targets[start : start + BATCH], []
        for target in part:
            stratum, label = target.risk_class, target.code
            digest.update(f"{label}\t{stratum}\n".encode())
            position = vrs.position(key, label.encode())
            strata.setdefault(stratum, []).append((position, target.id))
            rows.append(
                {
                    "draw_id": draw.id,
                    "target_id": target.id,
                    "entity_id": target.entity_id.id,
                    "label": label,
                    "stratum": stratum,
                }
            )
        # Past the guard of the model, which lets nobody add a line.
        BaseModel.create(lines, rows)
        env.flush_all()
        env.invalidate_all()
    chosen = sorted(
        pair
        for pairs in strata.values()
        for pair in heapq.nsmallest(round(len(pairs) * RATIO), pairs)
    )
    draw.write({"roster_digest_hex": digest.hexdigest()})
    position = {target: place.hex() for place, target in chosen}
    drawn = lines.search(
        [("draw_id", "=", draw.id), ("target_id", "in", list(position))]
    )
    for line in drawn:
        BaseModel.write(line, {"iteration": 1, "position": position[line.target_id.id]})
    return targets.browse(list(position))


def create_visits(task, draw, targets):
    """A visit to each target by the two officers with the least load who are not recused."""
    env = task.env
    inspectors = env["srsp.inspector"].search([("company_id", "=", task.company_id.id)])
    recused = {}
    for recusal in env["srsp.recusal"].search([("inspector_id", "in", inspectors.ids)]):
        recused.setdefault(recusal.entity_id.id, set()).add(recusal.inspector_id.id)
    loads, rows = dict.fromkeys(inspectors.ids, 0), []
    for target in targets:
        barred = recused.get(target.entity_id.id, ())
        team = heapq.nsmallest(2, loads.keys() - barred, key=loads.__getitem__)
        for member in team:
            loads[member] += 1
        line = {"target_id": target.id, "item_id": task.item_ids.id}
        rows.append(
            {
                "task_id": task.id,
                "draw_id": draw.id,
                "entity_id": target.entity_id.id,
                "company_id": task.company_id.id,
                "officer_ids": [(6, 0, team)],
                "line_ids": [(0, 0, line)],
            }
        )
    env["srsp.inspection"].create(rows)


def compare_selection(env, draw, tools):
    from odoo.addons.srsp_supervision.tools import vrs

    iteration = env["srsp.draw.iteration"].create(
        {"draw_id": draw.id, "number": 1, "randomness_hex": "00"}
    )
    env.flush_all()
    prk = secrets.token_bytes(32)
    ipad, opad = vrs.hmac_pads(prk)
    values = {"ipad": ipad, "opad": opad, "draw": draw.id}
    places = iteration._get_places()
    wanted = ", ".join(f"('{key}', {number})" for key, number in places.items())

    def scan():
        env.cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        env.cr.execute(SCAN, values)
        env.cr.execute("RESET max_parallel_workers_per_gather")

    def row_number():
        env.cr.execute(ROW_NUMBER.replace("%(places)s", wanted), values)

    def row_number_update():
        env.cr.execute(ROW_NUMBER_UPDATE.replace("%(places)s", wanted), values)

    def choose():
        iteration._make_chosen(prk, places)

    def choose_and_mark():
        iteration._select(prk)

    for measures, ours, peer in (
        ("choosing 5 % in four strata", choose, scan),
        ("choosing 5 % in four strata", choose, row_number),
        ("choosing and marking them", choose_and_mark, scan),
        ("choosing and marking them", choose_and_mark, row_number_update),
    ):
        functions = undone(env, ours), undone(env, peer)
        result = tools.compare(*functions, peer.__name__)
        if ours == choose_and_mark:
            result["added_mb"] = round(weigh(env, functions[0]), 1)
        yield {"measures": measures, **result}


def weigh(env, function):
    """The most memory (MB) of their own that the server's processes of this connection took for ``function()``."""
    from odoo.sql_db import db_connect

    pid, end = env.cr._cnx.info.backend_pid, threading.Event()
    before = own_mb(pid)
    seen = [before]

    def watch():
        with db_connect(env.cr.dbname).cursor() as cr:
            while not end.wait(0.01):
                cr.execute(
                    "SELECT pid FROM pg_stat_activity WHERE pid = %(pid)s OR leader_pid = %(pid)s",
                    {"pid": pid},
                )
                seen.append(sum(own_mb(one) for [one] in cr.fetchall()))
                cr.rollback()

    watcher = threading.Thread(target=watch)
    watcher.start()
    function()
    end.set()
    watcher.join()
    return max(seen) - before


def own_mb(pid):
    """Resident memory (MB) that a process shares with no other; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(text.partition("RssAnon:")[2].split()[0]) / 1024


def make_task(env, size):
    """An announced task with ``size`` targets (bulk rows by SQL) and OFFICERS officers, each with a recusal."""
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
            "ratio_key": RATIO,
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
    inspectors = env["srsp.inspector"].create(
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
    entities = env["srsp.entity"].search([], limit=OFFICERS)
    env["srsp.recusal"].create(
        [
            {"inspector_id": inspector.id, "entity_id": entity.id, "reason": "Bench"}
            for inspector, entity in zip(inspectors, entities, strict=True)
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
