"""An import that goes on and on, and the lock and the draw that are due meanwhile."""

import contextlib
import time

import pg
from actions import ONE_DRAW, evidence, state_of, task_of, wait_for
from people import announce
from test_import_killed import state_of as import_state
from test_import_killed import upload


def test_a_roster_is_locked_and_drawn_within_a_minute_while_an_import_lasts(
    start_odoo, tmp_path
):
    server = start_odoo()
    officer, import_id, _values = upload(server, tmp_path / "registry.csv", 20)
    officer.call("srsp.registry.import", "action_check", [import_id])
    wait_for(lambda: import_state(server, import_id)[0] == "checked")
    with contextlib.closing(pg.connect(server.db)) as holder:
        # As another writer would: the import waits in the middle of its work, and nothing else has to.
        holder.autocommit = False
        holder.cursor().execute("LOCK TABLE srsp_target_change IN EXCLUSIVE MODE")
        officer.call("srsp.registry.import", "action_import", [import_id])
        wait_for(lambda: is_waiting(server))
        task_id = task_of(server)
        announce(server, task_id, seconds=20)
        begun = time.monotonic()
        wait_for(lambda: state_of(server, task_id) == "committed", seconds=60)
        wait_for(lambda: time.monotonic() > begun + 20)
        wait_for(lambda: state_of(server, task_id) == "drawn", seconds=60)
        assert is_waiting(server)
        assert import_state(server, import_id)[0] == "importing"
    wait_for(lambda: import_state(server, import_id)[0] == "done")
    assert evidence(server, task_id) == ONE_DRAW
    server.stop()


def is_waiting(server):
    return server.query(
        "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'srsp_target_change'::regclass"
    )
