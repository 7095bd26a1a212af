import datetime
import json

from freezegun import freeze_time

from odoo.tests import tagged

from ...tools.platform_client import Receipt
from ..common import DRAW, LOCK, BureauCase

LATER = LOCK + datetime.timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestWitnesses(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.channel = cls.env["srsp.channel"].create(
            {"name": "信用平台", "url": "https://credit.example", "key_id": "test"}
        )

    def lock(self):
        """A locked roster and what is owed of it."""
        task = self.make_task()
        with freeze_time(LOCK):
            draw = task._lock_roster(now=LOCK)
        return draw, self.publications_of(draw, "roster").delivery_ids

    def settle(self, delivery, moment, status="accepted"):
        number, reason = ("XY1", "") if status == "accepted" else ("", "No")
        at = moment.replace(tzinfo=datetime.UTC)
        with freeze_time(moment):
            delivery._settle(Receipt(status, number, reason, at), moment)
            delivery.filtered("is_unsealed")._seal_receipt()

    def test_a_platform_that_has_the_commitment_in_time_is_its_witness(self):
        self.channel.takes_commitments = True
        draw, delivery = self.lock()
        record = delivery._prepare_record()
        self.assertEqual(
            (record["kind"], record["payload"]["commitment"]),
            ("roster", json.loads(json.dumps(draw._get_commitment()))),
        )
        self.settle(delivery, LATER)
        row = ["信用平台", "2025-09-01T02:30:00Z", "XY1"]
        self.assertEqual(draw._get_certificate()["witnesses"], [row])
        draw._draw(DRAW)
        self.assertEqual(draw._find_difference(), "")
        self.assertEqual(draw._get_certificate()["witnesses"], [row])

    def test_a_refusal_or_a_late_receipt_makes_no_witness(self):
        self.channel.takes_commitments = True
        for moment, status in ((LATER, "rejected"), (DRAW, "accepted")):
            draw, delivery = self.lock()
            self.settle(delivery, moment, status)
            self.assertEqual((delivery.state, draw.witness_ids.ids), (status, []))

    def test_only_a_channel_that_takes_commitments_is_given_one_and_only_in_time(self):
        self.assertFalse(self.lock()[1])
        self.channel.takes_commitments = True
        draw = self.make_task()._lock_roster(now=LOCK)  # long after its own time
        self.assertFalse(self.publications_of(draw, "roster").delivery_ids)
