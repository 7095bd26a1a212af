"""Every menu, as every role: New where it is offered, filled in, saved, opened again, edited, and taken away.

``CREATED`` is the whole table: what each role creates, and what becomes of it in the end. Where a role does not
stand, no New is offered to it. Of two kinds of draft there is one at a time, which New says where one exists.
"""

import pytest
from desk import picture, sign_in
from forms import Walk
from people import Person
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
    "srsp.calendar.day": ((ADMIN,), f"{ALL}, deleted"),
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


@pytest.fixture(scope="module")
def bare_server(start_odoo):
    server = start_odoo(demo=False)
    yield server
    server.stop()


def test_every_form_without_the_demo(bare_server, new_page):
    """With two divisions and a sector alone, what needs nothing else can be made by whoever may make it."""
    page = new_page(viewport={"width": 1600, "height": 900})
    sign_in(page, bare_server, "admin", "admin")
    Person(bare_server, "admin").call(
        "res.company", "write", [1], {"srsp_area_code": "350100"}
    )
    set_up_divisions(bare_server, page)
    for name in ("legal_basis", "region", "qualification", "tag", "entity"):
        walk = Walk(page, bare_server)
        [place] = [
            place
            for place in walk.menus
            if place[1]["xmlid"] == f"srsp_supervision.srsp_{name}_menu"
        ]
        model = walk.open(*place)
        assert walk.try_new(model, keep=True) == "created"
    results = walk_menus(page, bare_server)
    expected = {name: end for name, (who, end) in CREATED.items() if ADMIN in who}
    # What there is nothing to choose for yet, and says so, without any error of the program's.
    wanting = {
        name for name, end in results.items() if end.startswith(("nothing", "refused"))
    }
    assert wanting <= {
        "srsp.task",
        "srsp.target",
        "srsp.key.target",
        "srsp.inspector",
        "srsp.inspector.certificate",
        "srsp.inspector.absence",
        "srsp.recusal",
        "srsp.inspector.tie",
        "srsp.training",
        "srsp.publicity",
    }
    assert {n: e for n, e in results.items() if n not in wanting} == {
        n: e for n, e in expected.items() if n not in wanting
    }
