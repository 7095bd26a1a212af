"""What a version changes against another one: as a list, as a page, as a workbook."""

import io
from datetime import date

import openpyxl
from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .list_case import ListCase

SCRIPT = "<script>alert(1)</script>"


class ComparisonCase(ListCase):
    def setUp(self):
        super().setUp()
        self.auditor = self._make_user("auditor", "auditor")
        self.draft = self._make_open_draft()

    def _make_item(self, version, **values):
        return self.env["srsp.item"].create(
            self._item_vals(list_id=version.id, **values)
        )

    def _edit(self):
        """A1 changes, B1 moves and changes, C1 is new."""
        draft = self.draft.with_env(self.env)
        self._get_line(draft, "A1").write({"ratio": 0.125, "content": "Samples"})
        self._get_line(draft, "B1").write(
            {"division_id": self.surveying.id, "frequency": 3}
        )
        self._make_item(draft, code="C1", name="Maps", frequency=4)

    def _describe(self, user=None, version=None, base=None, division=None):
        """[(kind, code, fields)] of the comparison as ``user`` gets it."""
        self.env.flush_all()
        self.env.invalidate_all()  # lines stand in the order of their codes
        version = (version or self.draft).with_user(user or self.policy)
        base = (base or self.list).with_user(user or self.policy)
        return [
            (change.kind, change.line.code, change.fields)
            for change in version._compare(base, division)
        ]

    def _open(self, user=None, version=None, **values):
        """The comparison that the button of a version opens."""
        version = (version or self.draft).with_user(user or self.policy)
        action = version.action_compare()
        comparison = version.env[action["res_model"]].browse(action["res_id"])
        comparison.write(values)
        return comparison

    def _read(self, comparison):
        """The page as an element tree."""
        return html.fromstring(comparison.body)


CHANGED = (
    "changed",
    "A1",
    (
        ("Inspection Content", "Licence in general", "Samples"),
        ("Sampling Ratio", "5%", "12.5%"),
    ),
)
MOVED = (
    "moved",
    "B1",
    (("Division", "Minerals", "Surveying"), ("Sampling Frequency", "2", "3")),
)
ADDED = (
    "added",
    "C1",
    (
        ("Category", "", "General item"),
        ("Level", "", "City"),
        ("Sector", "", "Surveying"),
        ("Basis for Inspection", "", "《Surveying and Mapping Law》Article 49"),
        ("Inspecting Body", "", "The bureau"),
        ("Inspection Targets", "", "Licensed units"),
        ("Inspection Content", "", "Licence in general"),
        ("Standard and Key Points", "", "As the law says"),
        ("Method", "", "On site"),
        ("Sampling Ratio", "", "5%"),
        ("Sampling Frequency", "", "4"),
    ),
)


def retired(change):
    """The retired line that says what an added one says."""
    return (
        "retired",
        change[1],
        tuple((name, after, before) for name, before, after in change[2]),
    )


