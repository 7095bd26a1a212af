"""The heads of the integrity chain, as anybody can keep and compare them."""

import datetime

from lxml import html

from odoo import Command
from odoo.tests import HttpCase, tagged

from ...controllers import chain
from ..common import Bureau

SENT = datetime.datetime(2025, 9, 24, 1, 0)


@tagged("post_install", "-at_install")
class TestChainPage(Bureau, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        cls.env["website"].search([], limit=1).company_id = cls.company
        cls.publish_list()
        cls.heads = cls.env["srsp.chain.head"]
        for day in range(3):
            sent_at = SENT + datetime.timedelta(days=day)
            cls.heads |= cls.heads._record(
                cls.company,
                event_at=SENT,
                sent_at=sent_at,
                recipients="notary@example.com",
            )
        other = cls.env["res.company"].create({"name": "Other bureau"})
        site = cls.env["srsp.division"].create(
            {"name": "Elsewhere", "code": "EL", "company_id": other.id}
        )
        cls.env["srsp.event"]._seal(site, "list.published", {})
        cls.foreign = cls.heads._record(other)

    def get(self, address):
        response = self.url_open(address)
        self.assertEqual(response.status_code, 200)
        return response

    def test_the_page_shows_the_heads_newest_first_and_how_to_compare_one(self):
        tree = html.fromstring(self.get("/supervision/chain").content)
        rows = [
            [" ".join(cell.text_content().split()) for cell in row]
            for row in tree.xpath("//tbody/tr")
        ]
        self.assertEqual(
            rows,
            [
                [f"2025-09-{26 - place} 09:00", str(head.sequence), head.hash]
                for place, head in enumerate(self.heads.sorted("sequence", True))
            ],
        )
        steps = "//div[contains(@class, 'o_supervision_body')]/ol/li"
        self.assertEqual(len(tree.xpath(steps)), 3)
        landing = html.fromstring(self.get("/supervision").content)
        self.assertTrue(landing.xpath("//a[@href='/supervision/chain']"))

    def test_the_feed_has_the_same_heads_without_addresses_and_may_be_cached(self):
        answer = self.get("/supervision/chain.json")
        self.assertEqual(
            answer.json(),
            [
                {
                    "format": "srsp-chain-head/1",
                    "sequence": head.sequence,
                    "hash": head.hash,
                    "event_at": "2025-09-24T01:00:00Z",
                    "sent_at": f"2025-09-{26 - place}T01:00:00Z",
                }
                for place, head in enumerate(self.heads.sorted("sequence", True))
            ],
        )
        self.assertEqual(answer.headers["Cache-Control"], "public, max-age=600")
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_heads_are_given_page_by_page(self):
        self.patch(chain, "HEADS_PER_PAGE", 2)
        first, second, third = (
            self.get(f"/supervision/chain.json?page={page}").json()
            for page in (1, 2, 3)
        )
        self.assertEqual((len(first), len(second), third), (2, 1, []))
        page = html.fromstring(self.get("/supervision/chain/page/2").content)
        self.assertEqual(len(page.xpath("//tbody/tr")), 1)

    def test_a_visitor_reads_heads_and_neither_addresses_nor_events(self):
        public = self.env.ref("base.public_user").copy(
            {
                "login": "head_visitor",
                "active": True,
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        heads = self.heads.with_user(public)
        self.assertTrue(heads.has_access("read"))
        self.assertNotIn("recipients", heads.fields_get())
        for operation in ("write", "create", "unlink"):
            self.assertFalse(heads.has_access(operation), operation)
        self.assertFalse(self.foreign.with_user(public).has_access("read"))
        self.assertFalse(self.env["srsp.event"].with_user(public).has_access("read"))
