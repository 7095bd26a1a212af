"""A row finds the target and the entity it means, by whatever code it has; no file makes a second one unnoticed."""

from odoo.tests import tagged

from ..registry.registry_case import CODE, CODE_2, HEADER, RegistryCase, make_workbook

CODE_3 = "91350100M0001028X9"
BY_CODE = [*HEADER, "entity_code", "target_code"]
CODE_KNOWN = "an entity of this name has this credit code: enter it"


@tagged("post_install", "-at_install")
class TestRegistryImportKeys(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_entity = cls.env["srsp.entity"].create
        make_target = cls.env["srsp.target"].create
        bureau = {"company_id": cls.company.id}
        cls.known = make_entity({"name": "甲公司", "uscc": CODE, **bureau})
        cls.first = make_target(
            {
                "entity_id": cls.known.id,
                "sector_id": cls.sector.id,
                "permit_number": "P1",
            }
        )
        cls.nameless = make_entity({"name": "乙公司", **bureau})
        cls.bare = make_target(
            {"entity_id": cls.nameless.id, "sector_id": cls.sector.id}
        )

    def _assert_bad(self, rows, errors):
        before = self._registry()
        record = self._import(rows)
        self.assertEqual(self._errors(record), errors)
        self.assertEqual(self._registry(), before)

    def test_a_name_alone_does_not_make_a_second_entity(self):
        self._assert_bad(
            [HEADER, ["甲公司", "", "SUR", "P1"], ["甲公司", "", "SUR", "P7"]],
            [
                (2, "Credit Code", CODE, CODE_KNOWN),
                (3, "Credit Code", CODE, CODE_KNOWN),
            ],
        )
        self._assert_bad(
            [HEADER, ["乙公司", CODE_2, "SUR", "P7"]],
            [
                (2, "Entity Code", self.nameless.code, "the entity with this code has the same name and no credit code"
                    " yet: to add it, enter the entity's code too")
            ],
        )  # fmt: skip
        record = self._check(
            [HEADER, ["丙公司", CODE_2, "SUR", "P1"], ["丙公司", "", "SUR", "P2"]]
        )
        self.assertEqual(
            self._errors(record),
            [
                (3, "Credit Code", CODE_2, "in row 2 an entity of this name has this credit code: enter it here too")
            ],
        )  # fmt: skip

    def test_an_entity_found_by_its_code_takes_the_credit_code(self):
        rows = [BY_CODE, ["乙公司", CODE_2, "SUR", "", self.nameless.code, ""]]
        record = self._import(rows)
        self.assertEqual(self._counts(record), (1, 0, 1, 0, 0))
        self.nameless.invalidate_recordset()
        self.assertEqual((self.nameless.uscc, self.nameless.code), (CODE_2, CODE_2))
        self.assertEqual(self._target("乙公司"), self.bare)
        self.assertEqual(self._counts(self._import(rows)), (1, 0, 0, 1, 0))

    def test_the_code_that_it_had_is_taken_beside_the_code_of_the_target(self):
        self.quiet.division_id = self.surveying
        code = self.nameless.code
        quiet = self._make_targets(1, sector=self.quiet)
        quiet.entity_id = self.nameless
        rows = [
            BY_CODE,
            ["乙公司", CODE_2, "SUR", "", code, self.bare.code],
            ["乙公司", "", "QUI", quiet.permit_number or "", code, quiet.code],
        ]
        self.assertEqual(self._counts(self._import(rows)), (2, 0, 1, 1, 0))
        self.assertEqual(self._counts(self._import(rows)), (2, 0, 0, 2, 0))

    def test_codes_that_disagree_are_reported(self):
        torn = "the codes of this row belong to different entities"
        new = self.nameless.code
        self._assert_bad(
            [
                BY_CODE,
                ["乙公司", CODE, "SUR", "P7", new, ""],
                ["甲公司", CODE_2, "SUR", "P1", "", self.first.code],
                ["乙公司", "", "SUR", "", new, self.first.code],
                ["甲公司", CODE, "SUR", "P1", "", "SUR-999999"],
                ["甲公司", CODE, "QUI", "P1", "", self.first.code],
                ["丁公司", CODE_2, "SUR", "", "E99999999", ""],
                ["乙公司", "", "SUR", "", "E99999999", self.bare.code],
            ],
            [
                (2, "Credit Code", CODE, torn),
                (3, "Credit Code", CODE_2, torn),
                (4, "Entity Code", new, torn),
                (5, "Target Code", "SUR-999999", "no target has this code: leave it empty to add one"),
                (6, "Sector", "Quiet", "the target with this code belongs to another sector, which cannot be changed"),
                (7, "Entity Code", "E99999999", "no entity has this code: leave it empty to add one"),
                (8, "Entity Code", "E99999999", "no entity has this code: leave it empty to add one"),
            ],
        )  # fmt: skip

    def test_one_credit_code_is_not_given_to_two(self):
        self._assert_bad(
            [
                BY_CODE,
                ["乙公司", CODE_2, "SUR", "", self.nameless.code, ""],
                ["丁公司", CODE_2, "SUR", "P8", "", ""],
            ],
            [
                (2, "Credit Code", CODE_2, "row 3 gives this credit code to another entity"),
                (3, "Credit Code", CODE_2, "row 2 gives this credit code to another entity"),
            ],
        )  # fmt: skip

    def test_a_permit_is_added_and_corrected_by_the_code_of_the_target(self):
        rows = [
            BY_CODE,
            ["乙公司", "", "SUR", "P9", "", self.bare.code],
            ["甲公司", CODE, "SUR", "P10", "", self.first.code],
        ]
        record = self._import(rows)
        self.assertEqual(self._counts(record), (2, 0, 2, 0, 0))
        self.assertEqual((self.bare.permit_number, self.first.permit_number), ("P9", "P10"))  # fmt: skip
        self.assertEqual(self._counts(self._import(rows)), (2, 0, 0, 2, 0))
        narrow = [["target_code", "permit_number"], [self.first.code, "P11"]]
        self.assertEqual(self._counts(self._import(narrow)), (1, 0, 1, 0, 0))
        self.assertEqual(self.first.permit_number, "P11")

    def test_a_permit_added_without_that_code_makes_no_second_target(self):
        self._assert_bad(
            [[*HEADER, "entity_code"], ["乙公司", "", "SUR", "P9", ""]],
            [
                (2, "Target Code", self.bare.code, "this target of the entity has no permit number yet: to add it,"
                    " enter the target's code too")
            ],
        )  # fmt: skip

    def test_one_permit_or_target_is_not_given_twice(self):
        self.first.copy({"permit_number": "P2"})
        taken = "another target of the entity has this permit"
        code = self.first.code
        row = ["甲公司", CODE, "SUR"]
        self._assert_bad(
            [BY_CODE, [*row, "P2", "", code]], [(2, "Permit Number", "P2", taken)]
        )
        self._assert_bad(
            [BY_CODE, [*row, "P1", "", ""], [*row, "P5", "", code]],
            [
                (2, "Permit Number", "P1", "the same entry as in row 3"),
                (3, "Target Code", code, "the same entry as in row 2"),
            ],
        )

    def test_a_file_pasted_below_itself_is_reported_row_by_row(self):
        rows = [[f"第{n}公司", "", "SUR", f"P{n}"] for n in range(3_000)]
        record = self._check([HEADER, *rows, *rows])
        self.assertEqual(self._counts(record), (6_000, 0, 0, 0, 6_000))
        self.assertEqual(
            self._errors(record)[0],
            (2, "Permit Number", "P0", "the same entry as in row 3002"),
        )

    def test_of_two_rows_one_may_not_give_a_person_the_code_of_the_other(self):
        header = [*BY_CODE, "kind"]
        self.quiet.division_id = self.surveying
        code = self.nameless.code
        self._assert_bad(
            [
                header,
                ["乙公司", "", "SUR", "", code, "", "person"],
                ["乙公司", CODE_2, "QUI", "P2", code, "", ""],
            ],
            [
                (row, "Credit Code", value, "a natural person must not have a credit code: it would be published")
                for row, value in ((2, False), (3, CODE_2))
            ],
        )  # fmt: skip

    def test_a_person_becomes_a_business_with_its_code(self):
        header = [*BY_CODE, "kind"]
        code = self.nameless.code
        self.quiet.division_id = self.surveying
        self.nameless.kind = "person"
        rows = [
            header,
            ["乙公司", CODE_2, "SUR", "", code, "", "individual"],
            ["乙公司", "", "QUI", "P2", code, "", ""],
        ]
        self.assertEqual(self._counts(self._import(rows)), (2, 1, 1, 0, 0))
        self.nameless.invalidate_recordset()
        self.assertEqual(
            (self.nameless.kind, self.nameless.uscc), ("individual", CODE_2)
        )

    def test_two_natural_persons_of_one_name_are_not_taken_for_one(self):
        header = ["entity_name", "entity_code", "kind", "address", "sector"]
        row = ["张三", "", "person", "甲路 1 号", "SUR"]
        self._import([header, row])
        self.assertEqual(self._counts(self._import([header, row])), (1, 0, 0, 1, 0))
        row[3] = "乙路 2 号"
        self._assert_bad(
            [header, row],
            [
                (2, "Address", "乙路 2 号", "a natural person of this name is known with another address: enter the"
                    " entity's code, or add a second person on the entity's form")
            ],
        )  # fmt: skip
        row[1] = self._target("张三").entity_id.code
        self.assertEqual(self._counts(self._import([header, row])), (1, 0, 1, 0, 0))

    def test_codes_and_names_are_read_whatever_the_width_and_without_what_nobody_sees(
        self,
    ):
        wide = CODE.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)})
        rows = [HEADER, ["甲\u200b公司\ufeff", wide, "ＳＵＲ", "P1\u200e"]]
        for data in (rows, make_workbook(rows)):
            self.assertEqual(self._counts(self._import(data)), (1, 0, 0, 1, 0))

    def test_degrees_are_those_that_the_registry_keeps(self):
        header = [*HEADER, "latitude", "longitude"]
        row = ["甲公司", CODE, "SUR", "P1", "26.07450812345", "119.2964940000001"]
        self.assertEqual(self._counts(self._import([header, row])), (1, 0, 1, 0, 0))
        self.assertEqual(self._counts(self._import([header, row])), (1, 0, 0, 1, 0))
        self.assertEqual(
            (self.first.latitude, self.first.longitude), (26.074508, 119.296494)
        )

    def test_yes_is_not_the_number_that_stood_above_it(self):
        header = [*HEADER, "latitude"]
        rows = [header, ["甲", "", "SUR", "P2", 1.0], ["乙", "", "SUR", "P3", True]]
        record = self._import(make_workbook(rows))
        self.assertEqual(
            self._errors(record), [(3, "Latitude", "True", "not a number")]
        )

    def test_a_number_that_a_spreadsheet_has_rounded_is_not_taken_for_text(self):
        rows = [HEADER, ["丁公司", "", "SUR", 3501002026000123456], ["戊公司", "", "SUR", 350100202600012]]  # fmt: skip
        record = self._import(make_workbook(rows))
        self.assertEqual(
            self._errors(record),
            [
                (2, "Permit Number", "3.501002026000123e+18", "the spreadsheet has lost the last digits of a number:"
                    " format the cell as text and type it again")
            ],
        )  # fmt: skip
        self.assertEqual(self._target("戊公司").permit_number, "350100202600012")
