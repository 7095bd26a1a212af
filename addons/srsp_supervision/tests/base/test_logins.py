"""Whoever guesses passwords waits, at every door; nobody else does."""

import re
from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

FAILURES = 5


@tagged("post_install", "-at_install")
class TestLogins(TransactionCase):
    def setUp(self):
        super().setUp()
        self.patch(self.registry, "_srsp_login_failures", self.make_table())
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("base.login_cooldown_after", FAILURES)
        parameters.set_param("base.login_cooldown_duration", 60)
        self.users = [new_test_user(self.env, f"guessed_{n}") for n in range(2)]

    def make_table(self):
        self.registry.__dict__.pop("_srsp_login_failures", None)
        with self.env["res.users"]._assert_can_auth():
            return self.registry._srsp_login_failures

    def log_in(self, user, password=None):
        credential = {
            "type": "password",
            "login": user.login,
            "password": password or user.login,
        }
        return self.env["res.users"].authenticate(credential, {})["uid"]

    def guess(self, user, times=FAILURES):
        for _attempt in range(times):
            with self.assertRaises(AccessDenied):
                self.log_in(user, "wrong")

    def test_after_five_failures_the_right_password_waits_a_minute(self):
        guessed, other = self.users
        with freeze_time("2026-03-20 01:00:00") as clock:
            self.guess(guessed)
            with self.assertRaisesRegex(AccessDenied, "Too many login failures"):
                self.log_in(guessed)
            self.assertEqual(self.log_in(other), other.id)
            clock.tick(timedelta(seconds=61))
            self.assertEqual(self.log_in(guessed), guessed.id)

    def test_a_success_in_between_begins_anew(self):
        user = self.users[0]
        self.guess(user, FAILURES - 1)
        self.assertEqual(self.log_in(user), user.id)
        self.guess(user, FAILURES - 1)
        self.assertEqual(self.log_in(user), user.id)

    def test_the_password_does_not_clear_the_failures_of_the_one_time_code(self):
        user = self.users[0]
        for _attempt in range(FAILURES):
            with self.assertRaises(AccessDenied), user._assert_can_auth(user=user.id):
                raise AccessDenied()
        self.assertEqual(self.log_in(user), user.id)
        with (
            self.assertRaisesRegex(AccessDenied, "Too many login failures"),
            user._assert_can_auth(user=user.id),
        ):
            pass

    def test_names_that_nobody_has_take_no_memory(self):
        for number in range(20):
            with self.assertRaises(AccessDenied):
                credential = {"type": "password", "login": f"n{number}", "password": ""}
                self.env["res.users"].authenticate(credential, {})
        self.assertFalse(self.registry._srsp_login_failures)

    def test_a_forged_host_does_not_change_the_address_in_links(self):
        parameters = self.env["ir.config_parameter"].sudo()
        admin = new_test_user(self.env, "admin_logs_in", groups="base.group_system")
        agent = {"base_location": "http://evil.example"}
        credential = {"type": "password", "login": admin.login, "password": admin.login}
        for before, after in (
            ("https://office.bureau.example", "https://office.bureau.example"),
            ("http://localhost:8069", "http://evil.example"),  # not set up yet
        ):
            parameters.set_param("web.base.url", before)
            self.env["res.users"].authenticate(credential, agent)
            self.assertEqual(parameters.get_param("web.base.url"), after)

    def test_a_group_asks_its_holders_for_a_second_factor(self):
        """Also those to whom another group gives it; who has an app is asked for the code of the app."""
        officer, manager, inspector = [
            new_test_user(self.env, login, groups=f"srsp_supervision.group_{login}")
            for login in ("division_officer", "division_manager", "inspector")
        ]
        users = officer | manager | inspector
        self.assertEqual([user._mfa_type() for user in users], [None] * 3)
        group = self.env.ref("srsp_supervision.group_division_officer")
        group.srsp_two_factor = True
        self.assertEqual(
            [user._mfa_type() for user in users], ["totp_mail", "totp_mail", None]
        )
        self.assertEqual(
            [user._rpc_api_keys_only() for user in users], [True, True, False]
        )
        manager.sudo().totp_secret = "JBSWY3DPEHPK3PXP"
        self.assertEqual(manager._mfa_type(), "totp")
        with self.assertRaises(AccessError):
            group.with_user(manager).srsp_two_factor = False

    def test_a_short_password_is_refused(self):
        module = "auth_password_policy"
        self.assertEqual(self.env["ir.module.module"]._get(module).state, "installed")
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(f"{module}.minlength", "8")  # as it is without the demo
        with self.assertRaises(UserError):
            self.users[0].password = "1234567"


@tagged("post_install", "-at_install")
class TestDoors(HttpCase):
    def call(self, path, body, kind):
        return self.url_open(path, data=body, headers={"Content-Type": kind})

    def test_the_rpc_of_before_json_2_is_closed_until_a_parameter_opens_it(self):
        body = '{"params": {"service": "common", "method": "version", "args": []}}'
        answer = self.call("/jsonrpc", body, "application/json").json()
        self.assertEqual(answer["error"]["code"], 404)
        body = "<methodCall><methodName>version</methodName></methodCall>"
        for path in ("/xmlrpc/common", "/xmlrpc/2/common"):
            self.assertEqual(self.call(path, body, "text/xml").status_code, 404)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("srsp_supervision.close_rpc", "False")
        answer = self.call("/xmlrpc/2/common", body, "text/xml")
        self.assertIn("server_version", answer.text)

    def test_whoever_must_bring_a_second_factor_is_not_in_with_a_password(self):
        user = new_test_user(
            self.env,
            "two_factors",
            groups="srsp_supervision.group_policy_officer",
            password="two_factors",
            email="two@bureau.example",
        )
        self.env.ref("srsp_supervision.group_policy_officer").srsp_two_factor = True
        page = self.url_open("/web/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        data = {"login": user.login, "password": user.login, "csrf_token": token}
        answer = self.url_open("/web/login", data=data)
        self.assertIn("/web/login/totp", answer.url)

    def test_an_error_tells_a_stranger_nothing_of_the_program(self):
        body = '{"params": {"model": "srsp.draw", "method": "nothing", "args": [], "kwargs": {}}}'
        answer = self.call("/json/2/res.users/search", "{}", "application/json")
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(
            answer.json().keys(), {"name", "message", "arguments", "context"}
        )
        answer = self.call("/web/dataset/call_kw", body, "application/json")
        self.assertEqual(
            answer.json()["error"]["data"].keys(),
            {"name", "message", "arguments", "context"},
        )
        self.authenticate("admin", "admin")
        answer = self.call("/web/dataset/call_kw", body, "application/json")
        self.assertIn("Traceback", answer.json()["error"]["data"]["debug"])
