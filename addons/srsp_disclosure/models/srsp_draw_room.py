from odoo import models


class SrspDraw(models.Model):
    _inherit = "srsp.draw"

    def _get_public_url(self):
        """The page of the published draw, with its certificate."""
        publication = self.env["srsp.publication"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("kind", "=", "draw"),
                ("state", "=", "published"),
            ]
        )
        if not publication:
            return super()._get_public_url()
        return self.get_base_url() + publication._get_page_url()
