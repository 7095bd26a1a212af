"""A bureau begins: from an empty database, in Chinese and without the demo, to a draw that anybody can verify.

Everything is done in the browser. ``docs/NEW_BUREAU.md`` tells the same steps; its pictures are taken here.
"""

import re

import pytest
from desk import (
    NEW,
    OPTION,
    ROOT,
    VERIFIED,
    begin,
    enter,
    open_action,
    picture,
    press,
    reload_until,
    save,
    sign_in,
    today,
)
from people import bring_forward
from playwright.sync_api import expect

SCAN = ROOT / "addons/srsp_supervision/demo/approval.pdf"
PASSWORD = "new-bureau-2026"
COMPANIES = ("示例一测绘有限公司", "示例二测绘有限公司", "示例三测绘有限公司")
OFFICERS = (("检查员甲", "SF01"), ("检查员乙", "SF02"), ("检查员丙", "SF03"))


@pytest.fixture
def server(start_odoo):
    server = start_odoo(demo=False)
    yield server
    server.stop()


def test_a_bureau_begins_in_the_browser_alone(server, new_page):
    def come(login, password=PASSWORD):
        page = new_page(viewport={"width": 1440, "height": 900})
        return sign_in(page, server, login, password)

    admin = come("admin", "admin")
    name_the_bureau(server, admin)
    set_up_divisions(server, admin)
    for login, name, role, division in (
        ("fagui", "法规处处长", re.compile("政策法规"), "政策法规处"),
        ("ceguan", "测管处处长", re.compile("处室负责人"), "测绘管理处"),
    ):
        add_user(server, admin, login, name, role, division)
    policy, manager = come("fagui"), come("ceguan")
    publish_the_rulebook(server, policy)
    publish_the_list(server, policy, manager)
    fill_the_registries(server, manager)
    publish_the_plan(server, policy, manager)
    number = hold_the_draw(server, manager)
    visitor = new_page(viewport={"width": 1280, "height": 900})
    verify_in_public(server, visitor, number)


def name_the_bureau(server, page):
    open_action(page, server, "base.action_res_company_form")
    page.locator(".o_data_row").first.click()
    enter(page, name="示范市自然资源和规划局", srsp_area_code="350100")
    save(page)


def set_up_divisions(server, page):
    for name, code, kind in (
        ("政策法规处", "FG", "政策法规"),
        ("测绘管理处", "CG", "业务"),
    ):
        begin(page, server, "srsp_division_action")
        enter(page, name=name, code=code)
        enter(page, kind=kind)
        save(page)
    picture(page, "new_bureau_division")
    begin(page, server, "srsp_sector_action")
    enter(page, name="测绘管理", code="SUR", division_id="测绘管理处")
    save(page)


def add_user(server, page, login, name, role, division):
    open_action(page, server, "base.action_res_users")
    page.locator(".o_list_button_add:visible").click()
    enter(page, name=name, login=login)
    page.get_by_role("tab", name="访问权限").click()
    page.get_by_label("双随机监管").first.click()
    page.locator(OPTION).filter(has_text=role).first.click()
    enter(page, srsp_division_ids=[division])
    picture(page, "new_bureau_user")
    save(page)
    page.get_by_role("tab", name="安全").click()
    page.locator("button[name=action_change_password_wizard]").click()
    page.locator(".modal td[name=new_passwd]").click()
    page.locator(".modal td[name=new_passwd] input").fill(PASSWORD)
    page.locator(".modal button[name=change_password_button]").click()
    expect(page.locator(".modal")).to_have_count(0)


def publish_the_rulebook(server, page):
    """The first rulebook takes effect on the day of its publication."""
    begin(page, server, "srsp_rulebook_action")
    enter(page, name="示范市自然资源和规划系统随机抽查实施细则")
    save(page)
    picture(page, "new_bureau_rulebook")
    page.locator("button[name=action_publish]:visible").click()
    page.locator(".modal-footer .btn-primary").click()
    expect(page.locator(".modal")).to_have_count(0)
    expect(page.locator(".o_arrow_button_current")).to_have_text("已公布")


