"""Who gets through which door to which record: the whole table, so that any wider right is a line of a diff.

``data/role_matrix.csv`` has a line for each model and sample, and for each dialogue, a column for each role. A cell has
the letters of the doors that open: r(ead), w(rite), c(reate), u(nlink), l(oad of an import), j (write through JSON-2),
p(ost a message), a(ttach a file), g (a guarded field, with every context key that might help). A right that only wrong
values stop counts as open; what nobody changes any more, such as a locked draw, is closed.
"""

import csv
import json
from pathlib import Path

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

MATRIX = Path(__file__).parents[1] / "data" / "role_matrix.csv"
PEOPLE = {
    "officer": "survey_officer",
    "manager": "survey_manager",
    "information": "information",
    "office": "office",
    "policy": "policy",
    "auditor": "auditor",
}
# JSON-2 and imports end in the same write: they are tried by these, on records of the own division.
FAR = ("inspector", "manager", "stranger", "portal", "public")
WORDS = "Read"
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
OPENERS = {
    "tracking_disable": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "active_test": False,
    "srsp_seal": True,
    "install_mode": True,
    "import_file": True,
    "default_state": "done",
}


@tagged("post_install", "-at_install")
class TestRoleMatrix(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        find = cls.env.ref
        company = cls.env["res.company"].create({"name": "Other Bureau"})
        chief = "srsp_supervision.group_administrator"
        division = find("srsp_supervision.demo_division_survey")
        cls.users = (
            {
                # Of no team: whom a draw of the demo puts on a visit is chance.
                "inspector": new_test_user(
                    cls.env,
                    "matrix_inspector",
                    groups="srsp_supervision.group_inspector",
                    srsp_division_ids=[(6, 0, division.ids)],
                )
            }
            | {
                role: find(f"srsp_supervision.demo_user_{name}")
                for role, name in PEOPLE.items()
            }
            | {
                "administrator": new_test_user(cls.env, "matrix_chief", groups=chief),
                "stranger": new_test_user(
                    cls.env,
                    "matrix_stranger",
                    groups=chief,
                    company_id=company.id,
                    company_ids=[(6, 0, company.ids)],
                ),
                "portal": new_test_user(
                    cls.env, "matrix_portal", groups="base.group_portal"
                ),
                "public": find("base.public_user"),
            }
        )
        cls.keys = {
            role: cls.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "matrix", None)
            for role, user in cls.users.items()
            if role != "public"
        }
        cls.divisions = {
            "own": find("srsp_supervision.demo_division_survey").id,
            "foreign": find("srsp_supervision.demo_division_mineral").id,
        }

        cls.env["srsp.calendar.exception"].create(
            {"date": "2026-03-23", "name": "Typhoon", "document_number": "No. 9"}
        )

    def _list_samples(self):
        """Return ``[(name, record), …]``: of each stored model one of the surveyors' division, one of another's."""
        found = []
        for name in sorted(self.registry):
            model = self.env[name].sudo().with_context(active_test=False)
            if not name.startswith("srsp.") or not model._auto or model._transient:
                continue
            if "division_id" not in model._fields:
                found.append((name, model.search([], order="id", limit=1)))
                continue
            for sample, division in self.divisions.items():
                domain = [("division_id", "=", division)]
                record = model.search(domain, order="id", limit=1)
                found.append((f"{name} {sample}", record))
        return [(name, record.sudo(False)) for name, record in found if record]

    def _opens(self, act, has_right):
        """Whether ``act`` succeeds, or fails for its values alone, in a transaction that is rolled back."""
        self.env.cr.execute("SAVEPOINT door")
        try:
            with mute_logger("odoo.sql_db", "odoo.addons", "odoo.models"):
                opened = act() is not False
                self.env.flush_all()
        except (ValidationError, IntegrityError):
            opened = has_right
        except UserError:
            opened = False
        self.env.cr.execute("ROLLBACK TO SAVEPOINT door")
        self.env.invalidate_all(flush=False)
        return opened

    def _get_field(self, record, guarded):
        """The first stored field of a plain value that a client may, or may not, write."""
        for name, field in sorted(record._fields.items()):
            is_plain = field.store and field.type in ("char", "text", "selection")
            if is_plain and not (field.related or field.groups or field.compute):
                is_guarded = hasattr(record, "_is_guarded") and record._is_guarded(name)
                if bool(is_guarded) == guarded:
                    return name
        return None

    def _try_doors(self, role, sample, is_own):
        """Return the letters of the doors that open ``sample`` to ``role``."""
        record = sample.with_user(self.users[role])
        name, guarded = (self._get_field(sample, flag) for flag in (False, True))
        value = sample.sudo()[name] if name else None
        vals = {name: value} if name else {}
        doors = {
            "r": lambda: record.read(["id", *vals]),
            "c": lambda: record.create(sample.sudo().copy_data()),
            "u": record.unlink,
            "a": lambda: record.env["ir.attachment"].create(
                {
                    "name": "a.txt",
                    "raw": b"A",
                    "res_model": record._name,
                    "res_id": record.id,
                }
            ),
        }
        if name:
            doors["w"] = lambda: record.write(vals)
        if name and role in FAR and is_own:
            doors["l"] = lambda: self._load(record, name, value)
            doors["j"] = lambda: self._call_json_2(role, sample, vals)
        if hasattr(record, "message_post"):
            doors["p"] = lambda: record.message_post(body=WORDS)
        if guarded:
            context = OPENERS | {f"default_{guarded}": "x"}
            forced = {guarded: sample.sudo()[guarded]}
            doors["g"] = lambda: record.with_context(**context).write(forced)
        rights = {
            door: record.has_access(OPERATIONS[door])
            for door in OPERATIONS.keys() & doors.keys()
        }
        return "".join(
            door
            for door in "rwculjpag"
            if door in doors and self._opens(doors[door], rights.get(door, False))
        )

    def _list_dialogues(self):
        return [
            name
            for name, model in sorted(self.registry.items())
            if name.startswith("srsp.") and model._transient
        ]

    def _try_dialogue(self, role, name):
        """Return ``c`` if ``role`` may open the dialogue, though it has nothing to be about yet."""
        dialogue = self.env[name].with_user(self.users[role]).sudo(False)
        may_create = dialogue.has_access("create")
        return "c" if self._opens(lambda: dialogue.create({}), may_create) else ""

    def _load(self, record, name, value):
        rows = [[str(record.id), value or ""]]
        return bool(record.browse().load([".id", name], rows)["ids"])

    def _call_json_2(self, role, sample, vals):
        headers = {"Content-Type": "application/json"}
        if role in self.keys:
            headers["Authorization"] = f"bearer {self.keys[role]}"
        with mute_logger("odoo.http"):
            answer = self.url_open(
                f"/json/2/{sample._name}/write",
                data=json.dumps({"ids": sample.ids, "vals": vals}, default=str),
                headers=headers,
            )
        return answer.status_code == 200

    def test_nobody_gets_through_more_doors_than_the_table_says(self):
        found = [["record", *self.users]]
        for name, sample in self._list_samples():
            cells = [
                self._try_doors(role, sample, "foreign" not in name)
                for role in self.users
            ]
            found.append([name, *cells])
        for name in self._list_dialogues():
            cells = [self._try_dialogue(role, name) for role in self.users]
            found.append([f"{name} (dialogue)", *cells])
        with MATRIX.open(encoding="utf-8") as file:
            expected = list(csv.reader(file))
        self.maxDiff = None
        self.assertEqual(
            "\n".join(",".join(row) for row in found),
            "\n".join(",".join(row) for row in expected),
        )
