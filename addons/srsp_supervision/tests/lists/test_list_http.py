"""The same rules for a program that comes in by ``POST /json/2/<model>/<method>`` with a person's API key."""

import json
from datetime import date, datetime

from odoo.tests import HttpCase, get_db_name, tagged
from odoo.tools import mute_logger

from .list_case import ListCase

ALLOWED, FORBIDDEN, REFUSED = 200, 403, 422


@tagged("post_install", "-at_install")
class TestListHttp(ListCase, HttpCase):
    deadline = date(2099, 1, 1)

    def _travel(self, day):
        """Not here: the server's threads and PostgreSQL live in the real time."""

    def setUp(self):
        super().setUp()
        self.draft = self._make_open_draft()
        self.theirs = self._get_line(self.draft, "B1").with_env(self.env)
        self.theirs.with_user(self.clerk).name = "Secret raid"
        self.mine = self._get_line(self.draft, "A1").with_env(self.env)
        self.their_part = self._get_part(self.draft, self.minerals).with_env(self.env)
        self.my_part = self._get_part(self.draft, self.surveying).with_env(self.env)
        self.keys = {}
        export = self.env.ref("base.group_allow_export")
        (self.officer | self.head).write({"group_ids": [(4, export.id)]})

    def _post(self, user, path, ids=(), **arguments):
        """(status, answer) of a call in the name of ``user``."""
        if user not in self.keys:
            keys = self.env["res.users.apikeys"].with_user(user).sudo()
            self.keys[user] = keys._generate("rpc", "test", datetime(2099, 1, 1))
        self.env.flush_all()
        response = self.url_open(
            f"/json/2/{path}",
            data=json.dumps({"ids": list(ids), **arguments} if ids else arguments),
            headers={
                "Authorization": f"Bearer {self.keys[user]}",
                "Content-Type": "application/json",
                "X-Odoo-Database": get_db_name(),
            },
        )
        self.env.invalidate_all()
        return response.status_code, response.json()

    def _get_state(self):
        version = self.draft.with_env(self.env)
        return (
            version.read(["state", "deadline", "approval_number"]),
            version.item_ids.read(["code", "name", "division_id", "origin_id"]),
            version.part_ids.read(["division_id", "state", "comment"]),
        )

    def _check_closed(self, user, status, doors):
        """Every door answers ``status`` and nothing has changed."""
        before = self._get_state()
        with mute_logger("odoo.http", "odoo.sql_db"):
            answers = {
                (path, str(arguments)): self._post(user, path, ids, **arguments)[0]
                for path, ids, arguments in doors
            }
        self.assertEqual(set(answers.values()), {status}, answers)
        self.assertEqual(self._get_state(), before)

    def test_a_key_is_needed(self):
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/json/2/srsp.item/search",
                data='{"domain": []}',
                headers={
                    "Content-Type": "application/json",
                    "X-Odoo-Database": get_db_name(),
                },
            )
        self.assertEqual(response.status_code, 401)

    def test_a_division_finds_its_own_draft_lines_alone(self):
        here = [["list_id", "=", self.draft.id]]
        mine = {"id": self.mine.id, "name": "Quality of surveying results"}
        for path, arguments, answer in (
            ("srsp.item/search", {"domain": here}, [self.mine.id]),
            ("srsp.item/search_count", {"domain": here}, 1),
            ("srsp.item/search_read", {"domain": here, "fields": ["name"]}, [mine]),
            (
                "srsp.item/web_search_read",
                {"domain": here, "specification": {"name": {}}},
                {"length": 1, "records": [mine]},
            ),
            ("srsp.item/name_search", {"name": "Secret"}, []),
            (
                "srsp.item/formatted_read_group",
                {"domain": here, "groupby": ["code"], "aggregates": ["__count"]},
                [{"code": "A1", "__extra_domain": [["code", "=", "A1"]], "__count": 1}],
            ),
            (
                "srsp.list/search",
                {"domain": [["item_ids.name", "=", "Secret raid"]]},
                [],
            ),
            (
                "srsp.list.part/search",
                {"domain": [["list_id", "=", self.draft.id]]},
                [self.my_part.id],
            ),
            (
                "mail.message/search_count",
                {
                    "domain": [
                        ["model", "=", "srsp.list.part"],
                        ["res_id", "=", self.their_part.id],
                    ]
                },
                0,
            ),
        ):
            for user in (self.officer, self.head):
                self.assertEqual(
                    self._post(user, path, **arguments), (ALLOWED, answer), path
                )
        spec = {
            "item_ids": {"fields": {"name": {}}},
            "part_ids": {"fields": {"state": {}}},
        }
        self.assertEqual(
            self._post(
                self.officer, "srsp.list/web_read", self.draft.ids, specification=spec
            )[1],
            [
                {
                    "id": self.draft.id,
                    "item_ids": [mine],
                    "part_ids": [{"id": self.my_part.id, "state": "editing"}],
                }
            ],
        )

    def test_a_division_neither_reads_nor_changes_another_ones_part(self):
        theirs, part = self.theirs.ids, self.their_part.ids
        vals = self._item_vals(
            list_id=self.draft.id, code="B9", name="x", division_id=self.minerals.id
        )
        doors = [
            ("srsp.item/read", theirs, {"fields": ["name"]}),
            ("srsp.item/web_read", theirs, {"specification": {"name": {}}}),
            ("srsp.item/export_data", theirs, {"fields_to_export": ["name"]}),
            ("srsp.item/write", theirs, {"vals": {"name": "x"}}),
            ("srsp.item/write", theirs, {"vals": {"division_id": self.surveying.id}}),
            (
                "srsp.item/web_save",
                theirs,
                {"vals": {"name": "x"}, "specification": {"name": {}}},
            ),
            ("srsp.item/unlink", theirs, {}),
            ("srsp.item/copy", theirs, {"default": {"code": "Z"}}),
            ("srsp.item/create", (), {"vals_list": [vals]}),
            ("srsp.item/write", self.mine.ids, {"vals": {"origin_id": False}}),
            ("srsp.list.part/read", part, {"fields": ["comment"]}),
            ("srsp.list.part/action_hand_in", part, {}),
            ("srsp.list.part/write", part, {"vals": {"state": "handed_in"}}),
            ("srsp.list.part/unlink", part, {}),
            ("srsp.list/action_open", self.draft.ids, {}),
            ("srsp.list/action_consolidate", self.draft.ids, {}),
            ("srsp.list/write", self.draft.ids, {"vals": {"purpose": "x"}}),
            ("srsp.list/unlink", self.draft.ids, {}),
        ]
        for user in (self.officer, self.head):
            self._check_closed(user, FORBIDDEN, doors)
        self._check_closed(
            self.officer,
            FORBIDDEN,
            [("srsp.list.part/action_hand_in", self.my_part.ids, {})],
        )
        self._check_closed(
            self.head,
            REFUSED,
            [
                (
                    "srsp.item/write",
                    self.mine.ids,
                    {"vals": {"division_id": self.minerals.id}},
                )
            ],
        )

    def test_what_has_no_public_name_is_no_door(self):
        with mute_logger("odoo.http"):
            for path in (
                "srsp.list.part/_return",
                "srsp.list/_submit_when_complete",
                "srsp.list/_take_effect",
                "srsp.list/_cron_daily",
                "srsp.event/_seal",
            ):
                self.assertEqual(self._post(self.policy, path)[0], FORBIDDEN, path)

    def test_an_inspector_and_an_auditor_write_nothing(self):
        doors = [
            ("srsp.item/write", self.mine.ids, {"vals": {"name": "x"}}),
            ("srsp.item/unlink", self.mine.ids, {}),
            ("srsp.list.part/action_hand_in", self.my_part.ids, {}),
            ("srsp.list/write", self.draft.ids, {"vals": {"purpose": "x"}}),
            ("srsp.list/action_publish", self.draft.ids, {}),
        ]
        for role in ("inspector", "auditor"):
            user = self._make_user(role, role, self.surveying)
            self._check_closed(user, FORBIDDEN, doors)
        status, lines = self._post(
            user,
            "srsp.item/search_read",
            domain=[["list_id", "=", self.draft.id]],
            fields=["name"],
        )
        self.assertEqual((status, len(lines)), (ALLOWED, 2))

    def test_the_cycle_runs_and_the_frozen_version_stays_shut(self):
        self.assertEqual(
            self._post(
                self.officer, "srsp.item/write", self.mine.ids, vals={"frequency": 4}
            )[0],
            ALLOWED,
        )
        for user, part in ((self.head, self.my_part), (self.deputy, self.their_part)):
            status, _none = self._post(user, "srsp.list.part/action_hand_in", part.ids)
            self.assertEqual(status, ALLOWED)
        approval = {
            "approval_number": "2026-18",
            "approval_date": "2026-03-18",
            "approval_scan": "c2Nhbg==",
        }
        for method, arguments in (
            ("action_consolidate", {}),
            ("write", {"vals": approval}),
            ("action_approve", {}),
            ("action_publish", {}),
        ):
            path = f"srsp.list/{method}"
            status, answer = self._post(self.policy, path, self.draft.ids, **arguments)
            self.assertEqual(status, ALLOWED, answer)
        self.assertEqual((self.draft.state, self.mine.frequency), ("published", 4))
        frozen = [
            ("srsp.list/write", self.draft.ids, {"vals": {"purpose": "x"}}),
            ("srsp.list/unlink", self.draft.ids, {}),
            ("srsp.list/copy", self.draft.ids, {}),
            ("srsp.item/write", self.mine.ids, {"vals": {"name": "x"}}),
            ("srsp.item/unlink", self.mine.ids, {}),
            ("srsp.list.part/unlink", self.my_part.ids, {}),
            ("srsp.legal.basis/write", self.basis.ids, {"vals": {"title": "x"}}),
            ("srsp.legal.basis/unlink", self.basis.ids, {}),
        ]
        for user in (self.policy, self.administrator):
            self._check_closed(user, REFUSED, frozen)
