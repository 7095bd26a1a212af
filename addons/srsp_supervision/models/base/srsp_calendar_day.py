import datetime

import holidays

from odoo import api, fields, models

from ...tools.working_days import add_working_days

WEEKEND = 5


class SrspCalendarDay(models.Model):
    """Days that differ from the plain week: statutory holidays and make-up days (调休).

    The State Council announces each year; ``holidays`` carries the announced years. A year without
    make-up days is not announced yet: deadlines that reach into it are provisional.
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
        found = {}
        for year in years:
            calendar = holidays.China(years=year, language="zh_CN")
            made_up = {day for day in calendar.weekend_workdays if day.year == year}
            for day, name in calendar.items():
                if day.weekday() < WEEKEND or made_up:
                    found[day] = {"name": name, "provisional": not made_up}
            for day in made_up:
                found[day] = {"name": "调休", "is_working": True}
        known = set(self.search([("date", "in", list(found))]).mapped("date"))
        days = sorted(found.keys() - known)
        return self.create([{"date": day, **found[day]} for day in days])

    @api.model
    def _cron_load_years(self):
        """Replace provisional years once they are announced and keep next year loaded."""
        year = fields.Date.today().year
        self.search([("provisional", "=", True)]).unlink()
        self._load_years(range(year - 1, year + 2))

    @api.model
    def _add_working_days(self, start, days):
        """The date ``days`` working days after ``start``, which itself does not count (行政处罚法 85)."""
        horizon = start + datetime.timedelta(days=days * 3 + 30)
        found = self.search([("date", ">=", start), ("date", "<=", horizon)])
        exceptions = {day.date: day.is_working for day in found}
        return add_working_days(
            start, days, lambda day: exceptions.get(day, day.weekday() < WEEKEND)
        )
