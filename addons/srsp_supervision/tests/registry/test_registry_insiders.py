"""What somebody inside might try with the registries: to steer a draw, to see more, to leave no trace."""

import base64
import csv
import io

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..common import NOW
from .registry_case import CODE, HEADER, RegistryCase

NUMBER = "999999190001010015"  # of nobody: no region 999999; the check digit is right
BOTH = "999999190001010648"  # likewise, and right as a credit code too
GOOD = [HEADER, ["甲公司", CODE, "SUR", "P1"]]


@tagged("post_install", "-at_install")
class TestRegistryInsiders(RegistryCase):
    def _give(self, user, *roles):
        for role in roles:
            user.group_ids |= self.env.ref(f"srsp_supervision.group_{role}")
        return user

    def _attachment(self, record, field):
        domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        attachments = self.env["ir.attachment"].sudo()
        return attachments.search([*domain, ("res_field", "=", field)])

    def test_who_sees_the_whole_bureau_changes_no_more_than_his_division(self):
        [theirs] = self._make_targets(1, sector=self.mining)
        stranger = self._make_inspector("MN-1", division_id=self.minerals.id)
        for role, own in (
            ("auditor", "division_manager"),
            ("policy_officer", "division_manager"),
        ):
            user = self._make_user(f"both_{role}", own, self.surveying)
            self._give(user, role)
            with self.subTest(role):
                self.assertEqual(theirs.with_user(user).sector_id, self.mining)
                with self._refused("", AccessError):
                    theirs.with_user(user).region_id = self.regions["鼓楼区"]
                dates = {"date_from": NOW.date(), "date_to": NOW.date()}
                for model, vals in (
                    ("absence", dates),
                    ("tie", {"entity_id": theirs.entity_id.id, "left_on": NOW.date()}),
                    (
                        "certificate",
                        {"number": "X", "valid_until": "2030-01-01"},
                    ),
                ):
                    with self._refused("", AccessError):
                        self.env[f"srsp.inspector.{model}"].with_user(user).create(
                            {"inspector_id": stranger.id, **vals}
                        )
                with self._refused("", AccessError):
                    self.env["srsp.recusal"].with_user(user).create(
                        {
                            "inspector_id": stranger.id,
                            "entity_id": theirs.entity_id.id,
                            "reason": "Out of my way",
                        }
                    )
        training = self.env["srsp.training"].create(
            {"name": "Theirs", "division_id": self.minerals.id}
        )
        visit = self._make_drawn().inspection_ids[0]
        auditor = self._make_user("both_inspector", "inspector", self.minerals)
        self._give(auditor, "auditor")
        for record in (training, visit, visit.line_ids):
            self.assertTrue(record.with_user(auditor).read(["display_name"]))
            with self._refused("", AccessError):
                record.with_user(auditor).check_access("write")
        self.env["srsp.recusal"].with_user(self.administrator).create(
            {
                "inspector_id": stranger.id,
                "entity_id": theirs.entity_id.id,
                "reason": "Kin",
            }
        )

    def test_a_stored_file_has_no_other_door_than_its_record(self):
        record = self._import(GOOD)
        self.officers[0].user_id = self.manager
        certificate = self.officers[0].certificate_ids
        certificate.scan = base64.b64encode(b"scan")
        for file, user in (
            (self._attachment(record, "file"), self.officer),
            (self._attachment(certificate, "scan"), self.manager),
        ):
            mine = file.with_user(user)
            other = base64.b64encode(b"other")
            place = {
                "res_model": file.res_model,
                "res_field": file.res_field,
                "res_id": file.res_id,
            }
            with self._refused("", AccessError):
                mine.write({"datas": other})
            with self._refused("", AccessError):
                mine.write({"res_id": False})
            with self._refused("", AccessError):
                mine.unlink()
            with self._refused("", AccessError):
                mine.create({"name": "x", "datas": other, **place})
            with self._refused("", AccessError):
                mine.create({"name": "x", "datas": other}).write(place)

    def test_columns_are_mapped_while_nothing_is_under_way_and_then_checked_again(self):
        record = self._check(GOOD)
        column = record.column_ids[0]
        with self._refused("", AccessError):
            column.position = 3
        other = self._upload(GOOD, self.administrator)
        with self._refused("", AccessError):
            column.import_id = other.sudo().id
        column.target_column = False
        self.assertEqual(record.state, "draft")
        column.target_column = "entity_name"
        record.action_check()
        record._run()
        record.action_import()
        with self._refused("this step needs"):
            column.target_column = False

    def test_whoever_has_lost_the_right_meanwhile_imports_nothing(self):
        record = self._check(GOOD)
        record.action_import()
        self.officer.group_ids = self.env.ref("srsp_supervision.group_policy_officer")
        with self._refused("", AccessError):
            record.sudo()._run()
        self.assertFalse(self._target("甲公司"))

    def test_an_entity_stays_with_its_bureau(self):
        other = self.env["res.company"].create(
            {"name": "Other", "srsp_area_code": "350200"}
        )
        self.officer.company_ids |= other
        entity = self.targets[0].entity_id
        with self._refused("of its bureau", ValidationError):
            entity.with_user(self.officer).company_id = other
        theirs = self.env["srsp.entity"].create(
            {"name": "Elsewhere", "company_id": other.id}
        )
        both = (entity | theirs).with_user(self.officer)
        both = both.with_context(allowed_company_ids=[self.company.id, other.id])
        both.write({"address": "1 Harbour Road"})
        self.assertEqual(set(both.mapped("address")), {"1 Harbour Road"})
        for bureau in (self.company, other):
            with self._refused("of its bureau", ValidationError):
                both.company_id = bureau
        both.browse().write({"company_id": other.id})

    def test_an_identity_number_is_nobodys_to_read_through_any_door(self):
        person = self.env["srsp.entity"].create(
            {"name": "无名氏", "kind": "person", "identity_masked": NUMBER}
        )
        for user in (self.officer, self.administrator):
            user.group_ids |= self.env.ref("base.group_allow_export")
            mine = person.with_user(user)
            self.assertNotIn("identity_number", mine.fields_get())
            for door in (
                lambda mine=mine: mine.read(["identity_number"]),
                lambda mine=mine: mine.export_data(["identity_number"]),
                lambda mine=mine: mine.search([("identity_number", "=like", "9%")]),
                lambda mine=mine: mine.search([], order="identity_number"),
                lambda mine=mine: mine.formatted_read_group([], ["identity_number"]),
                lambda mine=mine: (
                    self.env["srsp.target"]
                    .with_user(mine.env.user)
                    .search([("entity_id.identity_number", "=like", "9%")])
                ),
            ):
                with self._refused("", (AccessError, ValueError)):
                    door()

    def test_a_files_identity_numbers_are_masked_on_the_screen(self):
        header = [*HEADER, "身份证号"]
        rows = [header, ["甲", NUMBER, "SUR", "P1", NUMBER]]
        record = self._check(rows)
        shown = [*record.column_ids.mapped("sample"), *self._errors(record)[0]]
        self.assertNotIn(NUMBER, str(shown))
        self.assertIn("999*************15", str(shown))

    def test_an_identity_number_is_neither_a_credit_code_nor_a_staff_number(self):
        with self._refused(
            "Credit Code: “.*” contains an identity number", ValidationError
        ):
            self.targets[0].entity_id.uscc = BOTH
        record = self._check([HEADER, ["甲", BOTH, "SUR", "P1"]])
        [(row, column, value, _reason)] = self._errors(record)
        self.assertEqual((row, column, value), (2, "Credit Code", "999*************48"))
        with self._refused(
            "Staff Number: “.*” contains an identity number", ValidationError
        ):
            self.officers[0].staff_number = NUMBER

    def test_after_the_announcement_the_task_tells_what_moves_its_pool(self):
        [theirs] = self._make_targets(1, sector=self.mining)
        harbour = self._make_region("Harbour")
        task = self._make_announced(
            target_domain=f"[('entity_id.region_id', '!=', {harbour.id})]"
        )
        told = task.message_ids
        first = self.targets[0].with_user(self.officer)
        first.permit_number = "P-9"
        first.entity_id.region_id = harbour
        theirs.region_id = harbour
        first.latitude = 26
        self._make_targets(5)
        self._import([HEADER, ["甲公司", CODE, "SUR", "P1"]])
        notes = (task.message_ids - told).sorted("id")
        self.assertEqual(
            [str(note.preview) for note in notes[:2]],
            [
                f"After the announcement, {first.code}: changed in the registry: Permit",
                f"After the announcement, {first.code}: changed in the registry: Region",
            ],
        )
        self.assertRegex(notes[2].preview, r"… \(5\): new in the registry")
        self.assertIn(
            "Import after the announcement: 1 targets new, 0 changed", notes[3].preview
        )
        self.assertEqual(notes[0].author_id, self.officer.partner_id)
        self.assertEqual(len(notes), 4)
        task._lock_roster(NOW)
        first.permit_number = "P-10"
        self.assertNotIn("P-10", str(task.message_ids.mapped("preview")))
        self.assertEqual(
            len(task.message_ids - told - notes), len(task.message_ids) - len(told) - 4
        )

    def test_a_table_of_text_carries_no_formula_and_comes_back_the_same(self):
        names = ["=1+1", "+8613", "-", "@SUM(A1)", "'quoted", "plain"]
        rows = [[name, "", "SUR", f"={at}"] for at, name in enumerate(names)]
        self._import([HEADER, *rows])
        table = self.env["srsp.registry.table.target"].with_user(self.officer)
        table = table.with_context(lang="en_US")
        data = b"".join(table._stream_csv())
        cells = [
            cell
            for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))
            for cell in row
        ]
        self.assertFalse([cell for cell in cells if cell[:1] in tuple("=+-@\t\r")])
        self.assertIn("'=1+1", cells)
        again = self._check(data)
        self.assertEqual(self._counts(again)[1:], (0, 0, 125, 0))
