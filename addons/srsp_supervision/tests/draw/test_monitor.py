import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ...fields import DRAW_KEY_FILE
from ...tools import draw_key
from ..common import DRAW_AT, NOW, SrspCase

CLOSED = {"www-authenticate": "Bearer", "cache-control": "no-store"}


@tagged("post_install", "-at_install")
class TestMonitor(SrspCase, HttpCase):
    def setUp(self):
        super().setUp()
        company = self.company.with_user(self.env.ref("base.user_admin"))
        message = company.action_srsp_create_monitor_token()["params"]["message"]
        self.token = message.split("health: ")[1].split(". ")[0]

    def _ask(self, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.url_open("/srsp/health", headers=headers)

    def _get_bureau(self):
        report = self.env["srsp.monitor"]._get_report()
        [bureau] = [one for one in report["bureaus"] if one["id"] == self.company.id]
        return bureau

    def _get_draws(self):
        return self._get_bureau()["draws"]

    def test_nothing_is_told_without_the_token(self):
        former = self.token
        self.company.with_user(
            self.env.ref("base.user_admin")
        ).action_srsp_create_monitor_token()
        for token in (None, "", "wrong", former, "中文".encode().decode("latin-1")):
            answer = self._ask(token)
            self.assertEqual((answer.status_code, answer.text), (401, "{}"), token)
            self.assertLessEqual(
                CLOSED.items(),
                {k.lower(): v for k, v in answer.headers.items()}.items(),
            )
            self.assertNotIn("Set-Cookie", answer.headers)
        query = self.url_open(f"/srsp/health?token={self.token}")
        self.assertEqual(query.status_code, 401)
        self.env["ir.config_parameter"].set_param("srsp.monitor_token", False)
        self.assertEqual(self._ask(self.token).status_code, 401)

    def test_the_database_keeps_a_digest_of_the_token_alone(self):
        known = self.env["ir.config_parameter"].get_param("srsp.monitor_token")
        self.assertRegex(known, "^[0-9a-f]{64}$")
        self.assertNotEqual(known, self.token)

    def test_only_the_system_administrator_makes_a_token(self):
        user = self._make_user("own", "administrator")
        with self.assertRaises(AccessError):
            self.company.with_user(user).action_srsp_create_monitor_token()

    def test_the_answer_has_the_worst_status_and_its_code(self):
        answer = self._ask(self.token)
        report = answer.json()
        statuses = [
            part["status"] for part in [*report["server"].values(), *report["bureaus"]]
        ]
        worst = max(statuses, key=("ok", "attention", "failing").index)
        self.assertEqual(report["status"], worst)
        self.assertEqual(answer.status_code, 503 if worst == "failing" else 200)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertEqual(
            sorted(report["server"]), ["calendar", "draw_key", "scheduled_actions"]
        )
        self._sleep_forever()
        report = json.loads(self._ask(self.token).text)
        self.assertIn(
            "srsp_supervision.ir_cron_draw",
            report["server"]["scheduled_actions"]["disabled"],
        )
        self.assertEqual(
            (report["status"], self._ask(self.token).status_code), ("failing", 503)
        )

    def _sleep_forever(self):
        self.env.cr.execute(
            "UPDATE ir_cron SET active = false WHERE id = %s",
            [self.env.ref("srsp_supervision.ir_cron_draw").id],
        )

    def test_a_stuck_draw_fails_until_its_announcement_has_ended(self):
        sound = {
            "status": "ok",
            "stuck": 0,
            "stuck_since": None,
            "waiting": 0,
            "overdue_locks": 0,
            "overdue_draws": 0,
            "overdue_lotteries": 0,
        }
        with freeze_time(NOW):
            self.assertEqual(self._get_draws(), sound)
            task = self._make_announced()
            self.assertEqual(self._get_draws(), sound)
            task._block("Nobody can be drawn")
            stuck = {"stuck": 1, "stuck_since": "2026-03-20T01:00:00Z"}
            self.assertEqual(self._get_draws(), {**sound, **stuck, "status": "failing"})
            self.assertEqual(self._get_bureau()["status"], "failing")
            task.announced_on = False
            self.assertEqual(
                self._get_draws(), {**sound, **stuck, "status": "attention"}
            )
            task.blocked_reason = False
            self.assertEqual(self._get_draws(), sound)

    def test_locks_and_draws_that_do_not_happen_are_overdue(self):
        task, found = self._make_announced(), []
        for moment in (task.lock_at, DRAW_AT):
            if moment == DRAW_AT:
                task._lock_roster(NOW)
            for minutes in (10, 11):
                with freeze_time(moment + timedelta(minutes=minutes)):
                    draws = self._get_draws()
                found.append(
                    (draws["status"], draws["overdue_locks"], draws["overdue_draws"])
                )
        self.assertEqual(
            found, [("ok", 0, 0), ("failing", 1, 0), ("ok", 0, 0), ("failing", 0, 1)]
        )

    def test_a_lottery_has_a_day_to_be_entered(self):
        task = self._make_announced(randomness_kind="lottery", lottery="Six of 33")
        task._lock_roster(NOW)
        found = []
        for hours in (24, 25):
            with freeze_time(DRAW_AT + timedelta(hours=hours)):
                draws = self._get_draws()
            found.append((draws["status"], draws["overdue_lotteries"]))
        self.assertEqual(found, [("ok", 0), ("attention", 1)])

    def test_another_draw_key_fails_and_no_key_is_made(self):
        measure = self.env["srsp.monitor"]._measure_draw_key
        task = self._make_announced()
        before = measure()
        task._lock_roster(NOW)
        self.assertEqual((measure(), before["foreign_draws"]), (before, 0))
        committed = self.env["srsp.draw"].search([("state", "=", "committed")])
        self.assertRegex(before["fingerprint"], "^[0-9a-f]{16}$")
        with TemporaryDirectory() as folder:
            path = Path(folder, "other.key")
            with patch.dict(os.environ, {DRAW_KEY_FILE: str(path)}):
                missing = measure()
                self.assertFalse(path.exists())
                draw_key.make(path)
                foreign = measure()
        self.assertEqual((missing["status"], missing["fingerprint"]), ("failing", None))
        self.assertEqual(foreign["status"], "failing")
        self.assertNotIn(foreign["fingerprint"], (None, before["fingerprint"]))
        self.assertEqual(foreign["foreign_draws"], len(committed))

    def test_the_calendar_covers_next_year_from_november_on(self):
        self.env["srsp.calendar.day"].search([("date", ">=", "2031-01-01")]).unlink()
        vals = {"date": "2030-05-01", "name": "Labour Day", "provisional": False}
        days = self.env["srsp.calendar.day"].search([("date", "=", "2030-05-01")])
        days.unlink()
        days.create(vals)
        found = []
        for moment in (
            datetime(2030, 10, 31, 15),
            datetime(2030, 10, 31, 16),  # midnight in Beijing
            datetime(2031, 3, 1),
        ):
            with freeze_time(moment):
                found.append(self.env["srsp.monitor"]._measure_calendar())
        self.assertEqual(
            [(one["status"], one["known_until"]) for one in found],
            [("ok", 2030), ("attention", 2030), ("attention", 2030)],
        )

    def test_actions_that_do_not_run_are_named(self):
        measure = self.env["srsp.monitor"]._measure_scheduled_actions
        self.env.cr.execute("UPDATE ir_cron SET active = true, nextcall = %s", [NOW])
        with freeze_time(NOW + timedelta(minutes=10)):
            self.assertEqual(measure(), {"status": "ok", "disabled": [], "overdue": []})
        with freeze_time(NOW + timedelta(minutes=11)):
            names = ["ir_cron_draw", "ir_cron_lock_roster"]
            overdue = [f"srsp_supervision.{name}" for name in names]
            self.assertEqual(
                measure(), {"status": "failing", "disabled": [], "overdue": overdue}
            )
        mails = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.env.cr.execute("UPDATE ir_cron SET active = id <> %s", [mails.id])
        with freeze_time(NOW):
            self.assertEqual(
                measure(),
                {
                    "status": "attention",
                    "disabled": ["mail.ir_cron_mail_scheduler_action"],
                    "overdue": [],
                },
            )

    def test_the_chain_is_checked_weekly_and_its_head_sent_daily(self):
        def get_chain(days=0):
            with freeze_time(datetime.now() + timedelta(days=days)):
                return self._get_bureau()["chain"]

        self.env["srsp.event.change"]._seal_pending()
        self.assertEqual(get_chain()["status"], "attention")
        check = self.env["srsp.event.check"]._check(self.company)
        self.env["srsp.chain.head"]._record(self.company)
        chain = get_chain()
        self.assertEqual(
            (chain["status"], chain["outcome"], chain["unsealed"]), ("ok", "sound", 0)
        )
        self.assertTrue(chain["last_check"] and chain["last_head"])
        self.assertEqual(get_chain(days=3)["status"], "attention")
        self.env["srsp.event.check"].sudo().create(
            {
                "company_id": self.company.id,
                "checked_on": check.checked_on,
                "checked_by_id": self.env.uid,
                "state": "broken",
            }
        )
        self.assertEqual(get_chain()["status"], "failing")
