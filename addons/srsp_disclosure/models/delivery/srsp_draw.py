from odoo import models


class SrspDraw(models.Model):
    _inherit = "srsp.draw"

    def _ask_witnesses(self):
        """Deliver the published commitment to the platforms that keep it; a receipt makes a witness."""
        if self._is_witness_time():
            company = self.company_id
            publications = self.env["srsp.publication"].sudo()
            channels = self.env["srsp.channel"].sudo()
            channels.search(
                [("company_id", "=", company.id), ("takes_commitments", "=", True)]
            )._queue(publications._find_in_force(company, "roster", self.number))
        return super()._ask_witnesses()
