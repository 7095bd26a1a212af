"""A user without a time zone, in the first hours of a year in Beijing: the day is Beijing's everywhere."""

import base64
from datetime import date

from freezegun import freeze_time
from lxml import etree

from odoo import Command
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..common import SrspCase
from ..registry.registry_case import make_csv

MOMENT = "2026-12-31 16:30:00"  # half past midnight on 1 January
ZONES = (False, "UTC", "Etc/GMT+12", "Pacific/Kiritimati")


@tagged("post_install", "-at_install")
class TestBeijingDay(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.inspector = cls._make_user("on_team", "inspector", cls.surveying)
        (cls.manager | cls.inspector | cls.env.user).tz = False

    def _as(self, user, model, **context):
        companies = self.company.ids
        env = self.env(user=user, context={"allowed_company_ids": companies, **context})
        return env[model]

    def test_what_begins_in_the_first_hour_of_the_year_is_of_that_year(self):
        with freeze_time(MOMENT):
            task = self._as(self.manager, "srsp.task").create(
                {
                    "name": "Surveying",
                    "division_id": self.surveying.id,
                    "sector_id": self.sector.id,
                    "item_ids": [Command.set(self.item.ids)],
                    "mode": "external",
                    "ad_hoc_reason": "A complaint",
                }
            )
            self.assertIn("20270101", task.number)
            plan = self._as(self.manager, "srsp.plan").create(
                {"division_id": self.surveying.id}
            )
            self.assertEqual(plan.year, 2027)
            self._as(self.manager, "srsp.task.roster.import").create(
                {
                    "task_id": task.id,
                    "authority": "Provincial Department",
                    "document": "2027-1",
                    "issued_on": date(2027, 1, 1),
                    "file": base64.b64encode(
                        make_csv([["检查对象编号"], [self.targets[0].code]])
                    ),
                    "file_name": "list.csv",
                }
            ).action_confirm()
            self.assertEqual(task.roster_ids.target_id, self.targets[0])

    def test_a_visit_is_recorded_on_that_day(self):
        visit = self._make_drawn().inspection_ids[0]
        visit.officer_ids[0].user_id = self.inspector
        with freeze_time(MOMENT):
            mine = visit.with_user(self.inspector).with_context(tz=False)
            mine.scheduled_date = date(2027, 1, 1)
            mine.action_schedule()
            mine.action_start()
            mine.line_ids.write({"result": "1"})
            mine.action_record()
        self.assertEqual(visit.recorded_on, date(2027, 1, 1))

    def test_today_in_a_filter_is_beijings(self):
        """Certificates that end with the old year are over; those that end today are not."""
        certificates = self.officers[:2].certificate_ids
        certificates[0].valid_until = date(2026, 12, 31)
        certificates[1].valid_until = date(2027, 1, 1)
        view = self.env["srsp.inspector"].get_view(view_type="search")
        [text] = etree.fromstring(view["arch"]).xpath(
            "//filter[@name='expired']/@domain"
        )
        for zone in ZONES:
            inspectors = self._as(self.manager, "srsp.inspector", tz=zone)
            with freeze_time(MOMENT), self.subTest(zone):
                found = inspectors.search(safe_eval(text))
                self.assertEqual(found & self.officers, self.officers[0])
                found = inspectors.search(
                    [("certificate_ids", "any", [("valid_until", "<", "today")])]
                )
                self.assertEqual(found & self.officers, self.officers[0])

    def test_this_year_is_beijings(self):
        for model in ("srsp.coverage", "srsp.coverage.frequency"):
            view = self.env[model].get_view(view_type="search")
            [text] = etree.fromstring(view["arch"]).xpath(
                "//filter[@name='this_year']/@domain"
            )
            for zone in ZONES:
                rows = self._as(self.manager, model, tz=zone)
                with freeze_time(MOMENT):
                    found = rows.search(safe_eval(text)).mapped("year")
                self.assertEqual(set(found), {2027}, (model, zone))
