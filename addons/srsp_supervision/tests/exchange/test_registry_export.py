"""The registries as files: what the user may read, in columns that an import understands, no identity number."""

import csv
import io

import openpyxl

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ...models.exchange.srsp_registry_inspector import INSPECTOR_COLUMNS
from ...models.exchange.srsp_registry_table import TARGET_COLUMNS
from ...tools.tables.writer import SheetWriter
from ..registry.registry_case import CODE, CODE_2, RegistryCase, read_workbook

HEADER = (
    "entity_name uscc kind founded_on sector permit_number risk_class is_key key_reason latitude state state_reason"
).split()
ROWS = [
    f"甲公司,{CODE},,2001-05-06,SUR,P1,A,1,投诉多,26.07,,".split(","),
    f"乙公司,{CODE_2},institution,,SUR,=1+1,,,,,suspended,歇业".split(","),
]


@tagged("post_install", "-at_install")
class TestRegistryExport(RegistryCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        person = cls.env["srsp.entity"].create(
            {
                "name": "王五",
                "kind": "person",
                "identity_number": "11010519491231002X",
                "company_id": cls.company.id,
            }
        )
        cls.env["srsp.target"].create(
            {"entity_id": person.id, "sector_id": cls.sector.id}
        )
        cls.theirs = cls._make_targets(1, sector=cls.mining)

    def setUp(self):
        super().setUp()
        self._import([HEADER, *ROWS])

    def _labels(self, kind):
        """The headings in the language that the officer's browser gets."""
        user = self.env["res.users"].with_user(self.officer)
        table = self.env[f"srsp.registry.table.{kind}"]
        labels = table.with_context(**user.context_get())._get_labels()
        return list(labels.values())

    def _get(self, path, user=None):
        login = (user or self.officer).login
        self.authenticate(login, login)
        answer = self.url_open(f"/srsp/registry/{path}")
        answer.raise_for_status()
        return answer

    def _read_csv(self, data):
        text = data.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    def test_an_export_imported_again_changes_nothing(self):
        for extension in ("csv", "xlsx"):
            with self.subTest(extension):
                data = self._get(f"target.{extension}").content
                record = self._check(data)
                self.assertEqual(self._errors(record), [])
                self.assertEqual(self._counts(record), (122, 0, 0, 122, 0))

    def test_both_formats_hold_every_column_and_what_the_user_may_read(self):
        rows = self._read_csv(self._get("target.csv").content)
        sheet = read_workbook(self._get("target.xlsx").content)
        self.assertEqual((rows[0], sheet[0]), (self._labels("target"),) * 2)
        self.assertEqual(len(rows), len(sheet))
        names = [column.name for column in TARGET_COLUMNS]
        by_name = {row[1]: dict(zip(names, row)) for row in sheet}
        self.assertNotIn(self.theirs.code, [row[0] for row in rows])
        first = by_name["甲公司"]
        self.assertEqual(
            [first[name] for name in "uscc sector division latitude".split()],
            [CODE, "Surveying", "Surveying", 26.07],
        )
        self.assertEqual(str(first["founded_on"])[:10], "2001-05-06")
        self.assertEqual(by_name["乙公司"]["permit_number"], "=1+1")
        everybody = self._read_csv(self._get("target.csv", self.administrator).content)
        self.assertIn(self.theirs.code, [row[0] for row in everybody])

    def test_no_identity_number_leaves_the_house(self):
        for path in ("target.csv", "target.xlsx"):
            answer = self._get(path, self.administrator)
            rows = (
                self._read_csv(answer.content)
                if path.endswith("csv")
                else read_workbook(answer.content)
            )
            self.assertIn("王五", [row[1] for row in rows])
            self.assertNotIn("110105", str(rows))

    def test_inspectors_are_exported_too(self):
        rows = self._read_csv(self._get("inspector.csv", self.manager).content)
        self.assertEqual(
            [row[0] for row in rows[1:]], self.officers.mapped("staff_number")
        )
        self.assertEqual(rows[1][4], "Mining、Quiet、Surveying")
        data = self._get("inspector.xlsx", self.manager).content
        record = self._check(data, self.manager, kind="inspector")
        self.assertEqual(self._errors(record), [])
        self.assertEqual(self._counts(record), (5, 0, 0, 5, 0))

    def test_a_word_that_cannot_be_read_back_goes_out_as_a_code(self):
        self.sector.name = "测绘、地图"
        self.quiet.name = self.mining.name
        self.surveying.name = self.minerals.name
        for path, number in (("inspector", 5), ("target", 122)):
            data = self._get(f"{path}.xlsx", self.manager).content
            record = self._check(data, self.manager, kind=path)
            self.assertEqual(self._errors(record), [])
            self.assertEqual(self._counts(record), (number, 0, 0, number, 0))

    def test_a_day_that_no_spreadsheet_knows_goes_out_as_text(self):
        entity = self._target("甲公司").entity_id
        entity.founded_on = "1896-05-06"
        data = self._get("target.xlsx").content
        [day] = [row[7] for row in read_workbook(data) if row[1] == "甲公司"]
        self.assertEqual(day, "1896-05-06")
        self.assertEqual(self._counts(self._check(data)), (122, 0, 0, 122, 0))

    def test_a_template_is_an_empty_table_that_an_import_understands(self):
        for kind, user, columns in (
            ("target", self.officer, TARGET_COLUMNS),
            ("inspector", self.manager, INSPECTOR_COLUMNS),
        ):
            data = self._get(f"{kind}/template.xlsx", user).content
            [labels] = read_workbook(data)
            self.assertEqual(labels, self._labels(kind)[-len(labels) :])
            record = self._upload(data, user, kind=kind)
            self.assertEqual(
                [c._get_name() for c in record.column_ids],
                [c.name for c in columns],
            )

    def test_a_note_on_each_heading_of_a_template_says_what_is_required(self):
        data = io.BytesIO()
        table = self.env["srsp.registry.table.inspector"].with_user(self.manager)
        table._write_template(data)
        [sheet, _words] = openpyxl.load_workbook(data).worksheets
        notes = [cell.comment.text for cell in sheet[1]]
        self.assertEqual(
            notes[:3:2],
            [
                "Required. Text without anybody's identity or telephone number.",
                "One of the values in the list.",
            ],
        )

    def test_what_does_not_exist_and_strangers_get_nothing(self):
        self.authenticate(self.officer.login, self.officer.login)
        for path in ("entity.csv", "target.pdf", "draw/template.xlsx"):
            self.assertEqual(self.url_open(f"/srsp/registry/{path}").status_code, 404)
        self.authenticate(None, None)
        answer = self.url_open("/srsp/registry/target.csv", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)

    def test_only_who_may_export_gets_a_file_and_no_cache_keeps_it(self):
        inspector = self._make_user("no_export", "inspector", self.surveying)
        paths = [
            f"/srsp/registry/{kind}.{extension}"
            for kind in ("target", "inspector")
            for extension in ("csv", "xlsx")
        ]
        paths.append(f"/srsp/list/{self.list.id}/workbook")
        vals = {"name": "a.txt", "raw": b"A", "res_model": "srsp.target", "res_id": self.targets[0].id}  # fmt: skip
        attachment = self.env["ir.attachment"].create(vals)
        file = f"/web/content/{attachment.id}?unique=1"
        for user, status in ((self.officer, 200), (inspector, 403)):
            self.authenticate(user.login, user.login)
            for path in paths:
                with self.subTest(path, user=user.login), mute_logger("odoo.http"):
                    answer = self.url_open(path)
                    self.assertEqual(answer.status_code, status)
                    if status == 200:
                        kept = answer.headers["Cache-Control"]
                        self.assertEqual(kept, "no-store")
        self.authenticate(self.officer.login, self.officer.login)
        self.assertEqual(self.url_open(file).headers["Cache-Control"], "no-store")

    def test_a_full_sheet_goes_on_in_the_next_one(self):
        data = io.BytesIO()
        with SheetWriter(data, max_rows=3) as sheet:
            sheet.add_header(["a", "b"])
            for number in range(5):
                sheet.add_row([number, f"={number}"])
        book = openpyxl.load_workbook(data)
        self.assertEqual(
            [
                [tuple(row) for row in sheet.iter_rows(values_only=True)]
                for sheet in book
            ],
            [
                [("a", "b"), (0, "=0"), (1, "=1")],
                [("a", "b"), (2, "=2"), (3, "=3")],
                [("a", "b"), (4, "=4")],
            ],
        )
