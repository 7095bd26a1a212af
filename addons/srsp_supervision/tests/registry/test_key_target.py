"""The registry of key targets: who proposes, who decides, what the target and announced draws say of it."""

from datetime import date

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DRAW_AT, NOW, ROLES, SrspCase
from .registry_case import CODE, HEADER, RegistryCase

DAY = date(2026, 3, 20)


class KeyTargetCase(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.head = cls._make_user("head", "division_manager", cls.surveying)
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.policy = cls._make_user("policy", "policy_officer")
        cls.other_policy = cls._make_user("policy2", "policy_officer")
        cls.auditor = cls._make_user("auditor", "auditor")
        cls.surveying.manager_id = cls.head
        users = cls.officer | cls.head | cls.manager | cls.policy | cls.other_policy
        users.lang = "en_US"
        cls.target = cls.targets[0]

    def setUp(self):
        super().setUp()
        freezer = freeze_time(NOW)
        freezer.start()
        self.addCleanup(freezer.stop)

    def _propose(self, user=None, target=None, **values):
        listings = self.env["srsp.key.target"].with_user(user or self.manager)
        return listings.create(
            {
                "target_id": (target or self.target).id,
                "for_complaints": True,
                "reason": "Two complaints",
                **values,
            }
        )

    def _list(self, target=None):
        listing = self._propose(target=target)
        listing.with_user(self.policy).action_approve()
        return listing

    def _ask(self, listing, user, step, reason):
        """Go through the wizard that asks for a reason."""
        method = {"key_decline": "action_decline", "key_delist": "action_delist"}[step]
        action = getattr(listing.with_user(user), method)()
        wizards = self.env["srsp.reason"].with_user(user)
        wizards = wizards.with_context(**action["context"])
        wizards.create({"reason": reason}).action_confirm()

    def _get_mark(self, target=None):
        target = target or self.target
        return (
            target.is_key,
            target.key_reason,
            target.key_by_id,
            target.key_date,
        )


@tagged("post_install", "-at_install")
class TestKeyTarget(KeyTargetCase):
    def test_a_proposal_marks_nothing_and_another_person_lists_the_target(self):
        nobody = self.env["res.users"]
        listing = self._propose()
        self.assertEqual((listing.state, listing.proposed_on), ("proposed", DAY))
        self.assertEqual(self._get_mark(), (False, False, nobody, False))
        listing.with_user(self.policy).action_approve()
        self.assertEqual(
            (listing.state, listing.listed_by_id, listing.listed_on),
            ("listed", self.policy, DAY),
        )
        self.assertEqual(self._get_mark(), (True, "Two complaints", self.policy, DAY))
        self._ask(listing, self.manager, "key_delist", "Settled in court")
        self.assertEqual((listing.state, self.target.is_key), ("delisting", True))
        listing.with_user(self.head).action_approve()
        self.assertEqual(
            (listing.state, listing.delist_by_id, listing.decided_by_id),
            ("delisted", self.manager, self.head),
        )
        self.assertEqual(self._get_mark(), (False, False, self.head, DAY))
        history = self.target.change_ids.sorted("id")
        self.assertEqual(
            [(one.field, one.old, one.new, one.reason, one.user_id) for one in history],
            [
                ("is_key", False, "1", "Two complaints", self.policy),
                ("is_key", "1", False, "Settled in court", self.head),
            ],
        )

    def test_nobody_lists_or_delists_alone(self):
        for user in (self.head, self.policy):
            listing = self._propose(user)
            with self._refused("you proposed this yourself", AccessError):
                listing.action_approve()
            self._ask(listing, user, "key_decline", "Entered by mistake")
            self.assertEqual(listing.state, "declined")
        listing = self._list()
        for user in (self.head, self.other_policy):
            self._ask(listing, user, "key_delist", "Friends of mine")
            with self._refused("you proposed this yourself", AccessError):
                listing.with_user(user).action_approve()
            self.assertTrue(self.target.is_key)
            self._ask(listing, self.policy, "key_decline", "No reason is given")
            self.assertEqual((listing.state, self.target.is_key), ("listed", True))

    def test_who_decides(self):
        for user, decides in (
            (self.officer, False),
            (self.manager, False),
            (self.head, True),
            (self.policy, True),
        ):
            listing = self._propose(
                self.manager if user != self.manager else self.officer
            )
            self.assertEqual(listing.with_user(user).can_decide, decides)
            if decides:
                listing.with_user(user).action_approve()
                listing.sudo()._propose_delisting("Next case")
                listing.sudo().action_approve()
            else:
                with self._refused("a policy officer decides", AccessError):
                    listing.with_user(user).action_approve()
                listing.sudo()._decline("Next case")
        with self.assertRaises(AccessError):
            self._propose(self.auditor)
        [theirs] = self._make_targets(1, sector=self.mining)
        with self.assertRaises(AccessError):
            self._propose(self.manager, theirs)

    def test_each_role_reads_what_it_answers_for_and_nobody_writes_a_decision(self):
        [theirs] = self._make_targets(1, sector=self.mining)
        mine = self._propose()
        other = self._propose(self.policy, theirs)
        every = mine | other
        seen = {}
        for role in ROLES:
            user = self._make_user(f"role_{role}", role, self.surveying)
            found = self.env["srsp.key.target"].with_user(user)
            seen[role] = found.search([("id", "in", every.ids)])
        self.assertEqual(
            seen,
            dict.fromkeys(("policy_officer", "auditor", "administrator"), every)
            | dict.fromkeys(
                ("inspector", "division_officer", "division_manager"), mine
            ),
        )
        for vals in (
            {"state": "listed"},
            {"proposed_by_id": self.officer.id},
            {"decided_on": DAY},
            {"delist_reason": "Forged"},
        ):
            with self._refused("use the buttons", AccessError):
                mine.write(vals)
        with self._refused("keeps its target"):
            mine.target_id = self.targets[1]
        with self._refused("by whoever made it"):
            mine.with_user(self.officer).reason = "Nothing much"
        mine.reason = "Three complaints"
        with self.assertRaises(AccessError):
            mine.unlink()
        with self._refused("is not deleted"):
            mine.sudo().unlink()
        smuggled = self.env["srsp.key.target"].with_user(self.manager)
        smuggled = smuggled.with_context(
            default_state="listed", default_proposed_by_id=self.officer.id
        )
        made = smuggled.create(
            {
                "target_id": self.targets[2].id,
                "for_other": True,
                "reason": "Smuggled",
            }
        )
        self.assertEqual((made.state, made.proposed_by_id), ("proposed", self.manager))

    def test_a_proposal_says_why_and_stands_once(self):
        with self._refused("enter the reason why it is a key target", ValidationError):
            self._propose(reason="  ")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.env.cr.savepoint(),
        ):
            self._propose(for_complaints=False)
        with self._refused("identity number", ValidationError):
            self._propose(reason="11010519491231002X complained")
        self._propose()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self._propose()

    def test_a_delisting_before_an_announced_draw_is_told_on_the_task(self):
        listing = self._list()
        task = self._make_task(draw_at=DRAW_AT).with_user(self.manager)
        task.action_announce()
        self._ask(listing, self.manager, "key_delist", "Settled")
        before = task.sudo().message_ids
        listing.with_user(self.policy).action_approve()
        [note] = task.sudo().message_ids - before
        self.assertIn(
            f"After the announcement, {self.target.code}: changed in the registry:"
            " Key Target",
            note.body,
        )


