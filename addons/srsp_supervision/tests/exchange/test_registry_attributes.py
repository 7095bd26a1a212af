"""What a sector wants to know of its targets goes into the registry by file, and comes out of it, like all else."""

import csv
import io
from datetime import date

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..registry.registry_case import HEADER, RegistryCase, make_workbook, read_workbook

GRADE = "资质等级"
DEFINITION = [
    {"name": "grade", "string": GRADE, "type": "selection", "selection": [["a", "甲级"], ["b", "乙级"]]},
    {"name": "staff", "string": "Staff", "type": "integer", "default": 3},
    {"name": "area", "string": "Area", "type": "float"},
    {"name": "since", "string": "Since", "type": "date"},
    {"name": "local", "string": "Local", "type": "boolean"},
    {"name": "note", "string": "Particulars", "type": "text"},
    {"name": "tag", "string": "Labels", "type": "tags", "tags": [["x", "X", 1]]},
]  # fmt: skip
COLUMNS = [*HEADER, GRADE, "Staff", "Area", "Since", "Local", "Particulars"]
VALUES = ["乙级", "33", "12.50", "2026/3/1", "是", "甲\n乙"]
STORED = {
    "grade": "b",
    "staff": 33,
    "area": 12.5,
    "since": "2026-03-01",
    "local": True,
    "note": "甲\n乙",
}


