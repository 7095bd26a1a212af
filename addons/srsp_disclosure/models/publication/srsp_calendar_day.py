from odoo import api, models


class SrspCalendarDay(models.Model):
    _inherit = "srsp.calendar.day"

    @api.model
    def _cron_load_years(self):
        """Recompute the provisional deadlines too, in case a year has been announced."""
        result = super()._cron_load_years()
        provisional = [("is_provisional", "=", True)]
        self.env["srsp.publication"]._recount_deadlines(provisional)
        return result

    @api.model
    def _ensure_year(self, year):
        """Load ``year`` unless the calendar has days of it."""
        if not self.search_count(self._get_years_domain(year, year), limit=1):
            self._load_years([year])

    @api.model
    def _is_provisional(self, first_year, last_year):
        domain = self._get_years_domain(first_year, last_year)
        return bool(self.search_count([*domain, ("provisional", "=", True)], limit=1))

    @api.model
    def _get_years_domain(self, first_year, last_year):
        return [
            ("date", ">=", f"{first_year}-01-01"),
            ("date", "<=", f"{last_year}-12-31"),
        ]
