"""One version of a list from the call for its parts to the day on which the next one takes its place."""

import base64
import hashlib
import json
from datetime import timedelta

from odoo.tests import tagged

from ...tools.json_diff import first_difference
from ..common import SCAN
from .list_case import APPROVAL, DEADLINE, TODAY, ListCase

DAY = timedelta(days=1)
CALL = "Submit your part of Item list, version 2"


@tagged("post_install", "-at_install")
class TestListCycle(ListCase):
    def test_a_new_version_is_a_copy_line_by_line_that_calls_who_leads(self):
        theirs = self._get_line(self.list, "B1")
        theirs.division_id = self.regulations
        theirs._freeze_names()
        action = self.list.with_user(self.policy).action_new_version()
        draft = self.env["srsp.list"].browse(action["res_id"])
        self.assertEqual(
            (draft.version, draft.state, draft.origin_id, draft.approval_number),
            (2, "draft", self.list, False),
        )
        self.assertEqual(
            [
                (item.code, item.origin_id.code, item._get_row())
                for item in draft.item_ids
            ],
            [(item.code, item.code, item._get_row()) for item in self.list.item_ids],
        )
        self.assertEqual(
            set(draft.part_ids.division_id.mapped("code")), {"SV", "MN", "DT", "FG"}
        )

    def test_divisions_are_called_with_a_deadline_that_is_still_to_come(self):
        draft = self._make_draft()
        for deadline in (False, TODAY - DAY):
            draft.deadline = deadline
            with self._refused("set a day, today or later"):
                draft.action_open()
        self.assertEqual(self._get_todo(self.head), [])
        draft.deadline = TODAY
        draft.action_open()
        with self._refused("the collection from the divisions has started"):
            draft.action_open()
        with self._refused("set a day, today or later"):
            draft.deadline = TODAY - DAY

    def test_the_head_is_asked_or_the_staff_where_there_is_none(self):
        draft = self._make_draft()
        gone = self._make_user("gone", "division_officer", self.minerals)
        gone.active = False
        draft.write({"deadline": DEADLINE, "purpose": "Mind the new mining law"})
        draft.action_open()
        surveying = self._get_part(draft, self.surveying).with_env(self.env)
        minerals = self._get_part(draft, self.minerals).with_env(self.env)
        self.assertEqual(self._get_todo(self.head), [(surveying, CALL, DEADLINE)])
        for user in (self.deputy, self.clerk):
            self.assertEqual(self._get_todo(user), [(minerals, CALL, DEADLINE)])
        for user in (self.officer, gone, self.policy, self.chief):
            self.assertEqual(self._get_todo(user), [])
        self.assertIn("Mind the new mining law", surveying.activity_ids.note)

    def test_a_head_who_has_left_is_not_asked_but_the_staff_is(self):
        self.head.active = False
        draft = self._make_open_draft()
        part = self._get_part(draft, self.surveying).with_env(self.env)
        self.assertEqual(self._get_todo(self.officer), [(part, CALL, DEADLINE)])

    def test_the_whole_cycle(self):
        draft = self._make_open_draft()
        surveying = self._get_part(draft, self.surveying)
        minerals = self._get_part(draft, self.minerals)
        self._get_line(draft, "A1").with_user(self.officer).frequency = 3
        self._get_line(draft, "B1").with_user(self.clerk).content = "Boundaries"
        surveying.with_user(self.head).action_hand_in()
        self.assertEqual(
            (draft.state, draft.handed_in_count, draft.part_count), ("draft", 1, 2)
        )
        self.assertEqual(
            (surveying.state, surveying.handed_in_by_id), ("handed_in", self.head)
        )
        self.assertEqual(
            (self._get_todo(self.head), self._get_todo(self.chief)), ([], [])
        )
        with self._refused("not open for editing"):
            self._get_line(draft, "A1").with_user(self.officer).frequency = 4
        with self._refused("“Part submitted”; this step needs"):
            surveying.with_user(self.head).action_hand_in()
        minerals.with_user(self.deputy).action_hand_in()
        self.assertEqual((draft.state, draft.handed_in_count), ("submitted", 2))
        self.assertEqual(
            [(todo[0].id, todo[1]) for todo in self._get_todo(self.chief)],
            [(draft.id, "All parts have been submitted: consolidate them")],
        )

        minerals._return("Name the licence")
        self.assertEqual(
            (draft.state, minerals.state, minerals.comment),
            ("draft", "returned", "Name the licence"),
        )
        mend = (
            minerals.with_env(self.env),
            "Your part was sent back: correct and submit it",
            DEADLINE,
        )
        self.assertEqual(self._get_todo(self.deputy), [mend])
        self.assertEqual(
            (self._get_todo(self.head), self._get_todo(self.chief)), ([], [])
        )
        self.assertIn("Name the licence", minerals.message_ids[0].body)
        with self._refused("not open for editing"):
            self._get_line(draft, "A1").with_user(self.officer).frequency = 4
        self._get_line(draft, "B1").with_user(self.clerk).content = "The licence"
        minerals.with_user(self.deputy).action_hand_in()
        self.assertEqual(draft.state, "submitted")

        draft.action_consolidate()
        self.assertEqual(
            (draft.state, self._get_todo(self.chief)), ("consolidated", [])
        )
        for name in APPROVAL:
            draft.write(APPROVAL | {name: False})
            with self._refused("number, date and scan"):
                draft.action_approve()
        draft.write(APPROVAL)
        draft.action_approve()
        draft.action_publish()
        self.assertEqual(
            (draft.state, draft.published_on, draft.effective_date, draft.is_in_force),
            ("published", TODAY, TODAY, True),
        )
        self.assertEqual(
            (self.list.state, self.list.is_in_force), ("superseded", False)
        )
        self.assertEqual(
            [(line.code, line.frequency, line.content) for line in draft.item_ids],
            [("A1", 3, "Licence in general"), ("B1", 2, "The licence")],
        )

    def test_sending_back_reopens_a_consolidated_version_but_not_an_approved_one(self):
        draft = self._make_open_draft()
        part = self._get_part(draft, self.surveying)
        with self._refused("“Being edited”; this step needs"):
            part._return("Too early")
        self._hand_in(draft)
        draft.action_consolidate()
        part._return("Second thoughts")
        self.assertEqual((draft.state, part.state), ("draft", "returned"))
        part.with_user(self.head).action_hand_in()
        self._approve(draft)
        with self._refused("“Approved”; this step needs"):
            part._return("Too late")

    def test_every_step_waits_for_the_parts_and_names_who_is_missing(self):
        draft = self._make_open_draft()
        self._get_part(draft, self.surveying).with_user(self.head).action_hand_in()
        with self._refused("Minerals have not submitted their part yet"):
            draft.action_consolidate()
        self._get_part(draft, self.minerals).with_user(self.deputy).action_hand_in()
        draft.action_consolidate()
        draft.write(APPROVAL)
        # Whatever door a part might come back through, nothing passes over it.
        self._get_part(draft, self.surveying).sudo().state = "editing"
        with self._refused("Surveying have not submitted their part yet"):
            draft.action_approve()
        draft.sudo().state = "approved"
        with self._refused("Surveying have not submitted their part yet"):
            draft.action_publish()

    def test_steps_are_taken_in_order(self):
        draft = self._make_draft()
        for step in ("approve", "publish"):
            with self._refused("this step needs"):
                getattr(draft, f"action_{step}")()
        part = self._get_part(draft, self.surveying).with_user(self.head)
        with self._refused("is not open"):
            part.action_hand_in()

    def test_only_one_version_is_open_at_a_time(self):
        draft = self._make_draft()
        lists = self.env["srsp.list"].with_user(self.policy)
        with self._refused("version 2 is still being prepared"):
            self.list.with_user(self.policy).action_new_version()
        with self._refused("version 2 is still being prepared"):
            lists.create({"kind": "item", "company_id": self.company.id})
        duties = lists.create({"kind": "duty", "company_id": self.company.id})
        self.assertEqual(duties.version, 1)
        draft.unlink()
        self.assertFalse(
            self.env["mail.activity"].search([("user_id", "=", self.head.id)])
        )
        self.assertEqual(self._make_draft().version, 2)

    def test_deleting_an_open_draft_takes_its_parts_and_activities_along(self):
        draft = self._make_open_draft()
        parts = draft.part_ids
        draft.unlink()
        self.assertFalse(parts.exists())
        self.assertEqual(self._get_todo(self.head), [])

    def test_a_division_taken_off_is_not_waited_for_and_one_called_later_is(self):
        draft = self._make_open_draft()
        part = self._get_part(draft, self.surveying)
        late = (
            self.env["srsp.list.part"]
            .with_user(self.policy)
            .create({"list_id": draft.id, "division_id": self.detachment.id})
        )
        part.with_user(self.head).action_hand_in()
        self._get_part(draft, self.minerals).unlink()
        self.assertEqual((draft.state, self._get_todo(self.clerk)), ("draft", []))
        self.assertIn(
            "Minerals was removed from the contributing divisions",
            draft.message_ids[0].body,
        )
        late.unlink()
        self.assertEqual((draft.state, draft.part_count), ("submitted", 1))
        with self._refused("while the list is a draft"):
            part.unlink()

    def test_the_buttons_of_a_version_and_of_a_part_open_what_they_count(self):
        draft = self._make_open_draft()
        part = self._get_part(draft, self.surveying).with_user(self.head)
        for record, name, found in (
            (draft, "action_view_lines", draft.item_ids),
            (draft, "action_view_parts", draft.part_ids),
            (part, "action_view_lines", self._get_line(draft, "A1")),
        ):
            action = getattr(record, name)()
            model = self.env[action["res_model"]]
            self.assertEqual(model.search(action["domain"]), found.with_env(self.env))
        self.assertEqual(
            (action["name"], action["context"]),
            (
                part.display_name,
                {
                    "default_list_id": draft.id,
                    "default_division_id": self.surveying.id,
                    "create": True,
                },
            ),
        )

    def test_a_division_called_is_not_exchanged_and_a_part_stays_with_its_list(self):
        draft = self._make_open_draft()
        duties = self.env["srsp.list"].with_user(self.policy).create({"kind": "duty"})
        part = self._get_part(draft, self.surveying)
        for vals in ({"division_id": self.detachment.id}, {"list_id": duties.id}):
            with self._refused("not exchanged"):
                part.write(vals)
        with self._refused("not exchanged"):
            duties.part_ids[:1].list_id = draft

    def test_handing_in_writes_the_row_of_the_version_so_that_the_last_part_is_noticed(
        self,
    ):
        # Of two transactions that both see the other's part missing, PostgreSQL lets one write that row.
        draft = self._make_open_draft()
        self.env.flush_all()
        before = self._get_row_address(draft)
        self._get_part(draft, self.surveying).with_user(self.head).action_hand_in()
        self.env.flush_all()
        self.assertNotEqual(self._get_row_address(draft), before)

    def _get_row_address(self, draft):
        self.env.cr.execute("SELECT ctid FROM srsp_list WHERE id = %s", [draft.id])
        return self.env.cr.fetchone()[0]

    def test_the_chain_keeps_each_publication_with_its_digests(self):
        draft = self._make_open_draft()
        self._publish(draft)
        events = self.env["srsp.event"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "list.published")],
            order="sequence",
        )
        self.assertEqual(events.mapped("res_id"), [self.list.id, draft.id])
        payload = json.loads(events[1].payload)["record"]
        columns = payload.pop("columns")
        self.assertEqual(columns.keys(), draft.item_ids._get_sheet_columns().keys())
        self.assertEqual(columns["code"], hashlib.sha256(b'["A1","B1"]').hexdigest())
        self.assertEqual(
            payload,
            {
                "kind": "item",
                "version": 2,
                "approval_number": "2026-18",
                "approval_date": "2026-03-18",
                "approval_scan_sha256": hashlib.sha256(
                    base64.b64decode(SCAN)
                ).hexdigest(),
                "effective_date": "2026-03-20",
                "lines": 2,
            },
        )
        self.assertFalse(self._find_broken())

    def test_the_digest_of_the_lines_follows_every_word(self):
        draft = self._make_open_draft()
        before = draft.sudo()._prepare_seal()
        self._get_line(draft, "B1").materials = "Map"
        found = first_difference(before, draft.sudo()._prepare_seal())
        self.assertEqual(found[0], "columns.materials")


