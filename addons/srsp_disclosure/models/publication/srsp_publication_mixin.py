from collections import Counter

from odoo import fields, models

from odoo.addons.srsp_supervision.tools.clock import beijing_midnight


class SrspPublicationMixin(models.AbstractModel):
    """A record that is published: it says what is published about it, and shows its publications."""

    _name = "srsp.publication.mixin"
    _description = "Published content"
    _publication_field = "res_id"  # the field of a publication that points here

    publication_count = fields.Integer(
        "Publications", compute="_compute_publication_count"
    )

    def _compute_publication_count(self):
        counts = Counter()
        for value, count in self.env["srsp.publication"]._read_group(
            self._get_publication_domain(), [self._publication_field], ["__count"]
        ):
            counts[self._get_published_id(value)] += count
        for record in self:
            record.publication_count = counts[record.id]

    def _get_published_id(self, value):
        """Return the id of the record of this model that publications with this ``_publication_field`` are about."""
        return value

    def _get_publication_domain(self):
        return [("res_model", "=", self._name), ("res_id", "in", self.ids)]

    def action_view_publications(self):
        """Show the publications of these records."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "srsp_disclosure.srsp_publication_action"
        )
        return dict(action, domain=self._get_publication_domain(), context={})

    def _get_formed_at(self, kind):
        """Return when what is published as ``kind`` was formed (naive UTC): here, the beginning of the day."""
        return beijing_midnight(self.published_on)

    def _prepare_publication_vals(self, kind):
        """Return the values of the publication.

        Every model adds ``title`` and ``payload`` (a JSON value, what pages show); ``original`` if what is
        published can be large (a function that writes its bytes into a file), ``disclosure_days`` if there is
        a deadline, and what lists of publications show.
        """
        return {
            "reference": self.number,
            "formed_at": self._get_formed_at(kind),
            "division_id": self.division_id.id,
            "division_name": self.division_id.name,
        }
