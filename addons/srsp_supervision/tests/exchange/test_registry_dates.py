"""Dates as registries of other systems write them."""

from datetime import date, datetime

from odoo.tests import tagged

from ...tools.tables import cells
from ..registry.registry_case import CODE, HEADER, RegistryCase

SPELLINGS = (
    "2029-01-05",
    "2029-1-5",
    "2029/01/05",
    "2029/1/5",
    "2029.1.5",
    "2029.01.05",
    "2029年1月5日",
    "2029年01月05日",
    "２０２９年１月５日",
    "20290105",
    20290105,
    20290105.0,
    "2029-01-05 00:00:00",
    "2029/1/5 8:30",
    "2029-1-5 00:00",
    "2029 年 1 月 5 日",
    "2029年1月5号",
    "2029年1月5日 8:30",
    "2029年1月5日08:30:00",
    "2029-01-05T00:00:00.000Z",
    "20290105 08:30",
    " 2029-01-05 ",
    date(2029, 1, 5),
    datetime(2029, 1, 5, 8, 30),
)
NO_DATES = (
    "2029-02-30",
    "2029年13月1日",
    "20291301",
    "05/01/2029",
    "2029-1",
    "2029",
    2029,
    "29-1-5",
    "2029-1/5",
    "2029-1-508:30",
    "2029-1-5 0",
    "明年年底",
    True,
    45000.5,
)
NO_END = (
    "长期",
    "长期有效",
    "永久",
    "无固定期限",
    "9999-12-31",
    "9999.12.31",
    "9999年12月31日",
    "99991231",
    99991231,
    date(9999, 12, 31),
    datetime(9999, 12, 31),
)


@tagged("post_install", "-at_install")
class TestRegistryDates(RegistryCase):
    def test_every_spelling_of_a_day_is_understood(self):
        for value in SPELLINGS:
            with self.subTest(value):
                self.assertEqual(cells.ToDate().convert(value), "2029-01-05")
        for value in NO_DATES:
            with self.subTest(value):
                found = cells.ToDate("infinity").convert(value)
                self.assertIsInstance(found, cells.Bad)

    def test_every_spelling_of_no_end_is_understood_where_there_may_be_none(self):
        for value in NO_END:
            with self.subTest(value):
                self.assertEqual(cells.ToDate("infinity").convert(value), "infinity")
        self.assertIsInstance(cells.ToDate().convert("长期"), cells.Bad)

    def test_a_permit_without_end_takes_its_last_day_away_and_stays_so(self):
        header = [*HEADER, "permit_granted_on", "permit_valid_until"]
        rows = [header, ["甲公司", CODE, "SUR", "P1", "2024年5月1日", "2029年1月5日"]]
        self.assertEqual(self._errors(self._import(rows)), [])
        target = self._target("甲公司")
        self.assertEqual(
            (str(target.permit_granted_on), str(target.permit_valid_until)),
            ("2024-05-01", "2029-01-05"),
        )
        rows[1][-1] = "长期"
        record = self._import(rows)
        self.assertEqual(
            [(c.label, c.old, c.new) for c in record.change_ids],
            [("Permit Valid Until", "2029-01-05", "No end")],
        )
        self.assertEqual(
            (target.permit_valid_until, target.permit_state), (False, "none")
        )
        for word in ("长期", "9999-12-31"):
            rows[1][-1] = word
            self.assertEqual(self._counts(self._check(rows)), (1, 0, 0, 1, 0))
        new = self._import([header, ["乙公司", "", "SUR", "P2", "", "9999-12-31"]])
        self.assertEqual(self._errors(new), [])
        self.assertFalse(self._target("乙公司").permit_valid_until)

    def test_a_note_of_the_import_says_that_a_permit_has_no_end(self):
        header = [*HEADER, "permit_valid_until"]
        self._import([header, ["甲公司", CODE, "SUR", "P1", "2029-01-05"]])
        self._import([header, ["甲公司", CODE, "SUR", "P1", "长期"]])
        target = self._target("甲公司")
        tracked = target.message_ids.sudo().tracking_value_ids
        values = tracked._tracking_value_format()
        self.assertEqual(
            [(str(v["oldValue"])[:10], v["newValue"]) for v in values],
            [("2029-01-05", False)],
        )
