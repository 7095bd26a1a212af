import datetime

from odoo import fields
from odoo.tests import new_test_user, tagged

from ...tools.platform_client import Receipt, Silent, Unusable
from ..common import BureauCase

FORMED = datetime.date(2025, 9, 24)
FORGED = {
    "srsp.delivery": {"state": "accepted", "received_at": "2025-09-24 00:00:00"},
    "srsp.publication": {"disclosed_on": "2025-09-24", "was_late": False},
}


@tagged("post_install", "-at_install")
class TestDelivery(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.channel = cls.env["srsp.channel"].create(
            {"name": "信用平台", "url": "https://credit.example", "key_id": "test"}
        )
        cls.officer = new_test_user(
            cls.env,
            "delivery_officer",
            groups="srsp_disclosure.group_disclosure_officer",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.visit = cls.draw(cls.make_task()).inspection_ids[:1]

    def owe(self):
        return self.close(self.visit, FORMED).delivery_ids

    def receipt(self, moment):
        return Receipt("accepted", "XY1", "", moment.replace(tzinfo=datetime.UTC))

    def test_a_receipt_bears_a_time_between_the_first_attempt_and_now(self):
        delivery = self.owe()
        delivery.first_sent_at = fields.Datetime.now()
        now = delivery.first_sent_at
        minutes = datetime.timedelta(minutes=1)
        self.env.cr.execute(
            "UPDATE srsp_delivery SET create_date = '2025-09-24' WHERE id = %s",
            [delivery.id],
        )
        delivery.invalidate_recordset(["create_date"])
        for moment in (now - 4 * minutes, now + 4 * minutes):
            moment = moment.replace(microsecond=0)
            self.assertEqual(delivery._check_received_at(self.receipt(moment)), moment)
        for moment in (
            datetime.datetime(2025, 9, 25),
            now - 6 * minutes,
            now + 6 * minutes,
        ):
            with self.assertRaises(Unusable):
                delivery._check_received_at(self.receipt(moment))

    def test_the_platforms_words_are_text_and_no_html(self):
        delivery = self.owe()
        now = datetime.datetime.now(datetime.UTC)
        reason = '<a href="https://evil.example">退回</a>'
        delivery._settle(Receipt("rejected", "", reason, now), now.replace(tzinfo=None))
        self.assertEqual(
            delivery.activity_ids.note,
            '<p>&lt;a href="https://evil.example"&gt;退回&lt;/a&gt;</p>',
        )
        self.assertEqual(delivery.reason, reason)

    def test_nobody_is_logged_in_and_the_officer_reads_the_bureaus_language(self):
        """The channel has no secret, so the request is refused before it leaves."""
        self.env["res.lang"]._activate_lang("zh_CN")
        addons = self.env["ir.module.module"].search([("name", "=", "srsp_disclosure")])
        addons._update_translations(["zh_CN"])
        self.company.srsp_language = "zh_CN"
        delivery = self.owe()
        others = self.env["srsp.delivery"].search([("id", "!=", delivery.id)])
        others.next_try_at = False
        self.env.flush_all()
        cron = self.env.ref("srsp_disclosure.ir_cron_deliver")
        with self.enter_registry_test_mode():
            cron.with_context(lang=None).method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(delivery.state, "error")
        self.assertEqual(self.channel.activity_ids.summary, "平台拒绝接收报送")
        self.assertEqual(self.channel.activity_ids.user_id, self.officer)
        self.assertEqual(
            delivery.reason,
            "渠道的地址、密钥名称或密钥无法使用（未设置接入密钥）",
        )

    def test_a_failure_is_told_in_words_with_the_technical_text(self):
        told = {
            self.channel._explain(error)
            for error in (Silent("No answer: ReadTimeout"), KeyError("uscc"))
        }
        self.assertEqual(
            told,
            {
                "The platform does not answer (No answer: ReadTimeout)",
                "The delivery failed on this server (KeyError: 'uscc')",
            },
        )

    def test_no_default_of_ones_own_bends_what_is_owed_or_disclosed(self):
        defaults = self.env["ir.default"].with_user(self.officer).sudo()
        for model, vals in FORGED.items():
            for name, value in vals.items():
                defaults.set(model, name, value, user_id=self.officer.id)
        context = {
            "allowed_company_ids": self.company.ids,
            **{f"default_{n}": v for vals in FORGED.values() for n, v in vals.items()},
        }
        visit = self.visit.with_user(self.officer).with_context(**context).sudo()
        delivery = self.close(visit, FORMED).delivery_ids
        self.assertEqual((delivery.state, delivery.received_at), ("pending", False))
        publication = delivery.publication_id
        self.assertEqual(
            (publication.disclosed_on, publication.deadline_state), (False, "late")
        )
