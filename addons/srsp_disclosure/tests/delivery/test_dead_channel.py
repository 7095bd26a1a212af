import datetime

from freezegun import freeze_time

from odoo import fields
from odoo.tests import new_test_user, tagged

from ...tools.platform_client import PlatformRejected, Silent
from ..common import BureauCase

FORMED = datetime.date(2025, 9, 24)
NOW = datetime.datetime(2025, 9, 25, 1, 0)
LOG = "odoo.addons.srsp_disclosure.models.delivery.srsp_channel"
COMPANY = "odoo.addons.srsp_supervision.models.base.res_company"


@tagged("post_install", "-at_install")
class TestDeadChannel(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.channel = cls.env["srsp.channel"].create(
            {"name": "信用平台", "url": "https://credit.example", "key_id": "test"}
        )
        visits = cls.draw(cls.make_task()).inspection_ids
        cls.deliveries = cls.env["srsp.delivery"].concat(
            *(cls.close(visit, FORMED).delivery_ids for visit in visits[:2])
        )

    def make_user(self, login, group):
        return new_test_user(
            self.env,
            login,
            groups=group,
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

    def stay_silent(self, hours):
        """Let each delivery meet a silent platform, ``hours`` after the first attempt."""
        self.deliveries.first_sent_at = NOW
        with freeze_time(NOW + datetime.timedelta(hours=hours)):
            for delivery in self.deliveries:
                delivery.attempts += 1
                delivery._settle_retryable(Silent("No answer"))
            self.channel._update_todo()

    def test_a_platform_that_stays_silent_is_told_once(self):
        officer = self.make_user("dead_1", "srsp_disclosure.group_disclosure_officer")
        self.stay_silent(hours=3)
        self.assertFalse(self.channel.activity_ids)
        with self.assertLogs(LOG, "WARNING") as log:
            self.stay_silent(hours=5)
            self.stay_silent(hours=30)
        [todo] = self.channel.activity_ids
        self.assertEqual(todo.user_id, officer)
        self.assertIn("has accepted nothing since", todo.summary)
        [line] = log.output
        self.assertIn(f"srsp.channel({self.channel.id},)", line)

    def test_without_an_officer_the_administrator_hears_of_it(self):
        administrator = self.make_user("dead_2", "base.group_system")
        with self.assertLogs(COMPANY, "WARNING") as log:
            self.deliveries[0]._settle_error(PlatformRejected("no"))
        self.assertEqual(self.channel.activity_ids.user_id, administrator)
        self.assertRegex(log.output[0], "nobody of 测试局 answers .*dead_2")

    def test_many_deliveries_that_wait_wake_the_outbox_in_few_minutes(self):
        cron = self.env.ref("srsp_disclosure.ir_cron_deliver")
        due = [("cron_id", "=", cron.id), ("call_at", ">", NOW)]
        self.env["ir.cron.trigger"].search(due).unlink()
        for hours in (1, 1 + 20 / 3600):
            self.deliveries.attempts = 0
            self.stay_silent(hours)
        self.assertEqual(
            sorted(self.env["ir.cron.trigger"].search(due).mapped("call_at")),
            [NOW + datetime.timedelta(hours=1, minutes=wait) for wait in (1, 2)],
        )

    def test_the_monitor_is_told_what_is_owed(self):
        def measure(days):
            created = fields.Datetime.to_datetime(self.deliveries[0].create_date)
            moment = created + datetime.timedelta(days=days)
            with freeze_time(moment):
                measures = self.env["srsp.monitor"]._measure_bureaus(self.company)
            return measures[self.company]["deliveries"]

        others = self.env["srsp.delivery"].search(
            [
                ("company_id", "=", self.company.id),
                ("id", "not in", self.deliveries.ids),
            ]
        )
        others.state = "accepted"
        self.deliveries.deadline = fields.Date.today() + datetime.timedelta(days=30)
        self.env.flush_all()
        since = self.deliveries[0].create_date.strftime("%Y-%m-%dT%H:%M:%SZ")
        owed = {
            "status": "ok",
            "open": 2,
            "oldest_since": since,
            "oldest_kind": "result",
            "refused": 0,
            "past_deadline": 0,
        }
        self.assertEqual(measure(days=0.9), owed)
        self.assertEqual(measure(days=1.1), {**owed, "status": "attention"})
        late = {**owed, "status": "failing", "past_deadline": 2}
        self.assertEqual(measure(days=40), late)
        self.deliveries[1].state = "rejected"
        self.env.flush_all()
        refused = {**owed, "status": "attention", "refused": 1}
        self.assertEqual(measure(days=0.5), refused)
        self.deliveries.state = "accepted"
        self.env.flush_all()
        nothing = {"open": 0, "oldest_since": None, "oldest_kind": None}
        self.assertEqual(measure(days=40), {**owed, **nothing})
        self.deliveries.state = "pending"
        self.channel.active = False
        self.env.flush_all()
        self.assertEqual(measure(days=40), {**owed, **nothing})
