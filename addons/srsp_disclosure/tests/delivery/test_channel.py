import datetime
import json

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import file_open

from ..common import BureauCase

SECRET = "a-secret-of-this-test"
FORMED = datetime.date(2025, 9, 24)


class TestChannel(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.env["srsp.channel"].create(
            {
                "name": "信用平台",
                "url": "https://credit.example",
                "key_id": "test",
                "secret": SECRET,
            }
        )
        cls.admin = new_test_user(
            cls.env,
            "channel_admin",
            groups="base.group_system,srsp_supervision.group_administrator",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.seen = cls.channel.with_user(cls.admin).with_context(
            allowed_company_ids=cls.company.ids
        )

    def test_nobody_reads_the_secret_through_any_interface(self):
        with self.assertRaises(AccessError):
            self.seen.read(["secret"])
        with self.assertRaises(AccessError):
            self.seen.search([("secret", "like", "a-%")])
        with self.assertRaises(AccessError):
            self.seen.export_data(["secret"])
        shown = json.dumps(self.seen.read(), default=str) + str(self.seen.copy().read())
        self.assertNotIn(SECRET, shown)
        self.assertFalse(self.channel.copy().sudo().secret)
        fields = self.seen.fields_get()
        self.assertNotIn("secret", fields)
        self.assertFalse(fields["secret_input"]["exportable"])

    def test_a_secret_typed_in_replaces_the_old_one_and_is_not_shown(self):
        self.seen.secret_input = "another one"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.channel.sudo().secret, "another one")
        self.env.cr.execute(
            "SELECT row_to_json(c)::text FROM srsp_channel c WHERE id = %s",
            [self.channel.id],
        )
        self.assertNotIn("another one", self.env.cr.fetchone()[0])
        self.assertEqual(
            self.seen.read(["secret_input", "has_secret"])[0],
            {"id": self.channel.id, "secret_input": False, "has_secret": True},
        )
        messages = str(self.channel.message_ids.mapped("body"))
        tracked = str(
            self.channel.message_ids.tracking_value_ids.mapped("new_value_char")
        )
        self.assertNotIn("another one", messages + tracked)

    def test_an_address_that_would_carry_results_in_plain_text_is_refused(self):
        for url in ("http://credit.example", "ftp://credit.example", "credit"):
            with self.assertRaises(ValidationError):
                self.channel.url = url

    def test_the_system_administrator_alone_says_where_results_go(self):
        bureau = new_test_user(
            self.env,
            "bureau_administrator",
            groups="srsp_supervision.group_administrator",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        seen = self.channel.with_user(bureau).with_context(
            allowed_company_ids=self.company.ids
        )
        seen.write({"name": "信用中心", "takes_commitments": True})
        with self.assertRaises(AccessError):
            seen.write({"url": "http://127.0.0.1:8399/admin"})
        with self.assertRaises(AccessError):
            seen.copy()
        with self.assertRaises(AccessError):
            seen.create(
                {"name": "另一个", "url": "https://evil.example", "key_id": "x"}
            )
        self.assertEqual(self.channel.url, "https://credit.example")
        self.seen.with_context(tracking_disable=False).url = "https://new.example"
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = self.channel.message_ids.tracking_value_ids
        self.assertIn("https://new.example", tracked.mapped("new_value_char"))

    def test_a_result_is_queued_for_every_active_channel_once(self):
        self.channel.copy({"name": "停用", "active": False})
        self.publish_list()
        publication = self.close(self.draw(self.make_task()).inspection_ids[:1], FORMED)
        delivery = publication.delivery_ids
        self.assertEqual(
            (delivery.channel_id, delivery.state, delivery.attempts),
            (self.channel, "pending", 0),
        )
        cron = self.env.ref("srsp_disclosure.ir_cron_deliver")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))

    def test_a_channel_added_later_is_given_the_earlier_results_when_asked(self):
        self.publish_list()
        self.close(self.draw(self.make_task()).inspection_ids[:1], FORMED)
        later = self.channel.copy({"name": "省平台"})
        self.assertFalse(later.delivery_ids)
        later.action_queue_missing()
        later.action_queue_missing()
        self.assertEqual(
            later.delivery_ids.publication_id, self.channel.delivery_ids.publication_id
        )
        self.assertEqual(
            len(set((later | self.channel).delivery_ids.mapped("idempotency_key"))), 2
        )

    def test_the_record_follows_the_protocol(self):
        self.publish_list()
        visit = self.draw(self.make_task()).inspection_ids[:1]
        visit.entity_id.uscc = "12100000401359321Q"
        publication = self.close(
            visit, FORMED, result="E", measure="rectify", facts="缺页"
        )
        record = publication.delivery_ids._prepare_record()
        self.assertEqual(
            record["payload"],
            {
                "uscc": "12100000401359321Q",
                "entity_name": visit.entity_id.name,
                "bureau": "测试局",
                "plan_number": "",
                "plan_name": "",
                "task_number": visit.task_id.number,
                "task_name": "测绘资质巡查",
                "inspected_on": "2025-09-20",
                "result_date": "2025-09-24",
                "items": [
                    {
                        "name": "测绘资质巡查",
                        "target": visit.line_ids.target_id.code,
                        "result": "E",
                        "measure": "Order to rectify",
                        "facts": "缺页",
                    }
                ],
            },
        )
        self.assertEqual(
            (record["kind"], record["number"], record["digest"]),
            ("result", publication.number, publication.digest),
        )

    def test_an_entity_without_a_credit_code_goes_out_under_its_generated_code(self):
        self.publish_list()
        visit = self.draw(self.make_task()).inspection_ids[:1]
        payload = self.close(visit, FORMED).delivery_ids._prepare_record()["payload"]
        self.assertEqual(payload["entity_code"], visit.entity_id.code)
        self.assertNotIn("uscc", payload)

    def test_a_used_channel_is_archived_not_deleted(self):
        self.publish_list()
        self.close(self.draw(self.make_task()).inspection_ids[:1], FORMED)
        with self.assertRaises(UserError):
            self.channel.unlink()

    def test_a_copied_database_delivers_nothing_and_keeps_no_secret(self):
        self.env.flush_all()
        with file_open("srsp_disclosure/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        channels = self.env["srsp.channel"].sudo().with_context(active_test=False)
        self.assertFalse(
            channels.search(["|", ("active", "=", True), ("secret", "!=", False)])
        )
