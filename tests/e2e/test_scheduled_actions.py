"""The scheduled actions on real processes: two workers at once, and a process that is killed."""

import contextlib
import signal
import threading
import time

import pg
import requests
from people import Person, Refused, announce

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


ONE_DRAW = [(1, 1, 7, 7, "draw.committed draw.drawn")]


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


def test_two_workers_and_impatient_people_make_exactly_one_draw(start_odoo):
    first = start_odoo()
    second = start_odoo(first.db)
    task_id = task_of(first)
    people = [
        Person(server, "survey_manager") for server in (first, second) for _ in "abc"
    ]
    announce(people[0], task_id, seconds=12)

    def hurry(person):
        """Press both buttons again and again until the draw is there."""
        while state_of(first, task_id) != "drawn":
            for button in ("action_lock_roster", "action_draw"):
                with contextlib.suppress(Refused):
                    person.call("srsp.task", button, [task_id])

    threads = [threading.Thread(target=hurry, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    assert evidence(first, task_id) == ONE_DRAW
    assert chain_without_gap(first)


def run_action(server, name):
    """Run a scheduled action at once, as the administrator can; its server may die on the way."""
    admin = Person(server, "admin")
    domain = [("module", "=", "srsp_supervision"), ("name", "=", name)]
    [found] = admin.find("ir.model.data", domain, ["res_id"])
    with contextlib.suppress(requests.ConnectionError):
        admin.call("ir.cron", "method_direct_trigger", [found["res_id"]])


def kill_in_the_middle(server, name, table):
    """Run a scheduled action, hold ``table`` until it waits for it, then kill its server."""
    with contextlib.closing(pg.connect(server.db)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            runner = threading.Thread(target=run_action, args=(server, name))
            runner.start()
            waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            wait_for(lambda: server.query(waiting, server.db))
            server.stop(signal.SIGKILL)
        connection.rollback()
    runner.join(timeout=60)


def test_a_process_killed_in_the_middle_leaves_nothing_and_the_next_one_goes_on(
    start_odoo,
):
    quiet = ("--max-cron-threads", "0")  # the test says when an action runs
    server = start_odoo(None, *quiet)
    task_id = task_of(server)
    announce(Person(server, "survey_manager"), task_id, seconds=25)
    kill_in_the_middle(server, "ir_cron_lock_roster", "srsp_draw_line")
    assert server.query("SELECT 1 FROM srsp_draw WHERE task_id = %s", task_id) == []
    assert state_of(server, task_id) == "planned"

    server = start_odoo(server.db, *quiet)
    run_action(server, "ir_cron_lock_roster")
    assert state_of(server, task_id) == "committed"
    due = (
        "SELECT 1 FROM srsp_task WHERE id = %s AND draw_at <= now() AT TIME ZONE 'UTC'"
    )
    wait_for(lambda: server.query(due, task_id))
    kill_in_the_middle(server, "ir_cron_draw", "srsp_inspection")
    assert state_of(server, task_id) == "committed"
    randomness = """SELECT randomness_hex FROM srsp_draw_iteration iteration
                      JOIN srsp_draw draw ON draw.id = draw_id WHERE task_id = %s"""
    before = server.query(randomness, task_id)
    assert len(before) == 1

    server = start_odoo(server.db, *quiet)
    run_action(server, "ir_cron_draw")
    assert server.query(randomness, task_id) == before
    assert evidence(server, task_id) == ONE_DRAW
    assert chain_without_gap(server)
