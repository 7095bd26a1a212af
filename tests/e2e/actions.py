"""The scheduled actions that lock and draw: run one, kill its server on the way, see what it left."""

import contextlib
import threading
import time

import pg
import psutil
import requests
from people import Person

TASK = "测绘资质巡查 (4/4)"


def wait_for(condition, seconds=90):
    """The first true value of ``condition()``; fails when it stays false."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"nothing happened within {seconds} s")


def task_of(server):
    [[task_id]] = server.query("SELECT id FROM srsp_task WHERE name = %s", TASK)
    return task_id


def state_of(server, task_id):
    [[state]] = server.query("SELECT state FROM srsp_task WHERE id = %s", task_id)
    return state


def evidence(server, task_id):
    """What exactly one draw leaves behind: (draws, iterations, drawn lines, visits, events)."""
    return server.query(
        """
        SELECT count(DISTINCT draw.id), count(DISTINCT iteration.id),
               (SELECT count(*) FROM srsp_draw_line line JOIN srsp_draw d ON d.id = line.draw_id
                 WHERE d.task_id = %s AND line.iteration = 1),
               (SELECT count(*) FROM srsp_inspection WHERE task_id = %s),
               (SELECT string_agg(kind, ' ' ORDER BY sequence) FROM srsp_event event JOIN srsp_draw d
                    ON event.res_model = 'srsp.draw' AND event.res_id = d.id WHERE d.task_id = %s)
          FROM srsp_draw draw LEFT JOIN srsp_draw_iteration iteration ON iteration.draw_id = draw.id
         WHERE draw.task_id = %s
        """,
        *[task_id] * 4,
    )


DRAWN = 7  # targets of the demo, each a visit
ONE_DRAW = [(1, 1, DRAWN, DRAWN, "draw.identified draw.committed draw.drawn")]


def chain_without_gap(server):
    return server.query(
        """
        SELECT count(*) FROM (
            SELECT sequence, previous_hash,
                   lag(hash, 1, repeat('0', 64)) OVER (PARTITION BY company_id ORDER BY sequence) AS before,
                   row_number() OVER (PARTITION BY company_id ORDER BY sequence) AS place
              FROM srsp_event) link
         WHERE previous_hash != before OR sequence != place
        """
    ) == [(0,)]


def run_action(server, name):
    """Run a scheduled action at once, as the administrator can; its server may die on the way."""
    admin = Person(server, "admin")
    domain = [("module", "=", "srsp_supervision"), ("name", "=", name)]
    [found] = admin.find("ir.model.data", domain, ["res_id"])
    with contextlib.suppress(requests.ConnectionError):
        admin.call("ir.cron", "method_direct_trigger", [found["res_id"]])


def process_of(server):
    """The process that answers requests: the server, or its worker if it was started with one."""
    process = psutil.Process(server.process.pid)
    for child in process.children():
        if "gevent" not in child.cmdline():
            return child
    return process


WAITING = """SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND mode = 'RowExclusiveLock' AND relation = %s::regclass AND datname = current_database()"""
WRITTEN = """SELECT DISTINCT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE pid = %s AND granted AND mode = 'RowExclusiveLock' AND relkind = 'r' AND relpersistence = 'p'"""


def kill_in_the_middle(server, name, table):
    """Run a scheduled action, hold ``table`` until a write to it waits, then kill the process that runs the action.

    :return: names of the tables that the killed transaction had written to
    """
    with contextlib.closing(pg.connect(server.db)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")  # readers pass
            runner = threading.Thread(target=run_action, args=(server, name))
            runner.start()
            [[backend]] = wait_for(lambda: server.query(WAITING, table))
            written = {name for [name] in server.query(WRITTEN, backend)}
            process_of(server).kill()
            runner.join(timeout=60)
        connection.rollback()
    alive = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
    wait_for(lambda: not server.query(alive, backend))
    # Odoo would skip one run after three kills in a row.
    server.query("UPDATE ir_cron_progress SET timed_out_counter = 0")
    return written
