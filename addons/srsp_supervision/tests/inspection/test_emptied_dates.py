"""A date that somebody has emptied: every button says what is missing, or does without it."""

from contextlib import suppress

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import SrspCase

LATER_STAGES = ("assigned", "scheduled", "on_site", "recorded", "reviewed")


@tagged("post_install", "-at_install")
class TestEmptiedDates(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chief = cls._make_user("chief", "administrator", cls.surveying)
        cls.drawn = cls._make_drawn(name="Drawn")

    def _list_records(self):
        """Return a record for each state in which something is left to do, of each model with a life cycle."""
        visits = self.drawn.inspection_ids[: len(LATER_STAGES)]
        for visit, stage in zip(visits, LATER_STAGES, strict=True):
            visit.stage = stage
        order = {
            "line_id": visits[2].line_ids.id,
            "requirement": "Repair",
            "deadline": "2026-05-01",
        }
        plan = {"name": "2027", "year": 2027, "division_id": self.surveying.id}
        future = {"draw_at": "2099-03-02 01:30:00", "lock_at": "2099-03-01 01:30:00"}
        period = {"date_from": "2099-03-02", "date_to": "2099-06-30"}
        plans = self.env["srsp.plan"].create([plan])
        return [
            self._make_task(name="Planned", **future, **period),
            self._make_announced(name="Announced"),
            self.drawn,
            *visits,
            self.env["srsp.rectification"].create(order),
            plans,
            self.rulebook,
            self.rulebook.copy({"effective_date": "2099-01-01"}),
            self.list,
            *self.list.part_ids,
            self.item,
        ]

    def test_no_button_breaks_on_a_date_that_was_emptied(self):
        tried = 0
        for record in self._list_records():
            record = record.with_user(self.chief)
            for field in record._fields.values():
                is_date = field.type in ("date", "datetime") and field.store
                if is_date and self._can_empty(record, field):
                    tried += self._try_all(record, field.name)
        self.assertGreater(tried, 30)

    def _try_all(self, record, name):
        """Empty ``name`` and press every button of ``record``, each in a transaction of its own; return how many."""
        buttons = sorted(
            method
            for cls in type(record).__mro__
            if cls.__module__.startswith("odoo.addons.srsp_")
            for method in vars(cls)
            if method.startswith("action_")
        )
        for button in buttons:
            with (
                self.subTest(f"{record._name}.{button} without {name}", record=record),
                mute_logger("odoo.addons.srsp_supervision", "odoo.sql_db"),
            ):
                self.env.cr.execute("SAVEPOINT attempt")
                with suppress(UserError):  # in words
                    record.write({name: False})
                    getattr(record, button)()
                    self.env.flush_all()
                self.env.cr.execute("ROLLBACK TO SAVEPOINT attempt")
                self.env.transaction.clear()
        return len(buttons)

    def _can_empty(self, record, field):
        """Whether there is a date in ``field`` that a client may take out."""
        if field.required or field.name in ("create_date", "write_date"):
            return False
        return not record._is_guarded(field.name) and bool(record.sudo()[field.name])

    def test_an_announcement_asks_for_the_time_of_the_lock(self):
        future = {"draw_at": "2099-03-02 01:30:00", "lock_at": "2099-03-01 01:30:00"}
        period = {"date_from": "2099-03-02", "date_to": "2099-06-30"}
        task = self._make_task(**future, **period)
        task.lock_at = False
        with self._refused("set the time of the roster lock"):
            task.action_announce()
