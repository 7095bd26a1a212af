"""What people do in the back office, step by step: shared by the tests that go through the browser."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("SRSP_PICTURES", ROOT / ".local/pictures"))
expect.set_options(timeout=30_000)


def sign_in(page, server, login):
    """Sign somebody of the demo in; returns the page."""
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/web/login")
    page.fill("#login", login)
    page.fill("#password", login)
    page.click(".oe_login_form button[type=submit]")
    page.wait_for_selector(".o_main_navbar")
    return page


def open_action(page, server, action):
    page.goto(f"{server.url}/odoo/action-srsp_supervision.{action}")
    page.wait_for_selector(".o_view_controller")


def press(page, name, confirm=False):
    """Click the button of a business method and wait until it has done its work."""
    button = page.locator(f".o_statusbar_buttons button[name={name}]")
    button.click()
    if confirm:
        page.locator(".modal-footer .btn-primary").click()
    try:
        expect(button).to_have_count(0)
    except AssertionError as error:
        picture(page, name)
        said = page.locator(".modal, .o_notification").all_inner_texts()
        raise AssertionError(f"{name} has not done its work: {said}") from error


def fill_date(page, name, days):
    """Enter the day ``days`` from today in a date field, as a Chinese user types it."""
    day = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=days)
    field = page.locator(f".o_field_widget[name={name}]").first
    field.locator("input, button").first.click()
    field.locator("input").first.fill(day.strftime("%Y年%m月%d日"))
    field.locator("input").first.press("Enter")


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state("load")
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
