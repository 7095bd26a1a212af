"""What people do in the back office, step by step: shared by the tests that go through the browser."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("SRSP_PICTURES", ROOT / ".local/pictures"))
SLOW_START = 120_000  # the first visitor after an update waits for styles and scripts
expect.set_options(timeout=30_000)
NOT_LET_IN = ".oe_login_form .alert-danger"
SLOW = 150_000  # milliseconds; a scheduled action looks once a minute
VERIFIED = ".o_notification.border-success, .o_notification_bar.bg-success"
NEW = ".o_list_button_add:visible, .o-kanban-button-new:visible"
OPTION = ".o-autocomplete--dropdown-item:visible, .o_select_menu_item:visible"


def sign_in(page, server, login, password=None):
    """Sign somebody in, people of the demo without a password; returns the page."""
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/web/login")
    page.fill("#login", login)
    page.fill("#password", password or login)
    page.click(".oe_login_form button[type=submit]")
    page.wait_for_selector(f".o_main_navbar, {NOT_LET_IN}", timeout=SLOW_START)
    said = page.locator(NOT_LET_IN).all_inner_texts()
    assert not said, f"{login} is not let in: {said[0].strip()}"
    return page


def open_action(page, server, action):
    addon = "" if "." in action else "srsp_supervision."
    page.goto(f"{server.url}/odoo/action-{addon}{action}")
    page.wait_for_selector(".o_view_controller")


def look_up(page, words):
    """Type words into the search box of a list; again, where the page was not ready for Enter yet."""
    box, facet = page.locator(".o_searchview_input"), page.locator(".o_facet_value")
    for _attempt in range(10):
        box.fill(words)
        box.press("Enter")
        page.wait_for_timeout(1000)
        if facet.filter(has_text=words).count():
            return
    expect(facet.filter(has_text=words)).to_be_visible()


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


def reload_until(page, locator):
    """Look again every few seconds, as people do."""
    for _attempt in range(SLOW // 3000):
        if locator.count():
            return
        page.wait_for_timeout(3000)
        page.reload()
        page.wait_for_selector(".o_form_view .o_statusbar_status")
    expect(locator).to_have_count(1)


def today(days=0, form="%Y年%m月%d日"):
    """The day ``days`` from today in Fuzhou, as a Chinese user types it."""
    day = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=days)
    return day.strftime(form)


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state("load")
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def begin(page, server, action):
    """Open an action's list or board and press New."""
    open_action(page, server, action)
    page.locator(NEW).first.click()
    page.wait_for_selector(".o_form_view .o_form_editable")


def enter(page, **values):
    """Enter values in the fields of a form, each as its kind wants it: text, choice, relation, tags, tick, file."""
    for name, value in values.items():
        field = page.locator(f".o_form_view .o_field_widget[name={name}]:visible").first
        kinds = field.get_attribute("class")
        box = field.locator("input, textarea, select, .odoo-editor-editable").first
        if "o_field_many2one" in kinds or "o_field_many2many_tags" in kinds:
            for text in [value] if isinstance(value, str) else value:
                box.fill(text)
                page.locator(OPTION).filter(has_text=text).first.click()
        elif "o_field_selection" in kinds:
            pick(page, field, value)
        elif "o_field_radio" in kinds:
            field.get_by_text(value, exact=True).click()
        elif "o_field_boolean" in kinds:
            box.set_checked(value)
        elif "o_field_date" in kinds:
            if not field.locator("input").count():
                field.locator("button").first.click()
            field.locator("input").first.fill(value)
            field.locator("input").first.press("Enter")
        elif "o_field_binary" in kinds:
            field.locator("input[type=file]").set_input_files(value)
        else:
            box.fill(value)
            box.press("Tab")


def pick(page, field, label):
    """Choose ``label`` in a selection, whether it is a plain list or one of Odoo's menus."""
    plain = field.locator("select")
    if plain.count():
        plain.select_option(label=label)
    else:
        field.locator("input, button").first.click()
        page.locator(OPTION).filter(has_text=label).first.click()


def save(page):
    """Save a form, and fail with what the page says when it will not be saved."""
    page.locator(".o_form_button_save:visible").first.click()
    try:
        expect(
            page.locator(".o_form_status_indicator_buttons.invisible")
        ).to_have_count(1, timeout=15_000)
    except AssertionError as error:
        picture(page, "not_saved")
        said = page.locator(".modal, .o_notification").all_inner_texts()
        invalid = page.locator(".o_field_invalid[name]")
        said += invalid.evaluate_all(
            "nodes => nodes.map(node => node.getAttribute('name'))"
        )
        raise AssertionError(f"not saved: {said}") from error
