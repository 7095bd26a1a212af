"""Files that people reported of registries like ours, in tests/data/trials: read, or refused with the way out."""

import base64

from odoo.tests import tagged
from odoo.tools.misc import file_open

from ..registry.registry_case import (
    CODE,
    RegistryCase,
    make_workbook,
    read_part,
    read_workbook,
    replace_part,
)


def trial(name):
    path = f"srsp_supervision/tests/data/trials/{name}"
    with file_open(path, "rb") as file:
        return file.read()


@tagged("post_install", "-at_install")
class TestTrials(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sector.name = "测绘管理"
        cls.surveying.name = "测管处"
        (cls.officer | cls.manager).lang = "en_US"

    def _assert_all_imported(self, name, count, user=None, **values):
        record = self._import(trial(name), user, **values)
        self.assertEqual(self._errors(record), [])
        self.assertEqual(self._counts(record), (count, count, 0, 0, 0))
        return record

    def test_codes_that_begin_with_a_letter(self):
        self._assert_all_imported("codes.csv", 6)
        [entity] = self.env["srsp.entity"].search([("uscc", "=", "N2350121MF1200017X")])
        self.assertEqual(entity.name, "闽侯县竹岐乡榕岸村股份经济合作社")

    def test_headings_in_two_rows_have_a_field_each(self):
        record = self._upload(trial("two_rows.xlsx"))
        self.assertEqual(
            record.column_ids.mapped(lambda c: (c.label, c.target_column)),
            [
                ("序号", False),
                ("单位名称", "entity_name"),
                ("统一社会信用代码", "uscc"),
                ("监管领域", "sector"),
                ("许可证号", "permit_number"),
                ("有效期自", "permit_granted_on"),
                ("有效期至", "permit_valid_until"),
                ("住所", "address"),
            ],
        )

    def test_a_row_of_instructions_and_a_footer_are_named(self):
        record = self._import(trial("instruction_row.xlsx"))
        self.assertEqual({error.row for error in record.sudo().error_ids}, {2, 4})
        self.assertEqual(record.created_count, 1)

    def test_a_column_without_a_heading_is_offered(self):
        rows = [["企业名称", "监管领域", ""], ["甲公司", "测绘管理", "乙"]]
        record = self._check(make_workbook(rows))
        self.assertEqual(record.column_ids.mapped("label"), [*rows[0][:2], "(C)"])
        self.assertIn("Columns not imported: (C).", record.message)

    def test_rare_characters_of_names(self):
        for name, count in (("inspectors_gbk", 3), ("inspectors_gb18030_4byte", 8)):
            record = self._check(trial(f"{name}.csv"), self.manager, kind="inspector")
            self.assertEqual(self._errors(record), [])
            self.assertEqual(record.created_count, count)

    def test_guards_of_texts_are_taken_off(self):
        self._assert_all_imported("guards.csv", 5)
        targets = self.env["srsp.target"].search(
            [("permit_number", "like", "%"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(
            sorted(targets.mapped("permit_number")),
            ["00012345", "00012347", "00012348", "00012349", "350100202600012346"],
        )

    def test_workbooks_by_the_standards_rules(self):
        names = ("strict", "all_names", "zip_name_only", "named_strings")
        for name in names:
            with self.subTest(name):
                record = self._check(trial(f"{name}.xlsx"))
                self.assertEqual(record.state, "checked", record.message)
                self.assertEqual(self._counts(record), (2, 2, 0, 0, 0))

    def test_what_is_no_table_is_called_by_its_name(self):
        page = "<html><table><tr><td>企业名称</td></tr></table></html>".encode()
        sheet = make_workbook([["企业名称"]])
        links = read_part(sheet, "_rels/.rels").replace(
            b"workbook.xml", b"workbook.bin"
        )
        sheet = replace_part(sheet, "_rels/.rels", links)
        sheet = replace_part(sheet, "xl/workbook.bin", b"")
        for data, name in ((page, "HTML"), (b"%PDF-1.7\n", "PDF"), (sheet, r"\.xlsb")):
            record = self._upload(data)
            self.assertEqual(record.state, "failed")
            self.assertRegex(record.message, f"^It is an? .*{name}.*: .* save it there")

    def test_no_end_of_validity(self):
        record = self._import(trial("permits.csv"))
        self.assertEqual(self._errors(record), [])
        groups = self.env["srsp.target"].formatted_read_group(
            [("company_id", "=", self.company.id), ("permit_number", "=like", "10-%")],
            ["permit_valid_until:month"],
            ["__count"],
        )
        self.assertEqual(sum(group["__count"] for group in groups), record.row_count)
        record = self._import(
            trial("inspectors_for_ever.csv"), self.manager, kind="inspector"
        )
        self.assertEqual(self._errors(record), [])

    def test_dates_in_every_unambiguous_spelling(self):
        record = self._check(trial("dates.csv"))
        self.assertEqual(
            [(e.row, e.value) for e in record.sudo().error_ids],
            [
                (4, "2020年3月"),
                (7, "2019-01-01至2024-01-01"),
                (9, "二〇二〇年三月二十日"),
                (10, "0000-00-00"),
            ],
        )
        self.assertEqual(self._errors(self._check(trial("real_dates.xlsx")))[1:], [])

    def test_old_numbers_are_no_credit_codes(self):
        record = self._check(trial("old_numbers.csv"))
        self.assertEqual(
            [(e.row, e.label) for e in record.sudo().error_ids],
            [(row, "Credit Code") for row in (2, 3, 4, 5, 8, 9)],
        )

    def test_brackets_and_spaces_make_no_second_entity(self):
        self._assert_all_imported("first.csv", 1)
        record = self._check(trial("second.csv"))
        self.assertEqual({e.row for e in record.sudo().error_ids}, {2, 3, 4})
        for name in ("福州括号测绘(集团)有限公司", "括号测绘（集团）"):
            found = self.env["srsp.entity"].name_search(name)
            self.assertEqual(len(found), 1, name)
        record = self._import(trial("third.csv"))
        self.assertEqual((record.created_count, record.bad_count), (0, 0))

    def test_a_permit_has_one_spelling_at_every_door(self):
        rows = [
            ["企业名称", "监管领域", "许可证号"],
            ["甲公司", "测绘管理", "闽测资字 (2020) 001"],
        ]
        self._import(make_workbook(rows))
        target = self._target("甲公司")
        self.assertEqual(target.permit_number, "闽测资字（2020）001")
        target.permit_number = "闽测资字(2020)001"
        record = self._check(make_workbook(rows))
        self.assertEqual(self._counts(record), (1, 0, 0, 1, 0))

    def test_hidden_rows_are_named_and_imported_on_request(self):
        record = self._check(trial("filtered.xlsx"))
        self.assertEqual(self._counts(record), (4, 2, 0, 0, 2))
        self.assertEqual([e.row for e in record.sudo().error_ids], [3, 5])
        self.assertRegex(record.sudo().error_ids[0].reason, "hidden in the sheet")
        self.assertEqual(record.hidden_count, 2)
        record.with_hidden = True
        self.assertEqual(record.state, "draft")
        record.action_check()
        record._run()
        self.assertEqual(self._counts(record), (4, 4, 0, 0, 0))

    def test_the_workbook_of_bad_rows_has_both_rows_of_headings_in_one(self):
        record = self._check(
            make_workbook(
                [
                    ["单位名称", "监管领域", "证书有效期", ""],
                    ["", "", "有效期自", "有效期至"],
                    ["甲公司", "没有", "2024-01-01", "2028-12-31"],
                ]
            )
        )
        data = base64.b64decode(record.sudo().error_file)
        self.assertEqual(
            read_workbook(data)[0],
            ["单位名称", "监管领域", "有效期自", "有效期至", "Error reason"],
        )

    def test_a_row_of_values_is_no_second_row_of_headings(self):
        rows = [
            ["企业名称", "", "统一社会信用代码", "监管领域"],
            ["甲", "乙", CODE, "SUR"],
        ]
        record = self._upload(make_workbook(rows))
        self.assertEqual(record.header_row, 1)
