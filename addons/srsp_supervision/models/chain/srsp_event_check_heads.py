from odoo import api, models
from odoo.tools import SQL

from ...tools.clock import beijing_time


class SrspEventCheck(models.Model):
    """The heads of the chain that were sent out of the house, compared with the chain."""

    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "srsp.chain.head": []}

    def _find_unsealed(self, company):
        """Also find heads whose event is not the one that was sent: the chain has been computed anew."""
        yield from super()._find_unsealed(company)
        self.env.flush_all()
        query = SQL(
            """SELECT head.sequence, head.sent_at, head.hash, coalesce(event.hash, '')
                 FROM srsp_chain_head head
            LEFT JOIN srsp_event event ON event.company_id = head.company_id AND event.sequence = head.sequence
                WHERE head.company_id = %(company)s AND event.hash IS DISTINCT FROM head.hash
             ORDER BY head.sequence, head.id""",
            company=company.id,
        )
        for number, sent_at, sent, found in self.env.execute_query(query):
            yield self.env._(
                "The head of the chain sent on %(time)s contradicts the chain: the hash of event %(number)s was "
                "%(sent)s and is now %(found)s.",
                time=beijing_time(sent_at),
                number=number,
                sent=sent,
                found=found or "–",
            )
