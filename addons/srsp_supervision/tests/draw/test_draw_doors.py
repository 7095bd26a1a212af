"""Every door through which somebody inside might reach a draw: each attempt fails, and stands in the server's log."""

import json
from datetime import timedelta
from logging import DEBUG, INFO

from freezegun import freeze_time

from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL

from ..common import NOW, SrspCase

# What the log says of an attempt that Odoo's own access rights refuse.
DENIED = "Access Denied by ACLs for operation: {}, uid: {{uid}}, model: {}"
REFUSED = "Refused: .*{}.*, uid: {{uid}}, model: {}"
NEVER = REFUSED.format("never", "srsp.draw")


@tagged("post_install", "-at_install")
class TestDrawDoors(HttpCase, SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.chief = cls._make_user("chief", "administrator")
        own = {"key": "all", "ratio": 0.05, "reason": "As ever"}
        cls.task = cls._make_announced(stratum_ids=[(0, 0, own)])
        cls.draw = cls.task._lock_roster(NOW)
        cls.line = cls._roster(cls.draw)[0]
        *cls.codes, _commitment = cls._get_codes(cls.draw)

    def _call(self, user, model, method, *args, **kwargs):
        """What the web client gets for a call: ``(result, error)``."""
        self.authenticate(user.login, user.login)
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        ).json()
        return answer.get("result"), answer.get("error")

    def _check_attempts(self, user, attempts):
        """Each of ``attempts`` (trace, model, method, arguments) is refused and leaves that trace."""
        for trace, model, method, *args in attempts:
            with (
                self.subTest(f"{user.login}: {model}.{method}", args=str(args)),
                self.assertLogs("odoo", INFO) as log,
            ):
                result, error = self._call(user, model, method, *args)
                self.assertIsNone(result)
                self.assertIn(
                    error["data"]["name"],
                    ("odoo.exceptions.AccessError", "odoo.exceptions.UserError"),
                )
            self.assertRegex("\n".join(log.output), trace.format(uid=user.id))

    def _get_row(self, record):
        self.env.flush_all()
        [[row]] = self.env.execute_query(
            SQL(
                "SELECT to_jsonb(t) FROM %s t WHERE id = %s",
                SQL.identifier(record._table),
                record.id,
            )
        )
        return row

    def test_a_locked_draw_is_reached_by_nobody(self):
        draw, line, task = self.draw.ids, self.line.ids, self.task.ids
        event = self.env["srsp.event"].search([("res_model", "=", "srsp.draw")])[:1]
        before = [self._get_row(one) for one in (self.draw, self.line, event)]
        attempts = [
            (NEVER, "srsp.draw", "write", draw, {"strata": []}),
            (NEVER, "srsp.draw", "web_save", draw, {"classes": []}, {}),
            (DENIED.format("write", "srsp.draw"), "srsp.draw", "write", draw, {"state": "drawn"}),
            (DENIED.format("unlink", "srsp.draw"), "srsp.draw", "unlink", draw),
            (DENIED.format("create", "srsp.draw"), "srsp.draw", "create", [{"number": "mine", "task_id": task[0]}]),
            (NEVER, "srsp.draw.line", "write", line, {"excluded_reason": "suspended"}),
            (NEVER, "srsp.draw.line", "create", [{"draw_id": draw[0], "label": "mine"}]),
            (DENIED.format("unlink", "srsp.draw.line"), "srsp.draw.line", "unlink", line),
            (DENIED.format("create", "srsp.draw.iteration"), "srsp.draw.iteration", "create",
             [{"draw_id": draw[0], "number": 1, "randomness_hex": "00"}]),
            (REFUSED.format("integrity chain", "srsp.event"), "srsp.event", "write", event.ids, {"payload": "{}"}),
            (DENIED.format("unlink", "srsp.event"), "srsp.event", "unlink", event.ids),
            (REFUSED.format("cannot happen earlier", "srsp.draw"), "srsp.task", "action_draw", task),
            (REFUSED.format("cannot be edited", "srsp.task"), "srsp.task", "write", task, {"state": "planned"}),
            ("srsp.draw._draw", "srsp.draw", "_draw", draw),
            ("srsp.draw.iteration._run", "srsp.draw.iteration", "_run", []),
        ]  # fmt: skip
        with freeze_time(NOW + timedelta(hours=1)):
            for user in (self.manager, self.chief):
                self._check_attempts(user, attempts)
                # A second lock is no attempt: nothing comes of it.
                self._call(user, "srsp.task", "action_lock_roster", task)
        self.env.invalidate_all()
        self.assertEqual(self.task.draw_ids, self.draw)
        self.assertEqual(
            before, [self._get_row(one) for one in (self.draw, self.line, event)]
        )

    def test_what_a_locked_draw_covers_is_not_changed_on_its_task(self):
        task, own = self.task.ids, self.task.stratum_ids.ids
        before = [self._get_row(one) for one in (self.task, self.task.stratum_ids)]
        announced = REFUSED.format("has been announced", "srsp.task")
        narrower = [("code", "!=", self.line.label)]
        values = (
            {"target_domain": str(narrower)},
            {"ratio": 0.01},
            {"ratio_reason": "Fewer"},
            {"item_ids": [(5,)]},
            {"stratify_by": "region"},
            {"stratum_ids": [(5,)]},
            {"mode": "external"},
            {"team_size": 1},
            {"cooperating_division_ids": [(4, self.minerals.id)]},
            {"draw_at": "2026-03-20 02:00:00"},
        )
        stratum = {"task_id": task[0], "key": "B", "ratio": 1.0, "reason": "Them"}
        attempts = [
            *((announced, "srsp.task", "write", task, vals) for vals in values),
            (announced, "srsp.task", "web_save", task, {"ratio": 0.01}, {}),
            (announced, "srsp.task.stratum", "write", own, {"ratio": 1.0}),
            (announced, "srsp.task.stratum", "unlink", own),
            (announced, "srsp.task.stratum", "create", [stratum]),
            (REFUSED.format("not deleted", "srsp.task"), "srsp.task", "unlink", task),
        ]
        self._check_attempts(self.manager, attempts)
        denied = "Access Denied by ACLs for operation: .*, uid: {uid}, model: srsp.task"
        self._check_attempts(
            self.chief,
            [(f"{trace}|{denied}", *attempt) for trace, *attempt in attempts],
        )
        self.env.invalidate_all()
        self.assertEqual(
            before, [self._get_row(one) for one in (self.task, self.task.stratum_ids)]
        )

    def test_a_draw_never_goes_back(self):
        """Not even code in superuser mode, such as a server action, takes a draw to where it has been."""
        self.draw._draw(self.draw.announced_for)
        self._check_no_way(self.draw, "committed")
        self.draw._void("Wrong filter")
        for state in ("committed", "drawn"):
            self._check_no_way(self.draw, state)

    def _check_no_way(self, draw, state):
        before = draw.state
        action = self.env["ir.actions.server"].create(
            {
                "name": "Back",
                "model_id": self.env["ir.model"]._get_id("srsp.draw"),
                "state": "code",
                "code": f"record.sudo().write({{'state': '{state}'}})",
            }
        )
        context = {"active_model": "srsp.draw", "active_id": draw.id}
        with (
            self.assertLogs("odoo.addons.srsp_supervision", INFO) as log,
            self._refused("never goes back"),
        ):
            action.with_context(**context).run()
        self.assertRegex(
            log.output[0], REFUSED.format("never", "srsp.draw").format(uid=self.env.uid)
        )
        self.assertEqual(draw.state, before)

    def test_a_draw_that_pleases_nobody_is_not_drawn_again(self):
        self.draw._draw(self.draw.announced_for)
        before = self.draw._get_certificate()
        iteration = self.draw.iteration_ids
        changed = REFUSED.format("never changes", "srsp.draw.iteration")
        attempts = [
            (REFUSED.format("is in state", "srsp.task"), "srsp.task", "action_draw", self.task.ids),
            (REFUSED.format("is in state", "srsp.task"), "srsp.task", "action_lock_roster", self.task.ids),
            (changed, "srsp.draw.iteration", "write", iteration.ids, {"randomness_hex": "00"}),
            (DENIED.format("unlink", "srsp.draw.iteration"), "srsp.draw.iteration", "unlink", iteration.ids),
        ]  # fmt: skip
        for user in (self.manager, self.chief):
            self._check_attempts(user, attempts)
        self.env.invalidate_all()
        self.assertEqual(self.draw._get_certificate(), before)

    def test_what_codes_grow_from_is_not_to_be_read(self):
        denied = "Access Denied by ACLs for operation: read, uid: {uid}, model: srsp.draw, field: nonce"
        secret = ("nonce", "=like", "a%")
        attempts = [
            (denied, "srsp.draw", "read", self.draw.ids, ["nonce"]),
            (denied, "srsp.draw", "web_read", self.draw.ids, {"nonce": {}}),
            (denied, "srsp.draw", "search_read", [], ["nonce"]),
            (f"{denied}|rights to export", "srsp.draw", "export_data", self.draw.ids, ["nonce"]),
            (f"{denied}|rights to export", "srsp.task", "export_data", self.task.ids, ["draw_id/nonce"]),
            (denied, "srsp.draw", "search", [secret]),
            (denied, "srsp.draw", "search", [], 0, None, "nonce"),
            (denied, "srsp.task", "search", [("draw_id.nonce", "=like", "a%")]),
            (denied, "srsp.draw", "formatted_read_group", [], ["nonce"], ["__count"]),
            (denied, "srsp.draw", "formatted_read_group", [], [], ["nonce:max"]),
            (denied, "srsp.draw", "name_search", "", [secret]),
        ]  # fmt: skip
        for user in (self.manager, self.chief):
            self._check_attempts(user, attempts)
            fields, _error = self._call(user, "srsp.draw", "fields_get")
            self.assertNotIn("nonce", fields)

    def test_a_download_has_no_codes(self):
        self.manager.group_ids += self.env.ref("base.group_allow_export")
        self.authenticate(self.manager.login, self.manager.login)
        fields = [{"name": name, "label": name} for name in ("number", "nonce")]
        data = {
            "model": "srsp.draw",
            "fields": fields,
            "ids": self.draw.ids,
            "domain": [],
            "import_compat": False,
        }
        for kind in ("csv", "xlsx"):
            with self.assertLogs("odoo", INFO) as log:
                answer = self.url_open(
                    f"/web/export/{kind}",
                    data={
                        "data": json.dumps(data),
                        "csrf_token": http.Request.csrf_token(self),
                    },
                )
            self.assertNotEqual(answer.status_code, 200)
            self.assertIn("field: nonce", "\n".join(log.output))

    def test_neither_log_nor_database_knows_a_code(self):
        with self.assertLogs("odoo", DEBUG) as log:
            draw = self._make_announced(name="Another")._lock_roster(NOW)
            self.env.flush_all()
        *codes, _commitment = self._get_codes(draw)
        said = "\n".join(log.output)
        self.assertIn(draw.code_hex, said)  # SQL is in it, with its values
        for code in codes:
            self.assertNotIn(code, said)
        self.assertIn("srsp_draw", self._find_tables([draw.code_hex]))
        self.assertEqual(self._find_tables([*codes, *self.codes]), [])

    def _find_tables(self, texts):
        """Names of the tables that hold one of ``texts`` in any column."""
        tables = self.env.execute_query(
            SQL(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema ORDER BY 1"
            )
        )
        return [
            table
            for [table] in tables
            if self.env.execute_query(
                SQL(
                    "SELECT 1 FROM %s t WHERE t::text ~ %s LIMIT 1",
                    SQL.identifier(table),
                    "|".join(texts),
                )
            )
        ]

    def test_what_a_role_may_see_holds_neither_a_code_nor_what_it_grows_from(self):
        nonce = self.draw.nonce
        for user in (self.manager, self.chief):
            seen = self._dump(user)
            self.assertIn(self.draw.code_hex, seen)
            for secret in (nonce, *self.codes):
                self.assertNotIn(secret, seen)

    def _dump(self, user):
        """All records and fields that ``user`` may read, as text."""
        env = self.env(user=user)
        rows = []
        for name in self.registry:
            model = env[name]
            if name.startswith("srsp.") and model._auto and model.has_access("read"):
                rows += model.search([]).read()
        return str(rows)
