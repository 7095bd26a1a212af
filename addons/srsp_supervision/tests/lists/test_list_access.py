"""Who sees and does what while a version of a list is being prepared."""

import base64

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import DRAW_AT
from .list_case import ListCase

SECRET = "Secret raid"


@tagged("post_install", "-at_install")
class TestListAccess(ListCase):
    def setUp(self):
        super().setUp()
        self.inspector = self._make_user("inspector", "inspector", self.surveying)
        self.auditor = self._make_user("auditor", "auditor")
        self.draft = self._make_open_draft()
        self.law = self._make_basis("Secret Law")
        self.theirs = self._get_line(self.draft, "B1").with_user(self.clerk)
        self.theirs.write(
            {
                "name": SECRET,
                "ratio": 0.9,
                "legal_basis_ids": [(6, 0, self.law.ids)],
            }
        )
        self.mine = self._get_line(self.draft, "A1").with_user(self.officer)
        self.their_part = self._get_part(self.draft, self.minerals)
        self._get_line(self.draft, "B1").materials = "Changed by policy"
        self.their_part.with_user(self.deputy).action_hand_in()
        self.their_part._return("Secret comment")
        self.env.flush_all()
        self.env.invalidate_all()
        self.strangers = self.inspector | self.officer | self.head
        export = self.env.ref("base.group_allow_export")
        self.strangers.write({"group_ids": [(4, export.id)]})

    def test_another_divisions_draft_lines_are_not_found(self):
        here = [("list_id", "=", self.draft.id)]
        for user in self.strangers:
            items = self.env["srsp.item"].with_user(user)
            self.assertEqual(items.search(here).ids, self.mine.ids)
            self.assertEqual(items.search_count(here), 1)
            self.assertEqual(items.search([("name", "ilike", "secret")]).ids, [])
            self.assertEqual(items.name_search("Secret"), [])
            self.assertEqual(
                items.formatted_read_group(here, ["division_id"], ["__count"]),
                [
                    {
                        "division_id": (self.surveying.id, "Surveying"),
                        "__extra_domain": [("division_id", "=", self.surveying.id)],
                        "__count": 1,
                    }
                ],
            )
            self.assertEqual(
                items.formatted_read_group(here, [], ["ratio:max", "__count"])[0][
                    "ratio:max"
                ],
                0.05,
            )

    def test_what_another_one_has_in_an_import_is_neither_read_nor_changed(self):
        action = self.draft.action_import_workbook()
        wizard = self.env[action["res_model"]].with_user(self.policy)
        wizard = wizard.browse(action["res_id"])
        wizard.file = base64.b64encode(self.draft._export_workbook())
        wizard.action_check()
        self.env.flush_all()
        for user in self.strangers:
            theirs = wizard.with_user(user)
            if theirs.has_access("read"):
                self.assertFalse(theirs.search([]))
            for attempt in (
                lambda theirs=theirs: theirs.read(["seen"]),
                lambda theirs=theirs: theirs.write({"file": b"Zm9yZ2Vk"}),
                lambda theirs=theirs: theirs.action_confirm(),
            ):
                self.env.invalidate_all()
                with self._refused("", AccessError):
                    attempt()

    def test_another_divisions_draft_lines_are_not_read(self):
        for user in self.strangers:
            line = self.theirs.with_user(user)
            for read in (
                lambda line=line: line.read(["name"]),
                lambda line=line: line.web_read({"display_name": {}}),
                lambda line=line: line.export_data(["name"]),
                lambda line=line: line.display_name,
                lambda line=line: line.copy({"code": "Z"}),
            ):
                self.env.invalidate_all()
                with self._refused("", AccessError):
                    read()

    def test_a_list_shows_a_division_its_own_lines_and_part_alone(self):
        shown = {
            "item_ids": {"fields": {"name": {}}},
            "part_ids": {"fields": {"comment": {}, "line_count": {}}},
            "line_count": {},
            "repealed_count": {},
            "part_count": {},
            "handed_in_count": {},
        }
        self.law.repealed_date = "2026-01-01"
        mine = self._get_part(self.draft, self.surveying)
        for user in self.strangers:
            self.env.invalidate_all()
            [found] = self.draft.with_user(user).web_read(shown)
            self.assertEqual(
                found,
                {
                    "id": self.draft.id,
                    "item_ids": [
                        {"id": self.mine.id, "name": "Quality of surveying results"}
                    ],
                    "part_ids": [{"id": mine.id, "comment": False, "line_count": 1}],
                    "line_count": 1,
                    "repealed_count": 0,
                    "part_count": 2,
                    "handed_in_count": 0,
                },
            )
            self.env.invalidate_all()
            exported = self.draft.with_user(user).export_data(
                ["item_ids/name", "part_ids/comment"]
            )
            self.assertNotIn("Secret", str(exported))

    def test_no_path_leads_round_to_another_divisions_lines(self):
        for user in self.strangers:
            for model, path in (
                ("srsp.list", "item_ids.name"),
                ("srsp.list", "part_ids.comment"),
                ("srsp.list", "message_ids.body"),
                ("srsp.item", "list_id.item_ids.name"),
                ("srsp.item", "origin_id.list_id.part_ids.comment"),
                ("srsp.list.part", "list_id.item_ids.name"),
                ("srsp.list.part", "list_id.part_ids.comment"),
                ("srsp.task", "item_ids.name"),
            ):
                found = (
                    self.env[model].with_user(user).search([(path, "ilike", "Secret")])
                )
                self.assertFalse(found, (model, path))

    def test_what_is_said_about_a_part_stays_with_its_division(self):
        self.env.flush_all()
        for user in self.strangers:
            for model, domain in (
                ("mail.message", [("model", "like", "srsp.list%")]),
                ("mail.message", [("body", "ilike", "Secret")]),
                ("mail.activity", [("res_model", "=", "srsp.list.part")]),
            ):
                self.env.invalidate_all()
                found = self.env[model].with_user(user).search(domain)
                parts = found.sudo().filtered(
                    lambda record: (
                        record.res_id == self.their_part.id
                        and record["model" if "model" in record else "res_model"]
                        == "srsp.list.part"
                    )
                )
                self.assertFalse(parts, model)
                self.assertNotIn("Secret", str(found.sudo().read()))
            with self._refused("", AccessError):
                self.their_part.with_user(user).message_ids.mapped("body")
        said = self.their_part.with_user(self.clerk).message_ids.mapped("body")
        self.assertIn("Secret comment", said[0])
        self.assertIn(f"B1 {SECRET}: changed: Materials Needed", said[3])

    def test_a_legal_basis_counts_the_lines_in_force_and_says_nothing_of_drafts(self):
        for user in (self.officer, self.clerk, self.policy, self.auditor):
            self.env.invalidate_all()
            counts = (self.law | self.basis).with_user(user).mapped("item_count")
            self.assertEqual(counts, [0, 2])

    def test_a_task_is_no_way_to_read_another_divisions_draft(self):
        tasks = self.env["srsp.task"].with_user(self.head)
        values = {
            "name": "Spy",
            "division_id": self.surveying.id,
            "sector_id": self.sector.id,
            "company_id": self.company.id,
        }
        with self._refused("", AccessError):
            tasks.create(values | {"item_ids": [(6, 0, self.theirs.ids)]})
        task = self._make_task(draw_at=DRAW_AT).with_user(self.head)
        for command in ((4, self.theirs.id), (6, 0, self.theirs.ids)):
            with self._refused("", AccessError):
                task.item_ids = [command]
        self.assertEqual(task.ratio, 0.05)

    def test_a_division_changes_its_own_open_part_alone(self):
        for user in (self.inspector, self.officer, self.head):
            items = self.env["srsp.item"].with_user(user)
            for attempt in (
                lambda user=user: self.theirs.with_user(user).write({"name": "x"}),
                lambda user=user: self.theirs.with_user(user).write(
                    {"division_id": self.surveying.id}
                ),
                lambda user=user: self.theirs.with_user(user).unlink(),
                lambda items=items: items.create(
                    self._item_vals(
                        list_id=self.draft.id,
                        code="B9",
                        name="Theirs",
                        division_id=self.minerals.id,
                    )
                ),
            ):
                with self._refused("", AccessError):
                    attempt()
        for user in (self.officer, self.head):
            with self._refused("part of Minerals is not open"):
                self.mine.with_user(user).division_id = self.minerals
        with self._refused("", AccessError):
            self.mine.with_user(self.inspector).name = "x"
        self.mine.name = "Mine, better"
        self.assertEqual(self.theirs.with_user(self.policy).name, SECRET)

    def test_a_part_that_was_not_called_is_not_edited(self):
        self._get_part(self.draft, self.surveying).unlink()
        with self._refused("part of Surveying is not open"):
            self.mine.name = "x"

    def test_a_part_is_handed_in_by_the_head_of_its_division_alone(self):
        part = self._get_part(self.draft, self.surveying)
        for user in (self.inspector, self.officer, self.auditor):
            with self._refused("reserved for: Division manager", AccessError):
                part.with_user(user).action_hand_in()
        for user in (self.deputy, self.policy, self.administrator):
            with self._refused("", AccessError):
                part.with_user(user).action_hand_in()
        with self._refused("", AccessError):
            (part | self.their_part).with_user(self.head).action_hand_in()
        self.assertEqual((part.state, self.their_part.state), ("editing", "returned"))

    def test_the_steps_of_the_version_are_the_policy_divisions(self):
        part = self._get_part(self.draft, self.surveying)
        part.with_user(self.head).action_hand_in()
        for user in (*self.strangers, self.clerk, self.deputy, self.auditor):
            draft = self.draft.with_user(user)
            for attempt in (
                draft.action_open,
                draft.action_consolidate,
                draft.action_approve,
                draft.action_publish,
                self.list.with_user(user).action_new_version,
                draft.unlink,
                lambda draft=draft: draft.write({"deadline": "2099-01-01"}),
                lambda draft=draft: draft.create({"kind": "duty"}),
                lambda user=user: part.with_user(user)._return("No"),
                lambda user=user: part.with_user(user).write({"comment": "x"}),
                lambda user=user: part.with_user(user).unlink(),
                lambda user=user: (
                    self.env["srsp.list.part"]
                    .with_user(user)
                    .create(
                        {"list_id": self.draft.id, "division_id": self.detachment.id}
                    )
                ),
            ):
                with self._refused("", AccessError):
                    attempt()
        for user in (*self.strangers, self.clerk, self.deputy, self.auditor):
            with self._refused("", AccessError):
                wizard = self.env["srsp.reason"].with_user(user)
                wizard.create(
                    {"step": "part_return", "res_id": part.id, "reason": "No"}
                ).action_confirm()

    def test_the_policy_officer_sends_back_with_a_reason_from_the_form(self):
        part = self._get_part(self.draft, self.surveying)
        part.with_user(self.head).action_hand_in()
        action = part.with_user(self.policy).action_return()
        wizard = self.env["srsp.reason"].with_user(self.policy)
        wizard.with_context(**action["context"]).create(
            {"reason": " Too  short "}
        ).action_confirm()
        self.assertEqual((part.state, part.comment), ("returned", "Too short"))

    def test_an_auditor_reads_everything_and_writes_nothing(self):
        here = [("list_id", "=", self.draft.id)]
        items = self.env["srsp.item"].with_user(self.auditor).search(here)
        self.assertEqual(items.ids, self.draft.item_ids.ids)
        self.assertEqual(
            self.their_part.with_user(self.auditor).comment, "Secret comment"
        )
        for record in (items, self.draft, self.their_part, self.law):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(
                    record.with_user(self.auditor).has_access(operation), record
                )

    def test_another_bureau_sees_and_does_nothing(self):
        other = self.env["res.company"].create({"name": "Other Bureau"})
        for role in ("administrator", "policy_officer", "auditor"):
            user = self._make_user(f"other_{role}", role, company=other)
            abroad = self.env(user=user, context={}, su=False)
            for record in (
                self.draft,
                self.their_part,
                self.theirs,
                self.law,
                self.list,
            ):
                self.env.invalidate_all()
                with self._refused("", AccessError):
                    record.with_env(abroad).read(["display_name"])
                found = abroad[record._name].search([])
                self.assertNotIn(record.id, found.ids)
            if role != "auditor":
                self._check_steps_abroad(abroad)

    def _check_steps_abroad(self, abroad):
        draft = self.draft.with_env(abroad)
        part = self.their_part.with_env(abroad)
        for attempt in (
            draft.action_open,
            draft.action_consolidate,
            draft.action_approve,
            draft.action_publish,
            self.list.with_env(abroad).action_new_version,
            draft.unlink,
            lambda: part._return("No"),
            part.action_hand_in,
            lambda: draft.write({"deadline": "2099-01-01"}),
        ):
            self.env.invalidate_all()
            with self._refused("", AccessError):
                attempt()

    def test_somebody_in_two_divisions_works_on_both_parts(self):
        both = self._make_user(
            "both", "division_manager", self.surveying | self.minerals
        )
        (self.mine | self.theirs).with_user(both).materials = "Map"
        self.mine.with_user(both).division_id = self.minerals
        self.mine.with_user(both).division_id = self.surveying
        self.draft.part_ids.with_user(both).action_hand_in()
        self.assertEqual(self.draft.state, "submitted")

    def test_a_line_is_not_moved_into_a_part_handed_in_not_even_ones_own(self):
        both = self._make_user(
            "both", "division_manager", self.surveying | self.minerals
        )
        self.their_part.with_user(both).action_hand_in()
        with self._refused("part of Minerals is not open"):
            self.mine.with_user(both).division_id = self.minerals
        with self._refused("part of Minerals is not open"):
            self.theirs.with_user(both).division_id = self.surveying

    def test_a_cooperating_division_sees_a_duty_once_it_is_published(self):
        duties = (
            self.env["srsp.list"]
            .with_user(self.policy)
            .create({"kind": "duty", "deadline": self.deadline})
        )
        duties.part_ids.filtered(
            lambda part: part.division_id == self.detachment
        ).unlink()
        duties.action_open()
        duty = (
            self.env["srsp.duty"]
            .with_user(self.clerk)
            .create(
                {
                    "list_id": duties.id,
                    "code": "D1",
                    "name": "Joint",
                    "division_id": self.minerals.id,
                    "cooperating_division_ids": [(6, 0, self.surveying.ids)],
                    "legal_basis_ids": [(6, 0, self.law.ids)],
                }
            )
        )
        self.env.invalidate_all()
        with self._refused("", AccessError):
            duty.with_user(self.officer).read(["name"])
        self._hand_in(duties)
        self._publish(duties)
        self.env.invalidate_all()
        self.assertEqual(duty.with_user(self.officer).name, "Joint")

    def test_a_user_whose_view_is_narrow_does_not_hide_the_parts_of_others(self):
        # One transaction shares its cache: what the head has read of the list is not the whole of it.
        seen = self.draft.with_user(self.head).part_ids
        self.assertEqual(seen.division_id, self.surveying)
        seen.action_hand_in()
        self.assertEqual((self.draft.state, self.draft.handed_in_count), ("draft", 1))
