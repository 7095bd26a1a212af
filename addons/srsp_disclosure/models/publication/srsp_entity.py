from odoo import models


class SrspEntity(models.Model):
    """An entity's publications are the results of its visits, also of other divisions' visits: all are public."""

    _name = "srsp.entity"
    _inherit = ["srsp.entity", "srsp.publication.mixin"]

    def _get_published_id(self, value):
        return self.env["srsp.inspection"].sudo().browse(value).entity_id.id

    def _get_public_name(self):
        """Return the name that the public sees: only the first character of a natural person's."""
        return f"{self.name[:1]}*" if self.kind == "person" else self.name

    def _get_publication_domain(self):
        visits = self.env["srsp.inspection"].sudo()
        visits = visits.search([("entity_id", "in", self.ids)])
        return [("res_model", "=", visits._name), ("res_id", "in", visits.ids)]
