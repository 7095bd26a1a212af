from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _srsp_get_signature(self, company):
        """An inspector's staff number takes the place of the number of the user."""
        inspectors = self.env["srsp.inspector"].sudo().with_context(active_test=False)
        domain = [("user_id", "=", self.id), ("company_id", "=", company.id)]
        if inspector := inspectors.search(domain, limit=1):
            return f"{self.name} [{inspector.staff_number}]"
        return super()._srsp_get_signature(company)
