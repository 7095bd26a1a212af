import json
import re
from datetime import timedelta
from html import unescape

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from ..common import DRAW_AT, NOW, ROLES, SrspCase


@tagged("post_install", "-at_install")
class TestDrawRoom(SrspCase, HttpCase):
    def test_the_room_is_open_to_auditors_and_the_tasks_managers_alone(self):
        draw = self._make_drawn().draw_id
        strangers = {
            "elsewhere": self._make_user("other", "division_manager", self.minerals),
            **{
                role: self._make_user(f"room_{role}", role, self.surveying)
                for role in ROLES
            },
        }
        found = {
            name: draw.with_user(user).can_open_room for name, user in strangers.items()
        }
        self.assertEqual(
            [name for name, is_open in found.items() if is_open],
            ["division_manager", "policy_officer", "auditor", "administrator"],
        )
        for name, is_open in found.items():
            self.authenticate(strangers[name].login, strangers[name].login)
            for path in ("", "/state"):
                answer = self.url_open(f"/srsp/draw_room/{draw.id}{path}")
                self.assertEqual(answer.status_code, 200 if is_open else 404, name)
                self.assertEqual(
                    draw.iteration_ids.randomness_hex in answer.text, is_open
                )
        self.assertEqual(self.url_open("/srsp/draw_room/0").status_code, 404)
        self.logout()
        answer = self.url_open(f"/srsp/draw_room/{draw.id}/state")
        self.assertNotIn("randomness", answer.text)

    def test_the_state_tells_where_the_draw_stands(self):
        draw = self._make_announced()._lock_roster(NOW)
        with freeze_time(DRAW_AT - timedelta(seconds=90)):
            state = draw._get_room_state()
        self.assertEqual(
            state,
            {
                "now": 1774229310000,
                "phase": "waiting",
                "announced_for": 1774229400000,
                "message": "",
                "witnesses": 0,
            },
        )
        draw.task_id.blocked_reason = "Nobody answers"
        with freeze_time(DRAW_AT):
            state = draw._get_room_state()
        self.assertEqual((state["phase"], state["message"]), ("due", "Nobody answers"))
        draw._record_randomness(DRAW_AT)
        with freeze_time(DRAW_AT):
            state = draw._get_room_state()
        randomness = draw.iteration_ids.randomness_hex
        self.assertEqual(
            (state["phase"], state["randomness"]),
            ("spoken", {"hex": randomness, "numbers": [], "code": ""}),
        )
        self.assertNotIn("tickets", state)
        draw._draw(DRAW_AT)
        state = draw._get_room_state()
        drawn = list(draw._get_certificate()["iterations"][0]["selected"])
        self.assertEqual(
            [(t["label"], t["position"]) for t in state["tickets"]],
            [(label, position) for label, _stratum, position in drawn],
        )
        self.assertEqual(
            (state["phase"], state["visits"], state["drawn_at"]),
            ("drawn", 6, 1774229400000),
        )
        visit = draw.inspection_ids.filtered(
            lambda visit: visit.line_ids.target_id.code == drawn[0][0]
        )
        self.assertEqual(
            state["tickets"][0]["officers"],
            visit.officer_ids.sorted("staff_number").mapped("staff_number"),
        )
        draw._void("Wrong list")
        state = draw._get_room_state()
        self.assertEqual((state["phase"], state["message"]), ("voided", "Wrong list"))

    def test_a_natural_person_is_not_named_on_the_wall(self):
        self.targets.entity_id.kind = "person"
        draw = self._make_drawn().draw_id
        tickets = draw._get_room_state()["tickets"]
        self.assertEqual([ticket["name"] for ticket in tickets], [""] * 6)

    def test_the_numbers_of_a_lottery_are_shown_as_drawn(self):
        task = self._make_announced(randomness_kind="lottery", lottery="Six, 31")
        draw = task._lock_roster(NOW)
        draw._keep_randomness({"randomness_hex": b"9.18.26".hex()})
        self.assertEqual(
            draw._get_room_state()["randomness"]["numbers"], ["9", "18", "26"]
        )

    def test_witnesses_read_the_bureaus_language_whoever_opens_the_room(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        draw = self._make_announced()._lock_roster(NOW)
        auditor = self._make_user("auditor", "auditor")
        auditor.lang = "en_US"
        self.authenticate(auditor.login, auditor.login)
        found = []
        for language in ("en_US", "zh_CN"):
            self.company.srsp_language = language
            page = self.url_open(f"/srsp/draw_room/{draw.id}").text
            found.append(("Time until the draw" in page, "距抽取还有" in page))
        self.assertEqual(found, [(True, False), (False, True)])

    def test_the_page_carries_the_roster_as_it_was_locked(self):
        draw = self._make_announced()._lock_roster(NOW)
        labels = self.targets.sorted("code").mapped("code")
        auditor = self._make_user("auditor", "auditor")
        self.authenticate(auditor.login, auditor.login)
        page = self.url_open(f"/srsp/draw_room/{draw.id}").text
        [wall] = re.findall(r'data-labels="([^"]*)"', page)
        self.assertEqual(json.loads(unescape(wall)), labels)
        self.assertIn(draw.commitment_digest_hex, page)
