import datetime

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.clock import iso
from ..base.srsp_monitor import MAX_DELAY, judge
from .one_time_codes import find_foreign, get_fingerprint

LATE = datetime.timedelta(minutes=MAX_DELAY)
LATE_BY_HAND = datetime.timedelta(days=1)  # until the result of a lottery is entered
DRAWS = """
SELECT task.company_id,
       count(*) FILTER (WHERE blocked_reason IS NOT NULL),
       min(blocked_since),
       count(*) FILTER (WHERE blocked_reason IS NOT NULL AND announced_on IS NOT NULL),
       count(*) FILTER (WHERE waiting_reason IS NOT NULL),
       count(*) FILTER (WHERE task.state = 'planned' AND announced_on IS NOT NULL AND lock_at < %(late)s),
       count(*) FILTER (WHERE task.state = 'committed' AND draw_at < %(late)s
                          AND draw.randomness_kind = ANY(%(automatic)s)),
       count(*) FILTER (WHERE task.state = 'committed' AND draw_at < %(late_by_hand)s
                          AND draw.randomness_kind <> ALL(%(automatic)s))
  FROM srsp_task task LEFT JOIN srsp_draw draw ON draw.id = task.draw_id
 WHERE task.state IN ('planned', 'committed') AND task.company_id = ANY(%(companies)s)
GROUP BY 1
"""


class SrspMonitor(models.AbstractModel):
    """Locks and draws that do not happen, and the key without which they cannot."""

    _inherit = "srsp.monitor"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _measure_server(self):
        return {**super()._measure_server(), "draw_key": self._measure_draw_key()}

    @api.model
    def _measure_draw_key(self):
        """The draw key in use, by its fingerprint, and how many locked rosters were committed with another one."""
        committed = self.env["srsp.draw"].search([("state", "=", "committed")])
        fingerprint, foreign = get_fingerprint(), find_foreign(committed)
        return {
            "status": judge(foreign, False),
            "fingerprint": fingerprint,
            "foreign_draws": len(foreign),
        }

    @api.model
    def _measure_bureaus(self, companies):
        measures, now = super()._measure_bureaus(companies), fields.Datetime.now()
        query = SQL(
            DRAWS,
            late=now - LATE,
            late_by_hand=now - LATE_BY_HAND,
            automatic=self.env["srsp.draw"]._get_automatic_kinds(),
            companies=companies.ids,
        )
        found = {company: row for company, *row in self.env.execute_query(query)}
        for company in companies:
            stuck, since, current, waiting, locks, draws, by_hand = found.get(
                company.id, (0, None, 0, 0, 0, 0, 0)
            )
            measures[company]["draws"] = {
                "status": judge(current or locks or draws, stuck or by_hand),
                "stuck": stuck,
                "stuck_since": since and iso(since),
                "waiting": waiting,
                "overdue_locks": locks,
                "overdue_draws": draws,
                "overdue_lotteries": by_hand,
            }
        return measures
