"""Every form of a menu, as somebody who knows none of them: New, what is required, save, reopen, edit, remove."""

import re

from playwright.sync_api import TimeoutError as Timeout
from playwright.sync_api import expect

ADDONS = ("srsp_supervision.", "srsp_disclosure.")
NEW = ".o_list_button_add:visible, .o-kanban-button-new:visible"
FIELD = ".o_field_widget[name]:visible:not(.o_readonly_modifier)"
RELATION = ".o_field_many2one, .o_field_many2one_avatar_user, .o_field_many2many_tags, .o_field_many2many_tags_avatar"
OPTION = ".o-autocomplete--dropdown-item:visible, .o_select_menu_item:visible"
REFUSED = ".modal:has(.o_error_dialog), .modal:has(.o_dialog_warning), .o_notification:has(.bg-danger)"
# What a person would write where any text will not do.
TEXTS = {
    "srsp.sector.code": lambda mark: "T" + "".join(chr(65 + int(c)) for c in str(mark)),
    "srsp.entity.uscc": lambda mark: "",
    "srsp.region.code": "99{:04}".format,
    "srsp.channel.url": lambda mark: "http://127.0.0.1:9",
}


class Walk:
    """One person's way through the menus; ``mark`` numbers the records, so that no two have the same name."""

    mark = 0

    def __init__(self, page, server):
        self.page, self.server = page, server
        tree = page.request.get(f"{server.url}/web/webclient/load_menus").json()
        self.menus = [
            menu
            for menu in self._leaves(tree, "root")
            if menu["actionModel"] == "ir.actions.act_window"
        ]

    def _leaves(self, tree, key):
        menu = tree[key]
        ours = key == "root" or menu["xmlid"].startswith(ADDONS)
        if ours and menu["actionID"] and not menu["children"]:
            yield menu
        for child in menu["children"] if ours else ():
            yield from self._leaves(tree, str(child))

    def open(self, menu):
        """Open the menu's action; returns its model's name."""
        page = self.page
        with page.expect_response(re.compile("/get_views")) as response:
            page.goto(f"{self.server.url}/odoo/action-{menu['actionID']}")
        page.wait_for_selector(".o_view_controller .o_control_panel")
        page.wait_for_selector(".o_list_renderer, .o_kanban_renderer, .o_graph_view, .o_view_nocontent")
        return response.value.request.post_data_json["params"]["model"]

    def try_new(self, model):
        """Press New and go the whole way; returns "not offered", "created", or what stood in the way."""
        page = self.page
        if not page.locator(NEW).count():
            return "not offered"
        page.locator(NEW).first.click()
        page.wait_for_selector(".o_form_editable, .o_form_view .o_form_readonly, tr.o_selected_row")
        Walk.mark += 1
        empty = self.fill(model)
        if refused := self.save():
            return f"refused: {refused}"
        if empty:
            return f"nothing to choose: {', '.join(empty)}"
        return "created"

    # -- Filling in -------------------------------------------------------------

    def fill(self, model):
        """Choose in every relation, write in every required field, on every page; returns relations without a choice."""
        page, empty = self.page, []
        tabs = page.locator(".o_form_view .o_notebook_headers a.nav-link:visible")
        done = set()
        for index in range(-1, tabs.count()):
            if index >= 0:
                tabs.nth(index).click()
            for _ in range(60):
                todo = [name for name in self._names() if name not in done]
                if not todo:
                    break
                done.add(todo[0])
                if self.fill_field(model, todo[0]) is False:
                    empty.append(todo[0])
        return empty

    def _names(self):
        return self.page.evaluate(
            """([field, relation]) => [...document.querySelectorAll('.o_form_view ' + field.replace(':visible', '') +
                    ', tr.o_selected_row ' + field.replace(':visible', ''))]
                .filter(node => node.offsetParent && !node.parentElement.closest('.o_field_widget')
                    && (node.matches(relation) || node.matches('.o_required_modifier')))
                .map(node => node.getAttribute('name'))""",
            [FIELD, RELATION],
        )

    def fill_field(self, model, name):
        """Fill one field by its kind; False where a relation offers nothing."""
        field = self.page.locator(f".o_form_view .o_field_widget[name={name}]:visible, tr.o_selected_row .o_field_widget[name={name}]:visible").first
        kinds = field.get_attribute("class")
        box = field.locator("input, textarea, select, .odoo-editor-editable").first
        if field.evaluate(f"node => node.matches('{RELATION}')"):
            return self.choose(field, box)
        if "o_field_boolean" in kinds or not box.count():
            return None
        if "o_field_date" in kinds and not box.input_value():
            box.click()
            box.press("Enter")
        elif box.evaluate("node => node.tagName") == "SELECT":
            if box.input_value() in ("", "false"):
                box.select_option(index=1)
        elif not box.input_value():
            write = TEXTS.get(f"{model}.{name}", "试办{}".format)
            box.fill(write(Walk.mark))
            box.press("Tab")
        return None

    def choose(self, field, box):
        """Pick the first thing that a relation offers, unless something stands there; False when nothing does."""
        page = self.page
        if box.count() and box.input_value():
            return None
        if field.locator(".o_tag").count():
            return None
        box.click()
        page.wait_for_selector(".o-autocomplete--dropdown-menu:visible")
        page.wait_for_function("!document.querySelector('.o-autocomplete--dropdown-item .fa-spin')")
        offers = page.locator(OPTION).filter(has_not_text=re.compile("创建|搜索更多|没有记录|编辑"))
        if not offers.count():
            box.press("Escape")
            return False
        offers.first.click()
        expect(page.locator(".o-autocomplete--dropdown-menu:visible")).to_have_count(0)
        return True

    # -- What comes after -------------------------------------------------------

    def save(self):
        """Save; returns the words of a refusal, or None."""
        page = self.page
        button = page.locator(".o_form_button_save:visible, .o_list_button_save:visible").first
        button.click()
        try:
            page.wait_for_function(
                f"""() => document.querySelector('{REFUSED.replace("'", '"')}') || document.querySelector('.o_field_widget.o_field_invalid')
                    || ![...document.querySelectorAll('.o_form_button_save, .o_list_button_save')].some(
                        node => node.offsetParent && !node.closest('.invisible'))""",
                timeout=15_000,
            )
        except Timeout:
            return "nothing happened"
        said = page.locator(REFUSED)
        invalid = page.locator(".o_field_widget.o_field_invalid")
        if said.count() or invalid.count():
            words = [text.strip() for text in said.all_inner_texts()]
            words += invalid.evaluate_all("nodes => nodes.map(node => node.getAttribute('name'))")
            return " / ".join(" ".join(word.split()) for word in words)[:300]
        return None
