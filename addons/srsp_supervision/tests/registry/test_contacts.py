"""Contacts, personal data of inspectors, further permits: who reads them, and how files carry them."""

import csv
import io

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .registry_case import CODE, CODE_2, HEADER, RegistryCase

PERSONAL = {
    "sex": "female",
    "mobile": "10000000001",
    "education": "master",
    "education_field": "Geodesy",
}


@tagged("post_install", "-at_install")
class TestContacts(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inspector = cls.officers[0]
        cls.inspector.write(PERSONAL)
        cls.stranger = cls._make_user("stranger", "division_manager", cls.minerals)
        cls.stranger.lang = "en_US"

    def _read(self, user, inspector=None):
        record = (inspector or self.inspector).with_user(user)
        return {name: record[name] for name in PERSONAL}

    def _export(self, kind, user):
        table = self.env[f"srsp.registry.table.{kind}"].with_user(user)
        text = b"".join(table._stream_csv()).decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text))
        [key, *_labels] = table._get_labels().values()
        return {row[key]: row for row in rows}

    def test_personal_data_is_for_the_division_the_inspector_and_the_whole_bureau(self):
        nothing = dict.fromkeys(PERSONAL, False)
        auditor = self._make_user("auditor", "auditor")
        policy = self._make_user("policy", "policy_officer")
        own = self._make_user("own", "inspector")
        self.inspector.user_id = own
        for user in (self.officer, self.manager, own, auditor, policy, self.administrator):  # fmt: skip
            self.assertEqual(self._read(user), PERSONAL, user.login)
        self.assertEqual(self._read(self.stranger), nothing)
        self.assertEqual(self._read(own, self.officers[1]), nothing)
        self.assertEqual(self.inspector.with_user(self.stranger).name, "Officer SV-01")
        with self.assertRaises(AccessError):
            self.inspector.with_user(self.manager).read(["personal_data"])
        for domain in ([("mobile", "=like", "1%")], [("sex", "=", "female")]):
            with self.assertRaises(ValueError):
                self.env["srsp.inspector"].with_user(self.stranger).search(domain)

    def test_the_head_of_the_division_enters_personal_data_one_value_at_a_time(self):
        with Form(self.inspector.with_user(self.manager)) as form:
            form.mobile = "10000000009"
        self.assertEqual(
            self._read(self.manager), {**PERSONAL, "mobile": "10000000009"}
        )
        self.assertNotIn("10000000009", str(self.inspector.message_ids.mapped("body")))
        with self._refused("an identity number", ValidationError):
            self.inspector.mobile = "11010519491231002X"

    def test_an_export_holds_personal_data_for_those_who_may_read_it(self):
        line = self._export("inspector", self.manager)["SV-01"]
        self.assertEqual(
            (line["Sex"], line["Mobile"], line["Education"], line["Field of Study"]),
            ("Female", "10000000001", "Master", "Geodesy"),
        )
        line = self._export("inspector", self.stranger)["SV-01"]
        self.assertEqual(
            (line["Full Name"], line["Sex"], line["Mobile"], line["Education"]),
            ("Officer SV-01", "", "", ""),
        )

    def test_a_file_of_inspectors_has_occupation_scope_and_qualifications(self):
        licence = self.env["srsp.qualification"].create(
            {"name": "测绘作业证", "company_id": self.company.id}
        )
        east = self.regions["鼓楼区"]
        header = (
            "staff_number name division sex mobile education education_field title post post_since items"
            " qualifications regions certificate_number certificate_valid_until expertise employer"
        ).split()
        row = (
            "SV-02|Officer SV-02|SV|男|10000000002|doctor|大地测量|高级工程师|科长|2020.5.1|A1|测绘作业证|鼓楼区"
            "|C-SV-02|长期|大地测量|测绘院"
        ).split("|")
        self.env["res.lang"]._activate_lang("zh_CN")
        bad = ["SV-03", "x", "SV", "", "", "", "", "", "", "", "A7", "潜水证", "无名区"]
        record = self._import([header, row, bad], self.manager, kind="inspector")
        self.assertEqual(
            [error[:3] for error in self._errors(record)],
            [
                (3, "Item Scope", "A7"),
                (3, "Qualifications", "潜水证"),
                (3, "Regions", "无名区"),
            ],
        )
        found = self.officers[1]
        self.assertEqual(
            (found.sex, found.mobile, found.education, found.education_field),
            ("male", "10000000002", "doctor", "大地测量"),
        )
        self.assertEqual(
            (found.title, found.post, str(found.post_since), found.item_ids, found.qualification_ids, found.region_ids),
            ("高级工程师", "科长", "2020-05-01", self.item, licence, east),
        )  # fmt: skip
        self.assertEqual(
            (found.expertise, found.employer, found.certificate_state),
            ("大地测量", "测绘院", "valid"),
        )
        self.assertEqual(str(found.certificate_valid_until), "9999-12-31")
        again = self._check([header, row], self.manager, kind="inspector")
        self.assertEqual(self._counts(again), (1, 0, 0, 1, 0))
        line = self._export("inspector", self.manager)["SV-02"]
        self.assertEqual(
            (line["Item Scope"], line["Qualifications"], line["Regions"], line["In Post Since"]),
            ("A1", "测绘作业证", "鼓楼区", "2020-05-01"),
        )  # fmt: skip

    def test_a_file_of_targets_has_contacts_registration_and_tags(self):
        self.env["srsp.tag"].create(
            [{"name": name, "company_id": self.company.id} for name in ("甲标", "乙标")]
        )
        header = (
            "contact_name contact_phone contact_mobile supervising_body registration_state tags"
            " target_contact_name target_contact_phone"
        ).split()
        values = "赵一|0591-00000001|10000000003|鼓楼分局|revoked|乙标、甲标|钱二|10000000004".split("|")  # fmt: skip
        rows = [
            [*HEADER, *header],
            ["甲公司", CODE, "SUR", "P1", *values],
            ["乙公司", CODE_2, "SUR", "P2", "", "", "", "", "", "丙标"],
        ]
        record = self._import(rows)
        [error] = self._errors(record)
        self.assertEqual(error[:3], (3, "Tags", "丙标"))
        target = self._target("甲公司")
        entity = target.entity_id
        self.assertEqual(
            [entity[name] for name in header[:5]]
            + [set(entity.tag_ids.mapped("name")), target.contact_name, target.contact_phone],
            [*values[:5], {"甲标", "乙标"}, *values[6:]],
        )  # fmt: skip
        again = self._check(rows[:2])
        self.assertEqual(self._counts(again), (1, 0, 0, 1, 0))
        rows[1][9] = "甲标"
        changed = self._import(rows[:2])
        self.assertEqual(
            [(c.label, c.old, c.new) for c in changed.change_ids],
            [("Tags", "乙标、甲标", "甲标")],
        )
        self.assertEqual(entity.tag_ids.mapped("name"), ["甲标"])
        line = self._export("target", self.officer)[target.code]
        self.assertEqual(
            [line[name] for name in ("Contact", "Telephone", "Mobile", "Tags", "Registration State")],
            ["赵一", "0591-00000001", "10000000003", "甲标", "Licence revoked"],
        )  # fmt: skip

    def test_further_permits_have_a_state_and_are_found_by_number(self):
        target = self.targets[0].with_user(self.officer)
        with Form(target) as form:
            for number, until in (("安许001", "2020-01-01"), ("安许002", False)):
                with form.permit_ids.new() as line:
                    line.name = "安全生产许可证"
                    line.number = number
                    line.valid_until = until
        self.assertEqual(
            sorted((p.number, p.state) for p in target.permit_ids),
            [("安许001", "expired"), ("安许002", "none")],
        )
        search = self.env["srsp.target"].with_user(self.officer)
        self.assertEqual(search.search([("display_name", "ilike", "安许00")]), target)
        self.assertEqual([key for key, _name in search.name_search("安许002")], target.ids)  # fmt: skip
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            target.permit_ids.write({"number": "安许002"})
        with self._refused("an identity number", ValidationError):
            target.permit_ids[0].name = "11010519491231002X"

    def test_permits_are_read_and_changed_by_the_targets_division(self):
        permit = self.env["srsp.target.permit"].create(
            {"target_id": self.targets[0].id, "name": "安全", "number": "A-1"}
        )
        with self._refused("", AccessError):
            permit.with_user(self.stranger).read(["number"])
        reader = self._make_user("reader", "inspector", self.surveying)
        self.assertEqual(permit.with_user(reader).number, "A-1")
        with self._refused("", AccessError):
            permit.with_user(reader).number = "A-2"
        [theirs] = self._make_targets(1, sector=self.mining)
        with self._refused("stays with its target", ValidationError):
            permit.with_user(self.officer).target_id = theirs
        permit.with_user(self.officer).number = "A-3"
        policy = self._make_user("policy", "policy_officer")
        self.assertEqual(permit.with_user(policy).number, "A-3")
