"""Draws in the back office, as wide as an office screen: nothing is cut, no number says something else."""

from desk import open_action, sign_in
from playwright.sync_api import expect

CUT = "cells => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)"


def test_the_list_of_draws_shows_whole_numbers_and_states(odoo_server, new_page):
    page = sign_in(
        new_page(viewport={"width": 1440, "height": 900}), odoo_server, "policy"
    )
    open_action(page, odoo_server, "srsp_draw_action")
    for name in ("number", "state"):
        cells = page.locator(f"td[name={name}]")
        expect(cells).not_to_have_count(0)
        assert cells.evaluate_all(CUT) == []


def test_a_task_counts_its_targets_once(odoo_server, new_page):
    [[task_id]] = odoo_server.query(
        "SELECT min(id) FROM srsp_task WHERE state = 'planned' AND mode = 'own'"
    )
    page = sign_in(
        new_page(viewport={"width": 1440, "height": 900}), odoo_server, "policy"
    )
    page.goto(
        f"{odoo_server.url}/odoo/action-srsp_supervision.srsp_task_action/{task_id}"
    )
    expect(page.locator("[name=target_count] .o_stat_value")).to_be_visible()
    expect(page.locator("[name=target_domain] .o_domain_selector")).to_be_visible()
    expect(
        page.locator("[name=target_domain] .o_domain_show_selection_button")
    ).to_be_hidden()
