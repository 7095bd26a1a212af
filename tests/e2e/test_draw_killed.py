"""A process killed at any step of the lock or the draw leaves nothing; the next one makes exactly one draw."""

import pytest
from actions import (
    ONE_DRAW,
    chain_without_gap,
    evidence,
    kill_in_the_middle,
    run_action,
    state_of,
    task_of,
    wait_for,
)
from people import Person, announce, bring_forward

QUIET = ("--max-cron-threads", "0")  # the test says when an action runs
SHARED = ("ir_sequence", "ir_attachment", "mail_message", "mail_tracking_value")
# The tables that the lock and the draw write to, in the order of the first write.
LOCK = "srsp_draw srsp_draw_line ir_sequence srsp_event srsp_publication srsp_task mail_message".split()
DRAW = (
    "srsp_draw_line srsp_draw_iteration srsp_inspection srsp_inspection_line srsp_inspection_officer_rel"
    " srsp_inspection_expert_rel ir_sequence srsp_event ir_attachment srsp_publication mail_message srsp_draw srsp_task"
).split()

# Where the changes of rows are recorded: at each savepoint, and last.
RECORDED = ("srsp_event_change", "srsp_event_row")


@pytest.fixture(scope="module")
def announced(start_odoo):
    """A server whose killed workers are replaced at once, with a roster that is due; its task's id."""
    server = start_odoo(None, *QUIET, "--workers", "1")
    task_id = task_of(server)
    announce(server, task_id, seconds=1200)
    return server, task_id


@pytest.fixture(scope="module")
def due(announced):
    """The same server with the roster locked and the draw due."""
    server, task_id = announced
    lock_and_wait(server, task_id)
    return server, task_id


def lock_and_wait(server, task_id):
    """Lock the roster by the scheduled action, and wait until its draw is due."""
    bring_forward(server, task_id, seconds=15)
    run_action(server, "ir_cron_lock_roster")
    assert state_of(server, task_id) == "committed"
    due = (
        "SELECT 1 FROM srsp_task WHERE id = %s AND draw_at <= now() AT TIME ZONE 'UTC'"
    )
    wait_for(lambda: server.query(due, task_id))


def traces(server):
    """``{table: digest of its rows}`` of all tables that a lock or a draw may write to."""
    tables = server.query(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              AND (relname LIKE 'srsp\\_%%' OR relname IN %s)""",
        SHARED,
    )
    digest = "SELECT '{0}', md5(string_agg(row::text, '' ORDER BY row::text)) FROM {0} AS row"
    return dict(
        server.query(" UNION ALL ".join(digest.format(name) for [name] in tables))
    )


def randomness(server, task_id):
    return server.query(
        """SELECT iteration.number, randomness_hex FROM srsp_draw_iteration iteration
             JOIN srsp_draw draw ON draw.id = draw_id WHERE task_id = %s""",
        task_id,
    )


def kill_at(server, action, steps, step):
    """Kill the action at a step; it must have made those before, and none that ``steps`` does not name."""
    written = kill_in_the_middle(server, action, step)
    before = set(steps[: steps.index(step)])
    before.discard("mail_message")  # earlier or later, as somebody drawn has a login
    assert written >= before
    assert {name for name in written if name.startswith("srsp_")} <= {*steps, *RECORDED}


@pytest.mark.parametrize("step", LOCK)
def test_a_lock_killed_at_any_step_leaves_nothing(announced, step):
    server, _task_id = announced
    before = traces(server)
    kill_at(server, "ir_cron_lock_roster", LOCK, step)
    assert traces(server) == before


def test_a_draw_killed_before_its_randomness_is_kept_leaves_nothing(due):
    server, task_id = due
    before = traces(server)
    kill_at(server, "ir_cron_draw", ["srsp_draw_iteration"], "srsp_draw_iteration")
    assert randomness(server, task_id) == []
    assert traces(server) == before


@pytest.mark.parametrize("step", DRAW)
def test_a_draw_killed_at_any_later_step_leaves_its_randomness_alone(due, step):
    server, task_id = due
    if not randomness(server, task_id):  # the first of these kills
        kill_at(server, "ir_cron_draw", DRAW, DRAW[0])
    before, kept = traces(server), randomness(server, task_id)
    assert len(kept) == 1
    kill_at(server, "ir_cron_draw", DRAW, step)
    assert randomness(server, task_id) == kept
    assert traces(server) == before


def test_after_all_of_them_one_draw_is_made_with_that_randomness(due):
    server, task_id = due
    kept = randomness(server, task_id)
    run_action(server, "ir_cron_draw")
    assert kept in ([], randomness(server, task_id))
    check_one_draw(server, task_id)
    made = traces(server)
    run_action(server, "ir_cron_draw")
    assert traces(server).items() == made.items()


def check_one_draw(server, task_id):
    """One draw, whole, that recomputes, in a chain without a break."""
    assert evidence(server, task_id) == ONE_DRAW
    assert chain_without_gap(server)
    [incomplete] = server.query(
        """SELECT count(*) FROM srsp_inspection visit WHERE task_id = %s AND (
                  (SELECT count(*) FROM srsp_inspection_officer_rel WHERE inspection_id = visit.id) < 2
                  OR NOT EXISTS (SELECT 1 FROM srsp_inspection_line WHERE inspection_id = visit.id))""",
        task_id,
    )
    assert incomplete == (0,)
    published = """SELECT string_agg(kind, ' ' ORDER BY id) FROM srsp_publication
                    WHERE task_id = %s AND res_model = 'srsp.draw'"""
    assert server.query(published, task_id) == [("roster draw",)]
    auditor = Person(server, "auditor")
    [draw] = auditor.find("srsp.draw", [("task_id", "=", task_id)], ["number"])
    said = auditor.call("srsp.draw", "action_verify", [draw["id"]])["params"]
    assert said["type"] == "success", said["message"]
    check = auditor.call("srsp.event.check", "action_check")["res_id"]
    [outcome] = auditor.call("srsp.event.check", "read", [check], ["report"])
    # What it finds is what this test did by SQL: it brought the task forward.
    [task] = auditor.find("srsp.task", [("id", "=", task_id)], ["display_name"])
    moved = ("srsp_task", task["display_name"])
    found = outcome["report"].splitlines()
    assert found
    assert [line for line in found if not any(n in line for n in moved)] == []


def test_a_whole_server_killed_in_the_middle_is_started_anew_and_goes_on(start_odoo):
    server = start_odoo(None, *QUIET)
    task_id = task_of(server)
    announce(server, task_id, seconds=60)
    lock_and_wait(server, task_id)
    kill_at(server, "ir_cron_draw", DRAW, "srsp_publication")
    assert server.process.wait(timeout=60)
    kept = randomness(server, task_id)
    assert len(kept) == 1
    assert state_of(server, task_id) == "committed"

    server = start_odoo(server.db, *QUIET)
    run_action(server, "ir_cron_draw")
    assert randomness(server, task_id) == kept
    check_one_draw(server, task_id)
