"""Texts that stay are in the bureau's language, whoever and whatever writes them."""

import datetime
import itertools
import json
from base64 import b64encode

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.srsp_supervision import pre_init_hook

from ..common import DRAW, LOCK, VISIT, Bureau

CHINA, FRANCE = "base.cn", "base.fr"


@tagged("post_install", "-at_install")
class TestLanguage(Bureau, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chinese = cls.env.ref("base.lang_zh_CN")
        cls.chinese.active = True
        for name in ("srsp_supervision", "srsp_disclosure"):
            addon = cls.env["ir.module.module"].search([("name", "=", name)])
            addon._update_translations(["zh_CN"])
        # A database that began in English.
        cls.env.flush_all()
        cls.env.cr.execute("UPDATE res_lang SET active = (code = 'en_US')")
        cls.env["ir.default"].set("res.partner", "lang", "en_US")
        cls.chinese.invalidate_model()
        cls.env.registry.clear_cache("stable")
        cls.addClassCleanup(cls.env.registry.clear_cache, "stable")
        cls.make_bureau()
        cls.publish_plan(cls.publish_list())

    def setUp(self):
        super().setUp()
        self.numbers = itertools.count()
        self.env.registry.clear_cache("stable")

    def make_company(self, country=None, **vals):
        country_id = self.env.ref(country).id if country else False
        name = f"{next(self.numbers)}号局"
        return self.env["res.company"].create(
            {"name": name, "country_id": country_id, **vals}
        )

    def test_a_bureau_in_china_speaks_chinese_and_another_its_own_language(self):
        self.chinese.active = True
        self.env["res.lang"]._activate_lang("fr_FR")
        somewhere = self.make_company(FRANCE)
        self.assertEqual(somewhere.srsp_language, "en_US")
        partner = self.env["res.partner"].create(
            {"name": "局", "lang": "fr_FR", "country_id": self.env.ref(FRANCE).id}
        )
        elsewhere = self.make_company(FRANCE, partner_id=partner.id)
        companies = self.make_company() | self.make_company(CHINA) | elsewhere
        companies[0].partner_id.lang = companies[1].partner_id.lang = "en_US"
        self.assertEqual(companies.mapped("srsp_language"), ["zh_CN", "zh_CN", "fr_FR"])
        self.assertEqual(set(companies.mapped("srsp_lacks_chinese")), {False})
        somewhere.country_id = self.env.ref(CHINA)
        self.assertEqual(somewhere.srsp_language, "zh_CN")

    def test_chinese_is_missed_until_it_is_installed_and_then_taken_up(self):
        companies = self.make_company() | self.make_company(CHINA)
        foreign = self.make_company(FRANCE)
        website = self.env["website"].create(
            {"name": "站", "company_id": companies[0].id}
        )
        self.assertEqual(companies.mapped("srsp_language"), ["en_US", "en_US"])
        self.assertEqual(companies.mapped("srsp_lacks_chinese"), [True, True])
        self.assertFalse(foreign.srsp_lacks_chinese)
        self.chinese.active = True
        companies.invalidate_recordset(["srsp_lacks_chinese"])
        self.assertEqual(companies.mapped("srsp_language"), ["zh_CN", "zh_CN"])
        self.assertEqual(companies.mapped("srsp_lacks_chinese"), [False, False])
        self.assertEqual(foreign.srsp_language, "en_US")
        self.assertEqual(website.default_lang_id, self.chinese)
        self.assertEqual(website.language_ids, self.chinese)
        english = self.env.ref("base.lang_en")
        website.language_ids |= english
        companies[0].srsp_language = "en_US"
        self.assertEqual(website.default_lang_id, english)
        self.assertEqual(website.language_ids, self.chinese | english)

    def test_the_installation_brings_chinese_to_a_bureau_in_china_alone(self):
        in_china = [("partner_id.country_id.code", "=", "CN")]
        partners = self.env["res.company"].search(in_china).partner_id
        partners.country_id = self.env.ref(FRANCE)
        pre_init_hook(self.env)
        self.assertFalse(self.chinese.active)
        partners[:1].country_id = self.env.ref(CHINA)
        pre_init_hook(self.env)
        self.assertTrue(self.chinese.active)

    def test_the_language_of_a_bureau_cannot_be_taken_away(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        company = self.make_company(srsp_language="fr_FR")
        french = self.env.ref("base.lang_fr")
        with self.assertRaisesRegex(UserError, company.name):
            french.active = False
        company.srsp_language = "en_US"
        french.active = False
        self.assertFalse(french.active)

    def test_a_result_is_published_in_chinese_by_whoever_closes_the_visit(self):
        """The database began in English, Chinese came later; the officers work in English."""
        self.chinese.active = True
        officer, reviewer = (
            new_test_user(
                self.env,
                f"test_{role}",
                lang="en_US",
                groups=f"srsp_supervision.group_{role}",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
                srsp_division_ids=[(6, 0, self.division.ids)],
            )
            for role in ("inspector", "division_manager")
        )
        inspectors = self.env["srsp.inspector"].search(
            [("division_id", "=", self.division.id)]
        )
        inspectors[0].user_id = officer
        task = self.make_task(ratio=1.0)
        for moment, name in ((LOCK, "lock_roster"), (DRAW, "draw")):
            cron = self.env.ref(f"srsp_supervision.ir_cron_{name}")
            with freeze_time(moment):
                cron.with_context(lang="en_US").method_direct_trigger()
        self.env.invalidate_all()
        visit = task.draw_id.inspection_ids.filtered(
            lambda one: officer in one.officer_ids.user_id
        )[:1]
        visit.scheduled_date = VISIT
        self.call(officer, visit, "action_schedule")
        self.call(officer, visit, "action_start")
        visit.started_at = datetime.datetime.combine(VISIT, datetime.time(2))
        self.call(officer, visit.line_ids, "write", vals={"result": "1"})
        self.call(officer, visit, "action_record")
        visit.record_scan = b64encode(b"signed record")
        self.call(reviewer, visit, "action_review")
        self.call(reviewer, visit, "action_close")
        result = self.publications_of(visit)
        payload = json.loads(result.payload)
        [line] = payload["lines"]
        self.assertEqual(
            (result.title, result.summary, line["result_name"], line["measure"]),
            (
                f"{visit.entity_id.name}抽查结果",
                "未发现问题",
                "未发现问题",
                "无需后续处置",
            ),
        )
        [certificate] = self.publications_of(task.draw_id, "draw")
        self.assertRegex(certificate.title, "^抽取")
        statement = json.loads(certificate.payload)["commitment"]["randomness"]
        self.assertNotRegex(statement["statement"], "[A-Za-z]{4}")

    def call(self, user, record, method, **arguments):
        """Let ``user`` call a method as a program does, in the user's own language."""
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        self.env.flush_all()
        key = keys._generate("rpc", "test", datetime.datetime(2099, 1, 1))
        answer = self.url_open(
            f"/json/2/{record._name}/{method}",
            data=json.dumps({"ids": record.ids, **arguments}),
            headers={
                "Authorization": f"bearer {key}",
                "Content-Type": "application/json",
            },
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        self.env.invalidate_all()
