"""From its approval on, nobody changes a word of a version, through whatever door."""

import base64

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import ROLES
from .list_case import DEADLINE, ListCase

OTHER = base64.b64encode(b"another paper")


@tagged("post_install", "-at_install")
class TestListFrozen(ListCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {
            role: cls._make_user(f"{role}_all", role, cls.surveying | cls.minerals)
            for role in ROLES
        }
        cls.people["system"] = cls._make_user("system", "administrator", cls.surveying)
        cls.people["system"].group_ids |= cls.env.ref("base.group_system")

    def _freeze(self, state):
        """A version in ``state``; ``self.stray`` is a line of a draft beside it that everybody may edit."""
        stray = self.env["srsp.list"].create(
            {"kind": "item", "company_id": self.company.id, "deadline": DEADLINE}
        )
        self.stray = self.env["srsp.item"].create(
            self._item_vals(list_id=stray.id, code="S1", name="Stray")
        )
        stray.action_open()
        stray.state = "superseded"
        draft = self._make_open_draft()
        self._approve(draft)
        if state != "approved":
            draft.action_publish()
        stray.state = "draft"
        return self.list if state == "superseded" else draft.with_env(self.env)

    def _get_words(self, version):
        """All that must stay, read from the database."""
        self.env.flush_all()
        self.env.invalidate_all()
        return (
            version.read(
                "kind version state origin_id deadline opened_on approval_number approval_date"
                " approval_scan approval_scan_name effective_date published_on company_id item_ids".split()
            ),
            [(part.division_id, part.state, part.comment) for part in version.part_ids],
            [(line.origin_id, line._get_row()) for line in version.item_ids],
        )

    @mute_logger("odoo.sql_db", "odoo.models.unlink")
    def _check_doors(self, version):
        """Try every door as everybody; all of them end in an error a person can read."""
        before = self._get_words(version)
        for role, user in self.people.items():
            for name, door in self._get_doors().items():
                with (
                    self.subTest(role=role, door=name, state=version.state),
                    self._refused(""),
                ):
                    door(version.with_user(user))
                    self.env.flush_all()
            self.assertEqual(self._get_words(version), before, role)

    def _get_doors(self):
        return {
            **self._get_list_doors(),
            **self._get_line_doors(),
            **self._get_part_doors(),
            **self._get_scan_doors(),
            **self._get_basis_doors(),
        }

    def _get_list_doors(self):
        new = self._item_vals(code="X1", name="Smuggled")
        return {
            "write": lambda v: v.write({"approval_number": "other"}),
            "write date": lambda v: v.write({"approval_date": "2020-01-01"}),
            "web_save": lambda v: v.web_save({"purpose": "other"}, {"purpose": {}}),
            "state": lambda v: v.write({"state": "draft"}),
            "kind": lambda v: v.write({"kind": "duty"}),
            "create a line": lambda v: v.write({"item_ids": [(0, 0, new)]}),
            "change a line": lambda v: v.write(
                {"item_ids": [(1, v.sudo().item_ids[0].id, {"name": "Softer"})]}
            ),
            "delete a line": lambda v: v.write(
                {"item_ids": [(2, v.sudo().item_ids[0].id)]}
            ),
            "cut a line off": lambda v: v.write(
                {"item_ids": [(3, v.sudo().item_ids[0].id)]}
            ),
            "replace lines": lambda v: v.write({"item_ids": [(6, 0, [])]}),
            "clear lines": lambda v: v.write({"item_ids": [(5,)]}),
            "clear parts": lambda v: v.write({"part_ids": [(5,)]}),
            "load": self._load_list,
            "copy": lambda v: v.copy(),
            "unlink": lambda v: v.unlink(),
            "open": lambda v: v.action_open(),
            "consolidate": lambda v: v.action_consolidate(),
            "approve again": lambda v: v.action_approve(),
        }

    def _load_list(self, version):
        rows = [[str(version.id), "other"]]
        self._load(version, [".id", "approval_number"], rows)

    def _load(self, records, columns, rows):
        """Import, and raise what the import says."""
        result = records.browse().load(columns, rows)
        if result["messages"]:
            raise UserError(str(result["messages"]))

    def _get_line_doors(self):
        def line(v):
            return v.sudo().item_ids[0].with_env(v.env)

        def load(v):
            self._load(line(v), [".id", "name"], [[str(line(v).id), "Softer"]])

        return {
            "write a line": lambda v: line(v).write({"name": "Softer"}),
            "its basis": lambda v: line(v).write({"legal_basis_ids": [(5,)]}),
            "add a basis": lambda v: line(v).write(
                {"legal_basis_ids": [(4, self.basis.id)]}
            ),
            "save a line": lambda v: line(v).web_save({"ratio": 0.2}, {"ratio": {}}),
            "load a line": load,
            "unlink a line": lambda v: line(v).unlink(),
            "copy a line": lambda v: line(v).copy({"code": "X2"}),
            "create in it": lambda v: line(v).create(
                self._item_vals(list_id=v.id, code="X1", name="Smuggled")
            ),
            "move out": lambda v: line(v).write({"list_id": self.stray.list_id.id}),
            "move in": lambda v: self.stray.with_env(v.env).write(
                {"list_id": v.id, "code": "X3"}
            ),
            "move in by command": lambda v: v.write({"item_ids": [(4, self.stray.id)]}),
            "steal by command": lambda v: self.stray.list_id.with_env(v.env).write(
                {"item_ids": [(4, v.sudo().item_ids[0].id)]}
            ),
            "give away": lambda v: line(v).write({"division_id": self.minerals.id}),
            "forge": lambda v: line(v).write({"origin_id": False}),
        }

    def _get_part_doors(self):
        def part(v):
            return v.sudo().part_ids[0].with_env(v.env)

        return {
            "call one more": lambda v: v.env["srsp.list.part"].create(
                {"list_id": v.id, "division_id": self.regulations.id}
            ),
            "take a part off": lambda v: part(v).unlink(),
            "exchange a part": lambda v: part(v).write(
                {"division_id": self.regulations.id}
            ),
            "reopen a part": lambda v: part(v).write({"state": "editing"}),
            "send back": lambda v: part(v)._return("Again"),
            "hand in": lambda v: part(v).action_hand_in(),
        }

    def _get_scan_doors(self):
        def scan(v):
            return (
                v.env["ir.attachment"]
                .sudo()
                .search(
                    [
                        ("res_model", "=", "srsp.list"),
                        ("res_field", "=", "approval_scan"),
                        ("res_id", "=", v.id),
                    ]
                )
                .with_env(v.env)
            )

        place = {"res_model": "srsp.list", "res_field": "approval_scan"}

        def move_in(v):
            other = v.env["ir.attachment"].create({"name": "mine", "datas": OTHER})
            other.write(place | {"res_id": v.id})

        return {
            "the scan": lambda v: v.write({"approval_scan": OTHER}),
            "its name": lambda v: v.write({"approval_scan_name": "x.pdf"}),
            "its attachment": lambda v: scan(v).write({"datas": OTHER}),
            "rename it": lambda v: scan(v).write({"name": "x"}),
            "hang it elsewhere": lambda v: scan(v).write(
                {"res_id": self.stray.list_id.id}
            ),
            "unlink it": lambda v: scan(v).unlink(),
            "a second one": lambda v: v.env["ir.attachment"].create(
                place | {"name": "x", "datas": OTHER, "res_id": v.id}
            ),
            "another in its place": move_in,
        }

    def _get_basis_doors(self):
        basis = self.basis
        return {
            "reword the basis": lambda v: basis.with_env(v.env).write(
                {"title": "Other"}
            ),
            "renumber it": lambda v: basis.with_env(v.env).write({"number": "1"}),
            "date it": lambda v: basis.with_env(v.env).write(
                {"effective_date": "2020-01-01"}
            ),
            "delete it": lambda v: basis.with_env(v.env).unlink(),
        }

    def _check_frozen(self, state):
        version = self._freeze(state)
        self.assertEqual(version.state, state)
        self._check_doors(version)

    def test_an_approved_version_is_frozen(self):
        self._check_frozen("approved")

    def test_a_published_version_is_frozen(self):
        self._check_frozen("published")

    def test_a_superseded_version_is_frozen(self):
        self._check_frozen("superseded")

    def test_there_is_nothing_to_archive(self):
        for name in ("list", "list.part", "item", "duty", "legal.basis"):
            self.assertIsNone(self.env[f"srsp.{name}"]._active_name, name)

    def test_renaming_or_dissolving_a_division_changes_no_word_and_no_seal(self):
        duties = self._make_duty().list_id
        self._publish_list(duties)
        versions = self._freeze("published") | duties
        words = [self._get_words(version) for version in versions]
        rows = [version._get_lines()[:1]._get_row() for version in versions]
        self.surveying.with_user(self.administrator).name = "Surveying and mapping"
        self.sector.with_user(self.administrator).name = "Maps"
        self.minerals.with_user(self.administrator).active = False
        self.basis.with_user(self.policy).repealed_date = "2027-01-01"
        note = "Well done"
        versions[0].with_user(self.policy).message_post(body=note)
        self.assertEqual([self._get_words(version) for version in versions], words)
        self.assertEqual(rows[0]["division_id"], "Surveying")
        self.assertEqual(rows[1]["cooperating_division_ids"], "Minerals")
        self.assertEqual(duties.duty_ids.cooperating_division_ids, self.minerals)
        check = self.env["srsp.event.check"]._check(self.company)
        self.assertEqual((check.state, check.report), ("sound", ""))

    def test_a_word_changed_behind_odoos_back_is_found(self):
        version = self._freeze("published")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE srsp_item SET ratio = 0.01 WHERE list_id = %s", [version.id]
        )
        self.env.invalidate_all()
        check = self.env["srsp.event.check"]._check(self.company)
        self.assertEqual(check.state, "broken")
        self.assertRegex(
            check.report, r"^Supervision list .+: columns.ratio was \w+ and is now"
        )

    def test_the_day_on_which_an_approved_version_takes_effect_is_still_open(self):
        version = self._freeze("approved").with_user(self.policy)
        version.effective_date = "2026-04-01"
        with self._refused("frozen"):
            version.write({"effective_date": "2026-04-02", "purpose": "More"})
        version.action_publish()
        with self._refused("frozen"):
            version.effective_date = "2026-04-03"

    def test_a_division_that_a_duty_names_is_not_deleted(self):
        helper = self._make_division("Helper", "HP")
        self.env["srsp.list"].create(
            {
                "kind": "duty",
                "company_id": self.company.id,
                "part_ids": [],
                "duty_ids": [
                    (
                        0,
                        0,
                        {
                            "code": "D1",
                            "name": "Joint",
                            "division_id": self.surveying.id,
                            "cooperating_division_ids": [(6, 0, helper.ids)],
                            "legal_basis_ids": [(6, 0, self.basis.ids)],
                        },
                    )
                ],
            }
        )
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            helper.with_user(self.administrator).unlink()

    def test_editing_a_line_holds_its_version_until_the_change_is_committed(self):
        # FOR SHARE marks the row: a step that closes the version waits, or is tried again.
        draft = self._make_open_draft()
        self.env.flush_all()
        before = self._get_lock(draft)
        with self.env.cr.savepoint():  # a transaction of its own to PostgreSQL
            self._get_line(draft, "A1").with_user(self.officer).materials = "Map"
        self.assertNotEqual(self._get_lock(draft), before)

    def _get_lock(self, version):
        self.env.cr.execute(
            "SELECT xmax, ctid FROM srsp_list WHERE id = %s", [version.id]
        )
        return self.env.cr.fetchone()
