from odoo import models


class SrspItem(models.Model):
    _inherit = "srsp.item"

    def _get_publication_line(self):
        """Return the nine elements of an item and what else the public should know of it."""
        return {
            "code": self.code,
            "name": self.name,
            "legal_basis": self.legal_basis or "",
            "inspecting_body": self.inspecting_body or "",
            "target": self.target or "",
            "content": self.content or "",
            "standard": self.standard or "",
            "method": self._get_cell("method_ids"),
            "ratio": self.ratio,
            "ratio_reason": self.ratio_reason or "",
            "frequency": self.frequency,
            "frequency_reason": self.frequency_reason or "",
            "annual_visit_cap": self.annual_visit_cap,
            "category": self.category,
            "level": self.level,
            "power_list_code": self.power_list_code or "",
            "officer_qualification": self.officer_qualification or "",
            "qualifications": self._get_cell("qualification_ids"),
            "materials": self.materials or "",
            "sector": self.sector_id.name,
            "division": self.division_id.name,
        }
