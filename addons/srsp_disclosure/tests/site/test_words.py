"""The words that people meet: the document's own, no jokes, no English, no advertisement, no empty board."""

import json
import re

from lxml import html

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.srsp_supervision.models.base.ir_http import read_core_terms

CHINESE = re.compile("[\u4e00-\u9fff]")
OURS = ("srsp_supervision", "srsp_disclosure")
NAMES = {
    "srsp_supervision.srsp_target_menu": "检查对象名录库",
    "srsp_supervision.srsp_inspector_menu": "执法检查人员名录库",
    "srsp_supervision.srsp_inspector_detachment_menu": "支队执法人员名录库",
    "srsp_supervision.srsp_inspector_expert_menu": "专家名录库",
}
# Words that the document does not have, or has for something else.
WRONG = (
    "监管主体 查谁 谁去查 监管清单 检查依据 公告抽取安排 抽取安排已公告 生效中 现行有效 替补 每组检查人数"
    " 达到的覆盖率 低频次理由 外部门 审计监督员 政策法规专员 缺勤 名单承诺 承诺值 可派资格"
).split()


@tagged("post_install", "-at_install")
class TestWords(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        for name in OURS:
            addon = cls.env["ir.module.module"].search([("name", "=", name)])
            addon._update_translations(["zh_CN"])
        cls.chinese = cls.env["base"].with_context(lang="zh_CN").env

    def _get_menus(self):
        """Our menus that open a list or a board."""
        ids = self.env["ir.model.data"].search(
            [("module", "in", OURS), ("model", "=", "ir.ui.menu")]
        )
        menus = self.chinese["ir.ui.menu"].browse(ids.mapped("res_id"))
        return menus.filtered(
            lambda menu: menu.action and menu.action._name == "ir.actions.act_window"
        )

    def test_no_board_is_empty_without_a_sentence_of_its_own(self):
        for menu in self._get_menus():
            action = self.chinese["ir.actions.act_window"].browse(menu.action.id)
            [shown] = action.read(["help"])
            text = html.fromstring(f"<div>{shown['help'] or ''}</div>").text_content()
            self.assertRegex(text, CHINESE, menu.complete_name)
            self.assertNotIn("新建 单据", text)
            self.assertRegex(shown["help"], "o_view_nocontent_")

    def test_the_registries_have_the_names_that_the_document_gives_them(self):
        found = {name: self.chinese.ref(name).name for name in NAMES}
        self.assertEqual(found, NAMES)

    def test_no_menu_label_or_view_uses_a_word_that_the_document_does_not_have(self):
        records = (
            ("ir.ui.menu", "name"),
            ("ir.actions.act_window", "name"),
            ("ir.model.fields", "field_description"),
            ("ir.model.fields.selection", "name"),
            ("ir.model", "name"),
            ("res.groups", "name"),
            ("ir.ui.view", "arch_db"),
        )
        for model, field in records:
            ids = self.env["ir.model.data"].search(
                [("module", "in", OURS), ("model", "=", model)]
            )
            for record in self.chinese[model].browse(ids.mapped("res_id")):
                for word in WRONG:
                    self.assertNotIn(word, record[field] or "", record.display_name)

    def test_the_web_client_is_told_our_words_for_those_of_other_addons(self):
        modules, _parameters = self.env["ir.http"]._get_translations_for_webclient(
            ["mail", "web"], "zh_CN"
        )
        words = {
            term["id"]: term["string"]
            for module in ("mail", "web")
            for term in modules[module]["messages"]
        }
        self.assertEqual(words["Search conversations"], "搜索会话")
        self.assertEqual(words["Starred messages"], "星标消息")
        self.assertEqual(words["Missing required fields"], "请填写必填项")
        self.assertEqual(words["Oh snap!"], "出现错误")
        self.assertEqual(words["Discard"], "放弃")  # the others are as they were
        self.assertFalse(read_core_terms("fr_FR"))

    def test_the_words_for_other_addons_are_still_asked_for_there(self):
        """A term that Odoo words otherwise in a later version is found here."""
        from odoo.tools.misc import file_open
        from odoo.tools.translate import get_po_paths, translation_file_reader

        for module, terms in read_core_terms("zh_CN").items():
            known = set()
            for path in get_po_paths(module, "zh_CN"):
                with file_open(path, mode="rb") as file:
                    known |= {row["src"] for row in translation_file_reader(file, "po")}
            self.assertEqual(terms.keys() - known, set(), module)

    def test_a_website_advertises_nobody_and_bears_the_bureaus_name(self):
        company = self.env["res.company"].create({"name": "一测试局"})
        website = self.env["website"].create(
            {"name": "My Website", "company_id": company.id}
        )
        website._srsp_dress()
        self.assertEqual(website.name, "一测试局")
        company.name = "二测试局"
        self.assertEqual(website.name, "二测试局")
        website.name = "政务公开"
        company.name = "三测试局"
        self.assertEqual(website.name, "政务公开")
        self.authenticate(None, None)
        for page in ("/supervision", "/web/login"):
            self.assertNotIn("odoo.com", self.url_open(page).text, page)

    def test_disclosure_officers_begin_with_the_deadlines_unless_they_chose_otherwise(
        self,
    ):
        user = new_test_user(
            self.env,
            "begins_somewhere",
            groups="srsp_disclosure.group_disclosure_officer,srsp_supervision.group_division_officer",
        )
        clock = self.env.ref("srsp_disclosure.srsp_publication_action_clock")
        self.authenticate("begins_somewhere", "begins_somewhere")
        self.assertEqual(self._session()["home_action_id"], clock.id)
        channels = self.env.ref("srsp_disclosure.srsp_channel_action")
        user.action_id = channels.id
        self.assertEqual(self._session()["home_action_id"], channels.id)
        user.action_id = False
        user.group_ids = [
            Command.link(self.env.ref("srsp_supervision.group_division_manager").id)
        ]
        tasks = self.env.ref("srsp_supervision.srsp_task_action")
        self.assertEqual(self._session()["home_action_id"], tasks.id)

    def _session(self):
        response = self.url_open(
            "/web/session/get_session_info",
            data=json.dumps({"jsonrpc": "2.0", "params": {}}),
            headers={"Content-Type": "application/json"},
        )
        return response.json()["result"]

    def test_nobody_with_a_role_here_is_greeted_by_a_robot(self):
        user = new_test_user(
            self.env, "not_greeted", groups="srsp_supervision.group_inspector"
        )
        user.with_user(user)._on_webclient_bootstrap()
        partners = self.env.ref("base.partner_root") | user.partner_id
        chats = self.env["discuss.channel"].search(
            [("channel_member_ids.partner_id", "=", user.partner_id.id)]
        )
        self.assertFalse(
            chats.filtered(lambda chat: partners <= chat.channel_partner_ids)
        )
