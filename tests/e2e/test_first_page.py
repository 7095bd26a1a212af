"""What people see first, and what each role can do that it could not: in the browser, in Chinese."""

import pg
from desk import open_action, pick, picture
from playwright.sync_api import expect

HOMES = {
    "inspector1": "我的检查",
    "survey_manager": "抽查任务",
    "survey_officer": "抽查任务",
    "policy": "抽查任务",
    "office": "抽查任务",
    "information": "公示时限台账",
    "auditor": "抽取记录",
    "admin": "抽查任务",
}


def test_everybody_lands_on_their_work_and_reads_no_english(people, server):
    for login, title in HOMES.items():
        page = people(login)
        crumb = page.locator(".o_breadcrumb .active, .o_last_breadcrumb_item").first
        expect(crumb).to_contain_text(title)
        expect(page.locator(".o-mail-ChatWindow")).to_have_count(0)
        page.close()
    page = people("inspector1")
    page.goto(f"{server.url}/odoo/discuss")
    expect(page.get_by_placeholder("搜索会话")).to_be_visible()
    expect(page.get_by_text("星标消息")).to_be_visible()
    picture(page, "discuss")


def test_the_office_records_publicity_and_training(people, server):
    page = people("office")
    open_action(page, server, "srsp_publicity_action")
    page.click(".o_list_button_add")
    page.click(".o_form_button_save")
    expect(page.locator(".o_notification").first).to_contain_text("请填写必填项")
    page.locator(".o_notification_close").first.click()
    page.fill(".o_field_widget[name=name] input", "局长访谈：随机抽查怎样做到公平")
    pick(page, page.locator(".o_field_widget[name=channel]").first, "广播")
    expect(page.locator(".o_field_widget[name=division_id] input")).to_have_value(
        "办公室"
    )
    page.click(".o_form_button_save")
    expect(page.locator(".o_form_status_indicator_buttons.invisible")).to_have_count(1)
    picture(page, "publicity")
    open_action(page, server, "srsp_training_action")
    page.click(".o_list_button_add")
    page.fill(".o_field_widget[name=name] input", "信息公示业务培训")
    page.click(".o_form_button_save")
    expect(page.locator(".o_form_status_indicator_buttons.invisible")).to_have_count(1)


def test_the_policy_division_delivers_again_and_exports(people, server):
    page = people("policy")
    [[delivery]] = pg.query(
        "SELECT id FROM srsp_delivery WHERE state = 'rejected'", database=server.db
    )
    page.goto(
        f"{server.url}/odoo/action-srsp_disclosure.srsp_delivery_action/{delivery}"
    )
    page.click("button[name=action_retry]")
    expect(
        page.locator(".o_field_widget[name=state] , .o_statusbar_status").first
    ).to_be_visible()
    expect(page.locator(".o_error_dialog")).to_have_count(0)
    for login in ("policy", "survey_manager", "auditor"):
        page = people(login)
        open_action(page, server, "srsp_inspector_action_detachment")
        page.locator(".o_list_view thead .o_list_record_selector input").click()
        page.locator(".o_cp_action_menus button.dropdown-toggle:visible").last.click()
        expect(page.get_by_role("menuitem", name="导出")).to_be_visible()


def test_a_refusal_is_no_joke(people, server):
    """A division manager opens a visit of another division by its address."""
    page = people("survey_manager")
    [[other]] = pg.query(
        """SELECT inspection.id FROM srsp_inspection inspection JOIN srsp_division division
               ON division.id = division_id WHERE division.code = 'HY' LIMIT 1""",
        database=server.db,
    )
    # The client shows the answer in a dialog, which the screen that it falls back to may close at once.
    with page.expect_response("**/srsp.inspection/web_read") as answer:
        page.goto(
            f"{server.url}/odoo/action-srsp_supervision.srsp_inspection_action/{other}"
        )
    said = answer.value.json()["error"]["data"]["message"]
    assert said.startswith("您没有此操作的权限。请联系系统管理员。")
