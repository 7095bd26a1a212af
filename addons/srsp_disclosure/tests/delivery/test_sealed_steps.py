"""Plans and accepted deliveries are sealed, and the check finds what was changed in the database afterwards."""

import datetime

from ...tools.platform_client import Receipt
from ..common import BureauCase

FORMED = datetime.date(2025, 9, 24)


class TestSealedSteps(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.list = cls.publish_list()

    def assert_sealed(self, record, kind, *changes):
        checks = self.env["srsp.event.check"]
        domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        event = self.env["srsp.event"].search([*domain, ("kind", "=", kind)])
        self.assertEqual(checks._check(self.company).report, "")
        for change in changes:
            with self.subTest(change=change):
                self.env.flush_all()
                with self.env.cr.savepoint() as savepoint:
                    self.env.cr.execute(
                        f"UPDATE {record._table} SET {change} WHERE id = %s",
                        [record.id],
                    )
                    self.env.invalidate_all()
                    self.assertRegex(
                        checks._check(self.company).report,
                        f"is not what event {event.sequence} sealed: ",
                    )
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_a_published_plan(self):
        self.assert_sealed(
            self.publish_plan(self.list),
            "plan.published",
            "state = 'draft'",
            "number = '350199209999'",
            "published_on = '2020-01-01'",
            "note = 'No inspection'",
            "shortfall_reason = 'none'",
        )

    def test_an_accepted_delivery(self):
        channel = self.env["srsp.channel"].create(
            {"name": "信用平台", "url": "https://credit.example", "key_id": "test"}
        )
        visit = self.draw(self.make_task()).inspection_ids[:1]
        delivery = self.close(visit, FORMED).delivery_ids
        self.assertEqual(delivery.channel_id, channel)
        moment = datetime.datetime(2025, 9, 25, 2, 0)
        delivery._settle(Receipt("accepted", "XY1", "", moment), moment)
        delivery._seal_receipt()
        self.assert_sealed(
            delivery,
            "delivery.accepted",
            "state = 'rejected'",
            "receipt_number = 'XY2'",
            "received_at = '2025-09-24 00:00:00'",
        )
