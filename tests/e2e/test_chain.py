"""The main job in a browser: from the plan to an accepted delivery and a verified certificate.

People of different groups work one after the other, each in a session of his or her own, in
Chinese. The pictures of the README are taken on the way.
"""

import hashlib
import json
import re
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from actions import TASK, task_of
from desk import (
    ROOT,
    SLOW,
    VERIFIED,
    enter,
    open_action,
    pick,
    picture,
    press,
    reload_until,
    save,
    today,
)
from people import bring_forward
from platform_records import Store
from platform_server import PlatformServer
from playwright.sync_api import expect

VERIFIER = ROOT / "addons/srsp_supervision/tools/verify_draw.py"
PLAN = "综合行政执法支队"


@pytest.fixture
def server(start_odoo, tmp_path):
    """An Odoo with the demo whose channel points at a sandbox platform of this test."""
    platform = PlatformServer(("127.0.0.1", 0), Store(tmp_path / "platform.sqlite"))
    thread = threading.Thread(target=platform.serve_forever)
    thread.start()
    server = start_odoo(
        before=lambda query: query("UPDATE srsp_channel SET url = %s", platform.url)
    )
    yield server
    server.stop()
    platform.shutdown()
    thread.join()
    platform.server_close()


def verify(path):
    return subprocess.run(
        [sys.executable, VERIFIER, path], capture_output=True, text=True, check=False
    )


def test_the_chain_from_plan_to_accepted_delivery(server, people, new_page, tmp_path):
    publish_the_plan(server, people("policy"))
    manager = people("survey_manager")
    announce_the_draw(server, manager)
    draw_at_the_announced_time(server, manager)
    number, entity = record_a_visit(server, people("survey_officer"))
    confirm_the_result(server, people, number)
    close_the_visit(server, manager, number)
    see_it_accepted(server, people("information"), entity)
    citizen = new_page(viewport={"width": 1280, "height": 900})
    read_the_result(server, citizen, entity)
    certificate = download_the_certificate(server, citizen, tmp_path)
    tamper_with(certificate, tmp_path)


def publish_the_plan(server, page):
    open_action(page, server, "srsp_plan_action")
    page.get_by_role("cell", name=re.compile(PLAN)).first.click()
    press(page, "action_consolidate")
    press(page, "action_publish")
    expect(page.locator(".o_statusbar_status .o_arrow_button_current")).to_have_text(
        "已公布"
    )
    picture(page, "plan")


def announce_the_draw(server, page):
    open_action(page, server, "srsp_task_action")
    expect(page.locator(".o_kanban_group")).not_to_have_count(0)
    picture(page, "tasks")
    page.locator(".o_kanban_record", has_text=TASK).click()
    draw_at = page.locator(".o_field_widget[name=draw_at]").first
    draw_at.locator("input, .o_input, button").first.click()
    field = draw_at.locator("input").first
    field.fill(in_two_days().strftime("%Y年%m月%d日 %H:%M:%S"))
    field.press("Enter")
    press(page, "action_announce", confirm=True)
    bring_forward(server, task_of(server), seconds=40)


def in_two_days():
    """A time in Fuzhou that the rulebook allows an announcement for."""
    return datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=2)


def draw_at_the_announced_time(server, page):
    """The scheduled actions lock and draw; the manager only looks on."""
    reload_until(
        page, page.locator(".o_arrow_button_current", has_text="待抽名单已锁定")
    )
    reload_until(page, page.locator(".o_arrow_button_current", has_text="已抽取"))
    page.get_by_role("tab", name="抽取").click()
    picture(page, "task")
    open_action(page, server, "srsp_draw_action")
    page.locator(".o_data_row", has_text=TASK).click()
    page.locator("button[name=action_verify]").click()
    expect(page.locator(VERIFIED).first).to_be_visible()
    picture(page, "draw")


def record_a_visit(server, page):
    open_action(page, server, "srsp_task_action")
    page.locator(".o_kanban_record", has_text=TASK).click()
    page.locator("button[name=action_view_inspections]").click()
    page.locator(".o_kanban_record").first.click()
    page.wait_for_selector(".o_form_view")
    entity = page.locator(".oe_title [name=entity_id]").inner_text().strip()
    number = page.locator(".oe_title [name=number]").inner_text().strip()
    enter(page, scheduled_date=today())
    press(page, "action_schedule")
    press(page, "action_start")
    for row in page.locator(".o_field_widget[name=line_ids] .o_data_row").all():
        row.locator("td[name=result]").click()
        pick(page, row.locator("td[name=result]"), "未发现问题")
        row.locator("td[name=facts]").click()
        row.locator("td[name=facts] textarea, td[name=facts] input").fill(
            "资质条件、仪器检定与成果档案齐全。"
        )
    picture(page, "visit")
    page.keyboard.press("Tab")
    press(page, "action_record")
    return number, entity


