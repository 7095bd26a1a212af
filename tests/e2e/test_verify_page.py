"""A citizen verifies a draw in a browser of her own, in Chinese, and a company looks up its ticket."""

import json

import pytest
from playwright.sync_api import expect

MODULE = "/srsp_disclosure/static/src/verify/verify.js"
RECOMPUTE = """async ([module, url]) => {
    const { load, verify } = await import(module);
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    return verify(load(bytes)).summary;
}"""


@pytest.fixture
def citizen(odoo_server, new_page):
    return new_page(viewport={"width": 390, "height": 900})


@pytest.fixture
def draws(odoo_server, citizen):
    """The drawn ones: their row of the index, with the certificate."""
    rows = citizen.request.get(f"{odoo_server.url}/supervision/draws.json").json()
    drawn = [row for row in rows if row["certificate_url"]]
    assert drawn
    for row in drawn:
        row["bytes"] = citizen.request.get(row["certificate_url"]).body()
        row["certificate"] = json.loads(row["bytes"])
    return drawn


def part(page, name):
    return page.locator(f"[data-part={name}]")


def drawn_in(row):
    """The codes of the targets that a draw selected."""
    iterations = row["certificate"]["iterations"]
    return [target[0] for each in iterations for target in each["selected"]]


def left_of(row):
    """The codes that stood in the roster and were not drawn."""
    drawn = set(drawn_in(row))
    return [
        label for label, _stratum in row["certificate"]["roster"] if label not in drawn
    ]


def with_some_left(draws):
    """A draw with targets that were not drawn, and one of them."""
    row = next(row for row in draws if left_of(row))
    return row, left_of(row)[0]


def offer(page, certificate):
    content = json.dumps(certificate, ensure_ascii=False).encode()
    part(page, "file").set_input_files(
        [{"name": "c.json", "mimeType": "application/json", "buffer": content}]
    )


def test_every_draw_of_the_demo_recomputes_in_the_browser(odoo_server, citizen, draws):
    citizen.goto(f"{odoo_server.url}/supervision/verify")
    for row in draws:
        summary = citizen.evaluate(RECOMPUTE, [MODULE, row["certificate_url"]])
        iterations = row["certificate"]["iterations"]
        assert summary == {
            "number": row["number"],
            "roster": len(row["certificate"]["roster"]),
            "drawn": sum(len(each["selected"]) for each in iterations),
            "iterations": len(iterations),
            "teams": len(row["certificate"]["assignment"]["teams"]),
            "link": row["certificate"]["chain"]["sequence"],
        }


def look_up(page, code):
    """What the page answers to a code that is typed in."""
    part(page, "code").fill(code)
    before = part(page, "answer").all_inner_texts()
    part(page, "ask").locator("button").click()
    if before:
        expect(part(page, "answer").first).not_to_have_text(before[0])
    return part(page, "answer").first


def test_a_company_finds_its_ticket_with_its_code_alone(odoo_server, citizen, draws):
    row, other = with_some_left(draws)
    [[label, _stratum, position], *_rest] = row["certificate"]["iterations"][0][
        "selected"
    ]
    page = f"{odoo_server.url}/supervision/draws/{row['number']}/verify"
    citizen.goto(f"{page}?ticket={label}")
    expect(citizen.locator(".o_verify")).to_have_attribute("data-outcome", "sound")
    expect(part(citizen, "position")).to_have_text(position)
    officers = row["certificate"]["assignment"]["teams"][0]
    expect(part(citizen, "answer")).to_contain_text(label)
    assert officers
    drawn = part(citizen, "answer").inner_text()
    for code in (other, f"{label}0"):
        expect(look_up(citizen, code)).to_contain_text(code)
        assert part(citizen, "answer").inner_text() != drawn.replace(label, code)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in label)
    for code in (f" {label.lower()} ", wide):
        expect(look_up(citizen, code)).to_have_text(drawn)
        look_up(citizen, other)


def test_a_company_that_knows_no_registry_code_types_its_credit_code(
    odoo_server, citizen, draws
):
    # A draw may have hit sea areas and persons alone, who have no credit code.
    candidates = {
        label: (row, left_of(row)[0])
        for row in draws
        if left_of(row)
        for label in drawn_in(row)
    }
    [[label, uscc, name]] = odoo_server.query(
        """SELECT target.code, entity.uscc, entity.name FROM srsp_entity entity
             JOIN srsp_target target ON target.entity_id = entity.id
            WHERE target.code = ANY(%s) AND entity.uscc IS NOT NULL LIMIT 1""",
        list(candidates),
    )
    row, other = candidates[label]
    citizen.goto(
        f"{odoo_server.url}/supervision/draws/{row['number']}/verify?ticket={label}"
    )
    drawn = part(citizen, "answer").inner_text()
    for asked in (uscc, uscc.lower()):
        look_up(citizen, other)
        look_up(citizen, asked)
        # A company may stand in a draw under several codes.
        answers = citizen.locator("[data-part=answer]")
        expect(answers.filter(has_text=drawn)).to_have_count(1)
    refusal = citizen.locator("[data-say=ticket-no-code]").text_content().strip()
    mistyped = f"{uscc[:17]}{'0' if uscc[17] != '0' else '1'}"
    for nothing in (name, mistyped):
        expected = refusal.replace("{label}", nothing)
        expect(look_up(citizen, nothing)).to_have_text(expected)


def forge_position(certificate):
    certificate["iterations"][0]["selected"][0][2] = "0" * 64
    return "iterations[0].selected[0]"


def forge_team(certificate):
    certificate["assignment"]["teams"][0][2].reverse()
    return "assignment.teams[0]"


def forge_roster(certificate):
    del certificate["roster"][0]
    return "commitment.roster_digest_hex"


def forge_blind(certificate):
    certificate["assignment"]["eligibility"]["openings"][0][2] = "0" * 64
    return "commitment.eligibility_root_hex"


def forge_code(certificate):
    certificate["iterations"][0]["one_time_code_hex"] = "00" * 32
    return "iterations[0].one_time_code_hex"


def forge_name(certificate):
    certificate["draw"]["bureau"] += "。"
    return "chain.hash_hex"


@pytest.mark.parametrize(
    "forge",
    [forge_position, forge_team, forge_roster, forge_blind, forge_code, forge_name],
)
def test_a_forged_certificate_is_found_and_the_place_named(
    odoo_server, citizen, draws, forge
):
    citizen.goto(f"{odoo_server.url}/supervision/verify")
    certificate = with_some_left(draws)[0]["certificate"]
    where = forge(certificate)
    offer(citizen, certificate)
    expect(citizen.locator(".o_verify")).to_have_attribute("data-outcome", "difference")
    expect(part(citizen, "sentence")).to_contain_text(f"{where}")


def test_what_is_no_certificate_is_refused(odoo_server, citizen, draws):
    citizen.goto(f"{odoo_server.url}/supervision/verify")
    for value in ({}, [], {**draws[0]["certificate"], "roster": 1}):
        offer(citizen, value)
        expect(citizen.locator(".o_verify")).to_have_attribute("data-outcome", "bad")
