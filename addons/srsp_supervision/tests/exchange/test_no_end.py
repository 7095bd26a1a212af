"""A day that means “without end” is kept, shown, grouped and exported like any other."""

from datetime import date

from odoo import Command
from odoo.tests import tagged

from ..registry.registry_case import HEADER, RegistryCase

LAST = date(9999, 12, 31)
GRANULARITIES = ("day", "week", "month", "quarter", "year")


@tagged("post_install", "-at_install")
class TestNoEnd(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls._make_targets(1)
        cls.target.permit_valid_until = LAST
        permit = {"name": "甲", "number": "A1", "valid_until": LAST}
        cls.target.permit_ids = [Command.create(permit)]
        cls.inspector = cls.officers[0]
        cls.inspector.write(
            {"certificate_number": "Q1", "certificate_valid_until": LAST}
        )
        cls.sector.target_properties_definition = [
            {"name": "ends", "type": "date", "string": "到期日"}
        ]
        cls.target.properties = {"ends": "9999-12-31"}
        cls.env.flush_all()

    def test_groups_hold_it_and_open(self):
        certificates = self.inspector.certificate_ids
        for records, name in (
            (self.target, "permit_valid_until"),
            (self.target, "properties.ends"),
            (self.target.permit_ids, "valid_until"),
            (self.inspector, "certificate_valid_until"),
            (certificates.filtered(lambda c: c.valid_until == LAST), "valid_until"),
        ):
            records = records.with_user(self.manager)
            domain = [("id", "in", records.ids)]
            for granularity in GRANULARITIES:
                with self.subTest(name, model=records._name, granularity=granularity):
                    spec = f"{name}:{granularity}"
                    [group] = records.web_read_group(domain, [spec])["groups"]
                    self.assertEqual((group["__count"], group[spec][1]), (1, "No end"))
                    [group] = records.formatted_read_group(domain, [spec], ["__count"])
                    found = records.search(domain + group["__extra_domain"])
                    self.assertEqual(found, records)

    def test_groups_of_other_days_are_as_they_were(self):
        self.target.permit_valid_until = date(9998, 12, 31)
        [group] = self.target.formatted_read_group(
            [("id", "=", self.target.id)], ["permit_valid_until:year"]
        )
        self.assertEqual(group["permit_valid_until:year"], ("9998-01-01", "9998"))

    def test_it_is_exported_and_imported_again(self):
        table = self.env["srsp.registry.table.inspector"].with_user(self.manager)
        table = table.with_context(allowed_company_ids=self.company.ids)
        data = b"".join(table._stream_csv())
        self.assertIn("9999-12-31", data.decode())
        record = self._check(data, self.manager, kind="inspector")
        self.assertEqual(self._errors(record), [])
        self.assertEqual((record.created_count, record.updated_count), (0, 0))

    def test_every_word_for_it_is_taken_in_every_column_that_may_have_no_end(self):
        for number, word in enumerate(("长期", "永久有效", "9999/12/31", "99991231")):
            rows = [
                [*HEADER, "permit_valid_until"],
                [f"第{number}公司", "", "SUR", f"E{number}", word],
            ]
            self.assertEqual(self._errors(self._import(rows)), [])
            self.assertFalse(self._target(f"第{number}公司").permit_valid_until)
            rows = [
                [
                    "staff_number",
                    "name",
                    "division",
                    "certificate_number",
                    "certificate_valid_until",
                ],
                [f"E{number}", "王五", "Surveying", f"C{number}", word],
            ]
            record = self._import(rows, self.manager, kind="inspector")
            self.assertEqual(self._errors(record), [])
            found = self.env["srsp.inspector"].search(
                [
                    ("staff_number", "=", f"E{number}"),
                    ("company_id", "=", self.company.id),
                ]
            )
            self.assertEqual(found.certificate_valid_until, LAST)

    def test_the_screens_with_it_open(self):
        self.env["srsp.inspector.certificate"]._cron_remind()
        self.target.with_user(self.officer).web_read(
            {
                "permit_valid_until": {},
                "permit_state": {},
                "permit_ids": {"fields": {"state": {}}},
            }
        )
        [values] = self.inspector.with_user(self.manager).web_read(
            {"certificate_valid_until": {}, "certificate_state": {}}
        )
        self.assertEqual(values["certificate_valid_until"], LAST)
        exported = self.inspector.export_data(["certificate_valid_until"])
        self.assertEqual(str(exported["datas"][0][0])[:10], "9999-12-31")

    def test_an_employment_without_end_recuses_until_further_notice(self):
        tie = self.env["srsp.inspector.tie"].create(
            {
                "inspector_id": self.inspector.id,
                "entity_id": self.target.entity_id.id,
                "kind": "employer",
                "left_on": LAST,
            }
        )
        self.assertEqual(tie.recusal_ids.mapped("date_to"), [False])
