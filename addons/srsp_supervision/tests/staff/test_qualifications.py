"""Whom an item lets inspect: qualifications that it demands, and officers whose scope is some items alone."""

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.lists.row_parser import RowParser
from ..common import DRAW_AT, NOW
from ..lists.list_case import APPROVAL, TODAY, ListCase


@tagged("post_install", "-at_install")
class TestQualifications(ListCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.licence, cls.diving = cls.env["srsp.qualification"].create(
            [
                {"name": name, "company_id": cls.company.id}
                for name in ("Survey licence", "Diving licence")
            ]
        )

    def _demand(self, qualifications, item=None):
        """Let an item of the frozen list demand something, as if it had been published so."""
        (item or self.item).sudo().qualification_ids = qualifications

    def _eligible(self, task):
        return self.env["srsp.inspector"].search(
            self.env["srsp.inspector"]._get_eligible_domain(task)
        )

    def test_who_lacks_what_an_item_demands_is_not_drawn(self):
        self._demand(self.licence | self.diving)
        self.officers[:3].qualification_ids = self.licence | self.diving
        self.officers[3].qualification_ids = self.licence
        task = self._make_announced()
        self.assertEqual(self._eligible(task), self.officers[:3])
        labels = [row[0] for row in task._lock_roster(NOW).inspectors]
        self.assertEqual(labels, ["SV-01", "SV-02", "SV-03"])

    def test_the_announcement_says_which_qualification_is_missing(self):
        self._demand(self.licence | self.diving)
        self.officers[:4].qualification_ids = self.licence
        self.officers[0].qualification_ids |= self.diving
        task = self._make_task(draw_at=DRAW_AT).with_user(self.head)
        self.head.lang = "en_US"
        with (
            freeze_time(NOW),
            self._refused(
                r"1 officers are eligible, a team needs 2\. .* Excluded because of the items' requirements, with the"
                r" number of officers who do not meet them: Diving licence \(4\), Survey licence \(1\)\.$"
            ),
        ):
            task.action_announce()
        self.assertFalse(task.announced_on)

    def test_an_officer_inspects_the_items_of_the_scope_alone(self):
        other = self.env["srsp.item"].create(
            self._item_vals(list_id=self.list.id, code="A2", name="Maps")
        )
        self.officers[:2].item_ids = self.item
        self.officers[2].item_ids = other
        self.assertEqual(
            self._eligible(self._make_task()), self.officers - self.officers[2]
        )
        both = self._make_task(item_ids=[(6, 0, (self.item | other).ids)])
        self.assertEqual(self._eligible(both), self.officers[3:])
        self.officers[3:].item_ids = other
        self.head.lang = "en_US"
        task = self._make_task(draw_at=DRAW_AT).with_user(self.head)
        self.officers[0].on_duty = False
        with (
            freeze_time(NOW),
            self._refused(r"item scope without A1 Quality of surveying results \(3\)"),
        ):
            task.action_announce()

    def test_a_scope_holds_for_later_versions_of_an_item(self):
        self.officers[:3].item_ids = self.item
        draft = self._make_open_draft()
        heir = draft.item_ids.filtered(lambda item: item.code == "A1")
        heir.sudo().code = "A9"
        task = self._make_task(item_ids=[(6, 0, heir.ids)])
        self.assertEqual(self._eligible(task), self.officers)
        mine = self.list.item_ids.filtered(lambda item: item.code == "B1")
        self.officers[0].item_ids = mine
        self.assertEqual(self._eligible(task), self.officers[1:])

    def test_in_a_joint_draw_each_officer_answers_for_a_sector_of_the_task(self):
        mine = self.list.item_ids.filtered(lambda item: item.code == "B1")
        self._demand(self.licence)
        self._demand(self.diving, mine)
        surveyor, miner, nobody, both, other = self.officers
        self.officers.sector_ids = self.sector | self.mining
        surveyor.write({"sector_ids": self.sector.ids, "qualification_ids": self.licence.ids})  # fmt: skip
        miner.write({"sector_ids": self.mining.ids, "qualification_ids": self.diving.ids})  # fmt: skip
        nobody.write({"sector_ids": self.mining.ids, "qualification_ids": self.licence.ids})  # fmt: skip
        both.qualification_ids = self.licence
        task = self._make_task(
            cooperating_division_ids=[(6, 0, self.minerals.ids)],
            item_ids=[(6, 0, (self.item | mine).ids)],
        )
        self.assertEqual(self._eligible(task), surveyor | miner | both)

    def test_who_is_qualified_is_told_to_announced_tasks(self):
        task = self._make_announced()
        told = task.message_ids
        self.officers[0].with_user(self.head).qualification_ids = self.licence
        [note] = (task.message_ids - told).mapped("preview")
        self.assertIn("changed in the registry: Qualifications", note)

    def test_who_serves_which_regions_is_told_to_announced_tasks(self):
        task = self._make_announced()
        told = task.message_ids
        self.officers[0].with_user(self.head).region_ids = self._make_region("North")
        [note] = (task.message_ids - told).mapped("preview")
        self.assertIn("changed in the registry: Regions", note)

    def test_the_register_changes_neither_inspectors_nor_items(self):
        keeper = self._make_user("keeper", "policy_officer")
        for vals in (
            {"inspector_ids": [(4, self.officers[0].id)]},
            {"item_ids": [(4, self.item.id)]},
        ):
            with self._refused("cannot be edited", AccessError):
                self.licence.with_user(keeper).write(vals)
            with self._refused("cannot be edited", AccessError):
                self.licence.with_user(keeper).create({"name": "Other", **vals})
        self.officers[:2].qualification_ids = self.licence
        self._demand(self.diving)
        self.assertEqual(self.licence.inspector_ids, self.officers[:2])
        self.assertEqual(self.diving.item_ids, self.item)
        self.assertFalse(self.diving.inspector_ids)

    def test_a_demand_is_part_of_the_list_and_frozen_with_it(self):
        draft = self._make_open_draft()
        heir = draft.item_ids.filtered(lambda item: item.code == "A1")
        plain = heir._get_row()
        heir.with_user(self.head).qualification_ids = self.licence | self.diving
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(
            heir._get_row(),
            {**plain, "qualification_ids": "Diving licence、Survey licence"},
        )
        vals, problems = RowParser(heir, self.company).parse(
            heir, {"qualification_ids": "Survey licence"}
        )
        self.assertEqual(
            (vals, problems),
            ({"qualification_ids": [(6, 0, self.licence.ids)]}, []),
        )
        draft.sudo().part_ids.filtered(
            lambda p: p.state != "handed_in"
        ).action_hand_in()
        draft.sudo().write(APPROVAL | {"effective_date": TODAY})
        for step in ("consolidate", "approve", "publish"):
            getattr(draft.sudo(), f"action_{step}")()
        sealed = draft._prepare_seal()
        self.licence.name = "Renamed"
        self.assertEqual(draft._prepare_seal(), sealed)
        self.assertEqual(
            heir._get_row()["qualification_ids"], "Diving licence、Survey licence"
        )
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.licence.unlink()

    def test_the_register_is_kept_by_policy_officers(self):
        self.licence.with_user(self.policy).note = "A paper"
        for user in (self.head, self.officer):
            with self._refused("", AccessError):
                self.licence.with_user(user).note = "A word"
