"""The last hash of the chain leaves the house, and a chain that was computed anew contradicts it."""

import datetime

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged, users

from .chain_case import ChainCase

DAY = datetime.datetime(2025, 3, 3, 1, 0)


@tagged("post_install", "-at_install")
class TestChainHead(ChainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._make_user("head_auditor", "auditor")
        cls.auditor.email = "13800000000@example.com"
        cls._make_user("head_officer", "division_officer").email = "other@example.com"
        cls.company.srsp_witness_emails = (
            "Notary Office <notary@example.com>, Audit <13800000000@example.com>,"
            " Harbour News <press@example.com>"
        )
        cls.draw = cls._make_drawn().draw_id
        cls.heads = cls.env["srsp.chain.head"]

    def _last(self):
        own = [("company_id", "=", self.company.id)]
        return self.env["srsp.event"].search(own, limit=1)

    def _run(self, moment=DAY):
        """The heads that a run of the scheduled action at this moment sends for the bureau."""
        own = [("company_id", "=", self.company.id)]
        before = self.heads.search(own)
        with freeze_time(moment), self.enter_registry_test_mode():
            cron = self.env.ref("srsp_supervision.ir_cron_send_heads")
            cron.sudo().method_direct_trigger()
        return self.heads.search(own) - before

    def test_once_a_day_number_and_hash_of_the_last_event_are_mailed_and_sealed(self):
        last = self._last()
        head = self._run()
        addresses = [
            "13800000000@example.com",
            "notary@example.com",
            "press@example.com",
        ]
        self.assertEqual(
            (head.sequence, head.hash, head.sent_at, head.recipients),
            (last.sequence, last.hash, DAY, ", ".join(addresses)),
        )
        mails = self.env["mail.mail"].search([("body_html", "like", last.hash)])
        self.assertEqual(sorted(mails.mapped("email_to")), addresses)
        self.assertIn(str(last.sequence), mails[0].body_html)
        seal = self._find_event("chain.head", head)
        self.assertEqual((seal, seal.sequence), (self._last(), last.sequence + 1))
        self.assertFalse(self._run(DAY + datetime.timedelta(hours=14)))
        self.assertEqual(
            self._run(DAY + datetime.timedelta(hours=15)).sequence, seal.sequence
        )
        self.assertEqual(self._check().state, "sound")

    def test_a_chain_computed_anew_contradicts_the_heads_that_were_sent(self):
        self._make_drawn(name="Surveying, again")
        head = self._run()
        event = self._find_event("draw.identified", self.draw)
        self._sql(
            "UPDATE srsp_event SET kind = 'draw.extended' WHERE id = %(id)s",
            id=event.id,
        )
        self._forge(event.sequence)
        report = self._check().report
        self.assertRegex(
            report,
            r"The head of the chain sent on 2025-03-03 09:00 contradicts the chain: the hash of event "
            rf"{head.sequence} was {head.hash} and is now [0-9a-f]{{64}}\.",
        )

    def test_a_head_that_was_changed_or_removed_is_found(self):
        head = self._run()
        number = self._find_event("chain.head", head).sequence
        for change, sentence in (
            ("UPDATE srsp_chain_head SET hash = repeat('0', 64)", "hash was"),
            (
                "UPDATE srsp_chain_head SET sent_at = sent_at + interval '1 day'",
                "sent_at was",
            ),
            ("DELETE FROM srsp_chain_head", "no longer exists"),
        ):
            with self.subTest(change=change):
                self.env.flush_all()
                with self.env.cr.savepoint() as savepoint:
                    self._sql(f"{change} WHERE id = %(id)s", id=head.id)
                    self._assert_found(number, sentence)
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_a_head_without_an_event_is_found(self):
        head = self._run()
        self._sql(
            "DELETE FROM srsp_event WHERE company_id = %(company)s AND sequence > %(number)s",
            number=head.sequence,
        )
        self._sql(
            "UPDATE ir_sequence SET number_next = %(next)s WHERE id = %(id)s",
            id=self.company._srsp_event_sequence().id,
            next=head.sequence + 1,
        )
        self._assert_found(
            head.sequence + 1, "^Head of the integrity chain .* has no event"
        )

    @users("test_head_auditor", "test_head_officer")
    def test_nobody_changes_a_head_and_addresses_are_for_those_who_audit(self):
        head = self.heads._record(self.company).with_env(self.env)
        self.assertTrue(head.has_access("read"))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(head.has_access(operation), operation)
        for change in (
            lambda: head.sudo().write({"hash": "0" * 64}),
            lambda: head.sudo().unlink(),
        ):
            with self.assertRaises(UserError):
                change()
        self.assertEqual(
            "recipients" in head.fields_get(),
            self.env.user.login == "test_head_auditor",
        )

    def test_another_bureau_sees_no_head_of_this_one(self):
        self.heads._record(self.company)
        other = self.env["res.company"].create({"name": "Other bureau"})
        user = self._make_user("head_other", "auditor", company=other)
        heads = self.heads.with_user(user).with_context(allowed_company_ids=other.ids)
        self.assertFalse(heads.search([("company_id", "=", self.company.id)]))
