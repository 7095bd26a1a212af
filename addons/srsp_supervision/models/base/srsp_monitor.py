from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import clock
from ...tools.clock import iso

STATUSES = ("ok", "attention", "failing")  # each worse than the one before
ANNOUNCED_FROM = 11  # November: next year's holidays should be known
MAX_DELAY = 10  # minutes: of actions that come first, the lock and the draw
MAX_OTHER_DELAY = 120  # an import may last that long
SCHEDULED = """
SELECT data.module || '.' || data.name, cron.active, cron.priority = 0,
       cron.nextcall < %(now)s - make_interval(
           mins => CASE WHEN cron.priority = 0 THEN %(first)s ELSE %(other)s END)
  FROM ir_cron cron JOIN ir_model_data data ON data.model = 'ir.cron' AND data.res_id = cron.id
 WHERE starts_with(data.module, 'srsp_') OR (data.module, data.name) = ('mail', 'ir_cron_mail_scheduler_action')
ORDER BY 1
"""


def worst(statuses):
    """Return the worst of ``statuses``; ``ok`` if there is none."""
    return max(statuses, key=STATUSES.index, default="ok")


def judge(failing, attention):
    """Return the status of a measure in which these are wrong, if they are."""
    return "failing" if failing else "attention" if attention else "ok"


class SrspMonitor(models.AbstractModel):
    """What a monitoring program is told at ``/srsp/health``: whether something is stuck, dead or late.

    A *measure* is a dictionary of figures with a ``status``: ``ok``, ``attention`` (somebody should look, on a working
    day) or ``failing`` (somebody must act now). A room or another addon adds its own measures: it extends
    ``_measure_server`` or ``_measure_bureaus``, calls ``super()`` and adds to what that returns. Figures are numbers,
    times and codes, never names of persons or companies inspected; they are counted by a few statements however large
    the registries are.
    """

    _name = "srsp.monitor"
    _description = "Measures for a monitoring program"

    @api.model
    def _get_report(self):
        """Return the answer of ``/srsp/health``; every time is UTC in ISO 8601, null where there is none.

        ``{"status", "checked_at", "server": {measure: {…}},
        "bureaus": [{"id", "name", "status", measure: {…}, …}, …]}``, with the worst status of what is below.
        """
        monitor = self.sudo()
        monitor.env.flush_all()
        server = monitor._measure_server()
        divisions = monitor.env["srsp.division"]._read_group([], ["company_id"])
        companies = monitor.env["res.company"].concat(*(row[0] for row in divisions))
        measures = monitor._measure_bureaus(companies)
        bureaus = [
            {
                "id": company.id,
                "name": company.name,
                "status": worst(one["status"] for one in measures[company].values()),
                **measures[company],
            }
            for company in companies.sorted("id")
        ]
        parts = [*server.values(), *bureaus]
        return {
            "status": worst(part["status"] for part in parts),
            "checked_at": iso(fields.Datetime.now()),
            "server": server,
            "bureaus": bureaus,
        }

    @api.model
    def _measure_server(self):
        """Return ``{name: measure}`` of what all bureaus share."""
        return {
            "calendar": self._measure_calendar(),
            "scheduled_actions": self._measure_scheduled_actions(),
        }

    @api.model
    def _measure_bureaus(self, companies):
        """Return ``{company: {name: measure}}``."""
        return {company: {} for company in companies}

    @api.model
    def _measure_calendar(self):
        """Until which year holidays are known as announced: this one, from November on the next."""
        domain = [("provisional", "=", False)]
        last = self.env["srsp.calendar.day"].search(domain, order="date desc", limit=1)
        today, known = clock.today(), last.date and last.date.year
        needed = today.year + (today.month >= ANNOUNCED_FROM)
        return {
            "status": judge(False, not known or known < needed),
            "known_until": known or None,
        }

    @api.model
    def _measure_scheduled_actions(self):
        """The scheduled actions of these addons, and Odoo's that sends mails, that do not run."""
        rows = self.env.execute_query(
            SQL(
                SCHEDULED,
                now=fields.Datetime.now(),
                first=MAX_DELAY,
                other=MAX_OTHER_DELAY,
            )
        )
        disabled = [name for name, is_active, _first, _late in rows if not is_active]
        overdue = [name for name, is_active, _first, late in rows if is_active and late]
        first = {name for name, _active, is_first, _late in rows if is_first}
        stopped = [*disabled, *overdue]
        return {
            "status": judge(first & set(stopped), stopped),
            "disabled": disabled,
            "overdue": overdue,
        }
