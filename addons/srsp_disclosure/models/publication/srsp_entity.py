from odoo import models


class SrspEntity(models.Model):
    """An entity's page leads to what has been published about it: the results of its visits.

    Publications are public, so that those of other divisions' visits count too.
    """

    _name = "srsp.entity"
    _inherit = ["srsp.entity", "srsp.publication.mixin"]

    def _compute_publication_count(self):
        counts = self.env["srsp.publication"]._read_group(
            self._get_publication_domain(), ["res_id"], ["__count"]
        )
        visits = self.env["srsp.inspection"].sudo()
        by_entity = {}
        for visit_id, count in counts:
            entity = visits.browse(visit_id).entity_id.id
            by_entity[entity] = by_entity.get(entity, 0) + count
        for entity in self:
            entity.publication_count = by_entity.get(entity.id, 0)

    def _get_public_name(self):
        """Return the name as the public reads it: of a natural person the first character alone."""
        return f"{self.name[:1]}*" if self.kind == "person" else self.name

    def _get_publication_domain(self):
        visits = self.env["srsp.inspection"].sudo()
        visits = visits.search([("entity_id", "in", self.ids)])
        return [("res_model", "=", visits._name), ("res_id", "in", visits.ids)]
