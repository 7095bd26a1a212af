"""The draw room in a real browser: from the countdown to the result, reloaded in the middle."""

import re

import pytest
from actions import DRAWN, ONE_DRAW, evidence, run_action, task_of, wait_for
from desk import picture, sign_in
from people import Person, announce
from playwright.sync_api import expect

SCREEN = {"width": 1920, "height": 1080}  # a projector's
STEP = 90_000  # milliseconds


@pytest.fixture
def server(start_odoo):
    return start_odoo(None, "--max-cron-threads", "0")  # the test says when


def test_a_reload_in_the_middle_goes_on_where_the_draw_stands(server, new_page):
    task_id = task_of(server)
    announce(server, task_id, seconds=40)
    run_action(server, "ir_cron_lock_roster")
    [[draw_id]] = server.query("SELECT id FROM srsp_draw WHERE task_id = %s", task_id)
    Person(server, "auditor").call("srsp.draw", "action_witness", [draw_id])

    page = sign_in(new_page(viewport=SCREEN), server, "auditor")
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.url}/srsp/draw_room/{draw_id}")
    clock = page.locator("[data-show=waiting] .o_room_clock")
    expect(clock).to_have_text(re.compile("00:00:[0-3][0-9]"))
    expect(page.locator(".o_room_witnesses b")).to_have_text("1")
    expect(page.locator(".o_room_wall span")).to_have_count(roster_size(page))
    picture(page, "room-waiting")

    expect_phase(page, "due")
    run_action(server, "ir_cron_draw")
    wait_for(lambda: evidence(server, task_id) == ONE_DRAW)
    expect_phase(page, "spoken")
    hexadecimal = page.locator("[data-show=spoken] .o_room_hex").inner_text()
    page.reload()
    expect_phase(page, "tickets")
    cards = page.locator(".o_room_card")
    expect(cards.nth(1)).to_be_visible()
    before = cards.all_inner_texts()
    page.reload()
    expect_phase(page, "tickets")
    assert cards.all_inner_texts()[: len(before)] == before
    picture(page, "room-tickets")

    expect_phase(page, "result")
    expect(cards).to_have_count(DRAWN)
    expect(page.locator(".o_room_lit")).to_have_count(DRAWN)
    expect(page.locator(".o_room_qr img")).to_be_visible()
    page.wait_for_function("document.querySelector('.o_room_qr img').naturalWidth > 0")
    picture(page, "room-result")
    shown = [text.split("\n")[0] for text in cards.all_inner_texts()]
    assert shown == drawn_labels(server, draw_id)
    assert re.sub(r"\s", "", hexadecimal) == randomness(server, draw_id)
    assert faults == []


def test_nobody_else_gets_in(server, new_page):
    [[draw_id]] = server.query("SELECT min(id) FROM srsp_draw WHERE state = 'drawn'")
    page = sign_in(new_page(), server, "inspector1")
    assert page.goto(f"{server.url}/srsp/draw_room/{draw_id}").status == 404


def expect_phase(page, phase):
    expect(page.locator("body")).to_have_attribute("data-phase", phase, timeout=STEP)


def roster_size(page):
    return int(page.locator(".o_room_roster h2 b").inner_text())


def drawn_labels(server, draw_id):
    """In the order of the certificate: by stratum, then position."""
    rows = server.query(
        "SELECT label FROM srsp_draw_line line JOIN srsp_draw draw ON draw.id = draw_id"
        " WHERE draw_id = %s AND iteration = 1"
        ' ORDER BY coalesce(stratum_labels->>stratum, stratum) COLLATE "C", position COLLATE "C"',
        draw_id,
    )
    return [label for [label] in rows]


def randomness(server, draw_id):
    [[text]] = server.query(
        "SELECT randomness_hex FROM srsp_draw_iteration WHERE draw_id = %s", draw_id
    )
    return text


LAYOUT = """() => {
    const box = (node) => node.getBoundingClientRect();
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((node) => box(node).height);
    const within = (selector, frame) => seen(selector).every((node) =>
        box(node).bottom <= box(document.querySelector(frame)).bottom && node.scrollWidth <= node.clientWidth + 1);
    const lowest = Math.max(...seen("main section").map((node) => box(node).bottom));
    return {
        cards: seen(".o_room_card").length > 0 && within(".o_room_card, .o_room_card *", ".o_room_roster"),
        strata: seen(".o_room_strata tbody tr").length > 0 && within(".o_room_strata td", ".o_room_strata"),
        footer: lowest <= box(document.querySelector("footer")).top,
    };
}"""
WHOLE = {"cards": True, "strata": True, "footer": True}
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
TURNED = "before => before !== document.querySelector('.o_room_strata .o_room_range').textContent"


def test_dozens_of_tickets_and_strata_stay_readable_page_by_page(server, new_page):
    task_id = task_of(server)
    manager = Person(server, "survey_manager")
    strata = {"stratify_by": "risk_class+key+region", "ratio": 0.2}
    manager.call("srsp.task", "write", [task_id], strata)
    announce(server, task_id, seconds=5)
    run_action(server, "ir_cron_lock_roster")
    query = "SELECT id, jsonb_array_length(strata) FROM srsp_draw WHERE task_id = %s"
    [[draw_id, strata_count]] = server.query(query, task_id)
    page = sign_in(new_page(viewport=SCREEN), server, "auditor")
    page.goto(f"{server.url}/srsp/draw_room/{draw_id}")
    expect_phase(page, "due")
    run_action(server, "ir_cron_draw")
    expect_phase(page, "result")
    officers = officers_of(server, draw_id)
    assert min(len(officers), strata_count) > 18
    tickets, rows = {}, set()
    while len(tickets) < len(officers) or len(rows) < strata_count:
        assert page.evaluate(LAYOUT) == WHOLE
        ranges = page.locator(".o_room_range").all_inner_texts()
        assert [text.rpartition(" / ")[2] for text in ranges] == [
            str(strata_count),
            str(len(officers)),
        ]
        for text in page.locator(".o_room_card p").all_inner_texts():
            label, *staff = text.split()
            tickets[label] = staff
        rows |= set(page.locator(".o_room_strata tbody tr:visible").all_inner_texts())
        page.wait_for_function(TURNED, arg=ranges[0])
    assert tickets == officers
    picture(page, "room-pages")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.evaluate(NEXT_FRAME)
    assert page.evaluate(LAYOUT) == WHOLE


def officers_of(server, draw_id):
    """The staff numbers of each drawn target's officers, ascending."""
    rows = server.query(
        """SELECT draw_line.label, array_agg(DISTINCT inspector.staff_number ORDER BY inspector.staff_number)
             FROM srsp_draw_line draw_line
             JOIN srsp_inspection_line line ON line.target_id = draw_line.target_id
             JOIN srsp_inspection visit ON visit.id = line.inspection_id AND visit.draw_id = draw_line.draw_id
             JOIN srsp_inspection_officer_rel officer ON officer.inspection_id = visit.id
             JOIN srsp_inspector inspector ON inspector.id = officer.inspector_id
            WHERE draw_line.draw_id = %s AND draw_line.iteration = 1 GROUP BY draw_line.label""",
        draw_id,
    )
    return dict(rows)
