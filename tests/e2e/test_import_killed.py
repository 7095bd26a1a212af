"""A server that is killed in the middle of an import leaves the registry as it was, and the next one imports."""

import base64
import sys
from pathlib import Path

from actions import kill_in_the_middle, run_action, wait_for
from people import Person

sys.path.append(str(Path(__file__).parents[1] / "load"))

from registry_rows import write_csv

ROWS = 3000
CRON = "ir_cron_registry_import"


def registry(server):
    """All that an import may touch: entities, targets, their history, and the notes."""
    tables = "srsp_entity srsp_target srsp_target_change mail_message".split()
    return [
        server.query(
            f"SELECT count(*), max(id), md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t"
        )
        for table in tables
    ]


def state_of(server, import_id):
    [[state, message]] = server.query(
        "SELECT state, message FROM srsp_registry_import WHERE id = %s", import_id
    )
    return state, message


def upload(server, path, rows):
    """An import of ``rows`` targets for the surveying division, by its officer; return both, and the values."""
    officer = Person(server, "survey_officer")
    [[sector]] = server.query("SELECT code FROM srsp_sector WHERE division_id = ("
        "SELECT division_id FROM srsp_division_users_rel rel JOIN res_users u ON u.id = rel.user_id"
        " WHERE u.login = 'survey_officer' LIMIT 1) ORDER BY id LIMIT 1")  # fmt: skip
    write_csv(path, rows, [sector])
    data = base64.b64encode(path.read_bytes()).decode()
    values = {"source": "Test", "file_name": "registry.csv", "file": data}
    [import_id] = officer.call("srsp.registry.import", "create", [values])
    return officer, import_id, values


def test_a_server_killed_in_the_middle_of_an_import_leaves_no_trace(
    start_odoo, tmp_path
):
    quiet = ("--max-cron-threads", "0")  # the test says when the import runs
    server = start_odoo(None, *quiet)
    officer, import_id, values = upload(server, tmp_path / "registry.csv", ROWS)
    officer.call("srsp.registry.import", "action_check", [import_id])
    run_action(server, CRON)
    assert state_of(server, import_id)[0] == "checked"
    officer.call("srsp.registry.import", "action_import", [import_id])
    before = registry(server)
    kill_in_the_middle(server, CRON, "srsp_target")
    assert registry(server) == before
    assert state_of(server, import_id)[0] == "importing"

    server = start_odoo(server.db)  # its scheduled actions go on by themselves
    wait_for(lambda: state_of(server, import_id)[0] == "done")
    imported = (
        "SELECT count(*) FROM srsp_target WHERE permit_number LIKE '乙测资字350000____'"
    )
    assert server.query(imported) == [(ROWS,)]

    again = officer_again(server, values)
    assert state_of(server, again)[0] == "done"
    assert server.query(imported) == [(ROWS,)]


def officer_again(server, values):
    """Import the same file once more; return the import's id."""
    officer = Person(server, "survey_officer")
    [import_id] = officer.call("srsp.registry.import", "create", [values])
    officer.call("srsp.registry.import", "action_check", [import_id])
    wait_for(lambda: state_of(server, import_id)[0] == "checked")
    officer.call("srsp.registry.import", "action_import", [import_id])
    wait_for(lambda: state_of(server, import_id)[0] == "done")
    return import_id


def test_an_import_that_is_cut_off_twice_says_what_to_do(start_odoo, tmp_path):
    quiet = ("--max-cron-threads", "0")
    server = start_odoo(None, *quiet)
    officer, import_id, _values = upload(server, tmp_path / "registry.csv", 50)
    officer.call("srsp.registry.import", "action_check", [import_id])
    run_action(server, CRON)
    officer.call("srsp.registry.import", "action_import", [import_id])
    before = registry(server)
    kill_in_the_middle(server, CRON, "srsp_target")
    server = start_odoo(server.db, *quiet)
    kill_in_the_middle(server, CRON, "srsp_target")
    server = start_odoo(server.db, *quiet)
    run_action(server, CRON)
    assert state_of(server, import_id)[0] == "failed"
    assert "limit_time_real_cron" in state_of(server, import_id)[1]
    # Its failure is noted.
    assert registry(server)[:-1] == before[:-1]
