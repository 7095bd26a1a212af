"""What a file may not hold, and what the report says about it: row, column, value, reason; nothing is changed."""

import base64
from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.exchange import srsp_registry_import_report
from ..registry.registry_case import (
    CODE,
    CODE_2,
    HEADER,
    RegistryCase,
    make_workbook,
    read_part,
    read_workbook,
    replace_part,
)

GOOD = ["好公司", CODE, "SUR", "P1"]


@tagged("post_install", "-at_install")
class TestRegistryImportErrors(RegistryCase):
    def _assert_bad(self, rows, errors, user=None):
        """The check reports exactly ``errors``, and importing what is good leaves every bad row out."""
        before = self._registry()
        record = self._check(rows, user)
        self.assertEqual(record.state, "checked", record.message)
        self.assertEqual(self._errors(record), errors)
        self.assertEqual(record.bad_count, len({error[0] for error in errors}))
        self.assertEqual(self._registry(), before)
        return record

    def test_an_identity_number_in_a_name_or_a_permit_is_refused(self):
        number = "11010519491231002X"
        shown = "110*************2X"
        reason = (
            "an identity number, which others would read: leave it out, or enter that of a natural person on the"
            " entity's form, where it is masked"
        )
        header = [*HEADER, "legal_representative", "name", "address"]
        self._assert_bad(
            [
                header,
                [f"李四{number}工作室", "", "SUR", "1"],
                ["甲", "", "SUR", number],
                ["乙", "", "SUR", "3", f"王五（{number.lower()}）"],
                ["丙", "", "SUR", "4", "", "１１０１０５ 19491231 002X"],
                ["丁", "", "SUR", "110105194912310021"],  # its check digit is X
                ["戊", "", "SUR", "5", "", "", f"身份证{number}"],
            ],
            [
                (2, "Entity Name", f"李四{shown}工作室", reason),
                (3, "Permit Number", shown, reason),
                (4, "Legal Representative", "王五（110*************2X）", reason),
                (5, "Project or Right Name", shown, reason),
                (7, "Address", f"身份证{shown}", reason),
            ],
        )

    def test_a_rule_that_the_check_does_not_know_is_no_meeting_of_changes(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX one_name_each ON srsp_target (name) WHERE name = '同名'"
        )
        rows = [["甲", CODE, "SUR", "1", "同名"], ["乙", CODE_2, "SUR", "2", "同名"]]
        record = self._check([[*HEADER, "name"], *rows])
        record.action_import()
        before = self._registry()
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cursor,
            self.assertLogs("odoo.addons.srsp_supervision", "ERROR"),
            mute_logger("odoo.sql_db"),
        ):
            record.with_env(record.env(cr=cursor, su=True))._run_safely()
        record.invalidate_recordset()
        self.assertEqual(record.state, "failed")
        self.assertRegex(record.message, r"a rule of the database .*\(one_name_each\)")
        self.assertEqual(self._registry(), before)

    def test_every_kind_of_bad_cell_is_named(self):
        header = [
            *HEADER,
            "division",
            "kind",
            "founded_on",
            "latitude",
            "risk_class",
            "is_key",
        ]
        wrong = f"{CODE[:-1]}M"
        record = self._assert_bad(
            [
                header,
                ["甲", wrong, "SUR", "1"],
                ["", "", "SUR", "2"],
                ["丙", "", "XYZ", "3"],
                ["丁", "", "SUR", "4", "No such"],
                ["戊", "", "SUR", "5", "", "", "去年春天"],
                ["己", "", "SUR", "6", "", "", "2026-02-30", "91"],
                ["庚", "", "SUR", "7", "", "firm", "", "north"],
                ["辛", "", "SUR", "8", "", "", "", "", "E", "maybe"],
                ["壬", "", "SUR", "9", "Minerals"],
                ["癸" * 40_000, "", "SUR", "10"],
                ["子", CODE_2, "SUR", "11", "", "person"],
            ],
            [
                (2, "Credit Code", wrong, "not a valid credit code: 18 digits and capital letters,"
                    " the last one a check digit"),
                (3, "Entity Name", False, "no value entered"),
                (4, "Sector", "XYZ", "no such sector"),
                (5, "Responsible Division", "No such", "no such division"),
                (6, "Founded", "去年春天", "not a date: enter a real date, or text such as 2026-03-20"),
                (7, "Founded", "2026-02-30", "not a date: enter a real date, or text such as 2026-03-20"),
                (7, "Latitude", "91", "out of range: latitude must be at most 90 and longitude at most 180 degrees"),
                (8, "Kind of Entity", "firm", "not one of the known values"),
                (8, "Latitude", "north", "not a number"),
                (9, "Key Target", "maybe", "not one of the known values"),
                (9, "Risk Class", "E", "not one of the known values"),
                (10, "Responsible Division", "Minerals", "another division is responsible for the sector"),
                (11, "Entity Name", "癸" * 200, "the text is too long"),
                (12, "Credit Code", CODE_2, "a natural person must not have a credit code: it would be published"),
            ],
        )  # fmt: skip
        self.assertEqual(self._counts(record), (11, 0, 0, 0, 11))

    def test_a_person_s_mistyped_number_is_masked_in_whatever_way_it_is_written(self):
        number, shown = "110105194912310021", "110*************21"
        for written, value in (
            (number, shown),
            ("１１０１０５ 19491231 0021", shown),
            (f"1 {number}", f"1 {shown}"),
            ("3号楼 2 110105 19491231 0021 室", f"3号楼 2 {shown} 室"),
            ("电话 87654319 350102 1990 0101 1234", f"电话 876{'*' * 13}90{'*' * 10}"),
            ("甲" * 190 + number, "甲" * 190 + "110*******"),
        ):
            record = self._check([HEADER, ["甲", written, "SUR", "P1"]])
            self.assertEqual(
                self._errors(record)[0][1:3], ("Credit Code", value), written
            )
        column = self._upload([HEADER, ["甲" * 90 + number]]).column_ids[0]
        self.assertEqual(column.sample, "甲" * 90 + "110*******")
        typed = self._check(make_workbook([HEADER, ["甲", 110105194912310000, "SUR"]]))
        shown = "110*************00"
        self.assertEqual(self._errors(typed)[0][1:3], ("Credit Code", shown))
        self.assertEqual(typed.column_ids[1].sample, shown)

    def test_a_number_behind_a_digit_is_found_too(self):
        header = [*HEADER, "address"]
        for address in (
            "1 11010519491231002X",
            "2 号楼 3 110105 19491231 002x",
            "身份证11010519491231002X1栋",
        ):
            record = self._check([header, [*GOOD, address]])
            [(row, column, _value, reason)] = self._errors(record)
            self.assertEqual((row, column), (2, "Address"))
            self.assertRegex(reason, "^an identity number")

    def test_what_a_spreadsheet_puts_in_place_of_a_value_is_none(self):
        lost = "the spreadsheet has lost the last digits of a number: format the cell as text and type it again"
        header = [*HEADER, "address", "founded_on", "latitude"]
        record = self._assert_bad(
            [
                header,
                ["甲", "", "SUR", "3.50102E+17"],
                ["乙", "", "SUR", "P2", "#N/A", "#VALUE!"],
                ["丙", "", "SUR", "P3", "幢#N/A", "", "1e300"],
                ["丁", "", "SUR", "P4", "1.5E+3号"],
                ["", " ", "", "　"],
            ],
            [
                (2, "Permit Number", "3.50102E+17", lost),
                (3, "Address", "#N/A", "the formula returns an error"),
                (3, "Founded", "#VALUE!", "the formula returns an error"),
                (4, "Latitude", "1e300", "not a number"),
            ],
        )
        self.assertEqual(self._counts(record), (4, 1, 0, 0, 3))

    def test_a_row_does_not_take_back_a_later_class(self):
        target = self.targets[0]
        self.targets[:3].write({"risk_class": "C", "risk_date": "2026-03-10"})
        header = ["target_code", "risk_class", "risk_date"]
        other, third = self.targets[1:3].mapped("code")
        with freeze_time("2026-03-20"):
            self._assert_bad(
                [
                    header,
                    [target.code, "A", "2026-03-09"],
                    [other, "A", "2026-03-21"],
                ],
                [
                    (2, "Risk Class Date", "2026-03-09", "the registry has a class of a later date: leave class"
                        " and date empty, or correct the date"),
                    (3, "Risk Class Date", "2026-03-21", "the date is in the future"),
                ],
            )  # fmt: skip
            self._import([header, [target.code, "A", "2026-03-10"]])
            older = self._import([header, [third, "C", "2026-03-09"]])
        self.assertEqual(target.risk_class, "A")
        self.assertEqual(self._counts(older), (1, 0, 0, 1, 0))
        self.assertEqual(str(self.targets[2].risk_date), "2026-03-10")

    def test_a_day_to_come_that_the_registry_has_already_is_no_change(self):
        target = self.targets[0]
        target.write({"risk_class": "C", "risk_date": "2026-03-10"})
        header = ["target_code", "risk_date", "permit_number", "risk_class"]
        row = [target.code, "2026-03-10", "P-9"]
        with freeze_time("2026-03-01"):
            self._assert_bad(
                [header, [*row, "A"]],
                [(2, "Risk Class Date", "2026-03-10", "the date is in the future")],
            )
            record = self._import([header, [*row, ""]])
        self.assertEqual(self._counts(record), (1, 0, 1, 0, 0))

    def test_a_sector_that_cannot_be_told_or_is_archived_is_reported(self):
        self.quiet.division_id = self.surveying
        [old] = self._make_targets(1, sector=self.quiet)
        rows = [HEADER, ["甲", "", "Quiet", "P1"]]
        self.quiet.active = False
        self._assert_bad(
            rows,
            [
                (2, "Sector", "Quiet", "the sector is archived: nothing is added to its registry"),
            ],
        )  # fmt: skip
        header = ["entity_name", "entity_code", "sector"]
        known = self._check([header, ["Unit 001", old.entity_id.code, "Quiet"]])
        self.assertEqual(self._counts(known), (1, 0, 0, 1, 0))
        self.quiet.copy({"code": "QUA", "active": True})
        self.quiet.copy({"code": "QUB", "active": True, "name": "Ｑｕｉｅｔ"})
        self._assert_bad(
            rows, [(2, "Sector", "Quiet", "several have this name: enter the code")]
        )

    def test_a_key_twice_in_the_file_is_reported_with_both_rows(self):
        self._assert_bad(
            [
                HEADER,
                GOOD,
                ["甲", CODE_2, "SUR", "P2"],
                ["甲", CODE_2.lower(), "Surveying", " P2 "],
                ["乙", "", "SUR", ""],
                ["乙", "", "SUR", ""],
                ["乙", "", "SUR", ""],
            ],
            [
                (3, "Permit Number", "P2", "the same entry as in row 4"),
                (4, "Permit Number", "P2", "the same entry as in row 3"),
                (5, "Entity Name", "乙", "the same entry as in row 6"),
                (6, "Entity Name", "乙", "the same entry as in row 5"),
                (7, "Entity Name", "乙", "the same entry as in row 5"),
            ],
        )

    def test_rows_of_one_entity_that_contradict_each_other_are_reported(self):
        header = [*HEADER, "address"]
        self._assert_bad(
            [
                header,
                ["甲", CODE, "SUR", "P1", "金山路1号"],
                ["甲", CODE, "SUR", "P2", ""],
                ["甲", CODE, "SUR", "P3", "金山路2号"],
            ],
            [
                (
                    2,
                    "Address",
                    "金山路1号",
                    "differs from row 4 of the same entity",
                ),
                (
                    4,
                    "Address",
                    "金山路2号",
                    "differs from row 2 of the same entity",
                ),
            ],
        )

    def test_a_state_or_key_mark_wants_its_reason(self):
        header = [*HEADER, "state", "is_key", "key_reason"]
        record = self._assert_bad(
            [
                header,
                ["甲", CODE, "SUR", "P1", "Suspended"],
                ["乙", CODE_2, "SUR", "P2", "", "是"],
                ["丙", "", "SUR", "P3", "active", "yes", "投诉多"],
            ],
            [
                (2, "Reason", False, "a reason is required"),
                (3, "Reason for the Key Mark", False, "a reason is required"),
            ],
        )
        self.assertEqual(record.created_count, 1)

    def test_an_entity_that_cannot_be_told_is_reported(self):
        for _ in range(2):
            self.env["srsp.entity"].create(
                {"name": "双胞胎", "company_id": self.company.id}
            )
        header = ["entity_name", "entity_code", "sector"]
        self._assert_bad(
            [header, ["双胞胎", "", "SUR"], ["无名", "E99999999", "SUR"]],
            [
                (
                    2,
                    "Entity Name",
                    "双胞胎",
                    "several entities have this name: enter the entity's code",
                ),
                (
                    3,
                    "Entity Code",
                    "E99999999",
                    "no entity has this code: leave it empty to add one",
                ),
            ],
        )

    def test_what_belongs_to_another_division_is_not_imported(self):
        other = self.env["srsp.entity"].create(
            {"name": "共管公司", "uscc": CODE_2, "company_id": self.company.id}
        )
        self.env["srsp.target"].create(
            {"entity_id": other.id, "sector_id": self.mining.id}
        )
        header = [*HEADER, "address"]
        rows = [
            header,
            ["甲", CODE, "MIN", "P1"],
            ["共管公司", CODE_2, "SUR", "P2", "新地址"],
            ["共管公司", CODE_2, "SUR", "P3"],
        ]
        record = self._assert_bad(
            rows,
            [
                (2, "Sector", "MIN", "a sector of another division"),
                (3, "Entity Name", "共管公司", "the entity is in another division's registry too,"
                    " which maintains its data"),
            ],
        )  # fmt: skip
        record.action_import()
        record._run()
        self.assertEqual(
            self._target("共管公司").mapped("permit_number"), [False, "P3"]
        )
        self.assertFalse(self._target("甲"))
        rows = [
            header,
            ["甲", CODE, "MIN", "P1"],
            ["共管公司", CODE_2, "SUR", "P2", "新地址"],
        ]
        everywhere = self._import(rows, self.administrator)
        self.assertEqual(self._counts(everywhere), (2, 2, 0, 0, 0))
        self.assertEqual(other.address, "新地址")

    def test_the_name_of_an_entity_stays_while_a_visit_is_open(self):
        entity = self._make_drawn().inspection_ids[0].entity_id
        self._assert_bad(
            [["entity_name", "entity_code", "sector"], ["新名字", entity.code, "SUR"]],
            [
                (
                    2,
                    "Entity Name",
                    "新名字",
                    "a visit is open: close it before name, kind or credit code of the entity change",
                )
            ],
        )

    def test_cells_that_only_a_workbook_has(self):
        rows = [
            [*HEADER, "founded_on", "address"],
            [*GOOD, date(2020, 5, 6), 12],
            ["甲", "", "SUR", "P2", "2026年3月"],
            ["乙", "", "SUR", date(2026, 3, 1), 45000],
            ["丙", "", "SUR", "P4"],
            ["丁", "", "SUR", "P5"],
            ["戊", "", "SUR", "P6"],
            ["己" * 30_000, "", "SUR", "P7"],
            ["庚", "", "SUR", "P8"],
        ]

        def change(book, sheet):
            sheet.write_formula(4, 5, '="a"&"b"', None, "ab")
            sheet.write_formula(5, 3, "=1/0", None, "#DIV/0!")
            sheet.merge_range(6, 4, 6, 5, "合并")

        data = make_workbook(rows, change)
        texts = "xl/sharedStrings.xml"
        long = read_part(data, texts).replace("庚".encode(), "庚".encode() * 40_000)
        record = self._assert_bad(
            replace_part(data, texts, long),
            [
                (3, "Founded", "2026年3月", "not a date: enter a real date, or text such as 2026-03-20"),
                (4, "Founded", "45000", "not a date: enter a real date, or text such as 2026-03-20"),
                (4, "Permit Number", "2026-03-01",
                    "a date or yes/no instead of text: format the cell as text and type it again"),
                (5, "Address", False, "a formula: paste its value"),
                (6, "Permit Number", False, "a formula: paste its value"),
                (6, "Permit Number", False, "the formula returns an error"),
                (7, "Address", False, "merged cells: unmerge them, every cell must have its own value"),
                (7, "Founded", False, "merged cells: unmerge them, every cell must have its own value"),
                (7, "Founded", "合并", "not a date: enter a real date, or text such as 2026-03-20"),
                (8, "Entity Name", "己" * 200, "the text is too long"),
                (9, "Entity Name", "庚" * 200, "the text is too long"),
            ],
        )  # fmt: skip
        record.action_import()
        record._run()
        entity = self._target("好公司").entity_id
        self.assertEqual((entity.founded_on, entity.address), (date(2020, 5, 6), "12"))

    def test_bad_rows_come_back_as_a_workbook_to_mend(self):
        rows = [
            [*HEADER, "remark"],
            ["甲", "1", "SUR", "P1", "=1+1"],
            GOOD,
            ["乙", "", "XXX"],
        ]
        record = self._check(rows)
        self.assertEqual(record.error_file_name, "Bad rows of registry.xlsx")
        data = base64.b64decode(record.error_file)
        back = read_workbook(data)
        self.assertEqual(back[0], [*HEADER, "remark", "Error reason"])
        self.assertEqual(back[1][:5], ["甲", "1", "SUR", "P1", "=1+1"])
        self.assertIn("Credit Code: not a valid credit code", back[1][5])
        self.assertEqual(
            back[2], ["乙", None, "XXX", None, None, "Sector: no such sector"]
        )
        again = self._check(data)
        self.assertEqual(again.column_ids.mapped("label"), back[0])
        self.assertEqual(again.bad_count, 2)

    def test_the_report_says_what_it_leaves_out(self):
        rows = [[f"第{n}公司", "1", "SUR", ""] for n in range(1200)]
        record = self._check([HEADER, *rows])
        self.assertEqual(len(record.error_ids), 1000)
        self.assertEqual(
            record.error_note, "The first 1000 of 1200 bad cells are shown."
        )
        with patch.object(srsp_registry_import_report, "MAX_BAD_ROWS", 900):
            record.action_check()
            record._run()
        self.assertEqual(
            record.error_note,
            "The first 900 of 1200 bad cells are shown. The workbook holds the first 900 of 1200 bad rows:"
            " correct them and check again.",
        )
        self.assertEqual(len(read_workbook(base64.b64decode(record.error_file))), 901)
        self.assertFalse(self._check([HEADER, *rows[:1], GOOD]).error_note)
