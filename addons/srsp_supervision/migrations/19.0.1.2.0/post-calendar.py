"""The calendar that every administrator wrote is the State's again; what differed from it becomes exceptions."""

from odoo.api import SUPERUSER_ID, Environment


def migrate(cr, version):
    env = Environment(cr, SUPERUSER_ID, {})
    days = env["srsp.calendar.day"].search([])
    calendar = env["srsp.calendar.day"]._list_days({day.date.year for day in days})
    own = days.filtered(
        lambda day: (
            not day.provisional
            and calendar.get(day.date, {}).get("is_working") != day.is_working
        )
    )
    companies = env["res.company"].search([("srsp_area_code", "!=", False)])
    env["srsp.calendar.exception"].create(
        [
            {
                "company_id": company.id,
                "date": day.date,
                "name": day.name,
                "is_working": day.is_working,
                "document_number": "—",
            }
            for company in companies
            for day in own
        ]
    )
    own.unlink()
    env["srsp.calendar.day"]._load_years({day.year for day in calendar})
