import hashlib
import json
from datetime import timedelta

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.common import MockSmtplibCase

from ...tools import canonical
from ..common import DRAW_AT, NOW, ROLES, SrspCase

LATER = NOW + timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestWitnesses(SrspCase, MockSmtplibCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._make_user("auditor", "auditor")

    def _lock(self, **values):
        with freeze_time(NOW):
            return self._make_announced(**values)._lock_roster(NOW)

    def _digest(self, draw):
        return hashlib.sha256(canonical.dumps(draw._get_commitment())).hexdigest()

    @freeze_time(LATER)
    def test_an_auditor_who_has_seen_the_commitment_stands_in_the_certificate(self):
        draw = self._lock()
        self.assertTrue(draw.with_user(self.auditor).can_witness)
        draw.with_user(self.auditor).action_witness()
        who = f"{self.auditor.name} [uid {self.auditor.id}]"
        row = [who, "2026-03-20T02:00:00Z", self._digest(draw)]
        self.assertEqual(draw._get_certificate()["witnesses"], [row])
        self.assertFalse(draw.with_user(self.auditor).can_witness)
        self.env.flush_all()
        event = self.env["srsp.event"].search(
            [
                ("res_model", "=", "srsp.draw.witness"),
                ("res_id", "=", draw.witness_ids.id),
            ]
        )
        self.assertEqual(
            (event.kind, json.loads(event.payload)["record"]["witness"]),
            ("draw.witnessed", row),
        )

    def test_the_certificate_says_that_nobody_had_it_and_the_seal_covers_who_did(self):
        alone, seen = self._lock(), self._lock(name="Shown to User")
        with freeze_time(LATER):
            seen.with_user(self.auditor).action_witness()
        for draw in alone, seen:
            draw._draw(DRAW_AT)
            self.assertEqual(draw._find_difference(), "")
        self.assertEqual(alone._get_certificate()["witnesses"], [])
        forged = seen._get_certificate()
        forged["witnesses"] = []
        self.assertNotEqual(
            canonical.seal(
                bytes.fromhex(forged["chain"]["previous_hash_hex"]),
                forged["chain"]["sequence"],
                forged["chain"]["kind"],
                canonical.dumps(
                    {
                        k: v
                        for k, v in forged.items()
                        if k not in ("roster", "excluded", "chain")
                    }
                ),
            ).hex(),
            forged["chain"]["hash_hex"],
        )

    def test_a_witness_comes_between_the_lock_and_the_announced_time(self):
        draw = self._lock()
        with (
            freeze_time(DRAW_AT),
            self._refused("between the lock and the announced time"),
        ):
            draw.with_user(self.auditor).action_witness()
        voided = self._lock(name="Voided")
        voided._void("Wrong list")
        drawn = self._lock(name="Drawn")
        drawn._draw(DRAW_AT)
        for closed in voided, drawn:
            with freeze_time(LATER), self._refused("between the lock"):
                closed._add_witness("auditor", "Somebody", "x")
            self.assertFalse(closed.witness_ids)

    @freeze_time(LATER)
    def test_nobody_witnesses_twice_or_takes_it_back(self):
        draw = self._lock()
        draw.with_user(self.auditor).action_witness()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            draw.with_user(self.auditor).action_witness()
        with self._refused("answer of a witness cannot be changed"):
            draw.witness_ids.write(
                {"who": "Matters that concern you are decided by another person"}
            )
        with self._refused("answer of a witness cannot be changed"):
            draw.witness_ids.unlink()

    @freeze_time(LATER)
    def test_only_an_auditor_presses_the_button_and_only_code_writes(self):
        draw = self._lock()
        for role in ROLES:
            user = self._make_user(f"witness_{role}", role, self.surveying)
            witness = draw.witness_ids.with_user(user)
            for operation in ("create", "write", "unlink"):
                self.assertFalse(witness.has_access(operation), (role, operation))
            self.assertTrue(witness.has_access("read"), role)
            if role != "auditor":
                self.assertFalse(draw.with_user(user).can_witness)
                with self.assertRaises(UserError):
                    draw.with_user(user).action_witness()
        stranger = self._make_user("elsewhere", "inspector", self.minerals)
        draw.with_user(self.auditor).action_witness()
        with self.assertRaises(AccessError):
            draw.witness_ids.with_user(stranger).read(["who"])

    def _mails(self, draw):
        """The letters about ``draw``, which leave with the queue of mails."""
        domain = [("model", "=", draw._name), ("res_id", "=", draw.id)]
        return self.env["mail.mail"].search(domain, order="id")

    def _record_mails(self):
        with self.enter_registry_test_mode():
            cron = self.env.ref("srsp_supervision.ir_cron_record_mails")
            cron.method_direct_trigger()

    def test_the_lock_mails_the_commitment_and_the_recipient_is_a_witness(self):
        self.company.srsp_witness_emails = (
            "Notary Office <notary@example.org>, Harbour News <press@example.org>"
        )
        draw = self._lock()
        mails = self._mails(draw)
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        with freeze_time(LATER), self.mock_smtplib_connection():
            self._record_mails()
            self.assertFalse(draw.witness_ids)
            mails.send()
            self._record_mails()
            self._record_mails()
        self.assertEqual(
            [email["smtp_to_list"] for email in self.emails],
            [["notary@example.org"], ["press@example.org"]],
        )
        self.assertEqual(
            draw._get_certificate()["witnesses"],
            [
                [name, "2026-03-20T02:00:00Z", mail.message_id]
                for name, mail in zip(("Notary Office", "Harbour News"), mails)
            ],
        )
        for mail, email in zip(mails, self.emails, strict=True):
            self.assertIn(mail.message_id, email["message"])
            self.assertIn(self._digest(draw), mail.body_html)
            [commitment] = mail.attachment_ids
            self.assertEqual(commitment.name, f"commitment-{draw.number}.json")
            self.assertEqual(
                hashlib.sha256(commitment.raw).hexdigest(), self._digest(draw)
            )

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_mail_that_fails_or_leaves_late_makes_no_witness(self):
        self.company.srsp_witness_emails = "Notary <notary@example.org>"
        self.assertFalse(self._mails(self._make_drawn().draw_id))  # locked too late
        draw = self._lock()
        mail = self._mails(draw)
        with freeze_time(LATER), self.mock_smtplib_connection():
            self.testing_smtp_session.send_message = None
            mail.send()
            self._record_mails()
        self.assertEqual((mail.state, draw.witness_ids.ids), ("exception", []))
        mail.state = "outgoing"
        with freeze_time(DRAW_AT), self.mock_smtplib_connection():
            mail.send()
            self._record_mails()
        self.assertEqual((mail.state, draw.witness_ids.ids), ("sent", []))

    def test_addresses_are_checked(self):
        with self._refused("is not a valid e-mail address"):
            self.company.srsp_witness_emails = "Notary <notary@example.org>, notary"
        for text in (
            "notary@example.org",
            "13800000000 <notary@example.org>",
            "11010519491231002X <notary@example.org>",
        ):
            with self._refused("enter the name to be published before the address"):
                self.company.srsp_witness_emails = text

    def test_a_recipient_that_was_entered_without_a_name_is_published_by_its_domain(
        self,
    ):
        self.env.cr.execute(
            "UPDATE res_company SET srsp_witness_emails = 'wang@example.org' WHERE id = %s",
            [self.company.id],
        )
        self.env.invalidate_all()
        draw = self._lock()
        with freeze_time(LATER), self.mock_smtplib_connection():
            self._mails(draw).send()
            self._record_mails()
        self.assertEqual(draw.witness_ids.mapped("who"), ["example.org"])

    def test_the_addresses_of_recipients_are_not_for_everybody(self):
        for role in ("inspector", "policy_officer", "auditor"):
            user = self._make_user(f"reader_{role}", role)
            with self.assertRaises(AccessError):
                self.company.with_user(user).read(["srsp_witness_emails"])
        user = self._make_user("reader_administrator", "administrator")
        self.company.with_user(user).read(["srsp_witness_emails"])
