"""Every form of a menu, as somebody who knows none of them: New, what is required, save, reopen, edit, remove."""

import re
from datetime import date, timedelta

from desk import NEW, OPTION, today
from playwright.sync_api import TimeoutError as Timeout
from playwright.sync_api import expect

ADDONS = ("srsp_supervision.", "srsp_disclosure.")
RELATION = ".o_field_many2one, .o_field_many2one_avatar_user, .o_field_many2many_tags, .o_field_many2many_tags_avatar"
REFUSED = ".modal:has(.o_error_dialog), .modal:has(.o_dialog_warning), .o_notification:has(.bg-danger)"
SAVE = ".o_form_button_save:visible, .o_list_button_save:visible"
ARCHIVE, DELETE = re.compile("^\\s*(存档|归档)"), re.compile("^\\s*删除")
# True when the client has saved, has marked a field, or shows an error.
SETTLED = """([refused, save]) => document.querySelector(refused)
    || document.querySelector('.o_field_widget.o_field_invalid')
    || ![...document.querySelectorAll(save.replaceAll(':visible', ''))].some(
        node => node.offsetParent && !node.closest('.invisible'))"""
TITLE = ".o_breadcrumb .o_last_breadcrumb_item, .o_breadcrumb .active"
VIEW = ".o_list_renderer, .o_kanban_renderer, .o_graph_view, .o_view_nocontent"
# Names of the fields to fill in, in their order: relations, what is required, and those named.
NAMES = """([relation, named]) => [...document.querySelectorAll(
        ['.o_form_view', 'tr.o_selected_row'].map(at => at + ' .o_field_widget[name]:not(.o_readonly_modifier)'))]
    .filter(node => node.offsetParent && !node.parentElement.closest('.o_field_widget'))
    .filter(node => node.matches(relation) || node.matches('.o_required_modifier')
        || named.includes(node.getAttribute('name')))
    .map(node => node.getAttribute('name'))"""
REMOVED = """(refused) => document.querySelector(refused) || !document.querySelector('.modal')"""
# What a person would write where any text will not do, or instead of what stands there.
TEXTS = {
    "srsp.sector.code": lambda mark: (
        "T" + "".join(chr(65 + int(digit)) for digit in str(mark))
    ),
    "srsp.channel.url": lambda mark: "https://platform.example",
    "srsp.channel.key_id": lambda mark: "trial",
    "srsp.channel.secret": lambda mark: "trial",
    # A day has one exception at most.
    "srsp.calendar.exception.date": lambda mark: (
        f"{date(2031, 1, 1) + timedelta(days=mark):%Y-%m-%d}"
    ),
    "srsp.plan.year": lambda mark: str(2030 + mark),
    "srsp.target.permit_number": "试办证{}".format,
    "srsp.key.target.for_other": lambda mark: True,
    "srsp.key.target.reason": "试办理由{}".format,
    "srsp.inspector.absence.reason": "试办理由{}".format,
    "srsp.recusal.reason": "试办理由{}".format,
    "srsp.inspector.tie.left_on": lambda mark: today(),
    "srsp.region.code": "99{:04}".format,
}


