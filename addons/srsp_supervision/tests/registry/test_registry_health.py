import ast
import hashlib
import json
from datetime import date, datetime

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ...models.registry.srsp_registry_confirmation import COUNTS
from ..common import SrspCase


@tagged("post_install", "-at_install")
class TestRegistryHealth(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.freezer = freeze_time("2026-03-20 02:00:00")
        cls.freezer.start()
        cls.addClassCleanup(cls.freezer.stop)
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.stranger = cls._make_user("stranger", "division_manager", cls.minerals)
        cls.auditor = cls._make_user("auditor", "auditor")
        cls.surveying.manager_id = cls.manager
        cls._spoil(cls.targets)

    @classmethod
    def _spoil(cls, targets):
        """119 complete persons, some of them spoiled; one removed."""
        targets.entity_id.write({"kind": "person", "address": "1 Quay"})
        targets.region_id = cls._make_region("Harbour")
        for number, target in enumerate(targets):
            target.permit_number = f"P-{number}"
        targets[0].risk_class = False
        targets[1].region_id = False
        targets[2].entity_id.address = False
        targets[3].entity_id.kind = "enterprise"
        targets[9].entity_id.write({"kind": "project", "address": False})
        targets[4:7].permit_valid_until = date(2026, 3, 19)
        targets[7].permit_valid_until = date(2026, 5, 19)
        targets[8].permit_valid_until = date(2026, 5, 20)
        targets[10].entity_id.name = "Harbour (Survey) Ltd."
        targets[11].entity_id.name = "harbour（survey）ltd"
        targets[12].write({"state": "cancelled", "state_reason": "Wound up"})
        targets[13].permit_number = targets[14].permit_number
        targets[12].permit_number = targets[15].permit_number
        targets[12].permit_valid_until = date(2026, 3, 19)
        cls.env.flush_all()
        cls._age(targets[20:25])

    @classmethod
    def _age(cls, targets):
        """As if targets and their entities had not been touched since 19 March 2025."""
        cls.env.flush_all()
        for records in (targets, targets.entity_id):
            cls.env.cr.execute(
                f"UPDATE {records._table} SET write_date = '2025-03-19' WHERE id IN %s",
                [tuple(records.ids)],
            )
        cls.env.invalidate_all()

    def _get_health(self, user=None):
        self.sector._count_registry()
        health = self.env["srsp.registry.health"].with_user(user or self.manager)
        return health.search([("sector_id", "=", self.sector.id)])

    def test_a_row_counts_what_the_filters_of_the_registry_find(self):
        row = self._get_health()
        self.assertEqual(
            {
                name: row[name]
                for name in row._fields
                if name.endswith(("_count", "_share", "_state"))
            },
            {
                "target_count": 118,
                "complete_count": 114,
                "incomplete_count": 4,
                "complete_share": 114 / 118,
                "fresh_count": 113,
                "stale_count": 5,
                "no_risk_count": 1,
                "expired_count": 3,
                "soon_count": 1,
                "duplicate_count": 4,
                "confirmation_state": "open",
            },
        )
        self.assertEqual(row.division_id, self.surveying)
        view = self.env["srsp.target"].get_view(view_type="search")["arch"]
        for name in ("incomplete", "stale", "no_risk", "expired", "soon", "duplicate"):
            found = self._apply(view, name, row)
            self.assertEqual(len(found), row[f"{name}_count"], name)

    def test_one_permit_in_two_spellings_is_a_possible_duplicate(self):
        known = self.env["srsp.target"].search([("is_possible_duplicate", "=", True)])
        target = self.targets[30]
        other = target.copy({"permit_number": "（p-３０ ）"})
        found = self.env["srsp.target"].search([("is_possible_duplicate", "=", True)])
        self.assertEqual(found - known, target | other)

    def test_a_target_is_fresh_while_somebody_changes_or_confirms_it_or_its_entity(
        self,
    ):
        self._age(self.targets)
        self.env.cr.execute(
            "UPDATE srsp_entity SET write_date = '2025-03-21' WHERE id = %s",
            self.targets[0].entity_id.ids,
        )
        self.targets[1].sudo().seen_on = date(2025, 3, 21)
        self._age(self.targets[1])
        self.assertEqual(self._get_health().fresh_count, 2)
        found = self.env["srsp.target"].search(
            [("sector_id", "=", self.sector.id), ("is_fresh", "=", True)]
        )
        self.assertEqual(found, self.targets[:2])
        self._get_health().action_confirm()
        self.assertEqual(self._get_health().stale_count, 0)
        with freeze_time("2027-03-21"):
            self.assertEqual(self._get_health().stale_count, 118)

    def test_a_row_stays_as_it_was_counted_until_it_is_counted_again(self):
        health = self.env["srsp.registry.health"].with_user(self.officer)
        row = health.search([("sector_id", "=", self.sector.id)])
        self.assertEqual((row.target_count, row.counted_on), (0, False))
        with freeze_time("2026-03-20 03:00:00"):
            row.action_count()
        counted = (118, 1, datetime(2026, 3, 20, 3))
        self.assertEqual((row.target_count, row.no_risk_count, row.counted_on), counted)
        self.targets[1].risk_class = False
        row.invalidate_recordset()
        self.assertEqual((row.no_risk_count, row.counted_on), counted[1:])
        row.action_count()
        self.assertEqual(row.no_risk_count, 2)
        with self.assertRaises(AccessError):
            row.with_user(self.stranger).action_count()

    def test_the_scheduled_action_counts_every_registry(self):
        cron = self.env.ref("srsp_supervision.ir_cron_count_registries")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        rows = self.env["srsp.registry.health"].search([])
        self.assertEqual(set(rows.mapped("counted_on")), {datetime(2026, 3, 20, 2)})
        self.assertEqual(self._get_health().target_count, 118)

    def _apply(self, view, name, row):
        """The targets that the buttons of ``row`` show: its action with the filter ``name`` of the search."""
        action = row.with_context(health_filter=name).action_open_targets()
        arch = etree.fromstring(view)
        domain = [("sector_id", "=", action["context"]["search_default_sector_id"])]
        for key in action["context"]:
            nodes = arch.xpath(f"//filter[@name='{key[len('search_default_') :]}']")
            for node in nodes:
                domain += ast.literal_eval(node.get("domain"))
        self.assertIn(f"search_default_{name}", action["context"])
        return self.env["srsp.target"].with_user(self.manager).search(domain)

    def test_a_division_sees_the_health_of_its_own_registry(self):
        seen = self.env["srsp.registry.health"]
        for user, sectors in (
            (self.officer, self.sector | self.quiet),
            (self.stranger, self.mining),
            (self.auditor, self.sector | self.mining | self.quiet),
        ):
            domain = [("company_id", "=", self.company.id)]
            self.assertEqual(seen.with_user(user).search(domain).sector_id, sectors)
        self.assertEqual(
            self._get_health(self.auditor)
            .search([("sector_id", "=", self.quiet.id)])
            .complete_share,
            0,
        )

    def test_a_manager_confirms_and_the_digest_is_of_the_whole_registry(self):
        self.targets[5].write(
            {"permit_number": "Back\\slash\tand tab", "risk_class": "D"}
        )
        action = self._get_health().action_confirm()
        record = self.env["srsp.registry.confirmation"].browse(action["res_id"])
        rows = sorted(
            (
                target.code,
                target.state,
                target.risk_class or "",
                (target.permit_number or "").replace("\\", "\\\\").replace("\t", "\\t"),
            )
            for target in self.targets
        )
        text = "".join("\t".join(row) + "\n" for row in rows)
        self.assertEqual(record.digest, hashlib.sha256(text.encode()).hexdigest())
        self.assertEqual(
            [record[name] for name in (*COUNTS, "line_count")],
            [118, 114, 1, 3, 4, 119],
        )
        event = self.env["srsp.event"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        self.assertEqual(event.kind, "registry.confirmed")
        self.assertEqual(json.loads(event.payload)["record"], record._prepare_seal())
        self.assertFalse(self._find_broken())
        row = self._get_health()
        self.assertEqual(
            (row.confirmation_state, row.confirmation_id, row.confirmed_by_id),
            ("done", record, self.manager),
        )

    def test_confirming_again_adds_a_version_and_the_next_year_begins_anew(self):
        first = self._get_health().action_confirm()["res_id"]
        self.targets[0].risk_class = "A"
        self._get_health().action_confirm()
        with freeze_time("2026-12-31 17:00:00"):  # already 2027 in Beijing
            self.assertEqual(self._get_health().confirmation_state, "open")
            self._get_health().action_confirm()
        records = self.env["srsp.registry.confirmation"].search(
            [("sector_id", "=", self.sector.id)], order="id"
        )
        self.assertEqual(
            [(record.year, record.version) for record in records],
            [(2026, 1), (2026, 2), (2027, 1)],
        )
        self.assertEqual(len(set(records.mapped("digest"))), 2)
        with self._refused("never changes"):
            records.browse(first).year = 2025
        with self._refused("never deleted"):
            records.unlink()

    def test_nobody_else_confirms(self):
        administrator = self._make_user("administrator", "administrator")
        for user in (self.officer, self.stranger, self.auditor, administrator):
            confirmations = self.env["srsp.registry.confirmation"].with_user(user)
            with self.assertRaisesRegex(AccessError, "Only a manager of Surveying"):
                confirmations._confirm(self.sector)
            with self.assertRaises(AccessError):
                confirmations.check_access("create")

    def _get_todo(self, user):
        activities = self.env["mail.activity"].search([("user_id", "=", user.id)])
        return [(act.summary, act.res_model, act.res_id) for act in activities]

    def test_the_head_of_a_division_has_one_to_do_with_the_number_of_permits(self):
        divisions = self.env["srsp.division"]
        divisions._cron_remind_permits()
        divisions._cron_remind_permits()
        summary = "4 permits have expired or expire within 60 days"
        self.assertEqual(
            self._get_todo(self.manager),
            [(summary, "srsp.division", self.surveying.id)],
        )
        self.targets[4:6].permit_valid_until = date(2030, 1, 1)
        divisions._cron_remind_permits()
        self.assertIn("2 permits have", self._get_todo(self.manager)[0][0])
        self.surveying.manager_id = self.officer
        divisions._cron_remind_permits()
        self.assertFalse(self._get_todo(self.manager))
        self.assertEqual(len(self._get_todo(self.officer)), 1)
        self.targets[6:8].permit_valid_until = False
        divisions._cron_remind_permits()
        self.assertFalse(self._get_todo(self.officer))
        further = self.env["srsp.target.permit"].create(
            {
                "target_id": self.targets[0].id,
                "name": "Discharge Permit",
                "number": "DP-1",
                "valid_until": date(2020, 1, 1),
            }
        )
        divisions._cron_remind_permits()
        self.assertIn("1 permits have", self._get_todo(self.officer)[0][0])
        further.unlink()
        divisions._cron_remind_permits()
        self.assertFalse(self._get_todo(self.officer))
