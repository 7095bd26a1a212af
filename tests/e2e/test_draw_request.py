"""A drawn target that cannot be inspected: one person asks with a file, another approves, the public reads it."""

import hashlib

from desk import ROOT, open_action, picture, press
from playwright.sync_api import expect

REASON = "该单位大门紧闭，无人办公"
FILE = ROOT / "addons/srsp_supervision/demo/record.pdf"


def find(page, server, number):
    open_action(page, server, "srsp_draw_request_action")
    page.locator(".o_data_row", has_text=number).first.click()
    page.wait_for_selector(".o_form_view")


def test_a_substitute_is_requested_by_one_person_and_approved_by_another(
    server, people, new_page
):
    [[visit, draw]] = server.query(
        """SELECT visit.number, draw.number FROM srsp_inspection visit
             JOIN srsp_draw draw ON draw.id = draw_id AND draw.state = 'drawn'
             JOIN srsp_division division ON division.id = visit.division_id AND division.code = 'CG'
            WHERE stage = 'assigned' ORDER BY visit.id LIMIT 1"""
    )
    manager = people("survey_manager")
    open_action(manager, server, "srsp_inspection_action")
    manager.locator(".o_kanban_record", has_text=visit).click()
    manager.locator("button[name=action_unavailable]:visible").click()
    dialog = manager.locator(".modal")
    dialog.locator("[name=reason] textarea").fill(REASON)
    dialog.locator("[name=evidence] input[type=file]").set_input_files(FILE)
    picture(manager, "change_requested")
    dialog.locator("button[name=action_confirm]").click()
    expect(manager.locator(".o_arrow_button_current")).to_have_text("待审批")
    expect(manager.locator("button[name=action_approve]:visible")).to_have_count(0)
    policy = people("policy")
    find(policy, server, draw)
    expect(policy.locator(".o-mail-Activity", has_text="请审批")).to_have_count(1)
    picture(policy, "change_to_approve")
    press(policy, "action_approve", confirm=True)
    expect(policy.locator(".o_arrow_button_current")).to_have_text("已审定")
    picture(policy, "change_approved")
    visitor = new_page(viewport={"width": 1280, "height": 900})
    visitor.goto(f"{server.url}/supervision/draw")
    expect(visitor.locator(".o_draw_changes")).to_be_visible()
    picture(visitor, "changes_counted")
    visitor.goto(f"{server.url}/supervision/draw?q={draw}")
    visitor.locator(".list-group-item").first.click()
    main = visitor.locator("main")
    expect(main).to_contain_text(REASON)
    expect(main).to_contain_text(hashlib.sha256(FILE.read_bytes()).hexdigest())
    picture(visitor, "change_in_public")


def test_the_form_says_what_is_missing_before_an_inspector_is_replaced(server, people):
    manager = people("survey_manager")
    open_action(manager, server, "srsp_draw_action")
    row = manager.locator(".o_data_row", has_text="测管处").filter(has_text="已抽取")
    row.first.click()
    manager.locator("button[name=action_withdraw]:visible").click()
    field = manager.locator(".modal .o_field_widget[name=inspector_id]")
    field.locator("input").click()
    manager.locator(".o-autocomplete--dropdown-item").first.click()
    expect(manager.locator(".modal .alert-warning")).to_contain_text("没有已确认的")
    picture(manager, "ground_missing")
