from datetime import date, datetime

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DRAW_AT, NOW, SrspCase

NUMBER = "999999190001010015"  # of nobody: no region 999999; the check digit is right


@tagged("post_install", "-at_install")
class TestTarget(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.auditor = cls._make_user("auditor", "auditor")
        cls.administrator = cls._make_user("administrator", "administrator")
        cls.target = cls.targets[0]

    def _get_history(self, target):
        return [
            (change.field, change.old, change.new, change.reason, change.source)
            for change in target.change_ids.sorted("id")
        ]

    def test_moves_of_class_and_state_are_dated_signed_and_kept(self):
        mine = self.target.with_user(self.officer)
        with freeze_time("2026-03-20 02:00:00"):
            mine.write({"risk_class": "C"})
            mine.write({"state": "suspended", "state_reason": "Renewal pending"})
            mine.write({"risk_class": "C", "latitude": 26})
        self.assertEqual(
            (mine.risk_date, mine.risk_source), (date(2026, 3, 20), "manual")
        )
        self.assertEqual(mine.state_date, date(2026, 3, 20))
        self.assertEqual(
            self._get_history(mine),
            [
                ("risk_class", "B", "C", False, "manual"),
                ("state", "active", "suspended", "Renewal pending", "manual"),
            ],
        )
        self.assertEqual(mine.change_ids.user_id, self.officer)
        mine.write({"risk_class": False})
        self.assertFalse(mine.risk_date or mine.risk_source)

    def test_a_new_target_says_when_it_was_classified(self):
        vals = {"risk_class": "A"}
        with freeze_time("2026-03-20 02:00:00"):
            made = self._make_targets(2, **vals)
            dated = self._make_targets(1, risk_class="D", risk_date="2026-01-31")
        for target in made:
            self.assertEqual(target.risk_date, date(2026, 3, 20))
        self.assertEqual(dated.risk_date, date(2026, 1, 31))
        self.assertFalse((made | dated).change_ids)
        self.assertFalse(self._make_targets(1, risk_class=False).risk_date)

    def test_nobody_writes_the_history_or_signs_for_another(self):
        mine = self.target.with_user(self.officer)
        for vals in (
            {"risk_source": "results"},
            {"is_key": True, "key_reason": "Complaints"},
            {"key_reason": "Complaints"},
            {"key_by_id": self.administrator.id},
            {"key_date": "2020-01-01"},
            {"state_date": "2020-01-01"},
            {"last_inspected_on": "2026-01-01"},
            {"change_ids": [Command.clear()]},
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                mine.write(vals)
        mine.with_context(srsp_origin=("results", "Forged")).risk_class = "A"
        self.assertEqual(
            self._get_history(mine), [("risk_class", "B", "A", False, "manual")]
        )
        change = mine.change_ids
        for user in (self.officer, self.administrator):
            with self.assertRaises(AccessError):
                change.with_user(user).check_access("write")
        with self._refused("cannot be changed"):
            change.sudo().new = "D"
        with self._refused("cannot be deleted"):
            change.sudo().unlink()

    def test_a_division_reads_the_history_of_its_own_targets_alone(self):
        [theirs] = self._make_targets(1, sector=self.mining)
        theirs.risk_class = "D"
        self.target.risk_class = "D"
        changes = (theirs | self.target).change_ids
        for user, found in (
            (self.officer, self.target.change_ids),
            (self.auditor, changes),
        ):
            domain = [("id", "in", changes.ids)]
            changes_of = self.env["srsp.target.change"].with_user(user)
            self.assertEqual(changes_of.search(domain), found)

    def test_a_target_without_a_class_has_a_stratum_and_no_cap_of_its_own(self):
        self.targets[:20].risk_class = False
        self.rulebook.write({"cap_b": 1, "cap_d": 1})
        pool = self._make_filter(self.targets[0] | self.targets[50])
        self._make_drawn(target_domain=pool, ratio=1.0)
        task = self._make_drawn(stratify_by="risk_class", name="Second")
        self.assertEqual(
            task.draw_id.strata,
            [
                {"key": "B", "size": 98, "ratio": 0.05, "quota": 5},
                {"key": "none", "size": 20, "ratio": 0.05, "quota": 1},
            ],
        )
        self.assertEqual(task.draw_id._find_difference(), "")
        self.assertIn("Without a risk class", task.draw_id.strata_summary)

    def test_permits_of_several_targets_change_together_and_none_moves(self):
        permits = self.env["srsp.target.permit"].create(
            [
                {"target_id": target.id, "name": "Survey", "number": "1"}
                for target in self.targets[:2]
            ]
        )
        permits.authority = "Province"
        self.assertEqual(permits.mapped("authority"), ["Province"] * 2)
        permits[0].target_id = self.targets[0].id
        for moved in permits:
            with self._refused("stays with its target", ValidationError):
                moved.target_id = self.targets[2]
        with self._refused("stays with its target", ValidationError):
            permits.target_id = self.targets[0]

    @freeze_time("2026-03-20 02:00:00")
    def test_permits_show_when_they_run_out(self):
        days = ("2026-03-19", "2026-03-20", "2026-05-19", "2026-05-20", False)
        for target, day in zip(self.targets, days, strict=False):
            target.permit_valid_until = day
        self.assertEqual(
            self.targets[:5].mapped("permit_state"),
            ["expired", "soon", "soon", "valid", "none"],
        )

    def test_an_identity_number_stands_in_no_field_that_others_read(self):
        number = "11010519491231002X"
        words = "“.*110\\*+2X.*” contains an identity number.*its own field on the entity's form"
        with self._refused(f"^Permit: {words}"):
            self.target.permit_number = number
        with self._refused(f"^Project or Right Name: {words}"):
            self.target.name = f"宅基地（{number}）"
        entity = self.target.entity_id
        with self._refused(f"^Name: {words}"):
            entity.name = f"李四{number}工作室"
        with self._refused(f"^Legal Representative: {words}"):
            entity.legal_representative = number
        self.target.permit_number = "110105194912310021"  # its check digit is X

    def test_each_sector_has_its_own_properties(self):
        self.sector.target_properties_definition = [
            {"name": "grade", "string": "Grade", "type": "char"}
        ]
        mine = self.target.with_user(self.officer)
        mine.properties = {"grade": "A"}
        self.assertEqual(mine.read(["properties"])[0]["properties"][0]["value"], "A")
        [other] = self._make_targets(1, sector=self.mining)
        self.assertEqual(other.read(["properties"])[0]["properties"], [])
        with self.assertRaises(AccessError):
            self.sector.with_user(self.officer).target_properties_definition = []
        self.sector.with_user(self.administrator).target_properties_definition = [
            {"name": "grade", "string": "Grade of licence", "type": "char"}
        ]

    def test_the_last_visit_counts_once_its_result_is_formed(self):
        task = self._make_announced(ratio=1.0)
        task._lock_roster(NOW)._draw(DRAW_AT)
        visit = task.inspection_ids[0]
        target = visit.line_ids.target_id
        visit.write({"started_at": datetime(2026, 4, 1, 17, 30), "stage": "on_site"})
        self.assertFalse(target.last_inspected_on)
        visit.line_ids.result = "1"
        visit._close(date(2026, 4, 9))
        self.assertEqual(target.last_inspected_on, date(2026, 4, 2))

    def test_coordinates_lie_on_the_globe(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.env.cr.savepoint(),
        ):
            self.target.latitude = 119.3
            self.env.flush_all()


@tagged("post_install", "-at_install")
class TestEntity(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.policy = cls._make_user("policy", "policy_officer")
        cls.entity = cls.targets[0].entity_id

    def _make_person(self):
        return (
            self.env["srsp.entity"]
            .with_user(self.officer)
            .create({"name": "Nobody", "kind": "person", "identity_masked": NUMBER})
        )

    def test_an_identity_number_is_kept_and_shown_with_its_ends_alone(self):
        person = self._make_person()
        self.assertEqual(person.sudo().identity_number, NUMBER)
        for user in (self.officer, self.policy):
            self.env.invalidate_all()
            seen = person.with_user(user)
            self.assertEqual(seen.identity_masked, "999*************15")
            self.assertNotIn(NUMBER, seen.display_name)
            self.assertFalse(seen.name_search(NUMBER))
        self.assertNotIn(NUMBER, "".join(person.message_ids.mapped("body")))
        self.assertFalse(person.message_ids.sudo().tracking_value_ids)
        with self.assertRaises(AccessError):
            person.read(["identity_number"])
        with self.assertRaises(AccessError):
            person.search([("identity_number", "=like", "9%")])
        with self.assertRaisesRegex(ValueError, "not stored"):
            person.search([("identity_masked", "=like", "9%")])
        person.write({"identity_masked": "999*************15", "address": "Harbour"})
        self.assertEqual(person.sudo().identity_number, NUMBER)
        person.identity_masked = False
        self.assertFalse(person.sudo().identity_number)

    def test_who_has_an_identity_number_and_who_a_credit_code(self):
        person = self._make_person()
        with self._refused("not valid", ValidationError):
            person.identity_masked = f"{NUMBER[:-1]}8"
        with self._refused("only a natural person", ValidationError):
            person.kind = "project"
        with self._refused("would be published", ValidationError):
            person.write({"identity_masked": False, "uscc": "91350122MAYY0K1F3F"})
        with self._refused("only a natural person", ValidationError):
            self.entity.identity_masked = NUMBER

    def test_the_page_counts_across_sectors_and_against_the_cap(self):
        self._make_rectified()
        other = {"sector_id": self.mining.id, "risk_class": "D"}
        self.env["srsp.target"].create({"entity_id": self.entity.id, **other})
        for cap, reached in ((0, False), (1, True), (2, False)):
            self.rulebook.cap_d = cap
            self.env.invalidate_all()
            with freeze_time("2026-04-10 02:00:00"):
                seen = self.entity.with_user(self.officer)
                self.assertEqual(
                    (seen.visits_this_year, seen.visit_cap, seen.is_cap_reached),
                    (1, cap, reached),
                )
        self.assertEqual(
            (seen.worst_risk_class, seen.sector_ids), ("D", self.sector | self.mining)
        )
        self.assertEqual(seen.target_count, 1)  # the other one belongs to Minerals
        self.assertEqual(self.entity.with_user(self.policy).target_count, 2)
        for action, count, records in (
            ("targets", seen.target_count, seen.target_ids),
            ("inspections", seen.inspection_count, seen.inspection_ids),
            ("results", seen.result_count, seen.inspection_ids.line_ids),
            ("rectifications", seen.rectification_count, seen.rectification_ids),
        ):
            values = getattr(seen, f"action_open_{action}")()
            model = self.env[values["res_model"]].with_user(self.officer)
            found = model.search(values["domain"])
            self.assertEqual((found.ids, count), (records.ids, 1), action)

    def test_who_may_not_change_a_shared_entity_is_told_who_may(self):
        shared = {"entity_id": self.entity.id, "sector_id": self.mining.id}
        self.env["srsp.target"].create(shared)
        words = (
            "“.*” is in the registry of Minerals too: .* changed by an administrator"
        )
        with self._refused(words, AccessError):
            self.entity.with_user(self.officer).address = "2 Quay"
        inspector = self._make_user("reader", "inspector", self.surveying)
        with self._refused("^(?!.*registry of)", AccessError):
            self.entity.with_user(inspector).address = "2 Quay"

    def _make_rectified(self):
        """One closed visit with one order to rectify, to ``self.entity``."""
        pool = self._make_filter(self.targets[0])
        visit = self._make_drawn(target_domain=pool).inspection_ids
        finding = {"result": "N", "facts": "Points missing", "measure": "rectify"}
        visit.line_ids.write(finding)
        visit._close(date(2026, 4, 9))
