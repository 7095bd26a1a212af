"""The registries through the browser: a file from its template to the registry, and the attributes of a sector."""

import pytest
from desk import look_up, open_action, picture
from openpyxl import load_workbook
from playwright.sync_api import expect

ROWS = 40
VALID_UNTIL = ("2029年1月1日", "2029.1.1", "20290101", "2029/01/01 00:00:00", "长期")


@pytest.fixture(scope="module")
def server(start_odoo):
    server = start_odoo()
    yield server
    server.stop()


def fill_template(path):
    """Rows for the surveying division; one has a wrong credit code, one a risk class that does not exist."""
    book = load_workbook(path)
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, ROWS + 2):
        values = {
            "监管对象名称": f"演示第{row}测绘有限公司",
            "监管领域": "测绘管理",
            "许可证号": f"乙测资字演示{row:04d}",
            "风险分类": "五星" if row == 7 else "B",
            "许可有效期至": VALID_UNTIL[row % len(VALID_UNTIL)],
        }
        if row == 5:
            values["统一社会信用代码"] = "91350102MAYY00DM0X"
        for heading, value in values.items():
            sheet.cell(row, places[heading], value)
    book.save(path)


def upload(page, server, path):
    """Upload a file of targets and read its headings."""
    open_action(page, server, "srsp_registry_import_action")
    page.locator(".o_list_button_add").click()
    page.locator(".o_field_widget[name=source] input").fill("走查来源")
    page.set_input_files(".o_field_widget[name=file] input[type=file]", path)
    expect(page.locator(".o_field_widget[name=column_ids] .o_data_row")).not_to_have_count(0)  # fmt: skip


def expect_state(page, label):
    current = page.locator(".o_statusbar_status .o_arrow_button_current")
    expect(current).to_have_text(label, timeout=90_000)


def test_a_file_goes_from_the_template_into_the_registry(people, server, tmp_path):
    path = tmp_path / "registry.xlsx"
    page = people("survey_officer")
    open_action(page, server, "srsp_registry_import_action")
    page.locator(".o_list_button_add").click()
    with page.expect_download() as download:
        page.locator("a[href$='target/template.xlsx']").click()
    download.value.save_as(path)
    fill_template(path)
    upload(page, server, path)
    page.locator("button[name=action_check]:visible").click()
    expect_state(page, "已校验")
    expect(page.locator(".o_field_widget[name=error_ids] .o_data_row")).to_have_count(2)
    picture(page, "import")
    with page.expect_download() as download:
        page.locator(".o_field_widget[name=error_file] .fa-download").click()
    download.value.save_as(tmp_path / "bad.xlsx")
    rows = [*load_workbook(tmp_path / "bad.xlsx").worksheets[0].values]
    assert [row[1] for row in rows[1:]] == [
        "演示第5测绘有限公司",
        "演示第7测绘有限公司",
    ]
    assert "校验码" in rows[1][-1] and "风险分类" in rows[2][-1]
    page.locator("button[name=action_import]:visible").click()
    page.locator(".modal-footer .btn-primary").click()
    expect_state(page, "已完成")
    [[found]] = server.query(
        "SELECT count(*) FROM srsp_target WHERE permit_number LIKE '乙测资字演示%%'"
    )
    assert found == ROWS - 2
    assert server.query(
        "SELECT DISTINCT permit_valid_until::text FROM srsp_target WHERE permit_number LIKE '乙测资字演示%%' ORDER BY 1"
    ) == [("2029-01-01",), (None,)]
    upload(page, server, path)  # the same file again
    page.locator("button[name=action_check]:visible").click()
    expect_state(page, "已校验")
    expect(page.locator(".o_field_widget[name=unchanged_count]")).to_have_text(f"{ROWS - 2}")  # fmt: skip
    expect(page.locator("button[name=action_import]:visible")).to_have_count(0)


def test_the_administrator_defines_what_a_sector_wants_to_know(people, server):
    page = people("admin")
    open_action(page, server, "srsp_sector_action")
    page.locator(".o_data_cell[name=name]", has_text="测绘管理").click()
    attributes = page.locator(".o_srsp_attributes")
    expect(attributes.locator("tbody tr")).to_have_count(3)
    attributes.get_by_role("button", name="添加属性").click()
    expect(attributes.locator("tbody tr")).to_have_count(4)
    row = attributes.locator("tbody tr").last
    row.get_by_label("属性").fill("质量体系")
    row.get_by_label("属性").press("Tab")
    row.get_by_label("取值类型").select_option("selection")
    row.get_by_label("可选项").fill("已认证，认证中、未认证")
    row.get_by_label("可选项").press("Tab")
    choices = attributes.locator("tbody tr").first.get_by_label("可选项")
    choices.fill("甲级, 乙级, 丙级")
    choices.press("Tab")
    picture(page, "sector")
    page.locator(".o_form_button_save").click()
    expect(page.locator(".o_form_button_save")).to_be_hidden()
    [[definition]] = server.query(
        "SELECT target_properties_definition FROM srsp_sector WHERE code = 'SUR'"
    )
    added = definition[-1]
    assert (added["string"], added["type"]) == ("质量体系", "selection")
    assert [label for _key, label in added["selection"]] == ["已认证", "认证中", "未认证"]  # fmt: skip
    grades = definition[0]["selection"]
    assert grades[:2] == [["a", "甲级"], ["b", "乙级"]]  # a kept word keeps its key
    assert grades[2][1] == "丙级"
    # Targets keep what they have, and are asked for the new attribute.
    open_action(page, server, "srsp_target_action")
    look_up(page, "SUR-000001")
    page.locator(".o_data_cell", has_text="SUR-000001").click()
    properties = page.locator(".o_field_properties")
    expect(properties).to_contain_text("质量体系")
    expect(properties.locator("select, input").first).not_to_have_value("")
    picture(page, "target")


def test_a_policy_officer_reads_the_attributes_and_cannot_change_them(people, server):
    page = people("policy")
    open_action(page, server, "srsp_sector_action")
    page.locator(".o_data_cell[name=name]", has_text="矿产勘查开采").click()
    attributes = page.locator(".o_srsp_attributes")
    expect(attributes.locator("tbody tr")).to_have_count(4)
    expect(attributes).to_contain_text("矿种")
    expect(attributes.locator("button, input")).to_have_count(0)


def test_an_officer_imports_further_permits_with_odoos_own_import(
    people, server, tmp_path
):
    path = tmp_path / "permits.xlsx"
    page = people("survey_officer")
    open_action(page, server, "srsp_target_permit_action")
    page.locator(".o_cp_action_menus button.dropdown-toggle").first.click()
    page.locator(".o_import_menu").click()
    with page.expect_download() as download:
        page.locator("a[href$='further_permits.xlsx']").click()
    download.value.save_as(path)
    book = load_workbook(path)
    for number, until in (("演示补充1001", "2029-01-01"), ("演示补充1002", None)):
        book.active.append(
            ["SUR-000003", "演示许可证", number, "演示机关", None, until]
        )
    book.save(path)
    page.set_input_files("input[type=file]", path)
    page.locator(".o_import_data_content").wait_for()
    page.get_by_role("button", name="导入", exact=True).click()
    page.wait_for_selector(".o_list_view .o_data_row")
    assert server.query(
        """SELECT permit.number, permit.valid_until::text FROM srsp_target_permit permit
             JOIN srsp_target target ON target.id = target_id
            WHERE target.code = 'SUR-000003' AND permit.number LIKE '演示补充100%%' ORDER BY 1"""
    ) == [("演示补充1001", "2029-01-01"), ("演示补充1002", None)]
    picture(page, "further_permits")
