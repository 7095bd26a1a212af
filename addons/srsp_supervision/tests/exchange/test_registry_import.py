"""A file goes into the registry as if every row had been typed; the same file again changes nothing."""

import base64
import random
from datetime import date

from freezegun import freeze_time
from lxml import etree
from stdnum.cn import uscc as reference

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ...models.registry.srsp_target_change import Origin
from ...tools import uscc
from ..registry.registry_case import CODE, CODE_2, HEADER, RegistryCase, make_csv

COLUMNS = (
    "entity_name uscc kind address legal_representative founded_on sector name region latitude longitude"
    " permit_number permit_valid_until risk_class risk_date is_key key_reason state state_reason"
).split()
# Of rural collectives, of others, of a military unit.
LETTERS = [
    "N2350121MF1200017X",
    "N3350121MF1200025M",
    "Y1350100MF12000331",
    "A1350100MF1200041G",
]
# Where a row's values go when somebody types them.
ENTITY = {"entity_name": "name"} | {
    n: n for n in "uscc kind address legal_representative founded_on".split()
}
TARGET = {n: n for n in COLUMNS[7:]} | {"region": "region_id"}
ROWS = [
    f"甲公司,{CODE},,金山路1号,张三,2001-05-06,SUR,,鼓楼区,26.07,119.3,P1,2027-01-31,A,,,,,".split(
        ","
    ),
    f"乙公司,{CODE_2},institution,,,,SUR,控制网,,,,P2,,C,2026-01-05,1,上年有问题,,".split(
        ","
    ),
    f"乙公司,{CODE_2},,海滨路2号,,,SUR,,,,,P3,,,,,,suspended,歇业".split(","),
    "三沙岛,,area,,,,SUR,,,,,,,,,,,,".split(","),
]
CHANGED = [
    f"甲公司新名,{CODE},institution,金山路9号,张三,,SUR,新控制网,台江区,,,P1,2030-01-31,B,,1,投诉多,,".split(
        ","
    ),
    f"乙公司,{CODE_2},,,,,SUR,,,,,P2,,D,2026-02-01,1,上年有问题,,".split(","),
    f"乙公司,{CODE_2},,,,,SUR,,,,,P3,,,,,,active,".split(","),
]