class Walk:
    """One person's way through the menus; ``mark`` numbers the records, so that no two have the same name."""

    mark = 0

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.at_home = False  # the menus are there, and nothing is left unsaved
        tree = page.request.get(f"{server.url}/web/webclient/load_menus").json()
        self.menus = [
            (section, leaf)
            for app in tree["root"]["children"]
            for section in tree[str(app)]["children"]
            if tree[str(app)]["xmlid"].startswith(ADDONS)
            for leaf in self._leaves(tree, section)
            if leaf["actionModel"] == "ir.actions.act_window"
        ]
        self.sections = {key: tree[str(key)]["xmlid"] for key, _leaf in self.menus}

    def _leaves(self, tree, key):
        menu = tree[str(key)]
        if menu["actionID"] and not menu["children"]:
            yield menu
        for child in menu["children"]:
            yield from self._leaves(tree, child)

    def open(self, section, menu):
        """Open the menu as people do, by its section; returns the name of its action's model."""
        page = self.page
        action = page.request.post(
            f"{self.server.url}/web/action/load",
            data={"jsonrpc": "2.0", "params": {"action_id": menu["actionID"]}},
        ).json()["result"]
        if self.at_home:
            page.locator(
                f".o_menu_sections [data-menu-xmlid='{self.sections[section]}']"
            ).first.click()
            page.locator(
                f".o-dropdown--menu [data-menu-xmlid='{menu['xmlid']}']"
            ).first.click()
        else:
            page.goto(f"{self.server.url}/odoo/action-{menu['actionID']}")
        expect(page.locator(TITLE).first).to_have_text(action["name"])
        page.wait_for_selector(VIEW)
        self.at_home = True
        return action["res_model"]

    def try_new(self, model, keep=False):
        """Press New and go the whole way; returns "not offered", "created …", or what stood in the way."""
        try:
            return self._try_new(model, keep)
        except Timeout as error:
            self.at_home = False
            said = " ".join(
                " ".join(self.page.locator(".modal").all_inner_texts()).split()
            )
            return f"stuck: {said or error}"

    def _try_new(self, model, keep):
        page = self.page
        if not page.locator(NEW).count():
            return "not offered"
        page.locator(NEW).first.click()
        page.wait_for_selector(
            ".o_form_editable, .o_form_view .o_form_readonly, tr.o_selected_row"
        )
        Walk.mark += 1
        empty = self.fill(model)
        if refused := self.save():
            self.at_home = False
            return f"refused: {refused}"
        if empty and not keep:
            return f"nothing to choose: {', '.join(empty)}"
        return "created" if keep else f"created{self.edit()}{self.remove()}"

    # -- Filling in -------------------------------------------------------------

    def fill(self, model):
        """Choose in every relation, write in every required field, on every page; returns what offers none."""
        page, empty = self.page, []
        tabs = page.locator(".o_form_view .o_notebook_headers a.nav-link:visible")
        done = set()
        for index in range(-1, tabs.count()):
            if index >= 0:
                tabs.nth(index).click()
            for _ in range(60):
                todo = [name for name in self._names(model) if name not in done]
                if not todo:
                    break
                done.add(todo[0])
                if self.fill_field(model, todo[0]) is False:
                    empty.append(todo[0])
        return empty

    def _names(self, model):
        named = [
            key[len(model) + 1 :] for key in TEXTS if key.rpartition(".")[0] == model
        ]
        return self.page.evaluate(NAMES, [RELATION, named])

    def fill_field(self, model, name):
        """Fill one field by its kind; False where a relation offers nothing."""
        field = self.page.locator(
            f".o_form_view .o_field_widget[name={name}]:visible, tr.o_selected_row .o_field_widget[name={name}]:visible"
        ).first
        kinds = field.get_attribute("class")
        box = field.locator("input, textarea, select, .odoo-editor-editable").first
        if field.evaluate(f"node => node.matches('{RELATION}')"):
            return self.choose(field, box)
        own = TEXTS.get(f"{model}.{name}")
        if not box.count():
            return None
        if "o_field_boolean" in kinds:
            if own:
                box.set_checked(own(Walk.mark))
        elif "o_field_date" in kinds:
            if own or not box.input_value():
                box.focus()
                box.fill(own(Walk.mark) if own else today())
                box.press("Tab")
        elif box.evaluate("node => node.tagName") == "SELECT":
            if box.input_value() in ("", "false"):
                box.select_option(index=1)
        elif own or not box.input_value():
            box.fill((own or "试办{}".format)(Walk.mark))
            box.dispatch_event("change")
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
        page.wait_for_function(
            "document.querySelector('.o-autocomplete--dropdown-item')"
            " && !document.querySelector('.o-autocomplete--dropdown-item .fa-spin')"
        )
        offers = page.locator(OPTION).filter(
            has_not_text=re.compile("创建|邀请|搜索更多|没有记录|编辑")
        )
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
        page.locator(SAVE).first.click()
        try:
            page.wait_for_function(SETTLED, arg=[REFUSED, SAVE], timeout=15_000)
        except Timeout:
            return "nothing happened"
        words = page.locator(REFUSED).all_inner_texts()
        invalid = page.locator(".o_field_widget.o_field_invalid")
        words += invalid.evaluate_all(
            "nodes => nodes.map(node => node.getAttribute('name'))"
        )
        return " / ".join(" ".join(word.split()) for word in words)[:300] or None

    def edit(self):
        """Open the record again, change a text where one can be changed, and save."""
        page = self.page
        if not page.locator(".o_form_view").count():
            return ""
        page.reload()
        page.wait_for_selector(".o_form_view .o_form_sheet, .o_form_view .o_group")
        texts = page.locator(
            ".o_form_view .o_field_char:not(.o_readonly_modifier) input:visible,"
            " .o_form_view .o_field_text:not(.o_readonly_modifier) textarea:visible"
        )
        if not texts.count():
            return ""
        texts.first.fill(f"{texts.first.input_value()}改")
        texts.first.press("Tab")
        refused = self.save()
        return f", not edited: {refused}" if refused else ", edited"

    def remove(self):
        """Archive the record where that is offered, else delete it."""
        page = self.page
        gear = page.locator(
            ".o_cp_action_menus .dropdown-toggle:visible, .o_cp_action_menus button:visible"
        )
        if not page.locator(".o_form_view").count() or not gear.count():
            return ""
        gear.first.click()
        page.wait_for_selector(".o-dropdown--menu .o-dropdown-item")
        for words, done in ((ARCHIVE, ", archived"), (DELETE, ", deleted")):
            entry = page.locator(
                ".o-dropdown--menu .dropdown-item:visible, .o-dropdown--menu .o_menu_item:visible"
            ).filter(has_text=words)
            if not entry.count():
                continue
            entry.first.click()
            page.locator(".modal-footer .btn-primary:visible").click()
            page.wait_for_function(REMOVED, arg=REFUSED)
            words = page.locator(REFUSED).all_inner_texts()
            return f", kept: {' '.join(words[0].split())[:200]}" if words else done
        page.keyboard.press("Escape")
        return ""
