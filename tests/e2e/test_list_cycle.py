"""One version of the item list in a browser, from the call to publication, in Chinese.

Four people: the policy officer, the heads of two divisions, the auditor.
"""

import pytest
from desk import enter, open_action, picture, press, today
from people import Person, Refused
from playwright.sync_api import expect

APPROVAL = "榕审改办〔2026〕9051号"
COMMENT = "请写明核查要点"
STANDARD = "对照公示信息逐项核查，要点是漏报和越界开采。"


def test_a_version_goes_from_the_call_to_publication(people, server, tmp_path):
    policy, auditor = people("policy"), people("auditor")
    survey, mineral = people("survey_manager"), people("mineral_manager")
    discard_the_draft_of_the_demo(server, policy)
    call_two_divisions(server, policy)
    change_an_item(server, survey, "SUR-01", "ratio", "8")
    nobody_sees_or_hands_in_for_another(server)
    consolidating_too_early_names_who_is_missing(server, policy)
    hand_in(server, survey)
    hand_in(server, mineral)
    send_back(server, policy)
    mend_and_hand_in_again(server, mineral)
    approve_and_publish(server, policy, tmp_path)
    read_what_changed(server, auditor)


def discard_the_draft_of_the_demo(server, page):
    open_version(server, page, "draft")
    page.locator(".o_cp_action_menus button").first.click()
    page.locator(".o-dropdown-item", has_text="删除").click()
    with page.expect_response("**/srsp.list/unlink"):
        page.locator(".modal-footer .btn-primary").click()
    page.wait_for_selector(".o_kanban_view, .o_list_view")


def open_version(server, page, state):
    """Open the item list's version that is in ``state``."""
    [[version]] = server.query(
        "SELECT id FROM srsp_list WHERE kind = 'item' AND state = %s", state
    )
    page.goto(f"{server.url}/odoo/action-srsp_supervision.srsp_list_action/{version}")
    page.wait_for_selector(".o_form_view .o_statusbar_status")


def call_two_divisions(server, page):
    open_version(server, page, "published")
    page.locator("button[name=action_new_version]").click()
    expect(page.locator(".o_arrow_button_current")).to_have_text("草稿")
    enter(page, deadline=today(10))
    page.locator(".o_field_widget[name=purpose] textarea").fill("按新法逐条梳理")
    page.locator(".o_notebook a[name=parts]").click()
    for division in ("海域海岛处", "综合行政执法支队"):
        row = page.locator("[name=part_ids] .o_data_row", has_text=division)
        row.locator(".o_list_record_remove button").click()
        expect(row).to_have_count(0)
    press(page, "action_open", confirm=True)
    expect(page.locator("[name=part_ids] .o_data_row")).to_have_count(2)


def open_own_part(server, page):
    open_action(page, server, "srsp_list_part_action")
    page.locator(".o_kanban_record", has_text="随机抽查事项清单").first.click()
    page.wait_for_selector(".o_form_view .o_statusbar_status")


def change_an_item(server, page, code, field, value):
    open_own_part(server, page)
    page.locator(".o_statusbar_buttons button[name=action_view_lines]").click()
    page.locator(".o_data_row", has_text=code).locator("td[name=name]").click()
    box = page.locator(
        f".o_field_widget[name={field}] input, .o_field_widget[name={field}] textarea"
    )
    box.first.fill(value)
    page.locator(".o_form_button_save").click()
    expect(page.locator(".o_form_button_save")).not_to_be_visible()


def nobody_sees_or_hands_in_for_another(server):
    """What the screens do not offer is refused to requests as well."""
    survey = Person(server, "survey_manager")
    draft = [("list_id.state", "=", "draft"), ("list_id.kind", "=", "item")]
    seen = survey.find("srsp.item", draft, ["code"], order="code")
    assert [item["code"] for item in seen] == ["SUR-01", "SUR-02"]
    [[part]] = server.query(
        """SELECT part.id FROM srsp_list_part part JOIN srsp_division division ON division.id = division_id
            JOIN srsp_list list ON list.id = list_id
            WHERE list.kind = 'item' AND list.state = 'draft' AND division.code = 'DK'"""
    )
    with pytest.raises(Refused):
        survey.call("srsp.list.part", "action_hand_in", [part])


def consolidating_too_early_names_who_is_missing(server, page):
    open_version(server, page, "draft")
    page.locator("button[name=action_consolidate]").click()
    expect(page.locator(".modal .modal-body")).to_contain_text("地矿处")
    expect(page.locator(".modal .modal-body")).to_contain_text("测管处")
    page.locator(".modal-footer .btn-primary").click()


def hand_in(server, page):
    open_own_part(server, page)
    press(page, "action_hand_in", confirm=True)
    expect(page.locator(".o_arrow_button_current")).to_have_text("已报送")


def send_back(server, page):
    open_action(page, server, "srsp_list_part_action")
    expect(page.locator(".o_kanban_group")).to_have_count(3)
    picture(page, "parts")
    page.locator(".o_kanban_record", has_text="地矿处").click()
    page.locator("button[name=action_return]").click()
    page.locator(".modal .o_field_widget[name=reason] textarea").fill(COMMENT)
    page.locator(".modal-footer .btn-primary").click()
    expect(page.locator(".o_arrow_button_current")).to_have_text("已退回")


def mend_and_hand_in_again(server, page):
    open_own_part(server, page)
    expect(page.locator(".alert-warning")).to_contain_text(COMMENT)
    change_an_item(server, page, "MIN-01", "standard", STANDARD)
    hand_in(server, page)


def approve_and_publish(server, page, folder):
    open_version(server, page, "submitted")
    press(page, "action_consolidate")
    scan = folder / "scan.pdf"
    scan.write_bytes(b"%PDF-1.4 scan of the approval")
    page.locator(".o_field_widget[name=approval_number] input").fill(APPROVAL)
    enter(page, approval_date=today())
    page.locator(
        ".o_field_widget[name=approval_scan] input[type=file]"
    ).set_input_files(scan)
    press(page, "action_approve")
    press(page, "action_publish", confirm=True)
    expect(page.locator(".o_arrow_button_current")).to_have_text("已公布")


def read_what_changed(server, page):
    open_version(server, page, "published")
    expect(page.locator(".o_field_widget[name=approval_number]")).to_have_text(APPROVAL)
    expect(page.locator("button[name=action_new_version]")).to_have_count(0)
    page.locator("button[name=action_compare]").click()
    report = page.locator(".o_form_view [name=body]")
    for words in ("SUR-01", "MIN-01", STANDARD):
        expect(report).to_contain_text(words)
    expect(report).not_to_contain_text("PLN-01")
    picture(page, "comparison")
    assert server.query(
        "SELECT version, state FROM srsp_list WHERE kind = 'item' ORDER BY version"
    ) == [(1, "superseded"), (2, "published")]
