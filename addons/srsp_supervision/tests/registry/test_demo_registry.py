"""What the demonstration's registries show: an example in every view, made by the product's own code."""

import base64

from odoo.tests import TransactionCase, tagged

from ...demo.import_files import HEADINGS, UNKNOWN


@tagged("post_install", "-at_install")
class TestDemoRegistry(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.imports = cls.env["srsp.registry.import"].search(
            [("source", "like", "（演示）")], order="id"
        )

    def test_the_four_imports_have_come_as_far_as_their_files_let_them(self):
        names = "state row_count created_count updated_count unchanged_count bad_count missing_count"
        self.assertEqual(
            [tuple(record[name] for name in names.split()) for record in self.imports],
            [
                ("done", 13, 1, 3, 9, 0, 0),
                ("checked", 13, 0, 0, 13, 0, 0),  # the same file again
                ("checked", 15, 0, 2, 2, 11, 0),
                ("done", 41, 0, 0, 41, 0, 3),
            ],
        )

    def test_the_imports_read_the_headings_of_other_systems_and_leave_one_alone(self):
        for record in self.imports:
            places = {c.label: c.target_column for c in record.column_ids}
            known = {label: name for name, label in HEADINGS.items()}
            self.assertEqual(places, known | {UNKNOWN: False})

    def test_the_bad_rows_are_bad_for_ten_reasons_and_come_back_as_a_workbook(self):
        record = self.imports[2]
        reasons = [error.reason for error in record.error_ids]
        twice = [reason for reason in reasons if reason.startswith("与第")]
        self.assertEqual((len(reasons), len(twice), len(set(reasons))), (11, 2, 11))
        self.assertEqual(base64.b64decode(record.error_file)[:2], b"PK")

    def test_the_missing_targets_are_still_in_the_registry(self):
        missing = self.imports[3].missing_target_ids
        self.assertEqual(set(missing.mapped("state")), {"active"})
        self.assertEqual(len(missing), 3)

    def test_each_people_in_the_bureau_sees_an_example_of_its_own(self):
        manager = self.env.ref("srsp_supervision.demo_user_survey_manager")
        for name, states in (
            ("absence", {"proposed", "confirmed", "dismissed"}),
            ("certificate", {"valid", "soon", "expired"}),
        ):
            records = self.env[f"srsp.inspector.{name}"].with_user(manager).search([])
            self.assertEqual(set(records.mapped("state")), states)
        recusals = self.env["srsp.recusal"].with_user(manager).search([])
        self.assertEqual(
            set(recusals.mapped(lambda recusal: (recusal.source, recusal.state))),
            {
                ("system", "proposed"),
                ("declared", "proposed"),
                ("declared", "confirmed"),
            },
        )

    def test_scans_of_certificates_are_documents(self):
        certificates = self.env["srsp.inspector.certificate"].search(
            [("scan_name", "!=", False)]
        )
        self.assertEqual(len(certificates), 6)
        for certificate in certificates:
            self.assertEqual(base64.b64decode(certificate.scan)[:5], b"%PDF-")

    def test_every_note_of_the_demonstration_is_in_chinese(self):
        registries = ("srsp.entity", "srsp.target", "srsp.inspector", "srsp.recusal")
        for name in (
            *registries,
            "srsp.rulebook",
            "srsp.list",
            "srsp.plan",
            "srsp.task",
        ):
            records = self.env[name].search([], limit=20)
            for message in records.message_ids.filtered("body"):
                self.assertNotRegex(str(message.body), r"<span>[A-Z]")

    def test_divisions_proposed_the_key_targets_and_another_person_listed_them(self):
        listings = self.env["srsp.key.target"].search([])
        self.assertEqual(
            set(listings.mapped("state")),
            {"proposed", "listed", "delisting", "delisted", "declined"},
        )
        listed = listings.filtered(lambda one: one.state in ("listed", "delisting"))
        targets = self.env["srsp.target"].search([("is_key", "=", True)])
        self.assertEqual(listed.target_id, targets.browse(listed.target_id.ids))
        self.assertEqual(set(listed.target_id.ids), set(targets.ids))
        for listing in listed:
            target = listing.target_id
            self.assertEqual(listing.proposed_by_id, target.division_id.manager_id)
            self.assertEqual(target.key_by_id, listing.listed_by_id)
            self.assertNotEqual(listing.listed_by_id, listing.proposed_by_id)
        self.assertTrue(self.env["srsp.key.target"].get_hint())

    def test_trainings_count_who_took_part(self):
        training = self.env.ref("srsp_supervision.demo_training_e")
        self.assertEqual(training.participant_count, 5)
