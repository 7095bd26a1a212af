from odoo import models


class SrspDraw(models.Model):
    _inherit = "srsp.draw"

    def _ask_witnesses(self):
        """Hand the published commitment to the platforms that keep it; a receipt makes a witness."""
        if self._is_witness_time():
            publication = self._get_roster_publication()
            channels = self.env["srsp.channel"].sudo()
            channels.search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("takes_commitments", "=", True),
                ]
            )._queue(publication)
        return super()._ask_witnesses()

    def _get_roster_publication(self):
        """The version in force of what was published at the lock."""
        return (
            self.env["srsp.publication"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("kind", "=", "roster"),
                    ("state", "=", "published"),
                ]
            )
        )
