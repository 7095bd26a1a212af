"""A task outside the plan, in the browser: asked for, approved by somebody else, announced, withdrawn in public."""

import pytest
from desk import begin, enter, look_up, open_action, picture, press, save, today
from playwright.sync_api import expect

NAME = "投诉举报专项抽查（试办）"
REASON = "检查人员患病，另行安排"


@pytest.fixture(scope="module")
def server(start_odoo):
    server = start_odoo()
    yield server
    server.stop()


def find(page, server):
    open_action(page, server, "srsp_task_action")
    look_up(page, NAME)
    page.locator(".o_kanban_record", has_text=NAME).click()
    page.wait_for_selector(".o_form_view")


def give_reason(page, button):
    page.locator(f"button[name={button}]:visible").click()
    page.locator(".modal .o_field_widget[name=reason] textarea").fill(REASON)
    page.locator(".modal button[name=action_confirm]").click()
    expect(page.locator(".modal")).to_have_count(0)


def test_an_ad_hoc_task_is_approved_announced_and_withdrawn_in_public(
    people, server, new_page
):
    officer = people("survey_officer")
    begin(officer, server, "srsp_task_action")
    enter(officer, name=NAME, sector_id="测绘管理", item_ids=["SUR-01"])
    enter(officer, ad_hoc_reason="群众举报", date_to=today(40))
    save(officer)
    press(officer, "action_request_approval")
    picture(officer, "ad_hoc_task")
    policy = people("policy")
    find(policy, server)
    press(policy, "action_approve")
    manager = people("survey_manager")
    find(manager, server)
    expect(manager.locator("button[name=action_announce]:visible")).to_have_count(1)
    enter(manager, draw_at=today(3, "%Y年%m月%d日 %H:%M:%S"))
    press(manager, "action_announce", confirm=True)
    give_reason(manager, "action_withdraw")
    expect(manager.locator(".alert", has_text=REASON)).to_be_visible()
    picture(manager, "withdrawn_task")
    visitor = new_page(viewport={"width": 1280, "height": 900})
    visitor.goto(f"{server.url}/supervision/announcement?q={NAME}")
    visitor.get_by_role("link", name=NAME).first.click()
    expect(visitor.locator("main")).to_contain_text(REASON)
    expect(visitor.locator("main")).to_contain_text("群众举报")
    picture(visitor, "withdrawn_in_public")


def test_a_plan_that_policy_sends_back_shows_the_reason_to_its_division(people, server):
    policy, manager = people("policy"), people("detachment_manager")
    open_action(policy, server, "srsp_plan_action")
    policy.locator(".o_data_row", has_text="已提交").first.click()
    give_reason(policy, "action_return")
    open_action(manager, server, "srsp_plan_action")
    manager.locator(".o_data_row", has_text="草稿").first.click()
    expect(manager.locator(".alert", has_text=REASON)).to_be_visible()
    press(manager, "action_submit")
    expect(manager.locator(".o_arrow_button_current")).to_have_text("已提交")