def publish_the_list(server, policy, manager):
    begin(policy, server, "srsp_legal_basis_action")
    enter(policy, title="中华人民共和国测绘法", article="第四十九条")
    save(policy)
    begin(policy, server, "srsp_list_action")
    enter(policy, deadline=today(7))
    save(policy)
    press(policy, "action_open", confirm=True)
    open_action(manager, server, "srsp_list_part_action")
    manager.locator(".o_kanban_record").first.click()
    manager.locator("button[name=action_view_lines]").first.click()
    manager.locator(NEW).first.click()
    enter(
        manager,
        name="测绘资质巡查",
        code="SUR-01",
        sector_id="测绘管理",
        frequency="2",
        legal_basis_ids=["测绘法"],
        inspecting_body="示范市自然资源和规划局",
        target="测绘资质单位",
        content="测绘资质条件的保持情况",
        standard="对照资质等级标准逐项核查",
        method_ids=["现场检查"],
    )
    save(manager)
    picture(manager, "new_bureau_item")
    open_action(manager, server, "srsp_list_part_action")
    manager.locator(".o_kanban_record").first.click()
    press(manager, "action_hand_in", confirm=True)
    policy.reload()
    press(policy, "action_consolidate")
    enter(
        policy,
        approval_number="示审改〔2026〕1号",
        approval_date=today(),
        approval_scan=SCAN,
    )
    press(policy, "action_approve")
    press(policy, "action_publish", confirm=True)
    picture(policy, "new_bureau_list")


def fill_the_registries(server, page):
    for name in COMPANIES:
        begin(page, server, "srsp_entity_action")
        enter(page, name=name)
        save(page)
        begin(page, server, "srsp_target_action")
        enter(page, entity_id=name, sector_id="测绘管理")
        save(page)
    picture(page, "new_bureau_target")
    for name, number in OFFICERS:
        begin(page, server, "srsp_inspector_action")
        enter(page, name=name, staff_number=number, sector_ids=["测绘管理"])
        save(page)
        begin(page, server, "srsp_inspector_certificate_action")
        enter(page, inspector_id=name, number=f"演示-{number}", valid_until=today(800))
        save(page)
    open_action(page, server, "srsp_inspector_action")
    picture(page, "new_bureau_inspectors")


def publish_the_plan(server, policy, manager):
    open_action(policy, server, "srsp_list_action")
    policy.locator(".o_kanban_record").first.click()
    policy.locator("button[name=action_generate_plans]").click()
    year = policy.locator(".modal .o_field_widget[name=year]")
    year.get_by_text(today(form="%Y"), exact=True).click()
    policy.locator(".modal button[name=action_generate]").click()
    policy.locator(".modal button[name=action_open_plans]").click()
    policy.wait_for_selector(".o_list_view .o_data_row")
    open_action(manager, server, "srsp_plan_action")
    manager.locator(".o_data_row").first.click()
    press(manager, "action_submit")
    policy.locator(".o_data_row").first.click()
    press(policy, "action_consolidate")
    press(policy, "action_publish")
    picture(policy, "new_bureau_plan")


def hold_the_draw(server, page):
    open_action(page, server, "srsp_task_action")
    page.locator(".o_kanban_record", has_text="(2/2)").click()
    enter(page, draw_at=today(2, "%Y年%m月%d日 %H:%M:%S"))
    press(page, "action_announce", confirm=True)
    picture(page, "new_bureau_task")
    [[task_id]] = server.query(
        "SELECT id FROM srsp_task WHERE announced_on IS NOT NULL"
    )
    bring_forward(server, task_id, seconds=40)
    reload_until(page, page.locator(".o_arrow_button_current", has_text="已抽取"))
    open_action(page, server, "srsp_draw_action")
    page.locator(".o_data_row").first.click()
    page.locator("button[name=action_verify]").click()
    expect(page.locator(VERIFIED).first).to_be_visible()
    picture(page, "new_bureau_draw")
    return page.locator(".o_form_view [name=number]").first.inner_text().strip()


def verify_in_public(server, page, number):
    """A stranger's browser recomputes the draw, and finds the bureau's name on the page."""
    page.goto(f"{server.url}/supervision/draw")
    page.goto(f"{server.url}/supervision/draws/{number}/verify")
    page.locator("[data-part=start]").click()
    outcome = page.locator("[data-part=outcome]")
    expect(outcome).to_have_class(re.compile("alert-success"), timeout=60_000)
    picture(page, "new_bureau_verified")
