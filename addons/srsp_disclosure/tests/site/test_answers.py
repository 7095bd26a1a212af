"""What answers of the server carry beside their content, and what anonymous visitors cannot call."""

import datetime
import json
import re
import time
from collections import Counter

from odoo.http import root
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import config

from ...controllers import documents
from ...models.site import rate_limit
from ..common import Bureau

FORMED = datetime.date(2025, 9, 24)


@tagged("post_install", "-at_install")
class TestAnswers(Bureau, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        cls.website = cls.env["website"].search([], limit=1)
        cls.website.company_id = cls.company
        cls.list = cls.publish_list()
        cls.plan = cls.publish_plan(cls.list)
        cls.drawn = cls.draw(cls.make_task(ratio=0.5))
        cls.result = cls.close(cls.drawn.inspection_ids[:1], FORMED)
        cls.auditor = new_test_user(
            cls.env, "answers_auditor", "srsp_supervision.group_auditor"
        )

    def make_session_due_to_rotate(self):
        """Odoo gives a session a new cookie every three hours."""
        self.session["create_time"] = time.time() - 4 * 3600
        root.session_store.save(self.session)

    def list_addresses(self):
        draw = self.drawn.number
        payload = f"/supervision/publication/{self.result.number}/payload.json"
        page = self.url_open("/supervision").text
        assets = re.findall(r'"(/web/assets/[^"]+\.(?:css|js))"', page)
        self.assertTrue(assets)
        return [
            payload,
            f"/supervision/draws/{draw}/certificate.json?version=1",
            f"/supervision/draws/{draw}/codes.json?uscc=12100000401359321Q",
            "/supervision/draws.json",
            "/supervision/chain.json",
            "/supervision/verify_draw.py",
            "/web/image/website/1/logo?unique=1",
            "/robots.txt",
            *assets,
        ]

    def test_what_a_cache_may_keep_carries_no_cookie(self):
        shared = set()
        for login in (None, self.auditor.login):
            for address in self.list_addresses():
                with self.subTest(login=login, address=address):
                    self.authenticate(login, login)
                    self.make_session_due_to_rotate()
                    answer = self.url_open(address, cookies={"frontend_lang": ""})
                    self.assertEqual(answer.status_code, 200)
                    if "public" in answer.headers.get("Cache-Control", ""):
                        shared.add(address)
                        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertGreaterEqual(len(shared), 4)

    def test_a_page_of_the_site_says_what_a_browser_must_not_do_with_it(self):
        for address in ("/supervision", "/supervision/verify", "/web/login"):
            headers = self.url_open(address).headers
            self.assertEqual(
                {
                    name: headers.get(name)
                    for name in (
                        "Content-Security-Policy",
                        "Referrer-Policy",
                        "X-Content-Type-Options",
                        "X-Frame-Options",
                    )
                },
                {
                    "Content-Security-Policy": "base-uri 'self'; form-action 'self'; frame-ancestors 'self';"
                    " object-src 'none'",
                    "Referrer-Policy": "same-origin",
                    "X-Content-Type-Options": "nosniff",
                    "X-Frame-Options": "SAMEORIGIN",
                },
            )

    def ask(self, address, times, **headers):
        """``{status: count}`` of so many requests, and the last answer that was refused."""
        answers = [self.url_open(address, headers=headers) for _ in range(times)]
        refused = [answer for answer in answers if answer.status_code == 429]
        counts = Counter(answer.status_code for answer in answers)
        return dict(counts), refused and refused[-1]

    def limit(self, percent):
        rate_limit._limiter.storage.reset()
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("srsp_disclosure.rate_percent", percent)

    def test_one_address_asks_so_many_times_a_minute_and_is_told_when_to_come_again(
        self,
    ):
        self.authenticate(None, None)
        self.limit(1)  # of 300
        counts, refused = self.ask("/supervision/verify", 5)
        self.assertEqual(counts, {200: 3, 429: 2})
        self.assertEqual(refused.headers["Content-Type"].split(";")[0], "text/plain")
        self.assertIn(int(refused.headers["Retry-After"]), range(1, 61))
        self.patch(config, "options", {**config.options, "proxy_mode": True})
        other = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "127.0.0.1"}
        self.assertEqual(self.ask("/supervision/verify", 1, **other)[0], {200: 1})

    def test_staff_are_not_counted(self):
        self.authenticate(self.auditor.login, self.auditor.login)
        self.limit(1)
        self.assertEqual(self.ask("/supervision/verify", 5)[0], {200: 5})

    def test_a_company_is_looked_up_so_many_times_a_minute_by_everybody(self):
        self.authenticate(self.auditor.login, self.auditor.login)
        self.limit(100)
        self.patch(documents, "MAX_LOOKUPS", 2)
        address = f"/supervision/draws/{self.drawn.number}/codes.json?uscc="
        first, second = "12100000401359321Q", "91350100M000100Y43"
        self.assertEqual(self.ask(address + first, 3)[0], {200: 2, 429: 1})
        self.assertEqual(self.ask(address + second, 1)[0].keys(), {200})

    def test_every_public_route_has_a_limit(self):
        routes = [
            endpoint.routing
            for url, endpoint in self.env["ir.http"]._generate_routing_rules(
                self.registry._init_modules, None
            )
            if url.startswith("/supervision")
        ]
        self.assertGreater(len(routes), 8)
        self.assertEqual(
            {routing.get("srsp_limit") for routing in routes},
            {300, documents.MAX_LOOKUPS},
        )

    def test_an_anonymous_visitor_lets_the_server_fetch_nothing(self):
        self.authenticate(None, None)
        answer = self.url_open(
            "/html_editor/link_preview_external",
            data=json.dumps({"params": {"preview_url": self.base_url()}}),
            headers={"Content-Type": "application/json"},
        ).json()
        self.assertEqual(
            answer["error"]["data"]["name"], "odoo.http.SessionExpiredException"
        )
