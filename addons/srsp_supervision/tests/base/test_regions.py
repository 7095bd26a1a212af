"""The register of regions: names that nobody can mistake, in targets, strata, filters and files."""

from contextlib import contextmanager

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DRAW_AT, NOW
from ..registry.registry_case import CODE, CODE_2, HEADER, RegistryCase


@tagged("post_install", "-at_install")
class TestRegions(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.province = cls._make_region("演示省", code="990000")
        cls.east = cls._make_region("东市", cls.province, "990100")
        cls.west = cls._make_region("西市", cls.province, "990200")
        cls.old_town = cls._make_region("老城区", cls.east, "990102")

    @contextmanager
    def _broken(self):
        """What follows breaks a rule of the database."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            yield
        self.env.invalidate_all()

    def test_two_regions_of_one_name_are_told_apart_by_what_they_belong_to(self):
        target = self.targets[0]
        target.region_id = self.old_town
        self.assertEqual((self.old_town.label, target.region), ("老城区",) * 2)
        other = self._make_region("老城区", self.west)
        self.assertEqual(
            (self.old_town.label, other.label), ("东市老城区", "西市老城区")
        )
        self.assertEqual(target.region, "东市老城区")
        other.unlink()
        self.assertEqual((self.old_town.label, target.region), ("老城区",) * 2)
        with self._broken():
            self._make_region("老城区", self.east)

    def test_a_region_in_use_stays_in_the_register(self):
        self.targets[0].region_id = self.old_town
        with self._broken():
            self.old_town.unlink()

    def test_another_bureaus_region_is_refused(self):
        other = self.env["res.company"].create({"name": "Other Bureau"})
        region = self._make_region("外区", company_id=other.id)
        with self._refused("外区"):
            self.targets[0].entity_id.region_id = region

    def test_the_register_is_kept_by_policy_officers_and_administrators(self):
        policy = self._make_user("policy", "policy_officer")
        for user in (policy, self.administrator):
            self._make_region(f"旧{user.id}区").with_user(user).name = f"{user.id}区"
            self.env["srsp.region"].with_user(user).create(
                {"name": f"新{user.id}区", "code": f"A{user.id}"}
            )
        for user in (self.officer, self.manager):
            with self._refused("", AccessError):
                self.old_town.with_user(user).name = "新城区"
        with self._refused("cannot be edited", AccessError):
            self.old_town.with_user(policy).label = "新城区"

    def test_the_code_of_a_region_is_made_of_digits_or_capital_letters(self):
        for code in ("3", "35-01", "abc", "1" * 13):
            with self._broken():
                self.old_town.code = code
                self.env.flush_all()

    def test_a_renamed_region_takes_strata_along_until_the_roster_is_locked(self):
        self.targets[:10].region_id = self.old_town
        own = [(0, 0, {"key": "B/老城区", "ratio": 1.0, "reason": "Floods"})]
        task = self._make_announced(stratify_by="risk_class+region", stratum_ids=own)
        told = task.message_ids
        self.old_town.name = "古城区"
        self.assertEqual(task.stratum_ids.key, "B/古城区")
        [note] = (task.message_ids - told).mapped("preview")
        self.assertEqual(
            note,
            "After the announcement, the register of regions has changed: 古城区",
        )
        told = task.message_ids
        self._make_region("新城区", self.west)
        self.assertEqual(task.message_ids, told)
        self._make_region("古城区", self.west)
        [note] = (task.message_ids - told).mapped("preview")
        self.assertTrue(note.endswith("has changed: 东市古城区"), note)
        self.assertEqual(task.stratum_ids.key, "B/东市古城区")
        draw = task._lock_roster(NOW)
        self.old_town.name = "旧城区"
        self.assertEqual(task.stratum_ids.key, "B/东市古城区")
        self.assertEqual(
            [row["key"] for row in draw.strata], ["B/none", "B/东市古城区"]
        )

    def test_a_target_filter_goes_by_the_register_and_is_published_by_name(self):
        self.targets[:3].region_id = self.old_town
        self.targets[3:5].entity_id.region_id = self.east
        for condition, count, public in (
            (("region_id", "=", self.old_town.id), 3, "[('region', 'in', ['老城区'])]"),
            (("region_id", "child_of", self.east.id), 3, "[('region', 'in', ['东市', '老城区'])]"),
            (("region_id", "not in", [self.old_town.id]), 116, "[('region', 'not in', ['老城区'])]"),
            (("region_id", "=", False), 116, "[('region', 'in', [False])]"),
            (("entity_id.region_id", "in", [self.east.id]), 2, "[('entity_id.region', 'in', ['东市'])]"),
        ):  # fmt: skip
            with self.subTest(condition):
                task = self._make_task(target_domain=str([condition]))
                self.assertEqual(task.target_count, count)
                self.assertEqual(task._get_public_filter(), public)

    def test_a_target_filter_asks_about_nothing_behind_a_region(self):
        inside = [("create_uid.login", "=like", "a%")]
        with self._refused(
            "the target filter cannot use region_id any; ", ValidationError
        ):
            self._make_task(target_domain=str([("region_id", "any", inside)]))

    def test_a_file_names_a_region_by_code_or_by_name_with_or_without_those_above(self):
        self._make_region("老城区", self.west, "990202")
        header = [*HEADER, "region", "entity_region"]
        words = {
            "990102": "东市老城区",
            "东市老城区": "东市老城区",
            "演示省西市老城区": "西市老城区",
            "西市": "西市",
            " 演示省 东市": "东市",
        }
        rows = [["甲公司", CODE, "SUR", f"P{n}", word] for n, word in enumerate(words)]
        record = self._import([header, *rows])
        self.assertEqual(self._errors(record), [])
        found = self._target("甲公司").sorted("permit_number")
        self.assertEqual(found.mapped("region_id.label"), [*dict.fromkeys(words.values())])  # fmt: skip
        self.assertEqual([t.region for t in found], [*words.values()])
        self.assertEqual(self._counts(self._check([header, *rows]))[3], len(rows))

    def test_a_region_that_is_not_in_the_register_is_a_bad_row_with_the_way_out(self):
        self._make_region("老城区", self.west, "990202")
        header = [*HEADER, "region", "entity_region"]
        record = self._import(
            [
                header,
                ["甲公司", CODE, "SUR", "P1", "老成区", ""],
                ["乙公司", CODE_2, "SUR", "P2", "", "老城区"],
                ["丙公司", "", "SUR", "P3", "东市", "西市"],
            ]
        )
        self.assertEqual(
            self._errors(record),
            [
                (2, "Region", "老成区",
                 "not in the register of regions: enter name or code as registered, or have the region added "
"there (Configuration, Regions)"),
                (3, "Region of the Entity", "老城区",
                 "several regions have this name: enter the code, or put the name of the parent region before it"),
            ],
        )  # fmt: skip
        self.assertEqual(self._counts(record), (3, 1, 0, 0, 2))
        target = self._target("丙公司")
        self.assertEqual((target.region, target.entity_id.region), ("东市", "西市"))

    def test_rows_of_one_entity_in_two_regions_contradict_each_other_by_name(self):
        header = [*HEADER, "entity_region"]
        record = self._check(
            [
                header,
                ["甲公司", CODE, "SUR", "P1", "东市"],
                ["甲公司", CODE, "SUR", "P2", "990200"],
            ]
        )
        self.assertEqual(
            [error[:3] for error in self._errors(record)],
            [(2, "Region of the Entity", "东市"), (3, "Region of the Entity", "西市")],
        )

    def test_an_officer_of_a_region_serves_those_below_it(self):
        self.officers[0].region_ids = self.east
        self.officers[1].region_ids = self.old_town
        self.officers[2].region_ids = self.west
        self.targets[0].region_id = self.old_town
        self.targets[1].region_id = self.east
        draw = self._make_announced()._lock_roster(NOW)
        found = dict(draw._stream_leaves())
        self.assertEqual(
            [found[target.code] for target in self.targets[:3]], ["1b", "19", "1f"]
        )

    def test_an_own_ratio_without_a_region_is_for_targets_without_one(self):
        self.targets[:10].region_id = self.old_town
        own = [(0, 0, {"region_id": False, "ratio": 0.5, "reason": "Unknown places"})]
        task = self._make_task(
            draw_at=DRAW_AT, stratify_by="region", stratum_ids=own
        ).with_user(self.manager)
        self.assertEqual(task.stratum_ids.key, "none")
        with freeze_time(NOW):
            task.action_announce()
        self.assertTrue(task.announced_on)