def confirm_the_result(server, people, number):
    """One of the officers drawn confirms; where none has a login, the manager attaches what they signed."""
    [[logins]] = server.query(
        """SELECT array_remove(array_agg(login ORDER BY login), NULL) FROM srsp_inspection visit
             JOIN srsp_inspection_officer_rel ON inspection_id = visit.id
             JOIN srsp_inspector inspector ON inspector.id = inspector_id
        LEFT JOIN res_users ON res_users.id = inspector.user_id WHERE visit.number = %s""",
        number,
    )
    page = people(logins[0] if logins else "survey_manager")
    open_action(page, server, "srsp_inspection_action")
    page.locator(".o_kanban_record", has_text=number).click()
    page.wait_for_selector(".o_form_view")
    if logins:
        press(page, "action_confirm_result", confirm=True)
        expect(page.locator("[name=confirmed_by_id]").first).to_be_visible()
    else:
        scan = ROOT / "addons/srsp_supervision/demo/record.pdf"
        field = page.locator(".o_field_widget[name=record_scan] input[type=file]")
        field.set_input_files(scan)
        save(page)
    picture(page, "confirmed")


def close_the_visit(server, page, number):
    open_action(page, server, "srsp_inspection_action")
    picture(page, "inspections")
    page.locator(".o_kanban_record", has_text=number).click()
    press(page, "action_review")
    press(page, "action_close", confirm=True)
    expect(page.locator(".o_arrow_button_current")).to_have_text("已办结")


def see_it_accepted(server, page, entity):
    page.goto(
        f"{server.url}/odoo/action-srsp_disclosure.srsp_delivery_action?view_type=list"
    )
    page.wait_for_selector(".o_view_controller")
    accepted = (
        page.locator(".o_data_row, .o_kanban_record")
        .filter(has_text=entity)
        .filter(has_text="已受理")
    )
    for _attempt in range(SLOW // 3000):
        if accepted.count():
            break
        page.wait_for_timeout(3000)
        page.reload()
        page.wait_for_selector(".o_view_controller")
    expect(accepted.first).to_be_visible()
    picture(page, "deliveries")


def read_the_result(server, page, entity):
    page.goto(f"{server.url}/supervision")
    picture(page, "supervision")
    page.locator("input[name=search], input[name=q]").first.fill(entity)
    page.keyboard.press("Enter")
    page.get_by_text(entity).first.click()
    expect(page.locator("main, #wrap").first).to_contain_text("未发现问题")
    picture(page, "result")


def download_the_certificate(server, page, folder):
    [draw] = [draw for draw in draws(server, page) if TASK in draw["title"]]
    assert draw["state"] == "drawn"
    page.goto(f"{server.url}/supervision/draw")
    page.get_by_text(TASK).first.click()
    picture(page, "public-draw")
    answer = page.request.get(draw["certificate_url"])
    assert answer.ok
    path = folder / "certificate.json"
    path.write_bytes(answer.body())
    expect(page.locator("main, #wrap").first).to_contain_text(
        hashlib.sha256(answer.body()).hexdigest()
    )
    result = verify(path)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(path.read_text())["draw"]["number"] == draw["number"]
    return path


def draws(server, page):
    return page.request.get(f"{server.url}/supervision/draws.json").json()


def tamper_with(path, folder):
    """One label changed by one character: the verifier names the place."""
    text = path.read_text()
    certificate = json.loads(text)
    [[label, _stratum, _position], *_rest] = certificate["iterations"][0]["selected"]
    forged = folder / "forged.json"
    other = label[:-1] + ("1" if label[-1] != "1" else "2")
    before, after = text.split('"iterations"', 1)
    forged.write_text(
        before + '"iterations"' + after.replace(f'"{label}"', f'"{other}"', 1)
    )
    result = verify(forged)
    assert result.returncode == 1
    assert re.match(r"\S+: expected .+, found ", result.stdout), result.stdout
