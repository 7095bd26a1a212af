"""What answers of the server carry beside their content, and what anonymous visitors cannot call."""

import datetime
import json
import re
import time

from odoo.http import root
from odoo.tests import HttpCase, new_test_user, tagged

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
