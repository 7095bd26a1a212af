"""What makes a draw checkable stands on its pages; a company learns its own codes there, and nobody else's."""

import base64
import datetime
import hashlib

from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.tests import HttpCase, tagged

from ..common import DRAW, LOCK, Bureau

USCC, OTHER = "12100000401359321Q", "91350100M000100Y43"


@tagged("post_install", "-at_install")
class TestDrawPages(Bureau, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        cls.website = cls.env["website"].search([], limit=1)
        cls.website.company_id = cls.company
        cls.publish_list()
        cls.targets = cls.entities.target_ids.sorted("code")

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def text(self, publication):
        tree = html.fromstring(self.url_open(publication._get_page_url()).content)
        return " ".join(tree.get_element_by_id("wrap").text_content().split())

    def pages(self, draw):
        """The words of its two pages: the roster's and the draw's."""
        return [
            self.text(self.publications_of(draw, kind)) for kind in ("roster", "draw")
        ]

    def codes(self, draw, uscc):
        url = f"/supervision/draws/{draw.number}/codes.json"
        answer = self.url_open(f"{url}?uscc={uscc}")
        return answer.status_code, answer.json()["codes"]

    def test_a_lottery_is_named_with_its_numbers_and_those_who_keyed_them_in(self):
        task = self.make_task(randomness_kind="lottery", lottery="七星彩 第25101期")
        draw = task._lock_roster(now=LOCK)
        draw._keep_randomness(
            {
                "randomness_hex": b"9.18.26".hex(),
                "entered_by": ["林一", "陈二"],
                "witnesses": "公证员吴三",
            }
        )
        draw._draw(now=DRAW)
        roster, drawn = self.pages(draw)
        self.assertIn("七星彩 第25101期", roster)
        for words in ("七星彩 第25101期", "91826", "林一、陈二", "吴三"):
            self.assertIn(words, drawn)
        self.assertNotIn("91826", roster)

    def test_a_list_sent_down_is_named_by_authority_document_and_digest(self):
        task = self.make_task(mode="external", ratio=1.0, announced_on=False)
        task.announced_on = False
        data = f"检查对象编号\n{self.targets[0].code}\n".encode()
        self.env["srsp.task.roster.import"].create(
            {
                "task_id": task.id,
                "authority": "省自然资源厅",
                "document": "闽自然资函〔2025〕17号",
                "issued_on": "2025-08-20",
                "file": base64.b64encode(data),
                "file_name": "list.csv",
            }
        ).action_confirm()
        task.announced_on = LOCK
        digest = hashlib.sha256(data).hexdigest()
        for page in self.pages(self.draw(task)):
            for words in (
                "省自然资源厅",
                "闽自然资函〔2025〕17号",
                "2025-08-20",
                digest,
            ):
                self.assertIn(words, page)

    def test_strata_are_numbered_and_a_ratio_of_its_own_shows_its_reason(self):
        region = self.env["srsp.region"].create({"name": "鼓楼区", "code": "350102"})
        self.targets[:2].write({"risk_class": "D", "region_id": region.id})
        own = {"key": "D/ordinary/鼓楼区", "ratio": 1.0, "reason": "上年投诉集中"}
        task = self.make_task(
            stratify_by="risk_class+key+region", stratum_ids=[Command.create(own)]
        )
        draw = self.draw(task)
        draw = draw.with_context(lang=self.website.default_lang_id.code)
        names = draw._name_strata()
        self.assertEqual([*names], ["D/ordinary/鼓楼区", "none/ordinary/none"])
        url = f"/supervision/draws/{draw.number}/verify"
        for page in (*self.pages(draw), self.url_open(url).text):
            for words in (*names, *names.values()):
                self.assertNotIn(words, page)
        for page in self.pages(draw):
            self.assertIn("上年投诉集中", page)
        for words in (*names.values(), "上年投诉集中"):
            self.assertIn(words, draw.strata_summary)

    def test_it_is_public_how_many_sat_out_the_draw_and_came_back(self):
        one = self.targets[0]
        with freeze_time(LOCK - datetime.timedelta(days=2)):
            one.write({"state": "cancelled", "state_reason": "注销"})
        draw = self.draw(self.make_task())
        publication = self.publications_of(draw, "draw")
        said = "back in the registry soon afterwards: "
        html_before = publication.with_context(lang="en_US").payload_html
        with freeze_time(LOCK + datetime.timedelta(days=9)):
            one.write({"state": "active", "state_reason": False})
        self.env.invalidate_all()
        html_after = publication.with_context(lang="en_US").payload_html
        self.assertEqual(
            [said + "0" in html_before, said + "1" in html_after], [True, True]
        )

    def test_a_company_learns_its_own_codes_by_its_very_credit_code(self):
        first, second, third = self.targets[:3]
        second.write({"entity_id": first.entity_id.id, "permit_number": "P-2"})
        third.write({"state": "suspended", "state_reason": "停产"})
        first.entity_id.uscc = USCC
        third.entity_id.uscc = OTHER
        draw = self.draw(self.make_task())
        self.assertEqual(
            self.codes(draw, USCC), (200, sorted((first | second).mapped("code")))
        )
        self.assertEqual(self.codes(draw, OTHER), (200, [third.code]))
        wide = "".join(chr(ord(sign) + 0xFEE0) for sign in OTHER)
        for typed in (OTHER.lower(), wide, f"{OTHER[:8]}\u3000{OTHER[8:]}\u200b"):
            self.assertEqual(self.codes(draw, typed), (200, [third.code]), typed)
        first.entity_id.active = False
        self.assertEqual(len(self.codes(draw, USCC)[1]), 2)

    def test_codes_are_told_of_nobody_else(self):
        self.targets[0].entity_id.uscc = USCC
        self.targets[1].entity_id.kind = "person"
        draw = self.draw(self.make_task())
        generated = self.targets[1].entity_id.code
        for sought in (generated, USCC[:17], "%25", "", self.targets[0].name or "x"):
            self.assertEqual(self.codes(draw, sought), (400, []), sought)
        for unknown in (OTHER, "N2350121MF1200017X"):
            self.assertEqual(self.codes(draw, unknown), (200, []))
        late = self.env["srsp.entity"].create({"name": "新设公司", "uscc": OTHER})
        self.targets.create({"entity_id": late.id, "sector_id": self.sector.id})
        self.assertEqual(self.codes(draw, OTHER), (200, []))
        locked = self.make_task()._lock_roster(now=LOCK)
        for number in (locked.number, "none", "%00"):
            url = f"/supervision/draws/{number}/codes.json?uscc={USCC}"
            self.assertEqual(self.url_open(url).status_code, 404)
