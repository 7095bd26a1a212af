"""Every menu, as every role: New where it is offered, filled in, saved, opened again, edited, and taken away.

``TABLE`` is what each role can do with each model; a role that does not stand there is offered no New. With the
demo some drafts exist already, of which there is one at a time: New then says so.
"""

import json

import pytest
from desk import picture, sign_in
from forms import Walk

ROLES = {
    "admin": "administrator",
    "policy": "policy_officer",
    "survey_manager": "division_manager",
    "survey_officer": "division_officer",
    "inspector1": "inspector",
    "auditor": "auditor",
    "information": "disclosure_officer",
}


@pytest.fixture(scope="module")
def demo_server(start_odoo):
    server = start_odoo()
    yield server
    server.stop()


def walk_menus(page, server):
    """``{model: result}`` of the menus that somebody sees, in their order."""
    walk, results = Walk(page, server), {}
    for section, menu in walk.menus:
        model = walk.open(section, menu)
        result = walk.try_new(model)
        if result != "not offered" and not result.startswith("created"):
            picture(page, f"form_{model}")
        if model not in results or result != "not offered":
            results[model] = result
    return results


@pytest.mark.parametrize("login", ROLES)
def test_every_form_with_the_demo(demo_server, new_page, login):
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, demo_server, login)
    results = walk_menus(page, demo_server)
    with open("/tmp/table.json", "a") as f:
        f.write(json.dumps({login: results}, ensure_ascii=False, indent=1))
