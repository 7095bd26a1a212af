import json
from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...tools import clock
from ..common import ROLES, SrspCase

FRIDAY, MONDAY = date(2026, 3, 20), date(2026, 3, 23)
WRITERS = {"policy_officer", "administrator"}


@tagged("post_install", "-at_install")
class TestCalendarException(SrspCase):
    def setUp(self):
        super().setUp()
        self.policy = self._make_user("policy", "policy_officer")

    def _enter(self, user=None, **values):
        vals = {"date": MONDAY, "name": "Typhoon", "document_number": "No. 9", **values}
        return self._as(user or self.policy, "srsp.calendar.exception").create(vals)

    def _as(self, user, model):
        companies = user.company_ids.ids
        return (
            self.env[model].with_user(user).with_context(allowed_company_ids=companies)
        )

    def _count(self, company, days=1):
        calendar = self.env["srsp.calendar.day"]
        return calendar._add_working_days(company, FRIDAY, days)

    def test_an_exception_counts_for_its_own_bureau_alone(self):
        other = self.env["res.company"].create({"name": "Other Bureau"})
        chief = self._make_user("chief", "administrator", company=other)
        self._enter(chief)
        self.assertEqual(self._count(self.company), MONDAY)
        self.assertEqual(self._count(other), date(2026, 3, 24))
        for values in ({"company_id": self.company.id}, {"date": FRIDAY, "company_id": self.company.id}):  # fmt: skip
            with self.assertRaises(AccessError):
                self._enter(chief, **values)
        mine = self._enter()
        theirs = self._as(chief, mine._name).browse(mine.id)
        for operation in ("read", "write"):
            with self.assertRaises(AccessError):
                theirs.check_access(operation)
        self.assertEqual(self._count(self.company), date(2026, 3, 24))

    def test_nobody_writes_the_days_that_all_bureaus_share(self):
        for role in ROLES:
            days = self.env["srsp.calendar.day"].with_user(self._make_user(role, role))
            for operation in ("write", "create", "unlink"):
                self.assertFalse(days.has_access(operation), (role, operation))

    def test_policy_and_administrator_alone_enter_and_revoke(self):
        exception = self._enter()
        exception.revocation_document = "No. 10"
        for role in set(ROLES) - WRITERS:
            user = self._make_user(role, role, self.surveying)
            with self.assertRaises(AccessError):
                self._enter(user, date="2026-04-01")
            with self.assertRaises(AccessError):
                exception.with_user(user).action_revoke()
        self._enter(self._make_user("chief", "administrator"), date="2026-04-01")

    def test_it_has_a_document_and_never_changes_but_by_another_document(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._enter(document_number="  ")
        exception = self._enter()
        for values in ({"date": FRIDAY}, {"is_working": True}, {"name": "Rain"}):
            with self._refused("never changes"):
                exception.sudo().write(values)
        with self._refused("never deleted"):
            exception.sudo().unlink()
        with self._refused("Enter the document number"):
            exception.action_revoke()
        with self.assertRaises(AccessError):
            exception.state = "revoked"
        exception.revocation_document = "No. 10"
        with freeze_time("2026-03-31 16:30:00"):  # after midnight in Beijing
            exception.with_context(tz="Etc/GMT+12").action_revoke()
            self.assertEqual(exception.revoked_on, clock.today())
        self.assertEqual(exception.revoked_on, date(2026, 4, 1))
        self.assertEqual(exception.revoked_by_id, self.policy)
        self.assertEqual(self._count(self.company), MONDAY)
        with self._refused("never changes"):
            exception.sudo().revocation_document = "No. 11"
        self._enter()

    def test_each_step_is_sealed_and_the_check_compares(self):
        exception = self._enter()
        exception.revocation_document = "No. 10"
        exception.action_revoke()
        domain = [("res_model", "=", exception._name), ("res_id", "=", exception.id)]
        events = self.env["srsp.event"].search(domain, order="sequence")
        entered = {
            "date": "2026-03-23",
            "reason": "Typhoon",
            "is_working": False,
            "document_number": "No. 9",
            "entered_by_id": self.policy.id,
            "state": "active",
            "revocation_document": "",
            "revoked_by_id": None,
        }
        step = {
            "format": 1,
            "by": {"name": self.policy.name, "login": self.policy.login},
            "moved": {"count": 0, "days": [], "deadlines": []},
        }
        revoked = {
            "state": "revoked",
            "revocation_document": "No. 10",
            "revoked_by_id": self.policy.id,
        }
        self.assertEqual(
            [json.loads(event.payload) for event in events],
            [{**step, "record": entered}, {**step, "record": entered | revoked}],
        )
        self.assertEqual(set(events.mapped("kind")), {"calendar.changed"})
        self.assertFalse(self._find_broken())
        for change in ("state = 'active'", "date = '2026-03-24'", "name = 'Rain'"):
            with self.env.cr.savepoint(), self.assertRaises(UserError):
                self.env.cr.execute(
                    f"UPDATE srsp_calendar_exception SET {change} WHERE id = %s",
                    [exception.id],
                )
                self.env.invalidate_all()
                self.assertTrue(self._find_broken(), change)
                raise UserError(change)
            self.env.invalidate_all()
