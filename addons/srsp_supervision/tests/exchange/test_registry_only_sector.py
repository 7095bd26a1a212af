"""Files that do not say a sector, because the registry they come from has one."""

from odoo.tests import tagged

from ..registry.registry_case import CODE, CODE_2, RegistryCase
from .test_registry_headings import PERMIT_WORKBOOK


@tagged("post_install", "-at_install")
class TestRegistryOnlySector(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.miner = cls._make_user("miner", "division_officer", cls.minerals)
        cls.miner.lang = "en_US"

    def _assert_mining(self, *names):
        for name in names:
            self.assertEqual(self._target(name).sector_id, self.mining, name)

    def test_every_column_of_the_permit_workbook_is_known_or_named(self):
        header = [heading for heading, _name in PERMIT_WORKBOOK]
        values = {
            "entity_name": "福州甲矿业有限公司",
            "kind": "法人及非法人组织",
            "uscc": CODE,
            "legal_representative": "王五",
            "permit_name": "采矿许可证",
            "permit_number": "C3501002024050001",
            "permit_granted_on": "2024/05/01",
            "permit_valid_until": "2099/12/31",
            "permit_authority": "福州市自然资源和规划局",
        }
        row = [
            values.get(name, "x" if name is False else "")
            for _h, name in PERMIT_WORKBOOK
        ]
        record = self._import([header, row], self.miner)
        self.assertEqual(
            record.column_ids.mapped(lambda c: (c.label, c.target_column)),
            PERMIT_WORKBOOK,
        )
        self.assertEqual(self._errors(record), [])
        self.assertEqual(self._counts(record), (1, 1, 0, 0, 0))
        left_out = [heading for heading, name in PERMIT_WORKBOOK if not name]
        self.assertIn(f"Columns not imported: {', '.join(left_out)}.", record.message)
        target = self._target("福州甲矿业有限公司")
        self.assertEqual(
            (
                target.sector_id,
                target.entity_id.uscc,
                target.entity_id.kind,
                target.permit_number,
            ),
            (self.mining, CODE, "enterprise", "C3501002024050001"),
        )
        self.assertEqual(
            (
                str(target.permit_granted_on),
                str(target.permit_valid_until),
                target.permit_authority,
            ),
            ("2024-05-01", "2099-12-31", "福州市自然资源和规划局"),
        )
        again = self._check([header, row], self.miner)
        self.assertEqual(self._counts(again), (1, 0, 0, 1, 0))
        row[header.index("许可编号")] = "C3501002024050002"
        second = self._check([header, row], self.miner)
        self.assertEqual(self._counts(second), (1, 1, 0, 0, 0))

    def test_names_without_codes_take_the_only_sector(self):
        rows = [["entity_name", "permit_number"], ["甲矿", "P1"], ["乙矿", "P2"]]
        record = self._import(rows, self.miner)
        self.assertEqual(self._counts(record), (2, 2, 0, 0, 0))
        self._assert_mining("甲矿", "乙矿")
        self.assertEqual(self._counts(self._check(rows, self.miner)), (2, 0, 0, 2, 0))

    def test_a_full_registry_takes_the_only_sector_too(self):
        rows = [["entity_name", "uscc"], ["甲矿", CODE], ["乙矿", CODE_2]]
        self._import(rows, self.miner, is_full=True)
        self._assert_mining("甲矿", "乙矿")
        record = self._import(rows[:2], self.miner, is_full=True)
        self.assertEqual(record.missing_target_ids.entity_id.name, "乙矿")

    def test_known_records_are_changed_whatever_permits_they_have(self):
        rows = [
            ["entity_name", "uscc", "permit_number"],
            ["甲矿", CODE, "P1"],
            ["甲矿", CODE, "P2"],
        ]
        self._import(rows, self.miner)
        rows = [
            ["entity_name", "uscc", "address"],
            ["甲矿", CODE, "鼓楼区"],
            ["乙矿", CODE_2, "台江区"],
        ]
        record = self._import(rows, self.miner)
        self.assertEqual(self._errors(record), [])
        self.assertEqual(
            set(self._target("甲矿").mapped("permit_number")), {"P1", "P2"}
        )
        self.assertEqual(self._target("甲矿").entity_id.address, "鼓楼区")
        self._assert_mining("乙矿")

    def test_what_a_file_cannot_add_is_named_with_the_way_out(self):
        reason = "no target in a registry of yours has this code: to add one, give its name and sector"
        classes = [["entity_name", "uscc", "risk_class"], ["甲矿", CODE, "A"]]
        record = self._check(classes, self.miner)
        self.assertEqual(self._errors(record), [(2, "Credit Code", CODE, reason)])
        several = [["entity_name", "uscc"], ["甲公司", CODE]]
        record = self._check(several, self.officer)
        self.assertEqual(self._errors(record), [(2, "Credit Code", CODE, reason)])
        record = self._upload([["entity_name", "permit_number"], ["甲公司", "P1"]])
        with self._refused(
            "No column of the file is mapped to “Sector”, and you answer for more than one: add a column with "
            "the sector of each row."
        ):
            record.action_check()

    def test_an_archived_sector_is_none_that_a_file_may_mean(self):
        self.quiet.active = False
        record = self._import([["entity_name", "permit_number"], ["甲公司", "P1"]])
        self.assertEqual(self._target("甲公司").sector_id, self.sector)
        self.assertEqual(self._counts(record), (1, 1, 0, 0, 0))
