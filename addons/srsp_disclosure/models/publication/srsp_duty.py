from odoo import models


class SrspDuty(models.Model):
    _inherit = "srsp.duty"

    def _get_publication_line(self):
        """Return the four elements of a joint duty."""
        return {
            "code": self.code,
            "name": self.name,
            "legal_basis": self.legal_basis,
            "division": self.division_id.name,
            "cooperating": self.cooperating_division_ids.mapped("name"),
        }
