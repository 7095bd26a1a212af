"""The registries from outside a form: JSON-2, downloads, the chatter's routes, searches that ask letter by letter."""

import base64
import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .registry_case import CODE, HEADER, RegistryCase

ROWS = [HEADER, ["甲公司", CODE, "SUR", "P1"]]


@tagged("post_install", "-at_install")
class TestRegistryDoors(HttpCase, RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inspector = cls._make_user("sv01", "inspector", cls.surveying)
        cls.officers[0].user_id = cls.inspector
        cls.head = cls._make_user("head", "division_manager", cls.minerals)
        cls.recusal = cls.env["srsp.recusal"].create(
            {
                "inspector_id": cls.officers[1].id,
                "entity_id": cls.targets[0].entity_id.id,
                "reason": "Sister",
            }
        )

    def _call(self, user, model, method, **values):
        """The status and the answer of a call through JSON-2."""
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", None)
        )
        with mute_logger("odoo.http"):
            answer = self.url_open(
                f"/json/2/srsp.{model}/{method}",
                data=json.dumps(values),
                headers={
                    "Authorization": f"bearer {key}",
                    "Content-Type": "application/json",
                },
            )
        return answer.status_code, answer.json()

    def test_json_2_opens_no_other_door(self):
        target, [theirs] = self.targets[0], self._make_targets(1, sector=self.mining)
        record = self._import(ROWS)
        for status, user, model, method, values in (
            (200, self.officer, "target", "read", {"ids": target.ids, "fields": ["code"]}),
            (403, self.officer, "target", "read", {"ids": theirs.ids, "fields": ["code"]}),
            (403, self.officer, "target", "write", {"ids": target.ids, "vals": {"risk_source": "results"}}),
            (403, self.officer, "target", "unlink", {"ids": target.ids}),
            (403, self.officer, "target.change", "create", {"vals_list": [{"target_id": target.id}]}),
            (403, self.manager, "registry.confirmation", "create", {"vals_list": [{"year": 2026}]}),
            (403, self.head, "registry.import", "read", {"ids": record.ids, "fields": ["file"]}),
            (403, self.manager, "registry.import", "_run", {"ids": record.ids}),
            (403, self.manager, "registry.import", "_cron_run", {}),
            (403, self.manager, "registry.confirmation", "_confirm", {"sector": self.sector.id}),
            (403, self.inspector, "recusal", "read", {"ids": self.recusal.ids, "fields": ["reason"]}),
            (403, self.inspector, "recusal", "action_confirm", {"ids": self.recusal.ids}),
            (403, self.manager, "inspector", "write", {"ids": self.officers[0].ids, "vals": {"user_id": False}}),
        ):  # fmt: skip
            with self.subTest(f"{model}.{method}"):
                found, answer = self._call(user, model, method, **values)
                self.assertEqual(found, status, answer)

    def test_a_private_matter_cannot_be_asked_out_of_its_neighbours(self):
        self._check(ROWS)
        reason = [("reason", "=like", "S%")]
        for model, domain in (
            ("srsp.inspector", [("recusal_ids", "any", reason)]),
            ("srsp.inspector", [("recusal_ids.reason", "=like", "S%")]),
            ("srsp.inspector", [("absence_ids.reason", "!=", False)]),
            ("srsp.recusal", reason),
            ("mail.message", [("model", "=", "srsp.recusal")]),
            ("mail.activity", [("res_model", "=", "srsp.recusal")]),
        ):
            with self.subTest(model, domain=str(domain)):
                records = self.env[model].with_user(self.inspector)
                self.assertFalse(records.search(domain))
                self.assertFalse(
                    records.formatted_read_group(domain, [], ["__count"])[0]["__count"]
                )
        self.assertFalse(self.officers[1].with_user(self.inspector).recusal_ids)
        self._check_asking_whether_there_are_any()
        file = [("res_model", "=", "srsp.registry.import"), ("res_field", "=", "file")]
        files = self.env["ir.attachment"].with_user(self.inspector)
        with self._refused("", AccessError):
            files.formatted_read_group(file, [], ["__count"])

    def _check_asking_whether_there_are_any(self):
        """Each finds his own, and takes everybody else for somebody who has none."""
        others = self.officers - self.officers[0]
        absences = self.env["srsp.inspector.absence"].create(
            [{"inspector_id": officer.id} for officer in self.officers[:2]]
        )
        recusals = self.recusal | self.recusal.copy(
            {"inspector_id": self.officers[0].id}
        )
        own = [("company_id", "=", self.company.id)]
        for name, records in (("recusal_ids", recusals), ("absence_ids", absences)):
            for operator, value, found in (
                ("!=", False, self.officers[0]),
                ("=", False, others),
                ("in", records.ids, self.officers[0]),
                ("in", [False, *records.ids], self.officers),
                ("not in", records.ids, others),
            ):
                with self.subTest(name, operator=operator, value=value):
                    inspectors = self.env["srsp.inspector"].with_user(self.inspector)
                    self.assertEqual(
                        inspectors.search([*own, (name, operator, value)]), found
                    )
            with_some = self.env["srsp.inspector"].search([*own, (name, "!=", False)])
            self.assertEqual(with_some, self.officers[:2])

    def test_files_of_others_are_not_to_be_had(self):
        record = self._check([*ROWS, ["乙", "1", "SUR", ""]])
        certificate = self.officers[1].certificate_ids
        certificate.write({"scan": base64.b64encode(b"scan"), "scan_name": "a.pdf"})
        paths = (
            f"/web/content/srsp.registry.import/{record.id}/file",
            f"/web/content/srsp.registry.import/{record.id}/error_file",
            f"/web/content/srsp.inspector.certificate/{certificate.id}/scan",
        )
        self.authenticate(self.officer.login, self.officer.login)
        for path in paths[:2]:
            self.assertEqual(self.url_open(path).status_code, 200)
        portal = self.env["res.users"].create(
            {
                "name": "Rival",
                "login": "rival",
                "password": "rival_rival",
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        for login, password in (
            (self.inspector.login, self.inspector.login),
            (portal.login, "rival_rival"),
            (None, None),
        ):
            self.authenticate(login, password)
            for path in paths:
                with self.subTest(login, path=path), mute_logger("odoo.http"):
                    self.assertEqual(self.url_open(path).status_code, 404)
        self.authenticate(portal.login, "rival_rival")
        for path in ("target.csv", "inspector.xlsx", "target/template.xlsx"):
            with mute_logger("odoo.http"):
                answer = self.url_open(f"/srsp/registry/{path}")
            self.assertEqual(answer.status_code, 403)

    def test_what_was_said_in_the_history_stays_said(self):
        target = self.targets[0].with_user(self.officer)
        text = "First"
        note = target.message_post(body=text, message_type="comment")
        self.authenticate(self.officer.login, self.officer.login)
        with mute_logger("odoo.http"):
            answer = self.url_open(
                "/mail/message/update_content",
                data=json.dumps(
                    {
                        "params": {
                            "message_id": note.id,
                            "update_data": {"body": "Second", "attachment_ids": []},
                        }
                    }
                ),
                headers={"Content-Type": "application/json"},
            )
        self.assertIn("error", answer.json())
        self.assertIn("First", note.sudo().body)

    def test_who_fills_in_an_attribute_does_not_define_it(self):
        grade = {"name": "grade", "string": "Grade", "type": "char"}
        self.sector.target_properties_definition = [grade]
        forged = [
            {
                "name": "spy_html",
                "string": "<script>",
                "type": "html",
                "value": "<script>alert(1)</script>",
                "definition_changed": True,
            }
        ]
        with self._refused("", AccessError):
            self.targets[0].with_user(self.officer).write({"properties": forged})
        entity = self.env["srsp.entity"].create(
            {"name": "Forged", "company_id": self.company.id}
        )
        targets = self.env["srsp.target"].with_user(self.officer)
        values = {"entity_id": entity.id, "sector_id": self.sector.id}
        made = targets.create({**values, "properties": forged})
        self.assertNotIn("script", str(made.read(["properties"])))
        self.assertEqual(
            [d["name"] for d in self.sector.target_properties_definition], ["grade"]
        )

    def test_nobody_decides_about_himself_by_any_way(self):
        self.officers[2].user_id = self.manager
        recusals = self.env["srsp.recusal"].with_user(self.manager)
        mine = recusals.create(
            {
                "inspector_id": self.officers[2].id,
                "entity_id": self.targets[1].entity_id.id,
                "reason": "Brother",
            }
        )
        tie = (
            self.env["srsp.inspector.tie"]
            .with_user(self.manager)
            .create(
                {
                    "inspector_id": self.officers[2].id,
                    "entity_id": self.targets[2].entity_id.id,
                    "kind": "kin",
                    "note": "Cousin",
                }
            )
        )
        absence = (
            self.env["srsp.inspector.absence"]
            .with_user(self.manager)
            .create({"inspector_id": self.officers[2].id, "reason": "Cold"})
        )
        steps = {
            "srsp.recusal": "recusal_dismiss",
            "srsp.inspector.absence": "absence_dismiss",
        }
        for record in (mine, tie.sudo().recusal_ids.with_user(self.manager), absence):
            self.assertEqual(record.state, "proposed")
            with self._refused(
                "Matters that concern you are decided by another person", AccessError
            ):
                record.action_confirm()
            wizard = (
                self.env["srsp.reason"]
                .with_user(self.manager)
                .create(
                    {"step": steps[record._name], "res_id": record.id, "reason": "No"}
                )
            )
            with self._refused(
                "Matters that concern you are decided by another person", AccessError
            ):
                wizard.action_confirm()
        columns = ["staff_number", "name", "division", "on_duty"]
        row = [self.officers[2].staff_number, self.officers[2].name, "SV", "否"]
        record = self._check([columns, row], self.manager, kind="inspector")
        own = "your own entry: another person maintains it"
        self.assertEqual(self._errors(record), [(2, "Staff Number", row[0], own)])
        row[-1] = "是"
        unchanged = self._check([columns, row], self.manager, kind="inspector")
        self.assertEqual(self._counts(unchanged), (1, 0, 0, 1, 0))
