"""Work that a draw, a list or a date brings to people, as they find and do it in the browser."""

import base64

from desk import ROOT, enter, look_up, open_action, picture, press, save, today
from people import Person, add_user
from playwright.sync_api import expect

SCAN = ROOT / "addons/srsp_supervision/demo/approval.pdf"
MOVED = "竣工规划核实测量成果检查 (2/2)"
ANNOUNCED = "测绘资质巡查 (3/4)"


def test_a_drawn_officer_and_the_head_of_a_supporting_division_are_told(people, server):
    [login, name, number, summary] = server.query(
        """SELECT login, partner.name, inspection.number, summary FROM mail_activity activity
             JOIN srsp_inspection inspection ON res_model = 'srsp.inspection' AND res_id = inspection.id
             JOIN res_users ON res_users.id = activity.user_id AND login LIKE 'inspector%%'
             JOIN res_partner partner ON partner.id = partner_id
            WHERE activity.active AND summary LIKE '您已被抽中参加检查%%' ORDER BY activity.id"""
    )[0]
    officer = people(login)
    officer.locator(".o_menu_systray .fa-clock-o").click()
    officer.locator(".o-mail-ActivityGroup[data-model_name='srsp.inspection']").click()
    officer.wait_for_selector(".o_view_controller")
    officer.get_by_text(number).first.click()
    told = officer.locator(".o-mail-Activity", has_text=summary).filter(has_text=name)
    expect(told).to_have_count(1)
    picture(officer, "told")
    [[manager, numbers], *_rest] = server.query(
        """SELECT login, array_agg(DISTINCT visit.number) FROM srsp_inspection visit
             JOIN srsp_inspection_officer_rel rel ON rel.inspection_id = visit.id
             JOIN srsp_inspector inspector ON inspector.id = rel.inspector_id
                                          AND inspector.division_id != visit.division_id
             JOIN srsp_division division ON division.id = inspector.division_id
             JOIN res_users ON res_users.id = division.manager_id
            GROUP BY login ORDER BY login"""
    )
    head = people(manager)
    open_action(head, server, "srsp_inspection_action_supporting")
    rows = head.locator(".o_data_row")
    expect(rows).to_have_count(len(numbers))
    shown = rows.locator("[name=number]").all_inner_texts()
    assert sorted(shown) == sorted(numbers)


def test_the_policy_division_is_told_of_a_cancelled_draw(people, server):
    manager = people("survey_manager")
    open_action(manager, server, "srsp_task_action")
    manager.locator(".o_kanban_record", has_text=ANNOUNCED).click()
    manager.locator("button[name=action_cancel]:visible").click()
    manager.locator(".modal .o_field_widget[name=reason] textarea").fill("机构调整")
    manager.locator(".modal button[name=action_confirm]").click()
    expect(manager.locator(".o_arrow_button_current")).to_have_text("已取消")
    policy = people("policy")
    policy.locator(".o_menu_systray .fa-clock-o").click()
    policy.locator(".o-mail-ActivityGroup[data-model_name='srsp.task']").click()
    policy.wait_for_selector(".o_view_controller")
    policy.get_by_text(ANNOUNCED).first.click()
    told = policy.locator(".o-mail-Activity", has_text="机构调整")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("取消")
    picture(policy, "cancelled")


def test_the_inspector_of_a_returned_visit_is_told(people, server):
    [visit, number, officer] = server.query(
        """SELECT visit.id, visit.number, inspector_id FROM srsp_inspection visit
             JOIN srsp_division division ON division.id = division_id AND division.code = 'CG'
             JOIN srsp_inspection_officer_rel ON inspection_id = visit.id
             JOIN srsp_inspector inspector ON inspector.id = inspector_id AND user_id IS NULL
            WHERE stage = 'assigned' ORDER BY visit.id, inspector_id"""
    )[0]
    admin, login = Person(server, "admin"), "returned_officer"
    user = add_user(admin, login, ["srsp_supervision.group_inspector"], "CG")
    admin.call("srsp.inspector", "write", [officer], {"user_id": user})
    inspector, ids = Person(server, login), [visit]
    inspector.call(
        "srsp.inspection", "write", ids, {"scheduled_date": today(form="%Y-%m-%d")}
    )
    for step in ("action_schedule", "action_start"):
        inspector.call("srsp.inspection", step, ids)
    inspector.call(
        "srsp.inspection.line",
        "write",
        [
            line
            for [line] in server.query(
                "SELECT id FROM srsp_inspection_line WHERE inspection_id = %s", visit
            )
        ],
        {"result": "1", "facts": "资质条件齐全"},
    )
    inspector.call("srsp.inspection", "action_record", ids)
    manager = people("survey_manager")
    open_action(manager, server, "srsp_inspection_action")
    manager.locator(".o_kanban_record", has_text=number).click()
    manager.locator("button[name=action_return]:visible").click()
    manager.locator(".modal .o_field_widget[name=reason] textarea").fill("请补充照片")
    manager.locator(".modal button[name=action_confirm]").click()
    expect(manager.locator(".o_arrow_button_current")).to_have_text("现场检查")
    page = people(login)
    open_action(page, server, "srsp_inspection_action_mine")
    page.locator(".o_kanban_record", has_text=number).click()
    told = page.locator(".o-mail-Activity", has_text="请补充照片").filter(
        has_text=login
    )
    expect(told).to_have_count(1)
    picture(page, "returned")