@tagged("post_install", "-at_install")
class TestListComparison(ComparisonCase):
    def test_a_fresh_copy_differs_in_nothing(self):
        self.assertEqual(self._describe(), [])
        self.assertIn(
            "The two versions are identical", self._read(self._open()).text_content()
        )

    def test_across_one_version(self):
        self._edit()
        self.assertEqual(self._describe(), [CHANGED, MOVED, ADDED])
        self._get_line(self.draft, "B1").with_env(self.env).unlink()
        self.assertEqual(
            [(kind, code) for kind, code, _fields in self._describe()],
            [("changed", "A1"), ("added", "C1"), ("retired", "B1")],
        )

    def test_across_two_versions_in_both_directions(self):
        self._edit()
        second = self.draft.with_env(self.env)
        self._publish(self.draft, effective_date=date(2026, 3, 21))
        self._travel(date(2026, 3, 22))
        action = second.with_user(self.policy).action_new_version()
        third = self.env["srsp.list"].browse(action["res_id"])
        self.assertEqual(self._describe(version=third, base=second), [])
        self._get_line(third, "A1").code = "A9"
        code = ("Code", "A1", "A9")
        self.assertEqual(
            self._describe(version=third),
            [("changed", "A9", (code, *CHANGED[2])), MOVED, ADDED],
        )
        back = self._describe(version=self.list, base=third)
        self.assertEqual(
            [(kind, code) for kind, code, _fields in back],
            [("changed", "A1"), ("moved", "B1"), ("retired", "C1")],
        )
        self.assertEqual(back[2], retired(ADDED))

    def test_versions_made_from_the_same_one_are_paired_by_their_common_ancestor(self):
        second = self.draft.with_env(self.env)
        self._get_line(second, "A1").code = "A2"
        self._publish(self.draft, effective_date=date(2026, 3, 21))
        self._travel(date(2026, 3, 22))
        action = self.list.with_user(self.policy).action_new_version()
        third = self.env["srsp.list"].browse(action["res_id"])
        self.assertEqual(
            self._describe(version=third, base=second),
            [("changed", "A1", (("Code", "A2", "A1"),))],
        )

    def test_lines_without_an_origin_are_paired_by_their_code(self):
        draft = self.draft.with_env(self.env)
        self._get_line(draft, "A1").unlink()
        self._make_item(draft, code="A1", name="Quality of surveying results")
        self.assertEqual(self._describe(), [])

    def test_a_code_that_another_line_took_over_pairs_nothing_twice(self):
        draft = self.draft.with_env(self.env)
        self._get_line(draft, "A1").code = "A2"
        self._make_item(draft, code="A1", name="Maps")
        self.assertEqual(
            [(kind, code) for kind, code, _fields in self._describe()],
            [("added", "A1"), ("changed", "A2")],
        )

    def test_a_division_filter_keeps_what_belonged_to_it_too(self):
        self._edit()
        minerals, surveying = (
            self._describe(division=division)
            for division in (self.minerals, self.surveying)
        )
        self.assertEqual(minerals, [MOVED])
        self.assertEqual(surveying, [CHANGED, MOVED, ADDED])

    def test_of_a_draft_each_division_compares_its_own_part_alone(self):
        self._edit()
        everything = [CHANGED, MOVED, ADDED]
        gone = ("retired", "B1")
        for user, expected in (
            (self.policy, everything),
            (self.auditor, everything),
            (self.administrator, everything),
        ):
            self.assertEqual(self._describe(user), expected, user.login)
        for user, expected in (
            (self.head, [("changed", "A1"), ("added", "B1"), ("added", "C1")]),
            (self.officer, [("changed", "A1"), ("added", "B1"), ("added", "C1")]),
            (self.deputy, [gone]),
            (self.clerk, [gone]),
        ):
            found = [(kind, code) for kind, code, _fields in self._describe(user)]
            self.assertEqual(found, expected, user.login)
            page = self._read(self._open(user)).text_content()
            self.assertEqual("Samples" in page, user in (self.head, self.officer))

    def test_published_versions_are_compared_whole_by_everybody(self):
        self._edit()
        self._publish(self.draft, effective_date=date(2026, 3, 21))
        inspector = self._make_user("inspector", "inspector", self.minerals)
        for user in (inspector, self.clerk, self.head, self.auditor):
            self.assertEqual(self._describe(user), [CHANGED, MOVED, ADDED], user.login)


