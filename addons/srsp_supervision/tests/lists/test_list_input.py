"""What cannot be entered into a list, and what the message says about it."""

from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .list_case import APPROVAL, DEADLINE, TODAY, ListCase

TWICE = r"Code %s is used twice in the list \(%s; %s\)"
FLOOR = "“%s” is %s, below the rulebook's floor of %s"


@tagged("post_install", "-at_install")
class TestListInput(ListCase):
    def setUp(self):
        super().setUp()
        self.draft = self._make_open_draft()
        self.items = self.env["srsp.item"].with_user(self.officer)
        self.mine = self._get_line(self.draft, "A1").with_user(self.officer)

    def _vals(self, code, name, **values):
        return self._item_vals(list_id=self.draft.id, code=code, name=name, **values)

    def test_a_duplicate_code_is_refused_with_both_names_through_every_door(self):
        self.items.create(self._vals("A2", "Second"))
        quality = "Quality of surveying results"
        with self._refused(TWICE % ("A1", quality, "Twin"), ValidationError):
            self.items.create(self._vals("A1", "Twin"))
        with self._refused(TWICE % ("A9", "One", "Other"), ValidationError):
            self.items.create([self._vals("A9", "One"), self._vals("A9", "Other")])
        with self._refused(TWICE % ("A2", "Second", quality), ValidationError):
            self.mine.code = "A2"
        both = self.draft.item_ids.with_user(self.policy)
        with self._refused(
            TWICE % ("Z", quality, "Mining within the licence"), ValidationError
        ):
            (both - both.filtered(lambda item: item.code == "A2")).code = "Z"
        with self._refused(TWICE % ("A1", quality, "Twin"), ValidationError):
            vals = self._vals("A1", "Twin")
            self.draft.item_ids = [
                (0, 0, {k: v for k, v in vals.items() if k != "list_id"})
            ]
        with self._refused(TWICE % ("A1", quality, "Twin"), ValidationError):
            vals = self._vals("A1", "Twin")
            del vals["list_id"]
            self.items.with_context(default_list_id=self.draft.id).create(vals)
        with self._refused(TWICE % ("A1", quality, quality), ValidationError):
            self.mine.copy()
        self.assertEqual(sorted(both.mapped("code")), ["A1", "A2", "B1"])

    def test_an_import_names_a_duplicate_code_and_writes_nothing(self):
        columns = (
            "list_id/.id code name division_id/.id sector_id/.id legal_basis_ids/.id"
        )
        rows = [
            [str(self.draft.id), code, name]
            + [str(i) for i in (self.surveying.id, self.sector.id, self.basis.id)]
            for code, name in (("A7", "Fine"), ("A1", "Twin"))
        ]
        result = self.items.load(columns.split(), rows)
        self.assertFalse(result["ids"])
        self.assertIn(
            "Code A1 is used twice in the list (Quality of surveying results; Twin): give each line a code of its own.",
            [message["message"] for message in result["messages"]][0],
        )
        self.assertEqual(len(self.draft.item_ids), 2)

    def test_a_code_taken_in_another_divisions_draft_does_not_give_its_line_away(self):
        self._get_line(self.draft, "B1").with_user(self.clerk).name = "Secret raid"
        with self._refused(TWICE % ("B1", "Minerals", "Mine"), ValidationError):
            self.items.create(self._vals("B1", "Mine"))
        with self._refused(TWICE % ("B1", "Secret raid", "Mine"), ValidationError):
            self.items.with_user(self.policy).create(self._vals("B1", "Mine"))

    def test_codes_and_names_are_kept_without_the_space_around_them(self):
        line = self.items.create(self._vals(" A2 ", "  Second\r\n"))
        self.assertEqual((line.code, line.name), ("A2", "Second"))
        for code in ("a1", " A1", "A1\n"):
            with self._refused("Code .+ is used twice", ValidationError):
                self.items.create(self._vals(code, "Twin"))
        for field, label in (("code", "Code"), ("name", "Item")):
            with self._refused(f"“{label}” must not be empty", ValidationError):
                line[field] = " \t "

    def test_a_number_that_no_year_has_is_refused(self):
        for field, label, value in (
            ("frequency", "Sampling Frequency", 0),
            ("frequency", "Sampling Frequency", 2_000_000_000),
            ("annual_visit_cap", "Annual Inspection Limit", -1),
        ):
            with self._refused(
                f"“{label}” is {value}; it must be between", ValidationError
            ):
                self.mine[field] = value

    def test_publication_asks_the_rulebook_of_the_day_and_the_divisions_left(self):
        self._approve(self.draft)
        stricter = self.rulebook.copy(
            {
                "effective_date": DEADLINE,
                "floor_ratio": 0.06,
                "state": "published",
            }
        )
        self.draft.effective_date = stricter.effective_date
        with self._refused(FLOOR % ("Sampling Ratio", "0.05", "0.06"), ValidationError):
            self.draft.action_publish()
        self.draft.effective_date = TODAY
        self.minerals.active = False
        with self._refused("B1 .+: Minerals has been dissolved", ValidationError):
            self.draft.action_publish()
        self.assertEqual(self.draft.state, "approved")

    def test_an_approval_withdrawn_opens_the_version_again_and_stays_on_record(self):
        self._approve(self.draft)
        wizard = self.env["srsp.reason"].with_user(self.policy)
        action = self.draft.action_withdraw_approval()
        wizard = wizard.with_context(**action["context"]).create({"reason": "Mistyped"})
        wizard.action_confirm()
        self.assertEqual(
            (self.draft.state, self.draft.approval_number, self.draft.approval_scan),
            ("consolidated", False, False),
        )
        self.assertIn("2026-18", self.draft.message_ids[0].body)
        self.assertIn("Mistyped", self.draft.message_ids[0].body)
        self.draft.item_ids[0].name = "Mended"
        with self._refused("number, date and scan"):
            self.draft.action_approve()
        self.draft.write(APPROVAL)
        self.draft.action_approve()
        self.draft.action_publish()
        with self._refused("is in state “Published”"):
            self.draft._withdraw_approval("Again")
        for user in (self.head, self.officer, self.administrator):
            with self._refused(
                "", AccessError if user != self.administrator else UserError
            ):
                self.draft.with_user(user)._withdraw_approval("Mine")

    def test_an_approval_of_a_day_still_to_come_is_refused(self):
        with self._refused("the approval is dated 2026-03-31, which is in the future"):
            self._approve(self.draft, approval_date=DEADLINE)

    def test_less_than_the_rulebooks_floor_wants_a_reason(self):
        for field, words, reason in (
            (
                {"ratio": 0.01},
                FLOOR % ("Sampling Ratio", "0.01", "0.05"),
                "ratio_reason",
            ),
            (
                {"frequency": 1},
                FLOOR % ("Sampling Frequency", "1", "2"),
                "frequency_reason",
            ),
        ):
            with self._refused("A1 Quality of surveying results: " + words):
                self.mine.write(field)
            with self._refused(words):
                self.mine.write(field | {reason: "  "})
            with self._refused(words):
                self.items.create(self._vals("A3", "Rare", **field))
            self.mine.write(field | {reason: "A pilot"})
            with self._refused(words):
                self.mine.write({reason: False})

    def test_a_floor_raised_meanwhile_stops_hand_in_consolidation_and_approval(self):
        part = self._get_part(self.draft, self.surveying).with_user(self.head)
        self.rulebook.floor_frequency = 3
        with self._refused(FLOOR % ("Sampling Frequency", "2", "3")):
            part.action_hand_in()
        self.rulebook.floor_frequency = 2
        self._hand_in(self.draft)
        self.rulebook.floor_ratio = 0.06
        with self._refused(FLOOR % ("Sampling Ratio", "0.05", "0.06")):
            self.draft.action_consolidate()
        self.rulebook.floor_ratio = 0.05
        self.draft.action_consolidate()
        self.rulebook.floor_ratio = 0.06
        with self._refused(FLOOR % ("Sampling Ratio", "0.05", "0.06")):
            self._approve_consolidated()

    def _approve_consolidated(self):
        self.draft.write(
            {
                "approval_number": "1",
                "approval_date": TODAY,
                "approval_scan": b"c2Nhbg==",
            }
        )
        self.draft.action_approve()

    def test_a_dissolved_division_keeps_no_line(self):
        dissolved = "A1 Quality of surveying results: Surveying has been dissolved"
        old = self._make_division("Old", "OLD")
        old.active = False
        with self._refused("X1 Any: Old has been dissolved", ValidationError):
            self.items.with_user(self.policy).create(
                self._vals("X1", "Any", division_id=old.id)
            )
        with self._refused("Old has been dissolved", ValidationError):
            self.mine.with_user(self.policy).division_id = old
        self.surveying.active = False
        part = self._get_part(self.draft, self.surveying)
        with self._refused(
            "can only be submitted by that division"
        ):  # nobody belongs to it any more
            part.with_user(self.head).action_hand_in()
        with self._refused(dissolved, ValidationError):
            part.sudo().action_hand_in()
        self.surveying.active = True
        self._hand_in(self.draft)
        self.surveying.active = False
        with self._refused(dissolved, ValidationError):
            self.draft.action_consolidate()
        self.mine.with_user(self.policy).division_id = self.minerals
        self.draft.action_consolidate()
        self.assertEqual(self.draft.state, "consolidated")

    def test_an_empty_list_is_not_consolidated(self):
        self.draft.item_ids.with_user(self.policy).unlink()
        self._hand_in(self.draft)
        with self._refused("has no line: add one first"):
            self.draft.action_consolidate()

    def test_items_and_duties_do_not_mix(self):
        duties = self.env["srsp.list"].with_user(self.policy).create({"kind": "duty"})
        duties.deadline = DEADLINE
        duties.action_open()
        words = "A9 Smuggled does not belong in Duty list, version 1"
        with self._refused(words, ValidationError):
            self.items.create(self._vals("A9", "Smuggled") | {"list_id": duties.id})
        with self._refused("does not belong in Duty list", ValidationError):
            self.mine.list_id = duties
        duty = {
            "list_id": self.draft.id,
            "code": "D1",
            "name": "Misplaced",
            "division_id": self.surveying.id,
            "legal_basis_ids": [(6, 0, self.basis.ids)],
        }
        with self._refused("does not belong in Item list", ValidationError):
            self.env["srsp.duty"].with_user(self.officer).create(duty)

    def test_a_list_keeps_its_kind_and_its_bureau(self):
        other = self.env["res.company"].create({"name": "Other Bureau"})
        for vals in ({"kind": "duty"}, {"company_id": other.id}):
            with self._refused("keeps its kind and its bureau"):
                self.draft.write(vals)
        self.draft.write({"kind": "item", "company_id": self.company.id})

    def test_an_outside_department_that_leads_a_duty_is_not_waited_for(self):
        outside = self._make_division("Fire brigade", "FB", kind="external")
        duties = self.env["srsp.list"].create(
            {
                "kind": "duty",
                "company_id": self.company.id,
                "duty_ids": [
                    (
                        0,
                        0,
                        {
                            "code": "D1",
                            "name": "Fire safety",
                            "division_id": outside.id,
                            "legal_basis_ids": [(6, 0, self.basis.ids)],
                        },
                    )
                ],
            }
        )
        self.assertNotIn(outside, duties.part_ids.division_id)

    def test_a_list_is_not_duplicated_but_opened_anew(self):
        for version in (self.draft, self.list.with_user(self.administrator)):
            with self._refused("open a new version", UserError):
                version.copy()

    def test_a_list_does_not_offer_to_be_duplicated(self):
        form = etree.fromstring(self.draft.get_view(view_type="form")["arch"])
        self.assertEqual(form.get("duplicate"), "0")

    def test_a_refusal_names_the_model_in_the_readers_language(self):
        draft = self.draft.with_user(self.policy).with_context(lang="zh_CN")
        with self._refused("“两单”", AccessError):
            draft.opened_on = False

    def test_nobody_forges_an_ancestor(self):
        ancestor = self._get_line(self.list, "A1")
        for user in (self.officer, self.policy, self.administrator):
            with self._refused("cannot be edited", UserError):
                self.mine.with_user(user).origin_id = False
            with self._refused("cannot be edited", UserError):
                self.items.with_user(user).create(
                    self._vals("A9", "Heir", origin_id=ancestor.id)
                )
        with self._refused("cannot be edited", UserError):
            self.draft.origin_id = False
        heir = self.items.with_context(default_origin_id=ancestor.id).create(
            self._vals("A9", "Heir")
        )
        copied = ancestor.with_user(self.officer).copy(
            {"list_id": self.draft.id, "code": "A8"}
        )
        self.assertFalse((heir | copied).origin_id)