@tagged("post_install", "-at_install")
class TestRules(KeyTargetCase):
    def _get_proposed(self, *targets):
        listings = self.env["srsp.key.target"].search(
            [("company_id", "=", self.company.id)]
        )
        return [
            (one.target_id, one.reason_kinds, one.reason, one.origin, one.state)
            for one in listings.sorted("id")
        ]

    def _find(self, day):
        """A finding on ``self.target``, formed on ``day``."""
        pool = self._make_filter(self.target)
        with freeze_time(DRAW_AT):
            visit = self._make_drawn(target_domain=pool).inspection_ids
        finding = {"result": "N", "facts": "Points missing", "measure": "rectify"}
        visit.line_ids.write(finding)
        visit._close(day)

    def test_class_d_and_findings_are_proposed_once(self):
        self.rulebook.risk_raise_on_finding = False
        self.targets[1:4].risk_class = "D"
        self.targets[3].write({"state": "suspended", "state_reason": "Renovation"})
        self._list(self.targets[1])
        self._find(date(2026, 3, 19))
        listings = self.env["srsp.key.target"].with_user(self.officer)
        self.assertEqual(
            listings.get_hint(),
            [
                "1 active targets of risk class D are not listed; 0 of them are proposed.",
                "1 active targets with recent findings are not listed; 0 of them are proposed.",
            ],
        )
        action = listings.action_propose_by_rule()
        self.assertEqual(action["params"]["message"], "Proposed by the rules: 2")
        self.assertEqual(
            self._get_proposed()[1:],
            [
                (
                    self.target,
                    "Findings in Inspections",
                    "findings in recent inspections",
                    "rule",
                    "proposed",
                ),
                (self.targets[2], "Risk Class D", "risk class D", "rule", "proposed"),
            ],
        )
        self.assertEqual(
            listings.get_hint(),
            [
                "1 active targets of risk class D are not listed; 1 of them are proposed.",
                "1 active targets with recent findings are not listed; 1 of them are proposed.",
            ],
        )
        listings.action_propose_by_rule()
        self.assertEqual(len(self._get_proposed()), 3)

    def test_what_was_declined_comes_again_only_for_a_later_fact(self):
        self.target.write({"risk_class": "D", "risk_date": date(2026, 1, 5)})
        listings = self.env["srsp.key.target"]
        self.assertEqual(listings._propose_by_rule(self.company), 1)
        listing = listings.search([("target_id", "=", self.target.id)])
        listing.with_user(self.policy)._decline("The class is under appeal")
        with freeze_time("2026-05-04 02:00:00"):
            self.assertEqual(listings._propose_by_rule(self.company), 0)
            self._find(date(2026, 5, 4))
            self.assertEqual(listings._propose_by_rule(self.company), 1)

    def test_what_was_withdrawn_comes_again(self):
        self.target.write({"risk_class": "D", "risk_date": date(2026, 1, 5)})
        listings = self.env["srsp.key.target"]
        listings.with_user(self.officer).action_propose_by_rule()
        listing = listings.search([("target_id", "=", self.target.id)])
        listing.with_user(self.officer)._decline("Not needed")
        self.assertEqual((listing.state, listing.decided_on), ("declined", False))
        self.assertEqual(listings._propose_by_rule(self.company), 1)

    def test_the_rulebook_says_how_long_a_finding_counts(self):
        self.rulebook.write({"key_for_class_d": False, "key_finding_days": 30})
        self.rulebook.risk_raise_on_finding = False
        self.targets[1].risk_class = "D"
        self._find(date(2026, 3, 20))
        listings = self.env["srsp.key.target"]
        with freeze_time("2026-04-19 02:00:00"):
            self.assertEqual(listings._propose_by_rule(self.company), 0)
        with freeze_time("2026-04-18 02:00:00"):
            self.assertEqual(listings._propose_by_rule(self.company), 1)

    def test_the_scheduled_action_proposes_and_a_policy_officer_decides(self):
        self.target.risk_class = "D"
        self.env["srsp.key.target"]._cron_propose()
        listing = self.env["srsp.key.target"].search(
            [("target_id", "=", self.target.id)]
        )
        self.assertEqual((listing.origin, listing.proposed_by_id.ids), ("rule", []))
        with self._refused("a policy officer decides", AccessError):
            listing.with_user(self.head).action_approve()
        listing.with_user(self.policy).action_approve()
        self.assertTrue(self.target.is_key)

    def test_a_division_proposes_within_its_own_registry_alone(self):
        [theirs] = self._make_targets(1, sector=self.mining, risk_class="D")
        self.target.risk_class = "D"
        listings = self.env["srsp.key.target"].with_user(self.officer)
        listings.action_propose_by_rule()
        self.assertEqual([row[0] for row in self._get_proposed()], [self.target])
        with self.assertRaises(AccessError):
            listings.with_user(self.auditor).action_propose_by_rule()
        listings.with_user(self.policy).action_propose_by_rule()
        self.assertEqual(
            [row[0] for row in self._get_proposed()], [self.target, theirs]
        )