@tagged("post_install", "-at_install")
class TestComparisonPage(ComparisonCase):
    def test_the_button_compares_with_the_version_it_was_made_from(self):
        comparison = self._open()
        self.assertEqual(
            (comparison.list_id, comparison.base_id, comparison.display_name),
            (self.draft, self.list, "Item list, version 2, compared with version 1"),
        )
        first = self._open(version=self.list)
        self.assertEqual(
            (first.base_id.ids, first.display_name), ([], "Item list, version 1")
        )
        self.assertEqual(
            first._get_content()["counts"],
            {"added": 2, "changed": 0, "moved": 0, "retired": 0},
        )

    def test_the_page_counts_and_shows_each_change(self):
        self._edit()
        page = self._read(self._open())
        pills = page.xpath("div[@class='srsp-changes']/p/span | p[1]/span")
        self.assertEqual(
            [" ".join(pill.text_content().split()) for pill in pills],
            ["Added 1", "Changed 1", "Moved 1", "Retired 0"],
        )
        cards = page.xpath("//table")
        self.assertEqual(
            [" ".join(card.find("thead")[0].text_content().split()) for card in cards],
            [
                "Changed A1 Quality of surveying results · Surveying",
                "Moved B1 Mining within the licence · Minerals → Surveying",
                "Added C1 Maps · Surveying",
            ],
        )
        self.assertEqual(
            page.xpath("//del/text()"),
            ["Licence in general", "5%", "Minerals", "2"],
        )
        self.assertEqual(
            page.xpath("//ins/text()"), ["Samples", "12.5%", "Surveying", "3"]
        )

    def test_one_kind_of_change_and_one_division_can_be_shown_alone(self):
        self._edit()
        for shown, codes in (
            ("all", ["A1", "B1", "C1"]),
            ("added", ["C1"]),
            ("changed", ["A1"]),
            ("moved", ["B1"]),
            ("retired", []),
        ):
            content = self._open(shown=shown)._get_content()
            self.assertEqual([change.line.code for change in content["changes"]], codes)
            self.assertEqual(sum(content["counts"].values()), 3)
        text = self._read(self._open(shown="retired")).text_content()
        self.assertIn("No line of this kind", text)
        content = self._open(division_id=self.minerals.id)._get_content()
        self.assertEqual([change.line.code for change in content["changes"]], ["B1"])

    def test_markup_in_a_line_stays_text(self):
        self._edit()
        draft = self.draft.with_env(self.env)
        self._get_line(draft, "A1").write({"content": SCRIPT, "name": SCRIPT})
        self._get_line(draft, "C1").standard = SCRIPT
        self.surveying.name = SCRIPT
        page = self._read(self._open())
        self.assertEqual(page.xpath("//script"), [])
        self.assertEqual(page.text_content().count(SCRIPT), 9)

    def test_lines_on_a_repealed_basis_are_flagged(self):
        self.assertNotIn("repealed", self._open().body)
        self.basis.repealed_date = date(2026, 3, 1)
        self._edit()
        newer = self._make_basis(article="Article 50")
        self._get_line(self.draft.with_env(self.env), "B1").legal_basis_ids = newer
        comparison = self._open()
        self.assertEqual(
            comparison._get_content()["repealed"].mapped("code"), ["A1", "C1"]
        )
        heads = [
            head.text_content() for head in self._read(comparison).xpath("//thead")
        ]
        self.assertEqual(
            ["Repealed basis" in head for head in heads], [True, False, True]
        )
        comparison.division_id = self.minerals
        self.assertFalse(comparison._get_content()["repealed"])
        self.assertFalse(self._open(self.clerk)._get_content()["repealed"])

    def test_another_list_is_no_base(self):
        duties = self.env["srsp.list"].create(
            {"kind": "duty", "company_id": self.company.id}
        )
        with self.assertRaises(ValidationError):
            self._open(base_id=duties.id)

    def test_a_comparison_belongs_to_whoever_made_it(self):
        comparison = self._open()
        with self.assertRaises(AccessError):
            comparison.with_user(self.auditor).read(["body"])
        for user in (self.officer, self.auditor, self.policy):
            self.assertTrue(self._open(user).body)

    def test_a_version_of_another_bureau_cannot_be_compared(self):
        other = self.env["res.company"].create({"name": "Other Bureau"})
        stranger = self._make_user("stranger", "policy_officer", company=other)
        with self.assertRaises(AccessError):
            self.draft.with_user(stranger).action_compare()
        comparison = self.env["srsp.list.comparison"].with_user(stranger)
        with self.assertRaises(AccessError):
            comparison.create({"list_id": self.draft.id}).read(["body"])


@tagged("post_install", "-at_install")
class TestComparisonWorkbook(ComparisonCase, HttpCase):
    def _travel(self, day):
        """Not here: the server's threads live in the real time."""

    deadline = date(2099, 1, 1)

    def _get(self, comparison, login):
        self.authenticate(login, login)
        return self.url_open(f"/srsp/comparison/{comparison.id}/workbook")

    def test_the_workbook_holds_what_the_page_shows(self):
        self._edit()
        self.env["res.lang"]._activate_lang("en_US")
        self.policy.lang = "en_US"
        comparison = self._open(shown="moved")
        action = comparison.action_export_workbook()
        self.assertEqual(action["url"], f"/srsp/comparison/{comparison.id}/workbook")
        answer = self._get(comparison, self.policy.login)
        self.assertEqual(answer.status_code, 200)
        self.assertIn(
            "Item%20list%2C%20version%202%2C%20compared%20with%20version%201.xlsx",
            answer.headers["Content-Disposition"],
        )
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        self.assertEqual(
            [value for row in sheet.values for value in row if value],
            [
                "Item list, version 2, compared with version 1",
                "Harbour Bureau · Added 1　Changed 1　Moved 1　Retired 0",
                "Only Moved",
                *["Kind of Change", "Code", "Name", "Division"],
                *["Field", "Before", "After"],
                *["Moved", "B1", "Mining within the licence", "Surveying"],
                *["Division", "Minerals", "Surveying"],
                *["Moved", "B1", "Mining within the licence", "Surveying"],
                *["Sampling Frequency", "2", "3"],
            ],
        )

    @mute_logger("odoo.http")
    def test_nobody_fetches_the_workbook_of_another(self):
        comparison = self._open()
        self.assertEqual(self._get(comparison, self.auditor.login).status_code, 403)
        comparison.sudo().unlink()
        self.assertEqual(self._get(comparison, self.policy.login).status_code, 404)

    def test_a_text_too_long_for_a_cell_is_named(self):
        self._edit()
        draft = self.draft.with_env(self.env)
        self._get_line(draft, "A1").content = "长" * 33_000
        with self.assertRaisesRegex(UserError, "Content|After"):
            self._open()._export_workbook()
