from odoo import api, models


class SrspCalendarDay(models.Model):
    """The exceptions of one bureau, over the days that all share."""

    _inherit = "srsp.calendar.day"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _get_days(self, company, first, last):
        days = super()._get_days(company, first, last)
        domain = [
            ("company_id", "=", company.id),
            ("state", "=", "active"),
            ("date", ">=", first),
            ("date", "<=", last),
        ]
        exceptions = self.env["srsp.calendar.exception"].sudo().search(domain)
        return days | {one.date: one.is_working for one in exceptions}
