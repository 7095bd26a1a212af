"""Every menu, as every role: New where it is offered, filled in, saved, opened again, edited, and taken away.

``CREATED`` is the whole table: what each role creates, and what becomes of it in the end. Where a role does not
stand, no New is offered to it. Of two kinds of draft there is one at a time, which New says where one exists.
"""

import pytest
from browser import open_page
from desk import picture, sign_in
from forms import Walk
from people import Person, add_user
from test_new_bureau import set_up_divisions

ADMIN, POLICY, MANAGER, OFFICER = "admin policy manager officer".split()
INSPECTOR, AUDITOR, DISCLOSURE = "inspector auditor disclosure".split()
DIVISION = (ADMIN, MANAGER, OFFICER)
ALL, EVERYBODY = "created, edited", (ADMIN, POLICY, MANAGER, OFFICER, DISCLOSURE)
# {model: (who creates it, what the walk ends with)}
CREATED = {
    "srsp.task": ((POLICY, *DIVISION), f"{ALL}, deleted"),
    "srsp.plan": ((POLICY, *DIVISION), f"{ALL}, deleted"),
    "srsp.list": ((ADMIN, POLICY), f"{ALL}, deleted"),
    "srsp.legal.basis": ((ADMIN, POLICY), f"{ALL}, deleted"),
    "srsp.rulebook": ((ADMIN, POLICY), f"{ALL}, deleted"),
    "srsp.target": (DIVISION, ALL),
    "srsp.key.target": ((POLICY, *DIVISION), ALL),
    "srsp.target.permit": (DIVISION, f"{ALL}, deleted"),
    "srsp.entity": ((*DIVISION, DISCLOSURE), f"{ALL}, archived"),
    "srsp.inspector": ((ADMIN, MANAGER), f"{ALL}, archived"),
    "srsp.inspector.certificate": ((ADMIN, MANAGER), ALL),
    "srsp.inspector.absence": ((ADMIN, MANAGER, INSPECTOR), "created"),
    "srsp.recusal": ((ADMIN, MANAGER, INSPECTOR), "created"),
    "srsp.inspector.tie": ((ADMIN, MANAGER, INSPECTOR), "created"),
    "srsp.training": (EVERYBODY, f"{ALL}, deleted"),
    "srsp.publicity": (EVERYBODY, f"{ALL}, deleted"),
    "srsp.registry.import": ((*DIVISION, DISCLOSURE), ALL),
    "srsp.division": ((ADMIN,), f"{ALL}, archived"),
    "srsp.sector": ((ADMIN,), f"{ALL}, deleted"),
    "srsp.region": ((ADMIN, POLICY), "created"),
    "srsp.qualification": ((ADMIN, POLICY), f"{ALL}, archived"),
    "srsp.method": ((ADMIN, POLICY), "created"),
    "srsp.tag": ((ADMIN, POLICY), "created"),
    "srsp.calendar.exception": ((ADMIN, POLICY), ALL),
    "srsp.channel": ((ADMIN,), f"{ALL}, archived"),
}
DRAFT = {
    "srsp.list": "还在编制中：请先公布或删除它，再开新版本",
    "srsp.rulebook": "还是草稿：请先公布或删除它，再开新版本",
}
WITH_DEMO = {
    ADMIN: "admin",
    POLICY: "policy",
    MANAGER: "survey_manager",
    OFFICER: "survey_officer",
    INSPECTOR: "inspector1",
    AUDITOR: "auditor",
    DISCLOSURE: "information",  # who is an officer of a division without a registry, too
}


@pytest.fixture(scope="module")
def demo_server(start_odoo):
    server = start_odoo()
    yield server
    server.stop()


def walk_menus(page, server):
    """``{model: result}`` of all menus that somebody sees and is offered New in."""
    walk, results = Walk(page, server), {}
    for section, menu in walk.menus:
        model = walk.open(section, menu)
        result = walk.try_new(model)
        if result != "not offered":
            results[model] = result
        if not result.startswith(("not offered", "created")):
            picture(page, f"form_{model}")
    return results


@pytest.mark.parametrize("role", WITH_DEMO)
def test_every_form_with_the_demo(demo_server, new_page, role):
    page = new_page(viewport={"width": 1600, "height": 900})
    sign_in(page, demo_server, WITH_DEMO[role])
    results = walk_menus(page, demo_server)
    expected = {name: end for name, (who, end) in CREATED.items() if role in who}
    for model in DRAFT.keys() & expected.keys():  # the demo is preparing one of each
        assert DRAFT[model] in results[model]
        results[model] = expected[model]
    assert results == expected


# Without the demo: {role: (groups, code of the division)}; the login is the role's name.
WITHOUT_DEMO = {
    POLICY: (["srsp_supervision.group_policy_officer"], "FG"),
    MANAGER: (["srsp_supervision.group_division_manager"], "CG"),
    OFFICER: (["srsp_supervision.group_division_officer"], "CG"),
    INSPECTOR: (["srsp_supervision.group_inspector"], "CG"),
    AUDITOR: (["srsp_supervision.group_auditor"], "FG"),
    DISCLOSURE: (
        [
            "srsp_supervision.group_division_officer",
            "srsp_disclosure.group_disclosure_officer",
        ],
        "XX",
    ),
}
# What can be lacking in a bureau that has nothing but divisions, a sector, a company and registers.
LACKING = {
    "srsp.task",
    "srsp.target",
    "srsp.key.target",
    "srsp.target.permit",
    "srsp.inspector",
    "srsp.inspector.certificate",
    "srsp.inspector.absence",
    "srsp.recusal",
    "srsp.inspector.tie",
    "srsp.training",
    "srsp.publicity",
}


@pytest.fixture(scope="module")
def bare_server(start_odoo, browser):
    server = start_odoo(demo=False)
    page = open_page(browser, viewport={"width": 1600, "height": 900})
    sign_in(page, server, "admin", "admin")
    admin = Person(server, "admin")
    admin.call("res.company", "write", [1], {"srsp_area_code": "350100"})
    set_up_divisions(server, page)
    length = "auth_password_policy.minlength"  # the logins below are their passwords
    admin.call("ir.config_parameter", "set_param", length, "1")
    admin.call(
        "srsp.division",
        "create",
        [{"name": "信息处", "code": "XX", "kind": "information"}],
    )
    walk = Walk(page, server)
    for name in ("legal_basis", "region", "qualification", "tag", "entity"):
        [place] = [
            place
            for place in walk.menus
            if place[1]["xmlid"] == f"srsp_supervision.srsp_{name}_menu"
        ]
        assert walk.try_new(walk.open(*place), keep=True) == "created"
    for login, (groups, division) in WITHOUT_DEMO.items():
        add_user(admin, login, groups, division)
    page.context.close()
    yield server
    server.stop()


@pytest.mark.parametrize("role", [ADMIN, *WITHOUT_DEMO])
def test_every_form_without_the_demo(bare_server, new_page, role):
    """What needs nothing that is not there yet can be made by whoever may make it; the rest says what is lacking."""
    page = new_page(viewport={"width": 1600, "height": 900})
    sign_in(page, bare_server, role)
    results = walk_menus(page, bare_server)
    expected = {name: end for name, (who, end) in CREATED.items() if role in who}
    assert results.keys() == expected.keys()
    # What there is nothing to choose for yet, and says so, without any error of the program's.
    lacking = {
        name for name, end in results.items() if end.startswith(("nothing", "refused"))
    }
    assert lacking <= LACKING
    assert {n: e for n, e in results.items() if n not in lacking} == {
        n: e for n, e in expected.items() if n not in lacking
    }