@tagged("post_install", "-at_install")
class TestRegistryImport(RegistryCase):
    def _type_in(self, rows):
        """Enter the rows through the ORM, as the officer would."""
        env = self.env(
            user=self.officer, context={"srsp_origin": Origin("import", "Test")}
        )
        for row in rows:
            given = {name: value for name, value in zip(COLUMNS, row) if value}
            key = given.get("uscc", False)
            name = given["entity_name"]
            entity = env["srsp.entity"].search(
                [("uscc", "=", key)] if key else [("name", "=", name)]
            )
            self._keep(entity, {f: given[n] for n, f in ENTITY.items() if n in given})
            entity = entity or env["srsp.entity"].search([], order="id desc", limit=1)
            target = env["srsp.target"].search(
                [
                    ("entity_id", "=", entity.id),
                    ("permit_number", "=", given.get("permit_number", False)),
                ]
            )
            vals = {f: given[n] for n, f in TARGET.items() if n in given}
            if "region_id" in vals:
                vals["region_id"] = self.regions[vals["region_id"]].id
            is_key, reason = vals.pop("is_key", "0"), vals.pop("key_reason", "")
            if not target:
                vals |= {"entity_id": entity.id, "sector_id": self.sector.id}
            self._keep(target, vals)
            target = target or env["srsp.target"].search([], order="id desc", limit=1)
            if is_key == "1" and not target.key_target_ids:
                proposal = {"target_id": target.id, "for_other": True, "reason": reason}
                listing = env["srsp.key.target"].create(proposal)
                listing.sudo().origin = "import"
        self.env.flush_all()
        self.env.cr.precommit.run()  # tracking

    def _keep(self, record, vals):
        if not record:
            record.create(vals)
            return
        changed = {
            n: v
            for n, v in vals.items()
            if record._fields[n].convert_to_write(record[n], record)
            != record._fields[n].convert_to_write(v, record)
        }
        if changed:
            record.write(changed)

    def _written(self):
        """What the database holds of the rows: entities, targets, history, tracking; without ids, numbers and times."""
        self.env.flush_all()
        left_out = "- 'id' - 'create_date' - 'write_date' - 'write_uid'"
        self.env.cr.execute(
            f"""
            SELECT to_jsonb(e) {left_out} - 'code', e.code = coalesce(e.uscc, e.code), t.code ~ '^SUR-[0-9]{{6}}$',
                   to_jsonb(t) {left_out} - 'code' - 'entity_id',
                   (SELECT jsonb_agg(to_jsonb(c) - 'id' - 'target_id' - 'changed_on' ORDER BY c.id)
                      FROM srsp_target_change c WHERE c.target_id = t.id),
                   (SELECT jsonb_agg(jsonb_build_array(f.name, to_jsonb(v) - 'id' - 'mail_message_id' - 'create_date'
                             - 'write_date', m.message_type, m.subtype_id, m.author_id, m.email_from, m.is_internal)
                             ORDER BY m.id, f.model, f.name)
                      FROM mail_tracking_value v JOIN mail_message m ON m.id = v.mail_message_id
                      JOIN ir_model_fields f ON f.id = v.field_id
                     WHERE m.model = 'srsp.entity' AND m.res_id = e.id OR m.model = 'srsp.target' AND m.res_id = t.id),
                   (SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(k) - 'id' - 'target_id' - 'create_date' - 'write_date'
                                     - 'write_uid')) FROM srsp_key_target k WHERE k.target_id = t.id)
              FROM srsp_entity e JOIN srsp_target t ON t.entity_id = e.id
             WHERE e.company_id = %s AND e.name NOT LIKE 'Unit%%' ORDER BY e.uscc, t.permit_number
            """,
            [self.company.id],
        )
        return self.env.cr.fetchall()

    def test_what_is_imported_is_what_the_orm_would_have_written(self):
        self.sector.target_properties_definition = [
            {"name": "a1b2", "type": "char", "string": "Grade", "default": "乙"}
        ]
        for rows in (ROWS, ROWS + CHANGED):
            savepoint = self.env.cr.savepoint()
            self._type_in(ROWS)
            self._type_in(rows[len(ROWS) :])
            typed = self._written()
            savepoint.rollback()
            self.env.invalidate_all()
            for part in (ROWS, CHANGED)[: 1 + (rows != ROWS)]:
                record = self._import([COLUMNS, *part])
                self.assertEqual(self._errors(record), [])
            imported = self._written()
            savepoint.rollback()
            self.env.invalidate_all()
            self.assertEqual(len(typed), 4)
            self.assertEqual(imported, typed)

    def test_what_changes_is_shown_by_the_check_and_noted_on_each_record(self):
        self._import([COLUMNS, *ROWS])
        record = self._check([COLUMNS, *CHANGED])
        changes = [(c.row, c.code, c.label, c.old, c.new) for c in record.change_ids]
        first, second, third = (
            self.env["srsp.target"].search([("permit_number", "=", number)])
            for number in ("P1", "P2", "P3")
        )
        self.assertEqual(
            [change for change in changes if change[0] == 2],
            [
                (2, first.code, "Entity Name", "甲公司", "甲公司新名"),
                (2, first.code, "Project or Right Name", "", "新控制网"),
                (2, first.code, "Kind of Entity", "Enterprise", "Institution"),
                (2, first.code, "Region", "鼓楼区", "台江区"),
                (2, first.code, "Address", "金山路1号", "金山路9号"),
                (2, first.code, "Permit Valid Until", "2027-01-31", "2030-01-31"),
                (2, first.code, "Risk Class", "A", "B"),
            ],
        )
        self.assertEqual(
            {(row, code) for row, code, *_change in changes},
            {(2, first.code), (3, second.code), (4, third.code)},
        )
        self.assertFalse(first.message_ids)
        record.action_import()
        record._run()
        self.assertEqual(len(record.change_ids), len(changes))
        for note in (
            first.message_ids,
            first.entity_id.message_ids,
            second.message_ids,
        ):
            self.assertEqual(len(note), 1)
            self.assertEqual(note.body, "<span>Import of “registry” from Test</span>")
            self.assertEqual(note.author_id, self.officer.partner_id)
        again = self._check([COLUMNS, *CHANGED])
        self.assertFalse(again.change_ids)

    def test_changes_of_attributes_are_shown_too(self):
        self.sector.target_properties_definition = [
            {
                "name": "grade",
                "type": "selection",
                "string": "Grade",
                "selection": [["a", "甲级"], ["b", "乙级"]],
            },
            {"name": "staff", "type": "integer", "string": "Staff"},
        ]
        header = [*HEADER, "Grade", "Staff"]
        row = ["甲公司", CODE, "SUR", "P1"]
        self._import([header, [*row, "乙级", ""]])
        record = self._import([header, [*row, "甲级", "12"]])
        self.assertEqual(
            [(c.label, c.old, c.new) for c in record.change_ids],
            [("Grade", "乙级", "甲级"), ("Staff", "", "12")],
        )

    def test_no_more_changes_are_shown_than_a_form_holds(self):
        rows = [[f"第{n}公司", "", "SUR", "", "鼓楼区"] for n in range(60)]
        header = [*HEADER, "region"]
        self._import([header, *rows])
        record = self._check([header, *([*row[:4], "台江区"] for row in rows)])
        self.assertEqual(record.updated_count, 60)
        self.assertEqual(record.change_ids.mapped("row"), list(range(2, 52)))

    def test_the_same_file_again_changes_nothing_and_says_so(self):
        record = self._import([COLUMNS, *ROWS])
        self.assertEqual(self._counts(record), (4, 4, 0, 0, 0))
        self.assertEqual(
            record.message,
            "Imported: 4 new, 0 changed, 0 unchanged; 0 bad rows left out."
            " Proposed for the registry of key targets: 1.",
        )
        before = self._registry()
        again = self._import([COLUMNS, *ROWS])
        self.assertEqual(self._counts(again), (4, 0, 0, 4, 0))
        self.assertEqual(
            again.message, "Nothing to change: all 4 rows match the registry."
        )
        self.assertEqual(self._registry(), before)
        checked = self._check([COLUMNS, *ROWS])
        self.assertFalse(self._may_press(checked, "action_import"))

    def test_a_full_file_leaves_the_day_on_which_it_confirmed_a_target(self):
        rows = [COLUMNS, *ROWS]
        self._import(rows)
        targets = self._target("甲公司") | self._target("乙公司")
        self.assertFalse(any(targets.mapped("seen_on")))
        written = targets.mapped("write_date")
        with freeze_time("2027-02-03"):
            record = self._check(rows[:-1], is_full=True)
            self.assertTrue(self._may_press(record, "action_import"))
            record.action_import()
            record._run()
        self.assertEqual(self._counts(record), (3, 0, 0, 3, 0))
        self.assertIn("Nothing to change", record.message)
        self.assertEqual(set(targets.mapped("seen_on")), {date(2027, 2, 3)})
        self.assertFalse(self._target("三沙岛").seen_on)
        self.assertEqual(targets.mapped("write_date"), written)

    def _may_press(self, record, name):
        """Whether the form shows one of the buttons with this name."""
        arch = etree.fromstring(record.get_view(view_type="form")["arch"])
        fields = {field: record[field] for field in record._fields}
        return any(
            not safe_eval(button.get("invisible"), fields)
            for button in arch.iter("button")
            if button.get("name") == name
        )

    def test_the_form_uploads_maps_and_shows(self):
        imports = self.env["srsp.registry.import"].with_user(self.officer)
        form = Form(imports.with_context(allowed_company_ids=self.company.ids))
        form.source = "Form"
        form.file = base64.b64encode(
            make_csv([[*HEADER, "??"], ["甲公司", CODE, "SUR", "P1", "x"]])
        )
        record = form.save()
        with Form(record) as form, form.column_ids.edit(4) as line:
            line.target_column = "name"
        record.action_check()
        record._run()
        self.assertEqual(self._counts(record), (1, 1, 0, 0, 0))
        self.assertEqual(Form(record).state, "checked")

    def test_a_check_changes_nothing(self):
        before = self._registry()
        record = self._check([COLUMNS, *ROWS])
        self.assertEqual(record.state, "checked")
        self.assertEqual(self._counts(record), (4, 4, 0, 0, 0))
        self.assertEqual(self._registry(), before)

    def test_one_note_says_what_came_of_it(self):
        record = self._import([COLUMNS, *ROWS])
        self.assertIn("Imported: 4 new", record.message_ids[0].body)
        self.assertFalse(self._target("甲公司").message_ids)

    def test_the_health_of_the_registries_is_counted_afterwards(self):
        cron = self.env.ref("srsp_supervision.ir_cron_count_registries")
        due = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search(due)
        self._check([COLUMNS, *ROWS])
        self.assertEqual(self.env["ir.cron.trigger"].search(due), before)
        self._import([COLUMNS, *ROWS])
        self.assertEqual(len(self.env["ir.cron.trigger"].search(due) - before), 1)

    def test_codes_follow_the_order_of_the_file(self):
        names = ["丙", "甲", "丁", "乙"]
        self._import([HEADER, *([name, "", "SUR", ""] for name in names)])
        found = self.env["srsp.target"].search(
            [("entity_id.name", "in", names)], order="code"
        )
        self.assertEqual(found.entity_id.mapped("name"), names)
        numbers = [int(target.code[4:]) for target in found]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 4)))
        codes = found.entity_id.mapped("code")
        self.assertEqual(codes, sorted(codes))

    def test_an_entity_is_found_by_code_or_by_name(self):
        self._import([COLUMNS, *ROWS])
        area = self._target("三沙岛").entity_id
        header = ["entity_name", "entity_code", "sector", "region", "uscc"]
        rows = [
            ["三沙岛", area.code, "SUR", "霞浦县", ""],
            ["甲公司", "", "quiet", "", CODE.lower()],
        ]
        record = self._import([header, *rows])
        self.assertEqual(self._counts(record), (2, 1, 1, 0, 0))
        self.assertEqual(self._target("三沙岛").region, "霞浦县")
        self.assertEqual(self._target("甲公司").sector_id, self.sector | self.quiet)

    def test_a_file_of_classes_by_credit_code_moves_every_target_of_ones_own(self):
        company = ["甲公司", CODE, "SUR"]
        self._import([HEADER, [*company, "P1"], [*company, "P2"]])
        mine = self.env["srsp.target"].create(
            {
                "entity_id": self._target("甲公司").entity_id.id,
                "sector_id": self.mining.id,
                "risk_class": "B",
            }
        )
        header = ["uscc", "risk_class", "risk_date"]
        rows = [[CODE, "D", "2026-03-01"], [CODE_2, "C", ""], ["", "A", ""]]
        record = self._import([header, *rows])
        self.assertEqual(self._counts(record), (3, 0, 2, 0, 2))
        unknown = "no target in a registry of yours has this code: to add one, give its name and sector"
        self.assertEqual(
            self._errors(record),
            [
                (3, "Credit Code", CODE_2, unknown),
                (4, "Credit Code", False, "no value entered"),
            ],
        )
        targets = self._target("甲公司") - mine
        self.assertEqual(
            [(t.risk_class, str(t.risk_date), t.risk_source) for t in targets],
            [("D", "2026-03-01", "import")] * 2,
        )
        self.assertEqual(mine.risk_class, "B")
        again = self._check([header, *rows])
        self.assertEqual(self._counts(again), (3, 0, 0, 2, 2))
        with self._refused(
            "A full file must contain the sector of each row in a column."
        ):
            self._upload([header, *rows], is_full=True).action_check()

    def test_the_table_of_check_digits_agrees_with_the_reference(self):
        pick = random.Random(7)
        for _ in range(3000):
            body = "".join(pick.choices("0123456789", k=8))
            body += "".join(pick.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=9))
            valid = body + reference.calc_check_digit(body)
            at = pick.randrange(18)
            spoiled = (
                valid[:at] + pick.choice("0123456789ABIOSVZabc é") + valid[at + 1 :]
            )
            for code in (valid, spoiled, valid[:-1], f"{valid}0", f"１{valid[1:]}"):
                known = reference.is_valid(code) and reference.compact(code) == code
                known = known and code[0] != "0"  # no authority has it
                self.assertEqual(uscc.is_valid(code), known, code)

    def test_codes_of_authorities_with_a_letter_are_good(self):
        rows = [[f"第{at}社", code, "SUR", ""] for at, code in enumerate(LETTERS)]
        record = self._import([HEADER, *rows])
        self.assertEqual(self._counts(record), (4, 4, 0, 0, 0))
        typed = "N2350121MF1200018"
        typed += reference.calc_check_digit(typed)
        entity = self.env["srsp.entity"].create({"name": "经济合作社", "uscc": typed})
        self.assertEqual(entity.code, typed)
        for code in LETTERS:
            self.assertFalse(uscc.is_valid(f"B{code[1:]}"), code)
            self.assertFalse(uscc.is_valid(f"{code[:17]}0"), code)

    def test_columns_are_guessed_and_remembered_by_source(self):
        header = [
            "单位名称",
            "统一社会信用代码",
            "领域",
            "资质证书编号",
            "编码",
            "Region",
        ]
        record = self._upload([header, ["甲公司", CODE, "SUR", "P1", "1", "鼓楼区"]])
        lines = [(c.label, c.sample, c.target_column) for c in record.column_ids]
        self.assertEqual(
            lines,
            [
                ("单位名称", "甲公司", "entity_name"),
                ("统一社会信用代码", CODE, "uscc"),
                ("领域", "SUR", "sector"),
                ("资质证书编号", "P1", "permit_number"),
                ("编码", "1", False),
                ("Region", "鼓楼区", "region"),
            ],
        )
        by_label = {c.label: c for c in record.column_ids}
        by_label["编码"].target_column = "name"
        by_label["Region"].target_column = False
        record.action_check()
        record._run()
        self.assertRegex(
            record.message, r" 0 bad rows\. Columns not imported: Region\.$"
        )
        again = self._upload(
            [header[::-1], ["台江区", "2", "P2", "SUR", CODE, "甲公司"]]
        )
        self.assertEqual(
            {c.label: c.target_column for c in again.column_ids},
            {c.label: c.target_column for c in record.column_ids},
        )
        other = self._upload([header], source="Another")
        self.assertFalse(
            other.column_ids.filtered(lambda c: c.label == "编码").target_column
        )

    def test_headings_may_stand_below_a_title(self):
        rows = [
            ["测绘单位名单"],
            [],
            HEADER,
            ["甲公司", CODE, "SUR", "P1"],
            [],
            ["乙公司", "", "X", ""],
        ]
        record = self._check(rows)
        self.assertEqual(record.header_row, 3)
        self.assertEqual(self._counts(record), (2, 1, 0, 0, 1))
        self.assertEqual(record.error_ids.row, 6)

    def test_needed_columns_must_be_mapped_and_none_twice(self):
        record = self._upload(
            [["entity_name", "region", "permit_number"], ["甲公司", "", "P1"]]
        )
        with self._refused("No column of the file is mapped to “Sector”"):
            record.action_check()
        record.column_ids[2].target_column = "sector"
        record.column_ids[1].target_column = "sector"
        with self._refused("Two columns of the file are mapped to “Sector”"):
            record.action_check()

    def test_a_heading_changed_or_a_file_replaced_begins_anew(self):
        record = self._import([COLUMNS, *ROWS])
        with self._refused("this step needs"):
            record.source = "Another"
        record = self._check([COLUMNS, *ROWS])
        record.file = base64.b64encode(make_csv([HEADER, ["丁公司", "", "SUR", ""]]))
        self.assertEqual(record.state, "draft")
        self.assertEqual(record.column_ids.mapped("label"), HEADER)
        with self._refused("this step needs"):
            record.action_import()

    def test_what_is_missing_from_a_whole_file_is_removed_by_state_and_with_a_reason(
        self,
    ):
        self._import([COLUMNS, *ROWS])
        kept = [["entity_name", "uscc", "sector", "permit_number"]] + [
            [f"Unit {n:03d}", "", "SUR", ""] for n in range(1, 120)
        ]
        record = self._import([*kept, ["甲公司", CODE, "SUR", "P1"]], is_full=True)
        self.assertEqual(record.missing_count, 3)
        missing = record.missing_target_ids
        self.assertEqual(
            sorted(missing.mapped(lambda t: (t.entity_id.name, t.permit_number or ""))),
            [("三沙岛", ""), ("乙公司", "P2"), ("乙公司", "P3")],
        )
        self.assertEqual(set(missing.mapped("state")), {"active", "suspended"})
        action = record.action_cancel_missing()
        wizard = self.env[action["res_model"]].with_user(self.officer)
        wizard = wizard.with_context(**action["context"]).create({"reason": "注销"})
        wizard.action_confirm()
        self.assertEqual(set(missing.mapped("state")), {"cancelled"})
        self.assertEqual(set(missing.mapped("state_reason")), {"注销"})
        self.assertEqual(
            missing.change_ids.filtered(lambda c: c.new == "cancelled").mapped(
                "reason"
            ),
            ["注销"] * 3,
        )
        self.assertEqual(record.missing_count, 0)

    def test_missing_targets_may_stay_and_bad_rows_propose_none(self):
        rows = [HEADER, ["甲公司", CODE, "SUR", "P1"]]
        record = self._import(rows, is_full=True)
        self.assertEqual(record.missing_count, 119)
        record.action_keep_missing()
        self.assertEqual(set(self.targets.mapped("state")), {"active"})
        self.assertFalse(record.missing_target_ids)
        record = self._import([*rows, ["乙公司", "1", "SUR", ""]], is_full=True)
        self.assertEqual((record.bad_count, record.missing_count), (1, 0))
        self.assertIn(
            "Targets missing from the file were not searched for", record.message
        )

    def test_what_is_imported_again_is_no_longer_missing_from_an_older_file(self):
        rows = [HEADER, ["甲公司", CODE, "SUR", "P1"]]
        self._import([*rows, ["乙公司", CODE_2, "SUR", "P2"]])
        older = self._import(rows, is_full=True)
        self.assertEqual(older.missing_count, 120)
        back = self._target("乙公司")
        self.assertIn(back, older.missing_target_ids)
        self._check([HEADER, ["乙公司", CODE_2, "SUR", "P2"]])
        self.assertIn(back, older.missing_target_ids)
        self._import([HEADER, ["乙公司", CODE_2, "SUR", "P2"]])
        self.assertEqual(older.missing_count, 119)
        self.assertNotIn(back, older.missing_target_ids)
        older._cancel_missing("注销")
        self.assertEqual(back.state, "active")
        self.assertEqual(set(self.targets.mapped("state")), {"cancelled"})

    def test_only_those_who_keep_the_registry_import(self):
        for role in ("inspector", "auditor", "policy_officer"):
            user = self._make_user(f"no_{role}", role, self.surveying)
            with self.assertRaises(AccessError):
                self._upload([HEADER, ["甲公司", CODE, "SUR", "P1"]], user)
        record = self._upload([HEADER, ["甲公司", CODE, "SUR", "P1"]])
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        with self.assertRaises(AccessError):
            record.with_user(stranger).read(["message"])
        with self.assertRaises(AccessError):
            record.with_user(self.administrator).action_check()
        with self._refused("cannot be edited", AccessError):
            record.state = "checked"
        with self._refused("cannot be edited", AccessError):
            record.user_id = self.administrator

    def test_the_head_of_a_division_sees_what_its_officers_import(self):
        record = self._check([HEADER, ["甲公司", "1", "SUR", "P1"]])
        seen = record.with_user(self.manager)
        self.assertEqual(seen.read(["bad_count"])[0]["bad_count"], 1)
        self.assertTrue(seen.error_ids.read(["reason"]) and seen.column_ids.read([]))
        with self.assertRaises(AccessError):
            seen.is_full = True
        with self.assertRaises(AccessError):
            seen.action_import()
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        self.assertFalse(record.with_user(stranger).search([]))

    def test_who_only_reads_sees_no_file(self):
        record = self._check([HEADER, ["甲公司", "1", "SUR", "P1"]])
        for role in ("auditor", "policy_officer"):
            user = self._make_user(f"reader_{role}", role)
            seen = record.with_user(user).with_context(bin_size=True)
            self.assertEqual(seen.error_ids.mapped("value"), ["1"])
            for name in ("file", "error_file"):
                with self.assertRaises(AccessError):
                    seen.read([name])

    def test_one_bureau_does_not_import_for_another(self):
        other = self.env["res.company"].create(
            {"name": "Other", "srsp_area_code": "350200"}
        )
        self.env["srsp.entity"].create(
            {"name": "甲公司", "uscc": CODE, "company_id": other.id}
        )
        self._import([HEADER, ["甲公司", CODE, "SUR", "P1"]])
        self.assertEqual(self._target("甲公司").entity_id.company_id, self.company)

    def test_progress_can_be_seen_while_it_lasts(self):
        record = self._upload([HEADER, ["甲公司", CODE, "SUR", "P1"]])
        record._set_progress(42.7)
        self.env.cr.execute("SELECT pg_stat_clear_snapshot()")
        self.assertEqual(record.progress, 42)
        record._set_progress(None)
        self.env.cr.execute("SELECT pg_stat_clear_snapshot()")
        record.invalidate_recordset()
        self.assertEqual(record.progress, 0)

    def test_an_error_ends_an_import_and_is_told(self):
        record = self._upload([HEADER, ["甲公司", CODE, "SUR", "P1"]])
        record.action_check()
        sequence = self.env.ref("srsp_supervision.ir_sequence_srsp_entity")
        sequence.implementation = "no_gap"
        record.sudo().state = "importing"
        with self._refused("must be of the standard kind", UserError):
            record._run()

    def _begin(self, record):
        """Do what alone is left of a run whose server goes down."""
        self.env.flush_all()
        with self.env.registry.cursor() as cr:
            self.assertTrue(record.with_env(self.env(cr=cr, su=True))._begin_attempt())
        record.invalidate_recordset()

    def test_an_import_that_is_cut_off_again_does_not_begin_for_ever_and_says_so(self):
        cron = self.env.ref("srsp_supervision.ir_cron_registry_import")
        record = self._upload([HEADER, ["甲公司", CODE, "SUR", "P1"]])
        record.action_check()
        with self.enter_registry_test_mode():
            self._begin(record)
            cron.method_direct_trigger()
            self.assertEqual(record.state, "checked")
            record.action_import()
            self._begin(record)
            self._begin(record)
            cron.method_direct_trigger()
            self.assertEqual(record.state, "failed")
            self.assertRegex(
                record.message, "interrupted 2 times.*limit_time_real_cron"
            )
            self.assertFalse(self._target("甲公司"))
            record.action_check()
            cron.method_direct_trigger()
            self.assertEqual(record.state, "checked")