@tagged("post_install", "-at_install")
class TestRegistryAttributes(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sector.target_properties_definition = DEFINITION
        cls.quiet.target_properties_definition = [
            {"name": "rank", "string": GRADE, "type": "char"}
        ]

    def _stored(self, name):
        """The attributes in the database; as the ORM has them where the database has none."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT properties FROM srsp_target WHERE id = %s", self._target(name).ids
        )
        return self.env.cr.fetchone()[0]

    def test_headings_find_the_attributes_of_sectors(self):
        record = self._upload([COLUMNS, ["甲", "", "SUR", "P1", *VALUES]])
        options = dict(
            record.column_ids._fields["target_column"]._description_selection(self.env)
        )
        found = [options[c.target_column] for c in record.column_ids]
        self.assertEqual(found[4:], COLUMNS[4:])
        self.assertNotIn("Labels", options.values())

    def test_what_is_imported_is_what_the_orm_would_have_written(self):
        self._import([COLUMNS, ["甲", "", "SUR", "P1", *VALUES]])
        self.assertEqual(self._stored("甲"), STORED)
        target = self._target("甲")
        typed = target.copy(
            {
                "permit_number": "P2",
                "properties": STORED,
                "entity_id": target.entity_id.id,
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT DISTINCT properties FROM srsp_target WHERE id IN %s",
            [tuple((target | typed).ids)],
        )
        self.assertEqual(self.env.cr.fetchall(), [(STORED,)])

    def test_the_same_file_again_changes_nothing_and_an_empty_cell_says_nothing(self):
        rows = [COLUMNS, ["甲", "", "SUR", "P1", *VALUES]]
        self._import(rows)
        before = self._registry()
        self.assertEqual(self._counts(self._import(rows)), (1, 0, 0, 1, 0))
        self.assertEqual(self._registry(), before)
        record = self._import(
            [[*HEADER, GRADE, "Staff"], ["甲", "", "SUR", "P1", "甲级", ""]]
        )
        self.assertEqual(self._counts(record), (1, 0, 1, 0, 0))
        self.assertEqual(self._stored("甲"), {**STORED, "grade": "a"})

    def test_a_new_target_has_the_default_of_what_the_file_leaves_out(self):
        header = [*HEADER, GRADE]
        self._import([header, ["甲", "", "SUR", "", "甲级"], ["乙", "", "SUR", "", ""]])
        self.assertEqual(self._stored("甲"), {"grade": "a", "staff": 3})
        self.assertEqual(self._stored("乙"), {"staff": 3})

    def test_the_sector_of_a_row_says_what_a_column_means(self):
        header = [*HEADER, GRADE, "Staff"]
        rows = [["甲", "", "SUR", "", "乙级", "1"], ["乙", "", "QUI", "", "一等", ""]]
        record = self._import([header, *rows])
        self.assertEqual(self._errors(record), [])
        self.assertEqual(self._stored("甲"), {"grade": "b", "staff": 1})
        self.assertEqual(self._stored("乙"), {"rank": "一等"})

    def test_a_value_that_is_none_is_reported_with_its_row(self):
        wrong = ["丙级", "1.5", "big", "spring", "maybe", "x" * 10_001]
        record = self._check(
            [
                COLUMNS,
                ["甲", "", "SUR", "P1", *wrong],
                ["乙", "", "QUI", "P2", "", "3"],
                ["丙", "", "XYZ", "P3", "乙级"],
                ["丁", "", "SUR", "P4", *VALUES],
            ]
        )
        self.assertEqual(
            [
                (row, label, reason)
                for row, label, _value, reason in self._errors(record)
            ],
            sorted(
                [
                    (2, GRADE, "not one of the known values"),
                    (2, "Staff", "not a whole number"),
                    (2, "Area", "not a number"),
                    (
                        2,
                        "Since",
                        "not a date: enter a real date, or text such as 2026-03-20",
                    ),
                    (2, "Local", "not one of the known values"),
                    (2, "Particulars", "the text is too long"),
                    (3, "Staff", "the sector of this row does not have this attribute"),
                    (4, "Sector", "no such sector"),
                ],
                key=self._as_reported,
            ),
        )
        self.assertEqual(self._counts(record), (4, 1, 0, 0, 3))

    def _as_reported(self, error):
        """Errors of a row come in the order of the columns' names."""
        table = self.env["srsp.registry.table.target"].with_context(lang="en_US")
        names = {label: name for name, label in table._get_labels().items()}
        return error[0], names[error[1]]

    def test_real_dates_and_numbers_of_a_workbook_are_taken(self):
        cells = ["甲级", 33.0, 12.5, date(2026, 3, 1), True, "x"]
        self._import(make_workbook([COLUMNS, ["甲", "", "SUR", "P1", *cells]]))
        self.assertEqual(self._stored("甲"), {**STORED, "grade": "a", "note": "x"})

    def test_one_renamed_after_the_check_is_not_left_out_unnoticed(self):
        rows = [COLUMNS, ["甲", "", "SUR", "P1", *VALUES]]
        record = self._check(rows)
        record.action_import()
        self.sector.target_properties_definition = [
            dict(definition, string="Size")
            if definition["name"] == "area"
            else definition
            for definition in DEFINITION
        ]
        with self._refused("“Area” is mapped to an attribute that no longer exists"):
            record._run()
        self.assertFalse(self._target("甲"))
        again = self._upload(rows)
        found = {c.label: c._get_name() for c in again.column_ids}
        self.assertFalse(found["Area"])
        self.assertTrue(found["Staff"])

    def test_the_identity_number_of_a_person_is_refused(self):
        number = "11010519491231002X"
        record = self._check(
            [[*HEADER, "Particulars"], ["甲", "", "SUR", "P1", number]]
        )
        [(row, column, value, reason)] = self._errors(record)
        self.assertEqual((row, column, value), (2, "Particulars", "110*************2X"))
        self.assertIn("an identity number", reason)
        with self._refused("“110.*2X” contains an identity number", ValidationError):
            self.targets[0].properties = {"note": number}

    def test_an_extract_without_a_sector_cannot_fill_them_in(self):
        record = self._upload([["entity_code", GRADE], ["N1", "甲级"]])
        with self._refused(
            "“资质等级” is an attribute of a sector: .* sector of each row"
        ):
            record.action_check()

    def test_an_export_holds_them_in_words_and_imported_again_changes_nothing(self):
        self._import(
            [
                COLUMNS,
                ["甲", "", "SUR", "P1", *VALUES],
                ["乙", "", "QUI", "", "一等"],
                ["丙", "", "SUR", "P3"],
            ]
        )
        self._target("甲").properties = {**STORED, "local": False, "area": "big"}
        self._target("丙").properties = {"area": 0.1 + 0.2}
        self.env.flush_all()
        table = self.env["srsp.registry.table.target"].with_user(self.officer)
        data = b"".join(table._stream_csv())
        header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        self.assertEqual(header[-6:], COLUMNS[-6:])
        by_name = {row[1]: row[-6:] for row in rows}
        # What is no number is not exported as one.
        self.assertEqual(
            by_name["甲"], ["乙级", "33", "", "2026-03-01", "No", "甲\n乙"]
        )
        self.assertEqual(by_name["乙"], ["一等", "", "", "", "", ""])
        record = self._check(data)
        self.assertEqual(self._errors(record), [])
        self.assertEqual(self._counts(record)[1:], (0, 0, len(rows), 0))

    def test_a_template_has_those_of_ones_own_sectors(self):
        for user, found in (
            (self.officer, COLUMNS[-6:]),
            (self.manager_of_mining(), []),
        ):
            table = self.env["srsp.registry.table.target"].with_user(user)
            data = io.BytesIO()
            table._write_template(data)
            [labels] = read_workbook(data.getvalue())
            self.assertEqual([w for w in labels if w in COLUMNS[4:]], found)

    def manager_of_mining(self):
        return self._make_user("mining", "division_manager", self.minerals)
