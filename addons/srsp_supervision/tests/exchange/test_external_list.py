"""A list that a higher authority has drawn is taken over whole, or not at all."""

import base64
import hashlib
from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..common import DRAW_AT, NOW, SrspCase
from ..registry.registry_case import CODE, CODE_2, make_csv, make_workbook

HEADER = ["序号", "统一社会信用代码", "许可证号", "检查对象编号"]


@tagged("post_install", "-at_install")
class TestExternalList(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        (cls.officer | cls.manager).lang = "en_US"
        cls.task = cls._make_task(mode="external", draw_at=DRAW_AT)
        cls.first, cls.second, cls.third = cls.targets[:3]
        cls.first.entity_id.uscc = CODE
        cls.second.entity_id.uscc = CODE_2
        cls.second.permit_number = "P-2"
        cls.third.write({"entity_id": cls.second.entity_id.id, "permit_number": "P-3"})

    def setUp(self):
        super().setUp()
        freezer = freeze_time(NOW)
        freezer.start()
        self.addCleanup(freezer.stop)

    def _wizard(self, data, user=None, task=None):
        wizards = self.env["srsp.task.roster.import"].with_user(user or self.officer)
        return wizards.create(
            {
                "task_id": (task or self.task).id,
                "authority": "Provincial Department",
                "document": "2026-17",
                "issued_on": date(2026, 3, 2),
                "file": base64.b64encode(data),
                "file_name": "list.csv",
            }
        )

    def _take_over(self, *rows):
        data = make_csv([HEADER, *rows])
        self._wizard(data).action_confirm()
        return data

    def _find_problems(self, *rows):
        """What is wrong with ``rows``: [(row, column, value, reason)]."""
        wizard = self._wizard(make_csv([HEADER, *rows]))
        self.assertEqual(wizard.action_confirm()["res_id"], wizard.id)
        return [tuple(problem.values()) for problem in wizard.problems]

    def test_a_list_in_either_format_is_the_pool_exactly(self):
        rows = [
            HEADER,
            ["1", CODE, "", ""],
            ["2", CODE_2, "P-3", ""],
            ["3", "", "", self.targets[9].code],
        ]
        for data in (make_csv(rows), make_csv(rows, "gb18030"), make_workbook(rows)):
            self._wizard(data).action_confirm()
            self.assertEqual(
                self.task.roster_ids.mapped(lambda line: (line.row, line.target_id)),
                [(2, self.first), (3, self.third), (4, self.targets[9])],
            )
            self.assertEqual(
                self.task._get_external(),
                {
                    "authority": "Provincial Department",
                    "document": "2026-17",
                    "issued_on": "2026-03-02",
                    "file_digest_hex": hashlib.sha256(data).hexdigest(),
                },
            )
            self.assertEqual(base64.b64decode(self.task.external_file), data)
        self.assertEqual(
            self.env["srsp.target"].search(self.task._get_lock_domain()),
            self.first | self.third | self.targets[9],
        )
        self.assertEqual((self.task.target_count, self.task.ratio), (3, 1.0))

    def test_every_bad_row_is_named_and_nothing_is_written(self):
        [mine] = self._make_targets(1, sector=self.mining, permit_number="M-1")
        self.targets[4].write({"state": "cancelled", "state_reason": "Wound up"})
        data = self._take_over(["1", CODE, "", ""])
        code = self.targets[5].code
        problems = self._find_problems(
            ["1", CODE, "", ""],
            ["2", "", "", ""],
            ["3", CODE[:-1] + "9", "", ""],
            ["4", "", "", "SUR-0"],
            ["5", CODE_2, "", ""],
            ["6", CODE_2, "P-9", ""],
            ["7", "", "", mine.code],
            ["8", "", "", self.targets[4].code],
            ["9", "", "", code],
            ["10", CODE, "", ""],
            ["11", CODE_2, "", code],
        )
        self.assertEqual(
            problems,
            [
                (3, "Target Code", "", "neither target code nor credit code"),
                (
                    4,
                    "Credit Code",
                    CODE[:-1] + "9",
                    "not a valid credit code: 18 digits and capital letters, the last one a check digit",
                ),
                (
                    5,
                    "Target Code",
                    "SUR-0",
                    "not in the registry: enter it there first, or have the list corrected",
                ),
                (
                    6,
                    "Credit Code",
                    CODE_2,
                    "several targets of this entity fit: enter the permit number or the target code",
                ),
                (
                    7,
                    "Permit Number",
                    "P-9",
                    "in the registry, but not with this credit code or permit number",
                ),
                (
                    8,
                    "Target Code",
                    mine.code,
                    "a target of a sector that no item of this task belongs to: add the item, or leave it out",
                ),
                (
                    9,
                    "Target Code",
                    self.targets[4].code,
                    "removed from the registry: have the list corrected",
                ),
                (11, "Credit Code", CODE, "the same target as in row 2"),
                (
                    12,
                    "Credit Code",
                    CODE_2,
                    "in the registry, but not with this credit code or permit number",
                ),
            ],
        )
        self.assertEqual(self.task.roster_ids.target_id, self.first)
        self.assertEqual(
            self.task.external_digest_hex, hashlib.sha256(data).hexdigest()
        )

    def test_a_file_that_is_no_list_is_refused(self):
        for words, data in (
            ("No row holds the headings", make_csv([["Name"], ["Unit 001"]])),
            ("no row under the headings", make_csv([HEADER])),
            ("neither a workbook", b"PK\x03\x04 and nothing else"),
            ("first sheet is empty", b"  \n "),
        ):
            with self._refused(words):
                self._wizard(data).action_confirm()

    def test_another_bureaus_targets_are_unknown(self):
        other = self.env["res.company"].create(
            {"name": "Other Bureau", "srsp_area_code": "350200"}
        )
        division = self.env["srsp.division"].create(
            {"name": "Theirs", "code": "TH", "company_id": other.id}
        )
        sector = self.env["srsp.sector"].create(
            {
                "name": "Theirs",
                "code": "THE",
                "division_id": division.id,
                "company_id": other.id,
            }
        )
        entity = self.env["srsp.entity"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        target = self.env["srsp.target"].create(
            {"entity_id": entity.id, "sector_id": sector.id}
        )
        [[_row, _label, _value, reason]] = self._find_problems(
            ["1", "", "", target.code]
        )
        self.assertRegex(reason, "not in the registry")

    def test_the_list_is_locked_and_everyone_on_it_is_visited(self):
        self.rulebook.cap_b = 1
        self._take_over(["1", CODE, "", ""], ["2", "", "", self.targets[9].code])
        self.task.approval_state = "approved"
        self.task.with_user(self.manager).action_announce()
        self.targets[9].write({"state": "suspended", "state_reason": "Renovation"})
        draw = self.task._lock_roster(NOW)
        commitment = draw._get_commitment()
        self.assertEqual(commitment["external"], self.task._get_external())
        self.assertEqual(
            commitment["strata"],
            [{"key": "external", "size": 1, "ratio": 1, "quota": 1}],
        )
        roster = self._roster(draw)
        self.assertEqual(
            {line.label: line.excluded_reason for line in roster},
            {self.first.code: False, self.targets[9].code: "suspended"},
        )
        with freeze_time(DRAW_AT):
            draw._draw()
        self.assertEqual(self.task.inspection_ids.line_ids.target_id, self.first)
        self.assertEqual(draw._find_difference(), "")

    def test_another_list_needs_another_approval(self):
        self._take_over(["1", CODE, "", ""])
        self.assertEqual(self.task.approval_state, "none")
        self.task.approval_state = "approved"
        self._take_over(["1", "", "", self.targets[9].code])
        self.assertEqual(self.task.approval_state, "none")

    def test_the_list_stands_once_the_draw_is_announced(self):
        self._take_over(["1", CODE, "", ""])
        self.task.approval_state = "approved"
        self.task.with_user(self.manager).action_announce()
        with self._refused(
            "cannot import a list: it runs its own draw, or has been announced"
        ):
            self._take_over(["1", "", "", self.targets[9].code])
        with self._refused("can no longer change"):
            self.task.with_user(self.manager).mode = "own"
        for values in (
            {"external_document": "2026-18"},
            {"external_digest_hex": "00" * 32},
            {"external_file": base64.b64encode(b"other")},
            {"roster_ids": [(5,)]},
        ):
            with self._refused("cannot be edited", AccessError):
                self.task.with_user(self.manager).write(values)

    def test_an_announcement_needs_a_list_that_still_holds(self):
        task = self.task.with_user(self.manager)
        with self._refused("import the list from the higher authority first"):
            task.action_announce()
        self._take_over(["1", CODE, "", ""], ["2", "", "", self.targets[9].code])
        self.targets[9].write({"state": "cancelled", "state_reason": "Wound up"})
        with self._refused(f"1 targets of the list have left.*{self.targets[9].code}"):
            task.action_announce()

    def test_whoever_stands_on_the_list_is_inspected(self):
        with self._refused("the ratio is 100 %", ValidationError):
            self.task.ratio = 0.5
        self.task.mode = "own"
        self.assertEqual(self.task.ratio, 0.05)

    def test_a_document_of_tomorrow_is_refused(self):
        wizard = self._wizard(make_csv([HEADER, ["1", CODE, "", ""]]))
        wizard.issued_on = NOW.date() + timedelta(days=1)
        with self._refused("The issue date of the document is in the future"):
            wizard.action_confirm()

    def test_a_list_without_a_sender_or_a_document_is_refused(self):
        wizard = self._wizard(make_csv([HEADER, ["1", CODE, "", ""]]))
        for name in ("authority", "document"):
            for blank in ("  ", "\u3000"):
                with self._refused(
                    "Enter who drew the list and the number of the document with which it was issued",
                    ValidationError,
                ):
                    wizard[name] = blank
        wizard.write({"authority": " Province ", "document": " 2026-18 "})
        wizard.action_confirm()
        self.assertEqual(
            (self.task.external_authority, self.task.external_document),
            ("Province", "2026-18"),
        )

    def test_lists_belong_to_those_who_keep_the_task(self):
        data = make_csv([HEADER, ["1", CODE, "", ""]])
        stranger = self._make_user("stranger", "division_officer", self.minerals)
        for role in ("inspector", "auditor"):
            user = self._make_user(role, role, self.surveying)
            with self._refused("", AccessError):
                self._wizard(data, user)
        with self._refused("", AccessError):
            self._wizard(data, stranger)
        policy = self._make_user("policy", "policy_officer")
        self._wizard(data, policy).action_confirm()
        with self._refused("", AccessError):
            self.task.roster_ids.with_user(stranger).read(["row"])
        for user in (self.officer, policy):
            lines = self.task.roster_ids.with_user(user)
            self.assertEqual(lines.mapped("row"), [2])
            for operation in ("write", "create", "unlink"):
                self.assertFalse(lines.has_access(operation))

    def test_a_list_of_its_own_draw_is_not_taken_over(self):
        task = self._make_task(draw_at=DRAW_AT)
        with self.assertRaisesRegex(
            UserError,
            "cannot import a list: it runs its own draw, or has been announced",
        ):
            self._wizard(make_csv([HEADER]), task=task).action_confirm()
