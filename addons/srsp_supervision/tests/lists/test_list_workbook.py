import base64
import io
from datetime import date, timedelta

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import format_date

from ...tools.workbook import clean_text
from ...tools.workbook_reader import read_list
from ..common import SrspCase


class ListWorkbookCase(SrspCase):
    """A draft of each list with the divisions called, and the people who work on it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._make_user("wb_policy", "policy_officer")
        cls.surveyor = cls._make_user("wb_sv", "division_manager", cls.surveying)
        cls.miner = cls._make_user("wb_mn", "division_officer", cls.minerals)
        cls.auditor = cls._make_user("wb_auditor", "auditor")
        cls.other_basis = cls._make_basis(title="Mineral Law", number="No. 36")
        action = cls.list.with_user(cls.policy).action_new_version()
        cls.draft = cls.env["srsp.list"].browse(action["res_id"])
        cls.draft.deadline = date.today() + timedelta(days=365)
        cls.first = cls.draft.item_ids.filtered(lambda item: item.code == "A1")
        cls.first.write(
            {
                "content": "=1+1\r\n第二行 ",
                "standard": "1. x\n2. y",
                "legal_basis_ids": [Command.link(cls.other_basis.id)],
                "ratio": 0.0725,
                "annual_visit_cap": 3,
                "category": "key",
            }
        )
        cls.draft.action_open()
        cls.env.flush_all()

    def export(self, version, user=None):
        return version.with_user(user or self.policy)._export_workbook()

    def edited(self, data, **cells):
        """The workbook with some cells changed; a row is deleted by ``delete=row``."""
        book = openpyxl.load_workbook(io.BytesIO(data))
        delete = cells.pop("delete", None)
        for cell, value in cells.items():
            book.active[cell].value = value
        if delete:
            book.active.delete_rows(delete)
        output = io.BytesIO()
        book.save(output)
        return output.getvalue()

    def importing(self, version, data, user=None):
        action = version.with_user(user or self.policy).action_import_workbook()
        wizard = self.env[action["res_model"]].with_user(user or self.policy)
        wizard = wizard.browse(action["res_id"])
        wizard.write({"file": base64.b64encode(data), "file_name": "list.xlsx"})
        wizard.action_check()
        return wizard

    def snapshot(self, version):
        """Everything that is stored of the lines, those columns too that no workbook has."""
        self.env.flush_all()
        self.env.invalidate_all()
        return version._get_lines().sudo().read(load=False)

    def problems(self, version, data, user=None):
        """[(row, column, reason)] of a workbook that will not do; nothing of it was written."""
        before = self.snapshot(version)
        wizard = self.importing(version, data, user)
        self.assertEqual("mend", wizard.step)
        wizard.action_confirm()
        self.assertEqual(before, self.snapshot(version))
        return [
            (problem["row"], problem["label"], problem["reason"])
            for problem in wizard.seen["problems"]
        ]

    def cell(self, name, row=3):
        names = list(self.env["srsp.item"]._get_sheet_columns())
        return f"{openpyxl.utils.get_column_letter(names.index(name) + 1)}{row}"


class TestListWorkbook(ListWorkbookCase):
    def setUp(self):
        super().setUp()
        data = self.export(self.draft)
        layout = self.draft._get_sheet_layout()
        self.sheet = read_list(data, layout)
        self.row = self.sheet.header_row + 1  # of A1; B1 follows

    def at(self, name, row=0):
        return self.cell(name, self.row + row)

    def test_the_export_says_what_the_lines_say(self):
        rows = [line._get_row() for line in self.draft.item_ids]
        rows[0]["content"] = "=1+1\n第二行"
        self.assertEqual([], self.sheet.errors)
        self.assertEqual(rows, [row for _number, row in self.sheet.rows])
        self.assertEqual(0.0725, rows[0]["ratio"])
        self.assertIn("《Mineral Law》（No. 36）；", rows[0]["legal_basis_ids"])

    def test_a_repealed_basis_is_red_with_a_note_and_comes_back_as_it_was(self):
        self.other_basis.repealed_date = date.today()
        data = self.export(self.draft)
        book = openpyxl.load_workbook(io.BytesIO(data))
        cells = [book.active[self.at("legal_basis_ids", row)] for row in (0, 1)]
        self.assertEqual(
            [(cell.font.color.rgb == "FFB42318", bool(cell.comment)) for cell in cells],
            [(True, True), (False, False)],
        )
        self.assertIn("《Mineral Law》（No. 36）", cells[0].comment.text)
        before = self.snapshot(self.draft)
        wizard = self.importing(self.draft, data)
        self.assertFalse(wizard.seen["problems"] or wizard.seen["changes"])
        wizard.action_confirm()
        self.assertEqual(before, self.snapshot(self.draft))

    def test_the_words_under_the_title_are_whole_phrases(self):
        self.assertEqual(
            self.list._get_paper_facts()[0], f"Version {self.list.version}"
        )
        self.assertEqual(self.list._get_page_label(2, 5), "Page 2 of 5")
        self.list.sudo().write(
            {
                "approval_number": "No. 9",
                "approval_date": "2026-06-12",
                "effective_date": "2026-06-18",
            }
        )
        approved, effective = (
            format_date(self.env, day) for day in ("2026-06-12", "2026-06-18")
        )
        facts = [f"Approved by No. 9 of {approved}", f"In force from {effective}"]
        self.assertEqual(self.list._get_paper_facts()[1:-1], facts)
        self.assertEqual(self.list._get_sheet_subtitle()[1], "　".join(facts))
        self.list.sudo().approval_date = False
        self.assertEqual(self.list._get_paper_facts()[1], "Approved by No. 9")
        self.assertEqual(self.list._get_paper_warning(), "")
        self.assertEqual(self.draft._get_paper_warning(), "Draft, not in force")

    def test_an_export_imported_again_writes_nothing(self):
        duties = self._make_duty(
            cooperating_division_ids=(self.minerals | self.detachment).ids,
            legal_basis_ids=(self.basis | self.other_basis).ids,
        ).list_id
        self.surveying.name = "Land, sea、and air；too"
        for version in (self.draft, duties):
            before = self.snapshot(version)
            wizard = self.importing(version, self.export(version))
            self.assertEqual("check", wizard.step)
            self.assertEqual([], wizard.seen["changes"])
            self.assertEqual(len(before), wizard.seen["unchanged"])
            wizard.action_confirm()
            self.assertEqual(before, self.snapshot(version))

    def test_an_export_imported_into_an_empty_draft_gives_the_same_lines(self):
        data, rows = (
            self.export(self.draft),
            [
                {**line._get_row(), "content": clean_text(line.content)}
                for line in self.draft.item_ids
            ],
        )
        self.draft.item_ids.unlink()
        wizard = self.importing(self.draft, data)
        self.assertEqual(
            [change["kind"] for change in wizard.seen["changes"]], ["added"] * len(rows)
        )
        wizard.action_confirm()
        self.assertEqual([line._get_row() for line in self.draft.item_ids], rows)

    def test_a_number_too_large_for_a_cell_is_a_bad_row(self):
        data = self.edited(
            self.export(self.draft), **{self.at("frequency"): 99_999_999_999}
        )
        label = self.draft.item_ids._fields["frequency"].string
        self.assertEqual(
            self.problems(self.draft, data),
            [(self.row, label, "The number is too large.")],
        )

    def test_names_in_another_order_or_language_change_nothing(self):
        names = "；".join(self.first.legal_basis_ids.mapped("display_name")[::-1])
        data = self.edited(
            self.export(self.draft),
            **{self.at("legal_basis_ids"): names.replace("；", "\n")},
        )
        self.assertEqual([], self.importing(self.draft, data).seen["changes"])
        self.env["res.lang"]._activate_lang("zh_CN")
        chinese = self.draft.with_context(lang="zh_CN")
        data = chinese.with_user(self.policy)._export_workbook()
        self.assertEqual([], self.importing(self.draft, data).seen["changes"])

    def test_lines_are_changed_in_place_added_and_taken_out(self):
        cells = {
            self.at("name"): "Surveying results, anew",
            self.at("ratio"): "12.5%",
            self.at("legal_basis_ids"): "《Surveying and Mapping Law》Article 49",
            self.at("annual_visit_cap"): None,
            self.at("code", 1): "C7",
            self.at("name", 1): "Newcomer",
        }
        wizard = self.importing(
            self.draft, self.edited(self.export(self.draft), **cells)
        )
        gone = self.draft.item_ids.filtered(lambda item: item.code == "B1")
        self.assertEqual(
            [
                ("retired", 0, "B1 Mining within the licence"),
                ("changed", self.row, "A1 Quality of surveying results"),
                ("added", self.row + 1, "C7 Newcomer"),
            ],
            [(c["kind"], c["row"], c["name"]) for c in wizard.seen["changes"]],
        )
        self.assertIn(
            ["Sampling Ratio", "7.25%", "12.5%"], wizard.seen["changes"][1]["fields"]
        )
        self.assertIn("Newcomer", wizard.body)
        origin = self.first.origin_id
        self.assertTrue(gone.exists())
        wizard.action_confirm()
        self.assertFalse(gone.exists())
        added = self.draft.item_ids - self.first
        self.assertRecordValues(
            self.first,
            [
                {
                    "name": "Surveying results, anew",
                    "ratio": 0.125,
                    "annual_visit_cap": 0,
                    "origin_id": origin.id,
                    "legal_basis_ids": self.basis.ids,
                    "content": "=1+1\r\n第二行 ",
                }
            ],
        )
        self.assertRecordValues(
            added,
            [
                {
                    "code": "C7",
                    "name": "Newcomer",
                    "division_id": self.minerals.id,
                    "sector_id": self.mining.id,
                    "legal_basis_ids": self.basis.ids,
                    "ratio": 0.05,
                    "frequency": 2,
                    "origin_id": False,
                }
            ],
        )

    def test_every_bad_row_is_named_with_the_way_out(self):
        self.detachment.active = False
        self._make_division("Twin", "T1")
        self._make_division("Twin", "T2")
        self.draft.item_ids.copy_data()  # three more rows to spoil
        for number in range(3, 7):
            self.first.copy({"code": f"A{number}", "list_id": self.draft.id})
        data = self.export(self.draft)
        label = {column.name: column.label for column in self.draft._get_sheet_layout()}
        spoilt = [
            (
                0,
                "sector_id",
                "Moon",
                "“Moon” was not found: enter the name as registered, or add it to the register first.",
            ),
            (
                0,
                "legal_basis_ids",
                "《Surveying and Mapping Law》Article 49；《Nonsense》",
                "“《Nonsense》” was not found: enter the name as registered, or add it to the register first.",
            ),
            (1, "category", "urgent", "Write one of these: Key item, General item."),
            (
                1,
                "division_id",
                "Detachment",
                "“Detachment” has been dissolved or archived: enter its successor.",
            ),
            (
                2,
                "division_id",
                "Twin",
                "“Twin” is the name of several records: give each a different name first.",
            ),
            (2, "ratio", 0.12345, "A percentage has at most 2 decimals here."),
            (3, "name", None, "This must not be empty."),
            (3, "frequency", None, "This must not be empty."),
            (
                4,
                "code",
                "A1",
                f"Row {self.row} has this code too: give each line a different code.",
            ),
            (5, "code", " ", "This must not be empty."),
        ]
        cells = {self.at(name, row): value for row, name, value, _ in spoilt}
        self.assertEqual(
            sorted(
                (self.row + row, label[name], reason) for row, name, _, reason in spoilt
            ),
            sorted(self.problems(self.draft, self.edited(data, **cells))),
        )

    def test_what_only_the_rules_know_is_found_before_anything_is_written(self):
        cells = {
            self.at("name"): "This one would do",
            self.at("ratio", 1): 0.01,
        }
        data = self.edited(self.export(self.draft), **cells)
        [(row, _label, reason)] = self.problems(self.draft, data)
        self.assertEqual(self.row + 1, row)
        self.assertIn("below the rulebook's floor of 0.05", reason)
        for name, value, part in (
            ("legal_basis_ids", None, "has no legal basis"),
            ("frequency", 0, "is 0; it must be between 1 and 366"),
            ("ratio", 1.5, "not above 0 and at most 1"),
        ):
            data = self.edited(self.export(self.draft), **{self.at(name): value})
            [(row, _label, reason)] = self.problems(self.draft, data)
            self.assertEqual(self.row, row)
            self.assertIn(part, reason)

    def test_bad_headings_are_explained(self):
        head = self.row - 1
        cells = {self.cell("materials", head): "Notes", self.at("ratio"): "?"}
        self.assertEqual(
            [
                (
                    head,
                    "Notes",
                    "The list has no such column: remove it, or correct its heading.",
                ),
                (
                    head,
                    "Materials Needed",
                    "The column is missing: export the list and use that.",
                ),
                (
                    self.row,
                    "Sampling Ratio",
                    "This is not a percentage: write e.g. 5%.",
                ),
            ],
            self.problems(self.draft, self.edited(self.export(self.draft), **cells)),
        )

    def test_cells_names_and_rules_are_all_checked_at_once(self):
        for number in (3, 4):
            self.first.copy({"code": f"A{number}", "list_id": self.draft.id})
        cells = {
            self.at("frequency"): 1.5,
            self.at("sector_id", 1): "Moon",
            self.at("ratio", 2): 0.01,
            self.at("name", 3): "This one would do",
        }
        found = self.problems(self.draft, self.edited(self.export(self.draft), **cells))
        self.assertEqual(
            [
                (self.row, "Sampling Frequency"),
                (self.row + 1, "Sector"),
                (self.row + 2, ""),
            ],
            [(row, label) for row, label, _reason in found],
        )
        self.assertEqual("This is not a whole number: write e.g. 2.", found[0][2])
        self.assertIn("below the rulebook's floor", found[2][2])

    def test_a_file_that_is_no_list_is_refused_whole(self):
        empty = self.edited(
            self.edited(self.export(self.draft), delete=self.row), delete=self.row
        )
        for data, message in (
            (b"code,name\n", "save it as .xlsx"),
            (b"\xd0\xcf\x11\xe0" * 200, "This is not a workbook"),
            (self.edited(self.export(self.draft), delete=self.row - 1), "headings"),
            (empty, "no line under the headings"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self.importing(self.draft, data)
        wizard = (
            self.env["srsp.list.import"]
            .with_user(self.policy)
            .create({"list_id": self.draft.id})
        )
        with self.assertRaisesRegex(UserError, "Choose a workbook"):
            wizard.action_check()

    def test_every_reason_of_the_reader_has_its_sentence(self):
        wizard = self.env["srsp.list.import"].create({"list_id": self.draft.id})
        for reason in (
            *("not_a_number", "not_an_integer", "not_text", "too_long", "merged_cell"),
            *("missing_column", "unknown_column", "duplicate_column"),
        ):
            self.assertTrue(wizard._explain(reason))

    def test_a_division_exports_and_imports_its_own_part_alone(self):
        data = self.export(self.draft, self.surveyor)
        layout = self.draft.with_user(self.surveyor)._get_sheet_layout()
        self.assertEqual(
            ["A1"], [row["code"] for _n, row in read_list(data, layout).rows]
        )
        others = [line for line in self.snapshot(self.draft) if line["code"] != "A1"]
        wizard = self.importing(
            self.draft,
            self.edited(data, **{self.at("name"): "By the division"}),
            self.surveyor,
        )
        wizard.action_confirm()
        self.assertEqual("By the division", self.first.name)
        after = self.snapshot(self.draft)
        self.assertEqual(others, [line for line in after if line["code"] != "A1"])

    def test_a_division_takes_out_its_own_lines_alone(self):
        data = self.edited(
            self.export(self.draft, self.surveyor), **{self.at("code"): "A9"}
        )
        self.importing(self.draft, data, self.surveyor).action_confirm()
        self.assertEqual({"A9", "B1"}, set(self.draft.item_ids.mapped("code")))

    def test_a_division_is_refused_the_rows_of_others(self):
        data = self.edited(
            self.export(self.draft),
            **{self.at("name"): "Mine", self.at("name", 1): "x"},
        )
        [(row, label, reason)] = self.problems(self.draft, data, self.surveyor)
        self.assertEqual((self.row + 1, "Division"), (row, label))
        self.assertIn("You cannot edit the part of Minerals", reason)
        # A code of a line that it may not read, claimed for itself:
        data = self.export(self.draft, self.surveyor)
        data = self.edited(data, **{self.at("code"): "B1"})
        [(row, _label, reason)] = self.problems(self.draft, data, self.surveyor)
        self.assertEqual(self.row, row)
        self.assertIn("Minerals", reason)
        # Its own line given to another division:
        data = self.export(self.draft, self.surveyor)
        data = self.edited(data, **{self.at("division_id"): "Minerals"})
        [(row, label, _reason)] = self.problems(self.draft, data, self.surveyor)
        self.assertEqual((self.row, "Division"), (row, label))

    def test_a_part_handed_in_is_closed_to_its_division(self):
        data = self.edited(
            self.export(self.draft, self.surveyor), **{self.at("name"): "Too late"}
        )
        part = self.draft.part_ids.filtered(
            lambda part: part.division_id == self.surveying
        )
        part.with_user(self.surveyor).action_hand_in()
        [(row, label, reason)] = self.problems(self.draft, data, self.surveyor)
        self.assertEqual((self.row, "Division"), (row, label))
        self.assertIn("ask the policy division", reason)

    def test_lines_of_a_closed_part_stay_though_the_workbook_lacks_them(self):
        self.surveyor.srsp_division_ids |= self.minerals
        part = self.draft.part_ids.filtered(
            lambda part: part.division_id == self.minerals
        )
        part.with_user(self.surveyor).action_hand_in()
        data = self.edited(self.export(self.draft, self.surveyor), delete=self.row + 1)
        wizard = self.importing(self.draft, data, self.surveyor)
        self.assertEqual(
            ("check", [], 1),
            (wizard.step, wizard.seen["changes"], wizard.seen["unchanged"]),
        )
        data = self.edited(
            self.export(self.draft, self.surveyor), **{self.at("code"): "A9"}
        )
        self.importing(self.draft, data, self.surveyor).action_confirm()
        self.assertEqual({"A9", "B1"}, set(self.draft.item_ids.mapped("code")))

    def test_a_frozen_list_takes_no_workbook_from_anybody(self):
        data = self.export(self.list)
        for user in (self.policy, self.surveyor):
            with self.assertRaisesRegex(UserError, "frozen"):
                self.importing(self.list, data, user)

    def test_who_may_not_edit_has_no_import_and_reads_what_he_may(self):
        inspector = self._make_user("wb_inspector", "inspector", self.surveying)
        for user in (self.auditor, inspector):
            with self.assertRaises(AccessError):
                self.draft.with_user(user).action_import_workbook()
        layout = self.draft._get_sheet_layout()
        for user, codes in ((self.auditor, ["A1", "B1"]), (inspector, ["A1"])):
            rows = read_list(self.export(self.draft, user), layout).rows
            self.assertEqual(codes, [row["code"] for _number, row in rows])

    def test_a_list_that_moves_meanwhile_is_shown_again_before_it_is_changed(self):
        data = self.edited(self.export(self.draft), **{self.at("name"): "New name"})
        wizard = self.importing(self.draft, data)
        self.first.name = "Somebody was faster"
        self.env.flush_all()
        wizard.action_confirm()
        self.assertTrue(wizard.is_stale)
        self.assertEqual("Somebody was faster", self.first.name)
        wizard.action_confirm()
        self.assertEqual("New name", self.first.name)

    def test_a_trial_leaves_no_trace_and_sends_nothing(self):
        part = self.draft.part_ids.filtered(
            lambda part: part.division_id == self.surveying
        )
        part.message_subscribe(self.surveyor.partner_id.ids)
        counts = [
            self.env[name].search_count([]) for name in ("mail.message", "mail.mail")
        ]
        data = self.edited(
            self.export(self.draft), **{self.at("name"): "Policy's word"}
        )
        wizard = self.importing(self.draft, data)
        self.assertEqual(
            counts,
            [self.env[name].search_count([]) for name in ("mail.message", "mail.mail")],
        )
        wizard.action_confirm()
        self.assertIn("Policy's word", part.message_ids[0].body)

    def test_the_title_and_the_name_of_the_file_tell_which_version_it_is(self):
        sheet = openpyxl.load_workbook(io.BytesIO(self.export(self.list))).active
        self.assertEqual("Item list", sheet["A1"].value)
        self.assertIn("Harbour Bureau · version 1 · Published", sheet["A2"].value)
        self.assertIn("2026-1", sheet["A3"].value)
        self.assertEqual("$4:$4", sheet.print_title_rows)
        name = self.list.with_user(self.policy)._get_workbook_name()
        self.assertEqual("Item list-version 1.xlsx", name)


@tagged("post_install", "-at_install")
class TestListWorkbookDownload(ListWorkbookCase, HttpCase):
    def download(self, version, login):
        self.authenticate(login, login)
        return self.url_open(f"/srsp/list/{version.id}/workbook")

    def test_the_download_holds_what_its_reader_may_read(self):
        layout = self.draft._get_sheet_layout()
        aliases = self.draft._get_sheet_aliases()  # they read Chinese
        for user, codes in (
            (self.policy, ["A1", "B1"]),
            (self.auditor, ["A1", "B1"]),
            (self.miner, ["B1"]),
        ):
            answer = self.download(self.draft, user.login)
            self.assertEqual(200, answer.status_code)
            self.assertIn("spreadsheetml.sheet", answer.headers["Content-Type"])
            self.assertIn("attachment", answer.headers["Content-Disposition"])
            rows = read_list(answer.content, layout, aliases).rows
            self.assertEqual(codes, [row["code"] for _number, row in rows])

    def test_who_may_not_read_the_list_gets_no_workbook(self):
        self.authenticate(None, None)
        answer = self.url_open(f"/srsp/list/{self.draft.id}/workbook")
        self.assertNotIn("spreadsheetml", answer.headers["Content-Type"])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self._make_user("wb_stranger", "policy_officer", company=elsewhere)
        self.assertEqual(403, self.download(self.draft, stranger.login).status_code)
        self.authenticate(self.policy.login, self.policy.login)
        self.assertEqual(404, self.url_open("/srsp/list/0/workbook").status_code)
