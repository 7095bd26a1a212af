"""Regions, permits, contacts and qualifications through the browser, as the people who keep them."""

import pytest
from desk import OPTION, enter, look_up, open_action, picture, save
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def server(start_odoo):
    server = start_odoo()
    yield server
    server.stop()


def field(page, name):
    return page.locator(f".o_field_widget[name={name}]").first


def open_record(page, server, action, words):
    """Open the record that the list finds by ``words``."""
    open_action(page, server, action)
    look_up(page, words)
    for header in page.locator(".o_group_header:has(.fa-caret-right)").all()[::-1]:
        header.click()
    row = page.locator(".o_data_row", has_text=words).first
    row.locator(".o_data_cell").nth(1).click()
    page.wait_for_selector(".o_form_view")


def test_an_officer_places_a_target_and_adds_a_permit_that_the_search_finds(
    people, server
):
    page = people("survey_officer")
    open_record(page, server, "srsp_target_action", "SUR-000002")
    enter(page, region_id="永泰")
    field(page, "contact_name").locator("input").fill("演示联系人")
    field(page, "contact_phone").locator("input").fill("0591-00009999")
    page.locator(
        ".o_field_widget[name=permit_ids] .o_field_x2many_list_row_add a"
    ).click()
    line = page.locator(".o_field_widget[name=permit_ids] .o_data_row").last
    line.locator("[name=name] input").fill("演示许可证")
    line.locator("[name=number] input").fill("演示补充0001")
    save(page)
    picture(page, "target_fields")
    found = server.query(
        """SELECT region.code, target.region, target.contact_phone, permit.number FROM srsp_target target
             JOIN srsp_region region ON region.id = target.region_id
             JOIN srsp_target_permit permit ON permit.target_id = target.id
            WHERE target.code = 'SUR-000002' AND permit.name = '演示许可证'"""
    )
    assert found == [("350125", "永泰县", "0591-00009999", "演示补充0001")]
    open_action(page, server, "srsp_target_action")
    look_up(page, "演示补充")
    expect(page.locator(".o_data_row")).to_have_count(1)
    expect(page.locator(".o_data_row [name=code]")).to_have_text("SUR-000002")


def test_a_policy_officer_adds_a_region_of_a_known_name_and_both_stay_apart(
    people, server
):
    page = people("policy")
    open_action(page, server, "srsp_region_action")
    page.locator(".o_list_button_add").click()
    row = page.locator(".o_selected_row")
    row.locator("[name=code] input").fill("350702")
    row.locator("[name=name] input").fill("鼓楼区")
    box = row.locator("[name=parent_id] input")
    box.fill("福建省")
    page.locator(OPTION).filter(has_text="福建省").first.click()
    page.locator(".o_list_button_save:visible").first.click()
    expect(page.locator(".o_selected_row")).to_have_count(0)
    labels = server.query(
        "SELECT code, label FROM srsp_region WHERE name = '鼓楼区' ORDER BY code"
    )
    assert labels == [("350102", "福州市鼓楼区"), ("350702", "福建省鼓楼区")]
    [[written]] = server.query(
        "SELECT count(*) FROM srsp_target WHERE region = '鼓楼区'"
    )
    assert written == 0
    picture(page, "regions")


def test_a_mobile_is_for_the_inspectors_division_alone(people, server):
    page = people("survey_manager")
    open_record(page, server, "srsp_inspector_action", "CG02")
    expect(field(page, "mobile").locator("input")).to_have_value("10000000002")
    field(page, "mobile").locator("input").fill("10000000099")
    enter(page, qualification_ids="海域测量")
    save(page)
    picture(page, "inspector_fields")
    [[data]] = server.query(
        "SELECT personal_data FROM srsp_inspector WHERE staff_number = 'CG02'"
    )
    assert data["mobile"] == "10000000099" and data["education_field"] == "测绘工程"
    open_record(page, server, "srsp_inspector_action", "DK01")
    expect(field(page, "staff_number")).to_be_visible()
    expect(page.locator(".o_field_widget[name=mobile]")).to_have_count(0)
    expect(page.locator(".o_field_widget[name=sex]")).to_have_count(0)
