"""The registry of key targets, plans of a chosen year and the rulebook's strata, as people work with them."""

import re

from desk import open_action, press
from people import Person, utc
from playwright.sync_api import expect


def _open_target(page, server, target_id):
    page.goto(
        f"{server.url}/odoo/action-srsp_supervision.srsp_target_action/{target_id}"
    )
    expect(page.locator(".o_form_view")).to_be_visible()


def _open_listing(page, server, listing_id):
    page.goto(
        f"{server.url}/odoo/action-srsp_supervision.srsp_key_target_action/{listing_id}"
    )
    expect(page.locator(".o_form_view")).to_be_visible()


def _get_listing(server, target_id):
    [row] = server.query(
        "SELECT id, state FROM srsp_key_target WHERE target_id = %s ORDER BY id DESC LIMIT 1",
        target_id,
    )
    return row


def test_one_person_proposes_and_another_lists_and_delists(server, people):
    [[target_id]] = server.query(
        """SELECT min(id) FROM srsp_target WHERE code LIKE 'SUR-%%' AND state = 'active' AND NOT coalesce(is_key, FALSE)
              AND risk_class = 'A' AND id NOT IN (SELECT target_id FROM srsp_key_target)"""
    )
    manager, policy = people("survey_manager"), people("policy")
    _open_target(manager, server, target_id)
    manager.get_by_role("button", name="提请列入重点抽查名录库").click()
    expect(manager.locator("[name=for_complaints] input")).to_be_visible()
    manager.locator("[name=for_complaints] input").check()
    manager.locator("[name=reason] input").fill("三件实名投诉，反映同一项目")
    manager.locator(".o_form_button_save").click()
    expect(manager.get_by_text("待他人审核")).to_be_visible()
    expect(manager.locator("button[name=action_approve]")).to_have_count(0)
    listing_id, state = _get_listing(server, target_id)
    assert state == "proposed"
    _open_listing(policy, server, listing_id)
    press(policy, "action_approve")
    _open_target(manager, server, target_id)
    expect(manager.locator(".ribbon")).to_have_text("重点检查对象")
    _open_listing(manager, server, listing_id)
    manager.locator("button[name=action_delist]").click()
    manager.locator(".modal textarea").fill("投诉经核查不属实")
    manager.locator(".modal button[name=action_confirm]").click()
    expect(manager.get_by_text("待他人审核")).to_be_visible()
    expect(manager.locator("button[name=action_approve]")).to_have_count(0)
    _open_listing(policy, server, listing_id)
    press(policy, "action_approve")
    assert _get_listing(server, target_id) == (listing_id, "delisted")
    [[is_key]] = server.query("SELECT is_key FROM srsp_target WHERE id = %s", target_id)
    assert not is_key


def test_the_registry_says_what_the_rules_name_and_proposes_it(server, people):
    page = people("mineral_manager")
    open_action(page, server, "srsp_key_target_action")
    hint = page.locator(".alert", has_text="D类检查对象")
    expect(hint).to_be_visible()
    missing, proposed = map(int, re.findall(r"(\d+)个", hint.inner_text())[:2])
    assert missing > proposed
    page.get_by_role("button", name="按规则提请列入").click()
    expect(page.locator(".o_notification")).to_contain_text("按规则提请列入")
    open_action(page, server, "srsp_key_target_action")
    expect(hint).to_contain_text(f"其中{missing}个待审核")


def test_plans_of_next_year_are_made_for_the_whole_bureau(server, people):
    [[list_id]] = server.query(
        "SELECT id FROM srsp_list WHERE kind = 'item' AND state = 'published' ORDER BY version DESC LIMIT 1"
    )
    [[year]] = server.query(
        "SELECT extract(year FROM now() AT TIME ZONE 'Asia/Shanghai')::int + 1"
    )
    page = people("policy")
    page.goto(f"{server.url}/odoo/action-srsp_supervision.srsp_list_action/{list_id}")
    page.locator("button[name=action_generate_plans]").click()
    page.locator(".modal").get_by_label(str(year), exact=True).check()
    page.locator(".modal button[name=action_generate]").click()
    expect(page.locator(".modal [name=outcome]")).to_contain_text(
        f"{year}年测管处抽查计划：已生成抽查任务6个"
    )
    page.locator(".modal button[name=action_open_plans]").click()
    expect(page.locator(".o_data_row")).to_have_count(4)
    strata = server.query(
        """SELECT DISTINCT stratify_by FROM srsp_task task JOIN srsp_plan plan ON plan.id = task.plan_id
            WHERE plan.year = %s""",
        year,
    )
    assert strata == [("risk_class+key",)]


def test_a_draw_without_the_rulebooks_strata_is_announced_with_a_reason_alone(
    server, people
):
    [[task_id]] = server.query(
        "SELECT id FROM srsp_task WHERE name = '测绘成果质量监督检查 (2/2)' AND state = 'planned' ORDER BY id LIMIT 1"
    )
    manager = Person(server, "survey_manager")
    manager.call(
        "srsp.task",
        "write",
        [task_id],
        {"draw_at": utc(3 * 24 * 3600), "stratify_by": "none"},
    )
    page = people("survey_manager")
    page.goto(f"{server.url}/odoo/action-srsp_supervision.srsp_task_action/{task_id}")
    page.locator("button[name=action_announce]").click()
    page.locator(".modal-footer .btn-primary").click()
    expect(page.locator(".modal")).to_contain_text(
        "请选择“按风险分类和重点标记”作为分层方式"
    )
    page.locator(".modal-footer .btn-primary").click()
    page.locator("[name=stratify_reason] input").fill("高风险对象由省厅统一抽取")
    press(page, "action_announce", confirm=True)
    [[announced]] = server.query(
        "SELECT announced_on IS NOT NULL FROM srsp_task WHERE id = %s", task_id
    )
    assert announced