def test_a_part_is_handed_in_whole_and_a_task_follows_its_moved_item(people, server):
    head = people("detachment_manager")
    open_own_part(server, head)
    head.locator("button[name=action_view_lines]").first.click()
    head.locator(".o_list_button_add:visible, .o-kanban-button-new:visible").click()
    enter(head, name="试办事项", code="PLN-09", sector_id="城乡规划", frequency="2")
    enter(head, legal_basis_ids=["城乡规划法"])
    save(head)
    lacking = "抽查主体, 抽查对象, 抽查内容, 抽查标准和要点, 抽查方式"
    expect(head.locator(".alert-warning", has_text="报送前须填写")).to_contain_text(
        lacking
    )
    picture(head, "lacking")
    item = head.url
    open_own_part(server, head)
    head.locator("button[name=action_hand_in]").click()
    head.locator(".modal-footer .btn-primary").click()
    said = head.locator(".modal .modal-body, .o_notification")
    expect(said.first).to_contain_text("PLN-09")
    expect(said.first).to_contain_text(lacking)
    picture(head, "not_handed_in")
    head.goto(item)
    enter(
        head,
        inspecting_body="综合行政执法支队",
        target="建设单位",
        content="许可内容",
        standard="对照许可",
        method_ids=["现场检查"],
    )
    save(head)
    open_own_part(server, head)
    press(head, "action_hand_in", confirm=True)
    publish_the_version(server)
    open_action(head, server, "srsp_task_action")
    head.locator(".o_kanban_record", has_text=MOVED).click()
    expect(head.locator(".alert", has_text="PLN-02")).to_contain_text("测管处")
    picture(head, "moved")
    head.locator("button[name=action_hand_over]").click()
    head.locator(".modal-footer .btn-primary").click()
    head.wait_for_selector(".o_kanban_view")
    survey = people("survey_manager")
    open_action(survey, server, "srsp_task_action")
    survey.locator(".o_kanban_record", has_text=MOVED).click()
    enter(survey, draw_at=today(3, "%Y年%m月%d日 %H:%M:%S"))
    save(survey)


def open_own_part(server, page, version="随机抽查事项清单（第 2 版）"):
    open_action(page, server, "srsp_list_part_action")
    page.locator(".o_kanban_record", has_text=version).first.click()
    page.wait_for_selector(".o_form_view .o_statusbar_status")


def publish_the_version(server):
    """What the other divisions and the policy division do with the version, by the calls of their buttons."""
    policy = Person(server, "policy")
    [version] = policy.find(
        "srsp.list", [("kind", "=", "item"), ("state", "=", "draft")], ["id"]
    )
    for login in ("mineral_manager", "sea_manager"):
        person = Person(server, login)
        for part in person.find(
            "srsp.list.part",
            [("list_id", "=", version["id"]), ("state", "in", ("editing", "returned"))],
            ["id"],
        ):
            person.call("srsp.list.part", "action_hand_in", [part["id"]])
    policy.call("srsp.list", "action_consolidate", [version["id"]])
    policy.call(
        "srsp.list",
        "write",
        [version["id"]],
        {
            "approval_number": "榕审改办〔2026〕9052号",
            "approval_date": today(form="%Y-%m-%d"),
            "approval_scan": base64.b64encode(SCAN.read_bytes()).decode(),
            "approval_scan_name": SCAN.name,
            "effective_date": today(form="%Y-%m-%d"),
        },
    )
    policy.call("srsp.list", "action_approve", [version["id"]])
    policy.call("srsp.list", "action_publish", [version["id"]])


def test_an_officer_sees_the_certificate_that_the_list_sees(people, server):
    page = people("survey_officer")
    open_action(page, server, "srsp_inspector_action")
    look_up(page, "CG01")
    page.locator(".o_data_row, .o_kanban_record", has_text="CG01").first.click()
    state = page.locator(".o_form_view .o_field_widget[name=certificate_state]")
    expect(state.first).to_have_text("有效")


def test_a_division_writes_the_power_list_code_of_its_duty(people, server):
    policy, head = people("policy"), people("survey_manager")
    [[duties]] = server.query("SELECT id FROM srsp_list WHERE kind = 'duty'")
    policy.goto(f"{server.url}/odoo/action-srsp_supervision.srsp_list_action/{duties}")
    policy.locator("button[name=action_new_version]").click()
    expect(policy.locator(".o_arrow_button_current")).to_have_text("草稿")
    enter(policy, deadline=today(10))
    press(policy, "action_open", confirm=True)
    open_own_part(server, head, "多部门监管责任事项清单（第 2 版）")
    head.locator("button[name=action_view_lines]").first.click()
    head.locator(".o_data_row td[name=name]").first.click()
    enter(head, power_list_code="演示-QZ-021")
    save(head)
    picture(head, "duty")


def test_policy_sees_how_often_each_class_is_drawn(people, server):
    page = people("policy")
    open_action(page, server, "srsp_coverage_frequency_action")
    row = page.locator(".o_data_row", has_text="测绘管理").filter(has_text="D")
    expect(row).to_have_count(1)
    picture(page, "frequencies")