@tagged("post_install", "-at_install")
class TestCompleteLines(ListCase):
    def test_a_part_is_handed_in_when_every_element_of_every_line_is_filled_in(self):
        draft = self._make_open_draft()
        line = self._get_line(draft, "A1").with_user(self.officer)
        part = self._get_part(draft, self.surveying).with_user(self.head)
        line.write({"target": " ", "standard": False, "method_ids": [(5,)]})
        self.assertEqual(
            line.missing_elements, "Inspection Targets, Standard and Key Points, Method"
        )
        with self._refused(
            "Fill in what is still missing, then go on:\nA1 Quality of surveying results:"
            " Inspection Targets, Standard and Key Points, Method"
        ):
            part.action_hand_in()
        line.write(
            {
                "target": "Licensed units",
                "standard": "As the law says",
                "method_ids": self.env.ref("srsp_supervision.method_written").ids,
            }
        )
        self.assertFalse(line.missing_elements)
        part.action_hand_in()
        self.assertEqual(part.state, "handed_in")

    def test_a_version_is_not_consolidated_with_what_was_emptied_after_handing_in(self):
        draft = self._make_open_draft()
        self._hand_in(draft)
        self._get_line(draft, "A1").with_user(self.policy).inspecting_body = False
        with self._refused("A1 Quality of surveying results: Inspecting Body"):
            draft.action_consolidate()

    def test_a_duty_names_whom_it_is_done_with(self):
        duties = self.env["srsp.list"].create(
            {"kind": "duty", "company_id": self.company.id}
        )
        duty = self.env["srsp.duty"].create(
            {
                "list_id": duties.id,
                "code": "D1",
                "name": "Joint",
                "power_list_code": "JC-1",
                "division_id": self.surveying.id,
                "legal_basis_ids": [(6, 0, self.basis.ids)],
            }
        )
        with self._refused("D1 Joint: Cooperating Divisions"):
            duty._check_complete()
        duty.cooperating_division_ids = self.minerals
        duty._check_complete()
        self.assertEqual(duty._get_row()["power_list_code"], "JC-1")
