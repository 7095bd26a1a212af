"""What each role may do beyond the access rows: record training and publicity, export, and where it begins."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..common import ROLES, SrspCase

EXPORTERS = {
    "division_officer",
    "division_manager",
    "policy_officer",
    "auditor",
    "administrator",
}
# Nobody gets these out of the database, whatever they may export.
SECRET = {
    "srsp.draw": {"nonce", "inspector_refs"},
    "srsp.entity": {"identity_number"},
}
HOMES = {
    "inspector": "srsp_supervision.srsp_inspection_action_mine",
    "division_officer": "srsp_supervision.srsp_task_action",
    "division_manager": "srsp_supervision.srsp_task_action",
    "policy_officer": "srsp_supervision.srsp_task_action",
    "auditor": "srsp_supervision.srsp_draw_action",
    "administrator": "srsp_supervision.srsp_task_action",
}


@tagged("post_install", "-at_install")
class TestRoles(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office = cls._make_division("Office", "OF", kind="office")
        cls.information = cls._make_division("Information", "IN", kind="information")
        cls.users = {
            role: cls._make_user(f"role_{role}", role, cls.office) for role in ROLES
        }

    @classmethod
    def _make_user(cls, *args, **values):
        user = super()._make_user(*args, **values)
        user.lang = "en_US"
        return user

    def test_office_and_information_record_training_and_publicity_of_their_own(self):
        clerks = {
            division: self._make_user(
                f"clerk_{division.code}", "division_officer", division
            )
            for division in (self.office, self.information)
        }
        for division, clerk in clerks.items():
            training = self.env["srsp.training"].with_user(clerk)
            publicity = self.env["srsp.publicity"].with_user(clerk)
            held = training.create(
                {"name": "How to draw", "participant_ids": [(6, 0, self.officers.ids)]}
            )
            told = publicity.create({"name": "Live draw", "channel": "television"})
            self.assertEqual(held.division_id, division)
            self.assertEqual(told.division_id, division)
            text = "The text"
            told.message_post(body=text, attachments=[("text.txt", b"Live")])
            self.assertEqual(
                told.message_ids.attachment_ids.mapped("name"), ["text.txt"]
            )
            for model, values in (
                (training, {"name": "Elsewhere"}),
                (publicity, {"name": "Elsewhere"}),
            ):
                with self.assertRaises(AccessError):
                    model.create({**values, "division_id": self.minerals.id})
        with self.assertRaises(AccessError):
            told.with_user(clerks[self.office]).name = "Another"
        self.assertEqual(told.with_user(self.users["auditor"]).name, "Live draw")

    def test_a_web_address_leads_to_a_web_page(self):
        publicity = self.env["srsp.publicity"]
        with self._refused("begins with https", ValidationError):
            publicity.create(
                {
                    "name": "Trap",
                    "division_id": self.office.id,
                    "link": "javascript:alert(1)",
                }
            )

    def test_export_is_for_those_who_answer_for_a_division_or_the_bureau(self):
        found = {
            role
            for role, user in self.users.items()
            if user.has_group("base.group_allow_export")
        }
        self.assertEqual(found, EXPORTERS)

    def test_no_secret_is_among_what_can_be_exported(self):
        records = (self._make_drawn().draw_id, self.targets[0].entity_id)
        for role, user in self.users.items():
            for record in records:
                names = SECRET[record._name]
                offered = record.with_user(user).fields_get().keys()
                self.assertFalse(offered & names, (role, record))
                for name in names if role in EXPORTERS else ():
                    with self.assertRaises(AccessError):
                        record.with_user(user).export_data([name])

    def test_an_export_has_no_more_rows_than_its_reader_may_see(self):
        officer = self.officers[0]
        head = self._make_user("head", "division_manager", self.office)
        paths = ["name", "certificate_ids/number", "absence_ids/reason"]
        self.env.invalidate_all()
        rows = officer.with_user(head).export_data(paths)["datas"]
        self.assertEqual(rows, [[officer.name, "", ""]])
        self.env.invalidate_all()
        auditor = officer.with_user(self.users["auditor"])
        self.assertEqual(
            auditor.export_data(paths)["datas"],
            [[officer.name, officer.certificate_number, ""]],
        )

    def test_everybody_begins_where_their_work_is(self):
        found = {
            role: user._srsp_get_home_action().get_external_id()
            for role, user in self.users.items()
        }
        for role, action in HOMES.items():
            self.assertEqual(list(found[role].values()), [action], role)

    def test_a_certificate_is_valid_whoever_looks(self):
        self.officers.certificate_ids  # noqa: B018, as superuser
        self.env.invalidate_all()
        colleague = self._make_user("colleague", "inspector", self.surveying)
        officers = self.officers.with_user(colleague)
        self.assertFalse(officers.certificate_ids)  # now in the cache, as empty
        self.assertEqual(set(officers.mapped("certificate_state")), {"valid"})
        self.assertFalse(officers.certificate_ids)

    def test_a_refusal_says_plainly_that_it_is_one(self):
        for code in ("en_US", "zh_CN"):
            self.env["res.lang"]._activate_lang(code)
        training = self.env["srsp.training"].create(
            {"name": "How to draw", "division_id": self.office.id}
        )
        clerk = self._make_user("clerk", "division_officer", self.minerals)
        with self.assertRaisesRegex(
            AccessError, "You are not allowed to do this"
        ) as caught:
            training.with_user(clerk).name = "Another"
        self.assertNotIn("cookies", str(caught.exception))
        self.assertIn("Training", str(caught.exception))
        clerk.lang = "zh_CN"
        with self.assertRaisesRegex(
            AccessError, "您没有此操作的权限。请联系系统管理员。"
        ):
            training.with_user(clerk).name = "Another"

    def test_the_number_of_a_certificate_is_for_those_who_may_read_certificates(self):
        """In the entry of an inspector and in the file of the registry alike."""
        own, foreign = (
            self.officers[0],
            self._make_inspector("MN-01", division_id=self.minerals.id),
        )
        own.user_id = self.users["inspector"]
        head = self._make_user("sv_head", "division_manager", self.surveying)
        officer = self._make_user("sv_officer", "division_officer", self.surveying)
        both = [own.certificate_number, foreign.certificate_number]
        expected = {
            self.users["auditor"]: both,
            self.users["policy_officer"]: both,
            self.users["inspector"]: [both[0], False],
            head: [both[0], False],
            officer: [False, False],
            self.users["division_officer"]: [False, False],
        }
        for user, numbers in expected.items():
            self.env.invalidate_all()
            seen = (own | foreign).with_user(user)
            self.assertEqual(seen.mapped(lambda one: one.certificate_number), numbers)
            table = self.env["srsp.registry.table.inspector"].with_user(user)
            text = b"".join(table._stream_csv()).decode()
            self.assertEqual(
                [number in text for number in both], list(map(bool, numbers))
            )
