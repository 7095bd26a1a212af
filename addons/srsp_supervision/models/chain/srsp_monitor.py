import datetime

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.clock import iso
from ..base.srsp_monitor import judge

MAX_CHECK_AGE = datetime.timedelta(days=8)  # it is checked weekly
MAX_HEAD_AGE = datetime.timedelta(days=2)  # it is sent daily
MAX_UNSEALED = 100  # changes; each waits for the next event at most
CHAINS = """
SELECT company.id, last.checked_on, last.state,
       (SELECT max(sent_at) FROM srsp_chain_head WHERE company_id = company.id),
       (SELECT count(*) FROM srsp_event_change WHERE company_id = company.id AND event_id IS NULL),
       EXISTS (SELECT FROM srsp_event WHERE company_id = company.id)
  FROM res_company company
LEFT JOIN LATERAL (SELECT checked_on, state FROM srsp_event_check WHERE company_id = company.id
                   ORDER BY id DESC LIMIT 1) last ON true
 WHERE company.id = ANY(%s)
"""


class SrspMonitor(models.AbstractModel):
    """The integrity chain: its last check, its last head sent out of the house, changes without an event yet."""

    _inherit = "srsp.monitor"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _measure_bureaus(self, companies):
        measures, now = super()._measure_bureaus(companies), fields.Datetime.now()
        for (
            company_id,
            checked_on,
            state,
            sent_at,
            unsealed,
            begun,
        ) in self.env.execute_query(SQL(CHAINS, companies.ids)):
            is_old = not checked_on or now - checked_on > MAX_CHECK_AGE
            is_kept = sent_at and now - sent_at <= MAX_HEAD_AGE
            late = begun and (is_old or not is_kept)
            measures[companies.browse(company_id)]["chain"] = {
                "status": judge(state == "broken", late or unsealed > MAX_UNSEALED),
                "last_check": checked_on and iso(checked_on),
                "outcome": state,
                "last_head": sent_at and iso(sent_at),
                "unsealed": unsealed,
            }
        return measures
