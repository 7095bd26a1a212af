"""What others read, or the public, holds no identity or telephone number; the log and the notices tell nothing else."""

import logging
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ...tools.phone import holds_phone, mask_phones
from ..common import DRAW_AT, NOW, SrspCase

IDENTITY = "11010519491231002X"
MOBILE = "13800000000"
LANDLINE = "0591-87654321"
# Telephone numbers belong here, or the digits of a document.
PHONES = {
    "srsp.division": {"duty", "contact_phone"},
    "srsp.entity": {"contact_phone", "contact_mobile"},
    "srsp.inspector": {"mobile", "certificate_number"},
    "srsp.inspector.certificate": {"number"},
    "srsp.list": {"purpose"},
    "srsp.plan": {"note"},
    "srsp.publicity": {"link"},
    "srsp.rulebook": {"text", "key_rule"},
    "srsp.target": {"permit_number", "contact_phone"},
    "srsp.target.permit": {"number"},
}
# Digests, serial numbers, what code has written of texts that were checked, and what nobody reads.
UNCHECKED = {
    "srsp.chain.head": {"hash", "recipients"},
    "srsp.channel": {"secret", "secret_input"},
    "srsp.delivery": {"idempotency_key", "receipt_number", "reason"},
    "srsp.draw": set(
        "number nonce code_hex eligibility_salt randomness_statement stratify_by roster_digest_hex"
        " excluded_digest_hex inspectors_digest_hex eligibility_root_hex".split()
    ),
    "srsp.draw.iteration": {"one_time_code_hex", "randomness_hex", "signature_hex"},
    "srsp.draw.line": {"label", "stratum", "excluded_reason", "position"},
    "srsp.draw.witness": {"answer"},
    "srsp.entity": {"identity_number", "identity_masked"},
    "srsp.event": {"res_model", "record_name", "payload", "previous_hash", "hash"},
    "srsp.event.check": {"report", "notes", "last_hash"},
    "srsp.publication": set(
        "number title summary reference payload digest bureau_name division_name sector_name entity_name entity_code"
        " res_model".split()
    ),
    "srsp.inspection": {"number"},
    "srsp.plan": {"number"},
    "srsp.region": {"parent_path"},
    "srsp.registry.confirmation": {"digest"},
    "srsp.registry.import": {"message", "error_note", "error_file_name"},
    "srsp.target.change": {"old", "new"},
    "srsp.task": {
        *("number", "blocked_reason", "waiting_reason", "obstacle"),
        "external_digest_hex",
    },
}
# Written by code alone, from texts that are masked or checked.
WITHOUT_CHECK = {
    "srsp.registry.import.change",
    "srsp.registry.import.column",
    "srsp.registry.import.error",
}


