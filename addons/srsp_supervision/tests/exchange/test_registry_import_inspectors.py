"""Inspectors come in by the same door as targets, through the ORM."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..registry.registry_case import RegistryCase


@tagged("post_install", "-at_install")
class TestRegistryImportInspectors(RegistryCase):
    def test_inspectors_are_imported_through_the_same_door(self):
        header = "staff_number name division sectors certificate_number certificate_valid_until on_duty".split()
        rows = [
            header,
            ["SV-01", "Officer SV-01", "SV", "", "", "", "否"],
            ["N-1", "新人", "Surveying", "SUR，Quiet", "C-9", "2028-01-01", ""],
            ["N-2", "半证", "SV", "", "C-8", "", ""],
            ["N-3", "外人", "MN", "", "", "", ""],
            ["N-4", "重复", "SV", "", "", "", ""],
            ["N-4", "重复", "SV", "XYZ", "", "", ""],
            ["N-5", "无处", "", "", "", "", ""],
            ["N\n6", "换行", "SV", "", "", "", ""],
        ]
        with self.assertRaises(AccessError):
            self._check(rows, self.officer, kind="inspector")
        record = self._import(rows, self.manager, kind="inspector")
        self.assertEqual(
            self._errors(record),
            [
                (
                    4,
                    "Certificate Valid Until",
                    False,
                    "a certificate must have a number and an expiry date",
                ),
                (5, "Staff Number", "N-3", "not one of your divisions"),
                (7, "Sectors", "XYZ", "no such sector"),
                (8, "Division", False, "no value entered"),
                (
                    9,
                    "Staff Number",
                    "N\n6",
                    "a tab or a line break: type it in one line",
                ),
            ],
        )
        self.assertEqual(self._counts(record), (8, 2, 1, 0, 5))
        new = self.env["srsp.inspector"].search([("staff_number", "=", "N-1")])
        self.assertEqual(
            (new.name, new.division_id, new.sector_ids, new.certificate_number),
            ("新人", self.surveying, self.sector | self.quiet, "C-9"),
        )
        self.assertFalse(self.officers[0].on_duty)
        good = [rows[0], rows[1], rows[2]]
        again = self._import(good, self.manager, kind="inspector")
        self.assertEqual(self._counts(again), (2, 0, 0, 2, 0))
        moved = self._check(
            [header, ["SV-02", "Officer SV-02", "Surveying"], ["SV-02", "x", "SV"]],
            self.manager,
            kind="inspector",
        )
        self.assertEqual(
            [error[3] for error in self._errors(moved)],
            ["the same entry as in row 3", "the same entry as in row 2"],
        )

    def test_a_new_inspector_is_what_the_row_says_and_not_what_a_default_says(self):
        rows = [
            ["staff_number", "name", "division", "on_duty"],
            ["N-1", "新", "SV", "否"],
        ]
        self._import(rows, self.manager, kind="inspector")
        new = self.env["srsp.inspector"].search([("staff_number", "=", "N-1")])
        self.assertFalse(new.on_duty)
        again = self._import(rows, self.manager, kind="inspector")
        self.assertEqual(self._counts(again), (1, 0, 0, 1, 0))

    def test_a_row_is_about_the_certificate_with_its_number(self):
        inspector = self.officers[0]
        inspector.certificate_ids.copy({"number": "LONG", "valid_until": "2035-01-01"})
        header = "staff_number name division certificate_number certificate_valid_until"
        row = ["SV-01", "Officer SV-01", "SV", "NEW", "2027-05-01"]
        record = self._import([header.split(), row], self.manager, kind="inspector")
        self.assertEqual(self._counts(record), (1, 0, 1, 0, 0))
        self.assertEqual(
            sorted((c.number, str(c.valid_until)) for c in inspector.certificate_ids),
            [("C-SV-01", "2028-12-31"), ("LONG", "2035-01-01"), ("NEW", "2027-05-01")],
        )
        again = self._import([header.split(), row], self.manager, kind="inspector")
        self.assertEqual(self._counts(again), (1, 0, 0, 1, 0))
        row[-1] = "2036-05-01"
        self._import([header.split(), row], self.manager, kind="inspector")
        self.assertEqual(
            (inspector.certificate_number, str(inspector.certificate_valid_until)),
            ("NEW", "2036-05-01"),
        )
