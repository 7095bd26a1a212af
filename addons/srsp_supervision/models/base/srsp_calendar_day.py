import datetime

import holidays

from odoo import api, fields, models

from ...tools import clock
from ...tools.working_days import add_working_days

WEEKEND = 5


class SrspCalendarDay(models.Model):
    """Days that differ from the plain week: statutory holidays and make-up days (调休).

    The State Council announces each year; ``holidays`` carries the announced years. A year without
    make-up days is not announced yet: deadlines that reach into it are provisional. All bureaus share these days, and
    nobody writes them; what one bureau does differently is a ``srsp.calendar.exception``.
    """

    _name = "srsp.calendar.day"
    _description = "Calendar day"
    _inherit = ["srsp.check.mixin"]
    _order = "date"
    _rec_name = "date"

    date = fields.Date(required=True)
    name = fields.Char("Holiday", required=True, translate=True)
    is_working = fields.Boolean(
        "Working Day", help="Set for a weekend day that is a make-up working day."
    )
    provisional = fields.Boolean(
        help="The year's make-up days have not been announced yet."
    )

    _date_uniq = models.UniqueIndex(
        "(date)", "This day already exists in the calendar."
    )

    @api.model
    def _load_years(self, years):
        """Add the days of ``years`` that the calendar lacks; days already there stay as they are."""
        found = self._list_days(years)
        known = set(self.search([("date", "in", list(found))]).mapped("date"))
        return self.create([found[day] for day in sorted(found.keys() - known)])

    @api.model
    def _list_days(self, years):
        """Return the days of ``years`` that differ from the plain week, as announced: ``{date: values}``."""
        found = {}
        for year in years:
            calendar = holidays.China(years=year, language="zh_CN")
            made_up = {day for day in calendar.weekend_workdays if day.year == year}
            names = {
                day: name
                for day, name in calendar.items()
                if day.weekday() < WEEKEND or made_up
            }
            for day, name in (names | dict.fromkeys(made_up, "调休")).items():
                found[day] = {
                    "date": day,
                    "name": name,
                    "is_working": day in made_up,
                    "provisional": not made_up,
                }
        return found

    @api.model
    def _cron_load_years(self):
        """Replace provisional years once they are announced and keep next year loaded."""
        year = clock.today().year
        self.search([("provisional", "=", True)]).unlink()
        self._load_years(range(year - 1, year + 2))

    @api.model
    def _add_working_days(self, company, start, days):
        """The date ``days`` working days of ``company`` after ``start``, which does not count (行政处罚法 85)."""
        horizon = start + datetime.timedelta(days=days * 3 + 30)
        known = self._get_days(company, start, horizon)
        return add_working_days(
            start, days, lambda day: known.get(day, day.weekday() < WEEKEND)
        )

    @api.model
    def _get_days(self, company, first, last):
        """Return ``{date: whether it is a working day}`` of the days of ``company`` that differ from the plain week."""
        days = self.search([("date", ">=", first), ("date", "<=", last)])
        return {day.date: day.is_working for day in days}