@tagged("post_install", "-at_install")
class TestPersonalNumbers(SrspCase):
    def test_every_text_is_checked_or_has_its_reason(self):
        phones, unchecked, without = {}, {}, set()
        for name, model in self.env.items():
            if name.startswith("srsp.") and not model._abstract and model._auto:
                texts = {
                    field.name
                    for field in model._fields.values()
                    if field.type in ("char", "text", "html")
                    and field.store
                    and not field.compute
                    and not field.related
                }
                if hasattr(model, "_get_checked_texts"):
                    checked = set(model._get_checked_texts())
                    self.assertFalse(texts - checked - {*model._unchecked_texts})
                    phones[name] = {*model._phone_texts}
                    unchecked[name] = {*model._unchecked_texts}
                elif texts and not model._transient:
                    without.add(name)
        self.assertEqual({k: v for k, v in phones.items() if v}, PHONES)
        self.assertEqual({k: v for k, v in unchecked.items() if v}, UNCHECKED)
        self.assertEqual(without, WITHOUT_CHECK)

    def test_the_facts_of_a_visit_hold_no_number(self):
        line = self._make_drawn().inspection_ids[:1].line_ids[:1]
        with self._refused(
            r"Facts: “.*110\*+2X.*” contains an identity number", ValidationError
        ):
            line.facts = f"现场负责人李某，身份证号{IDENTITY}"
        for number in (MOBILE, "138 0000 0000", "１３８００００００００", LANDLINE):
            with self._refused(
                r"“现场负责人电话\d+-?\*+\d\d” contains a telephone number.*the fields of the contact",
                ValidationError,
            ):
                line.facts = f"现场负责人电话{number}"
        line.facts = "证照齐全"

    def test_a_digest_holds_no_number(self):
        digest = f"ab{MOBILE}c{'0f' * 25}"
        self._make_drawn().inspection_ids[:1].line_ids[:1].facts = digest
        with self._refused("contains a telephone number", ValidationError):
            self._make_task(ad_hoc_reason=digest[:31])

    def test_no_reason_holds_a_number(self):
        task = self._make_announced()
        draw = task._lock_roster(NOW)
        draw._draw(DRAW_AT)
        visit = task.inspection_ids[:1]
        words = f"请联系{MOBILE}"
        for step in (
            lambda: (
                self.env["srsp.draw.change"]
                .create({"draw_id": draw.id, "kind": "void", "reason": words})
                .action_confirm()
            ),
            lambda: draw._withdraw(self._get_drawn(draw), words),
            lambda: task.write({"ratio_reason": words}),
            lambda: task.write({"withdrawal_reason": words}),
            lambda: task.write({"target_domain": f"[('name', '=', '{MOBILE}')]"}),
            lambda: visit.write({"review_note": words}),
            lambda: visit.write({"cancel_reason": words}),
            lambda: self._make_task(ad_hoc_reason=words),
            lambda: self.env["srsp.tag"].create({"name": words}),
        ):
            with self._refused("contains a telephone number", ValidationError):
                step()

    def _get_drawn(self, draw):
        return (draw.inspection_ids.officer_ids | draw.inspection_ids.expert_ids)[:1]

    def test_the_number_of_a_task_is_not_taken_for_a_person(self):
        task = self._make_task()
        for number in range(359900202601151000, 359900202601151022):
            words = f"见任务{number}"
            task.message_post(body=words, message_type="comment")
            task.cancel_reason = f"并入任务{number}"

    def test_a_message_holds_no_identity_number(self):
        task, words = self._make_task(), "请核实"
        with self._refused(r"“请核实110\*+2X” contains an identity", ValidationError):
            task.message_post(body=words + IDENTITY, message_type="comment")
        task.message_post(body=words, message_type="comment")

    @freeze_time(DRAW_AT)
    def test_the_witnesses_of_a_lottery_are_not_named_with_their_numbers(self):
        task = self._make_announced(randomness_kind="lottery", lottery="P5 26001")
        draw = task._lock_roster(NOW)
        with self._refused("contains a telephone number", ValidationError):
            draw._enter("1 2 3", f"公证员王某 {MOBILE}")
        self.assertFalse(draw.entry)

    def test_a_number_in_a_file_is_a_bad_row(self):
        self.assertTrue(holds_phone(f"甲公司（{MOBILE}）"))
        self.assertEqual(mask_phones(f"甲{MOBILE}乙"), "甲138******00乙")
        for text in (
            "91350100M000100Y43",  # a credit code
            "9135010013800000000",
            "20260320",
            "闽采证3500002010011234567",
            "0591",
        ):
            self.assertFalse(holds_phone(text), text)

    def test_a_required_field_is_missed_before_the_row_reaches_the_log(self):
        entity = self.targets[0].entity_id
        entity.contact_mobile = MOBILE
        with self.assertNoLogs("odoo.sql_db", logging.ERROR):
            with self._refused("“Name” of “Entity” is required", ValidationError):
                entity.name = False
            with self._refused("“Name” of “Entity” is required", ValidationError):
                self.env["srsp.entity"].create({"contact_mobile": MOBILE})

    def test_the_access_log_hides_what_opens_an_account(self):
        logger = logging.getLogger("werkzeug")
        with self.assertLogs(logger, logging.INFO) as seen:
            logger.info(
                '"%s" %s', "GET /web/reset_password?db=x&token=abc-d HTTP/1.1", 200
            )
        [line] = seen.output
        self.assertTrue(
            line.endswith('"GET /web/reset_password?db=x&token=*** HTTP/1.1" 200'), line
        )

    def test_a_task_is_told_that_somebody_is_away_and_not_why(self):
        task = self._make_announced()
        told = task.message_ids
        officer = self.officers[0]
        away = self.env["srsp.inspector.absence"].create(
            {
                "inspector_id": officer.id,
                "kind": "illness",
                "reason": "Chemotherapy",
                "date_from": date(2026, 4, 1),
                "date_to": date(2026, 4, 5),
            }
        )
        entity = self.targets[0].entity_id
        self.env["srsp.recusal"].create(
            {
                "inspector_id": officer.id,
                "entity_id": entity.id,
                "reason": "My brother",
                "date_from": date(2026, 4, 1),
            }
        )
        away.action_confirm()
        bodies = [m.body for m in (task.message_ids - told).sorted("id")]
        self.assertEqual(
            bodies,
            [
                f"<span>After the announcement, {officer.display_name}: not available, {what}</span>"
                for what in (
                    "2026-04-01 – 2026-04-05: To confirm",
                    "2026-04-01 – : To confirm",
                    "2026-04-01 – 2026-04-05: Confirmed",
                )
            ],
        )

    def test_an_auditor_sees_that_somebody_is_away_and_not_why(self):
        away = self.env["srsp.inspector.absence"].create(
            {"inspector_id": self.officers[0].id, "kind": "illness", "reason": "Flu"}
        )
        auditor = self._make_user("watching", "auditor")
        manager = self._make_user("head", "division_manager", self.surveying)
        other = self._make_user("other_head", "division_manager", self.minerals)
        policy = self._make_user("policy", "policy_officer")
        for user in (manager, policy):
            [read] = away.with_user(user).read(["kind", "reason"])
            self.assertEqual((read["kind"], read["reason"]), ("illness", "Flu"))
        [read] = away.with_user(auditor).read(["state", "date_from"])
        self.assertEqual(read["state"], "proposed")
        for user in (auditor, other):
            for name in ("kind", "reason"):
                with self.assertRaises(AccessError):
                    away.with_user(user).read([name])
