import datetime

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.srsp_supervision.models.base.srsp_monitor import judge
from odoo.addons.srsp_supervision.tools import clock
from odoo.addons.srsp_supervision.tools.clock import iso

MAX_OPEN = datetime.timedelta(days=1)
DELIVERIES = """
SELECT delivery.company_id, count(*), min(delivery.create_date),
       (array_agg(publication.kind ORDER BY delivery.create_date, delivery.id))[1],
       count(*) FILTER (WHERE delivery.state IN ('rejected', 'error')),
       count(*) FILTER (WHERE delivery.deadline < %(today)s)
  FROM srsp_delivery delivery
  JOIN srsp_publication publication ON publication.id = delivery.publication_id
  JOIN srsp_channel channel ON channel.id = delivery.channel_id
 WHERE delivery.state <> 'accepted' AND publication.state = 'published' AND channel.active
   AND delivery.company_id = ANY(%(companies)s)
GROUP BY 1
"""


class SrspMonitor(models.AbstractModel):
    """What is owed to the platforms in use: how much, since when, and what is past its deadline."""

    _inherit = "srsp.monitor"

    @api.model
    def _measure_bureaus(self, companies):
        measures, now = super()._measure_bureaus(companies), fields.Datetime.now()
        query = SQL(DELIVERIES, today=clock.today(), companies=companies.ids)
        found = {company: row for company, *row in self.env.execute_query(query)}
        for company in companies:
            count, since, kind, refused, overdue = found.get(
                company.id, (0, None, None, 0, 0)
            )
            is_old = since and now - since > MAX_OPEN
            measures[company]["deliveries"] = {
                "status": judge(overdue, refused or is_old),
                "open": count,
                "oldest_since": since and iso(since.replace(microsecond=0)),
                "oldest_kind": kind,
                "refused": refused,
                "past_deadline": overdue,
            }
        return measures
