import datetime

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from ..common import BureauCase

FORMED = datetime.date(2025, 9, 24)
ROLES = {
    "inspector": "srsp_supervision.group_inspector",
    "officer": "srsp_supervision.group_division_officer",
    "manager": "srsp_supervision.group_division_manager",
    "auditor": "srsp_supervision.group_auditor",
    "policy": "srsp_supervision.group_policy_officer",
    "disclosure": "srsp_disclosure.group_disclosure_officer",
    "administrator": "srsp_supervision.group_administrator",
    "portal": "base.group_portal",
}
INTERNAL = ("division_id", "task_id", "res_model", "res_id", "delivery_ids")
MODELS = ("srsp.publication", "srsp.delivery", "srsp.channel")


class TestAccess(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.channel = cls.env["srsp.channel"].create(
            {
                "name": "信用平台",
                "url": "https://credit.example",
                "key_id": "test",
                "secret": "not to be seen",
            }
        )
        cls.visit = cls.draw(cls.make_task()).inspection_ids[:1]
        cls.result = cls.close(cls.visit, FORMED)
        cls.delivery = cls.result.delivery_ids
        cls.people = {
            role: cls.make_user(role, group, cls.company)
            for role, group in ROLES.items()
        }
        cls.people["public"] = cls.env.ref("base.public_user").copy(
            {
                "login": "visitor",
                "active": True,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        for role in ("inspector", "officer", "manager"):
            cls.people[role].srsp_division_ids = cls.division

    @classmethod
    def make_user(cls, role, groups, company):
        return new_test_user(
            cls.env,
            f"disclosure_{role}",
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def as_user(self, record, user):
        return record.with_user(user).with_context(
            allowed_company_ids=user.company_id.ids
        )

    def allowed(self, record, operation):
        return {
            role
            for role, user in self.people.items()
            if self.as_user(record, user).has_access(operation)
        }

    def test_everybody_reads_a_publication_and_nobody_writes_one(self):
        self.assertEqual(self.allowed(self.result, "read"), set(self.people))
        for operation in ("write", "create", "unlink"):
            self.assertEqual(self.allowed(self.result, operation), set())

    def test_outsiders_see_the_public_fields_only(self):
        for role in ("public", "portal"):
            publication = self.as_user(self.result, self.people[role])
            self.assertEqual(
                publication.read(["number", "digest", "payload"])[0]["digest"],
                self.result.digest,
            )
            for name in INTERNAL:
                with self.assertRaises(AccessError):
                    publication.read([name])
            self.assertFalse({"create_uid", "write_uid"} & set(publication._fields))

    def test_outsiders_see_neither_deliveries_nor_channels(self):
        for role in ("public", "portal"):
            for record in (self.delivery, self.channel):
                self.assertFalse(
                    self.as_user(record, self.people[role]).has_access("read")
                )

    def test_deliveries_are_read_by_their_division_and_those_who_watch_over_them(self):
        watching = {"auditor", "policy", "disclosure", "administrator"}
        self.assertEqual(
            self.allowed(self.delivery, "read"),
            watching | {"inspector", "officer", "manager"},
        )
        other = self.env["srsp.division"].create({"name": "地矿处", "code": "DK"})
        for role in ("inspector", "officer", "manager"):
            self.people[role].srsp_division_ids = other
        self.assertEqual(self.allowed(self.delivery, "read"), watching)
        for operation in ("write", "create", "unlink"):
            self.assertEqual(self.allowed(self.delivery, operation), set())

    def test_channels_are_kept_by_the_administrator(self):
        self.assertEqual(
            self.allowed(self.channel, "read"),
            {"auditor", "policy", "disclosure", "administrator"},
        )
        self.assertEqual(self.allowed(self.channel, "write"), {"administrator"})

    def test_another_bureau_sees_nothing(self):
        company = self.env["res.company"].create({"name": "外市局"})
        stranger = self.make_user("stranger", ROLES["administrator"], company)
        for record in (self.result, self.delivery, self.channel):
            self.assertFalse(self.as_user(record, stranger).has_access("read"))
        visitor = self.people["public"].copy(
            {
                "login": "stranger_visitor",
                "active": True,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
            }
        )
        found = self.as_user(self.env["srsp.publication"], visitor).search([])
        self.assertNotIn(self.result.id, found.ids)

    def test_disclosure_and_policy_officers_alone_may_try_again(self):
        self.delivery.write({"state": "error", "reason": "HTTP 401"})
        allowed = set()
        for role, user in self.people.items():
            try:
                self.as_user(self.delivery, user).action_retry()
            except AccessError:
                continue
            allowed.add(role)
        self.assertEqual(allowed, {"disclosure", "policy", "administrator"})
        self.assertEqual(self.delivery.state, "pending")

    def test_an_accepted_delivery_is_not_sent_again(self):
        self.delivery.write({"state": "accepted", "next_try_at": False})
        self.as_user(self.delivery, self.people["disclosure"]).action_retry()
        self.assertEqual(
            (self.delivery.state, self.delivery.next_try_at), ("accepted", False)
        )
