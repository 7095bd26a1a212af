from odoo import api, fields, models


class SrspPublicationMixin(models.AbstractModel):
    """A record that is published: says what is published about it, and shows its publications."""

    _name = "srsp.publication.mixin"
    _description = "Published content"

    publication_count = fields.Integer(
        "Publications", compute="_compute_publication_count"
    )

    def _compute_publication_count(self):
        field = self._get_publication_field()
        counts = self.env["srsp.publication"]._read_group(
            self._get_publication_domain(), [field], ["__count"]
        )
        by_id = {value if field == "res_id" else value.id: n for value, n in counts}
        for record in self:
            record.publication_count = by_id.get(record.id, 0)

    @api.model
    def _get_publication_field(self):
        """The field of a publication that points here."""
        return "res_id"

    def _get_publication_domain(self):
        return [("res_model", "=", self._name), ("res_id", "in", self.ids)]

    def action_view_publications(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "srsp_disclosure.srsp_publication_action"
        )
        return dict(action, domain=self._get_publication_domain(), context={})

    def _get_formed_at(self, kind):
        """The moment (naive UTC) at which what is published as ``kind`` came about."""
        raise NotImplementedError

    def _prepare_publication_vals(self, kind):
        """Values of the publication: ``title``, ``reference``, ``formed_at``, ``payload`` (a JSON value, what
        pages show), ``original`` where what is published can be large (a function that writes its bytes into
        a file),
        ``disclosure_days`` where there is a deadline, and what lists of publications show.
        """
        raise NotImplementedError
