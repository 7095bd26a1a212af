"""The addons come into a plain Odoo, go only with a reason once there is evidence, and come back as new."""

import os
import subprocess
from types import SimpleNamespace

import databases
import pg
import pytest

pytestmark = pytest.mark.slow

REASON = "The bureau publishes elsewhere"
# Programs for `odoo shell`: each goes on in the registry that the one before it has made.
CHECK = """
check = env["srsp.event.check"]._check(env.ref("base.main_company"))
env.cr.commit()
print("CHECK", check.state, check.report or "-")
print("NOTES", check.notes or "-")
"""
REFUSED = """
addon = env["ir.module.module"].search([("name", "=", "{}")])
try:
    addon.button_immediate_uninstall()
except Exception as error:
    print("REFUSED", addon.state, error)
    env.cr.rollback()
"""
CONFIRMED = """
addon = env["ir.module.module"].search([("name", "=", "{}")])
admin = env.ref("base.user_admin")
wizard = env["base.module.uninstall"].with_user(admin).create({{"module_ids": addon.ids}})
wizard.srsp_reason = "{}"
wizard.action_uninstall()
env.cr.commit()
print("REMOVED", addon.state)
"""
AGAIN = """
env["ir.module.module"].search([("name", "=", "{}")]).button_immediate_install()
env.cr.commit()
print("FIRST", env["srsp.publication"].search([], order="id", limit=1).number)
"""
# Whatever may bear our name once the addons are gone, but for the two lines of Odoo's list of addons.
LEFTOVERS = """
SELECT 'function', proname::text FROM pg_proc WHERE proname ~ 'srsp'
UNION ALL SELECT 'relation', relname::text FROM pg_class WHERE relname ~ 'srsp'
UNION ALL SELECT 'trigger', tgname::text FROM pg_trigger WHERE tgname ~ 'srsp'
UNION ALL SELECT 'sequence', name FROM ir_sequence WHERE code ~ 'srsp' OR name ~ 'SRSP'
UNION ALL SELECT 'parameter', key FROM ir_config_parameter WHERE key ~ 'srsp'
UNION ALL SELECT 'model', model FROM ir_model WHERE model ~ 'srsp'
UNION ALL SELECT 'column', column_name FROM information_schema.columns WHERE column_name ~ 'srsp'
UNION ALL SELECT 'external id', module || '.' || name FROM ir_model_data WHERE module ~ 'srsp'
UNION ALL SELECT 'attachment', res_model FROM ir_attachment WHERE res_model ~ 'srsp'
UNION ALL SELECT 'message', model FROM mail_message WHERE model ~ 'srsp'
UNION ALL SELECT 'login', login FROM res_users WHERE active AND login NOT IN ('admin', 'demo', 'portal')
UNION ALL SELECT 'homepage', homepage_url FROM website WHERE homepage_url = '/supervision'
"""


def run(*arguments, stdin=None):
    """Run Odoo to its end: its status, what it printed, what it logged and the lines that complain."""
    process = subprocess.run(
        databases.odoo_command(*arguments),
        cwd=databases.ROOT,
        input=stdin,
        capture_output=True,
        text=True,
    )
    lines = process.stderr.splitlines()
    return SimpleNamespace(
        status=process.returncode,
        said=process.stdout,
        log=process.stderr,
        complaints=[
            line
            for line in lines
            if any(f" {level} " in line for level in ("WARNING", "ERROR", "CRITICAL"))
        ],
    )


def install(db, addon, *options):
    ends = ("--no-http", "--stop-after-init")
    return run("-d", db, "-i", addon, *options, *ends)


def uninstall(db, addon):
    """Remove an addon as a program does, without a reason."""
    command = databases.odoo_command()[:2]
    return subprocess.run(
        [*command, "module", "uninstall", "-c", "odoo.conf", "-d", db, addon],
        cwd=databases.ROOT,
        capture_output=True,
        text=True,
    )


def find_leftovers(db):
    return pg.query(LEFTOVERS, database=db)


def get_states(db):
    query = "SELECT name, state, demo FROM ir_module_module WHERE name ~ '^srsp_' ORDER BY name"
    return pg.query(query, database=db)


@pytest.fixture
def plain_db():
    """The name of an empty database."""
    name = databases.run_name("plain")
    pg.drop(name)
    pg.admin(
        "CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0", name
    )
    yield name
    pg.drop(name)


@pytest.fixture
def demo_db():
    """The name of a copy of the demo's database."""
    name = databases.copy(
        databases.run_name("demo"), source=os.environ["SRSP_TEMPLATE"]
    )
    yield name
    pg.drop(name)


def test_a_plain_odoo_takes_both_addons_in_silence_and_lets_them_go_unused(plain_db):
    installed = install(plain_db, "srsp_disclosure")
    assert (installed.status, installed.complaints) == (0, [])
    assert get_states(plain_db) == [
        ("srsp_disclosure", "installed", False),
        ("srsp_supervision", "installed", False),
    ]
    removed = uninstall(plain_db, "srsp_supervision")
    assert removed.returncode == 0, removed.stderr
    assert " ERROR " not in removed.stderr
    assert get_states(plain_db) == [
        ("srsp_disclosure", "uninstalled", False),
        ("srsp_supervision", "uninstalled", False),
    ]
    assert find_leftovers(plain_db) == []


def test_evidence_goes_with_a_reason_that_the_chain_keeps_and_numbers_go_on(demo_db):
    [[count, last]] = pg.query(
        "SELECT count(*), max(number) FROM srsp_publication", database=demo_db
    )
    program = [
        REFUSED.format("srsp_disclosure"),
        CONFIRMED.format("srsp_disclosure", REASON),
        CHECK,
        AGAIN.format("srsp_disclosure"),
        CHECK,
        CONFIRMED.format("srsp_supervision", REASON),
    ]
    ran = run("shell", "-d", demo_db, "--no-http", stdin="".join(program))
    assert (ran.status, ran.complaints) == (0, []), ran.log
    lines = ran.said.splitlines()
    words = [
        "REFUSED",
        "REMOVED",
        "CHECK",
        "NOTES",
        "FIRST",
        "CHECK",
        "NOTES",
        "REMOVED",
    ]
    assert [line.split()[0] for line in lines] == words
    refused, removed, first_check, notes, first, again, notes_again, all_removed = lines
    assert refused.startswith("REFUSED installed SRSP Disclosure")
    assert removed == all_removed == "REMOVED uninstalled"
    assert first_check == again == "CHECK sound -"
    assert f"admin: {REASON}" in notes
    assert f"srsp.publication {count} (≤ {last})" in notes
    assert f"admin: {REASON}" in notes_again
    assert int(first.split("GS")[1][4:]) == int(last[6:]) + 1
    assert find_leftovers(demo_db) == []

    again = install(demo_db, "srsp_supervision", "--with-demo")
    assert (again.status, again.complaints) == (0, [])
    assert get_states(demo_db)[1] == ("srsp_supervision", "installed", True)
    checked = run("shell", "-d", demo_db, "--no-http", stdin=CHECK)
    assert checked.said.splitlines() == ["CHECK sound -", "NOTES -"]