@tagged("post_install", "-at_install")
class TestImport(RegistryCase):
    def test_a_file_proposes_and_lists_nobody(self):
        policy = self._make_user("policy", "policy_officer")
        header = [*HEADER, "is_key", "key_reason"]
        row = ["甲公司", CODE, "SUR", "P1", "1", "投诉多"]
        record = self._import([header, row])
        self.assertEqual(
            record.message,
            "Imported: 1 new, 0 changed, 0 unchanged; 0 bad rows left out."
            " Proposed for the registry of key targets: 1.",
        )
        target = self._target("甲公司")
        listing = target.key_target_ids
        self.assertEqual(
            (listing.state, listing.reason, listing.origin, listing.proposed_by_id),
            ("proposed", "投诉多", "import", self.officer),
        )
        self.assertFalse(target.is_key)
        again = self._check([header, row])
        self.assertEqual(
            (self._counts(again), again.proposed_count), ((1, 0, 0, 1, 0), 0)
        )
        listing.with_user(policy).action_approve()
        again = self._check([header, row])
        self.assertEqual(
            (self._counts(again), again.proposed_count), ((1, 0, 0, 1, 0), 0)
        )
        self.assertEqual(self._errors(again), [])

    def test_a_file_delists_nobody(self):
        policy = self._make_user("policy", "policy_officer")
        header = [*HEADER, "is_key", "key_reason"]
        row = ["甲公司", CODE, "SUR", "P1"]
        self._import([header, [*row, "1", "投诉多"]])
        self._target("甲公司").key_target_ids.with_user(policy).action_approve()
        for cells, label, value, words in (
            (["0", ""], "Key Target", "false", "leave the cell empty"),
            (["1", "无"], "Reason for the Key Mark", "无", "for another reason"),
        ):
            record = self._check([header, [*row, *cells]])
            [(number, column, found, reason)] = self._errors(record)
            self.assertEqual((number, column, found), (2, label, value))
            self.assertIn(words, reason)
        self.assertTrue(self._target("甲公司").is_key)

    def test_a_proposal_of_a_known_target_is_made_without_any_other_change(self):
        row = ["甲公司", CODE, "SUR", "P1"]
        self._import([HEADER, row])
        record = self._import(
            [[*HEADER, "is_key", "key_reason"], [*row, "1", "投诉多"]]
        )
        self.assertEqual(
            (self._counts(record), record.proposed_count), ((1, 0, 0, 1, 0), 1)
        )
        self.assertEqual(self._target("甲公司").key_target_ids.reason, "投诉多")
