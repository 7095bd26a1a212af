import json

from odoo import api, models

MAX_SEQUENCE = 2**31 - 1  # what the column can hold


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"

    @api.model
    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "srsp.publication": []}

    def _compare_srsp_publication(self, row, publication):
        """Compare what was sealed with the publication and the bytes of its original as they are now.

        A roster or a draw has published its link of the chain too: a chain that was computed anew contradicts it.
        """
        sides = self._compare_state(row, publication)
        if not sides:
            return None
        sealed, live = sides
        sealed["original"] = sealed["digest"]
        live["original"] = publication._digest_original()
        if publication.kind in ("roster", "draw"):
            sealed["chain"] = json.loads(publication.payload)["chain"]
            live["chain"] = self._get_present_link(publication, sealed["chain"])
        return sealed, live

    def _get_present_link(self, publication, link):
        """Return the link of the chain with the number of a published one, as it is now."""
        sequence = min(max(link["sequence"], 0), MAX_SEQUENCE)
        event = self.env["srsp.event"].search(
            [
                ("company_id", "=", publication.company_id.id),
                ("sequence", "=", sequence),
            ]
        )
        return self.env["srsp.draw"]._get_chain_link(event)

    def _find_unsealed(self, company):
        """Also find open deadlines that neither the calendar nor the rulebook of their task gives."""
        yield from super()._find_unsealed(company)
        publications = self.env["srsp.publication"]
        groups = publications._group_open([("company_id", "=", company.id)])
        for day, ids in groups.items():
            wanted = publications._prepare_deadline_vals(*day)["deadline"]
            stray = [("id", "in", ids), ("deadline", "!=", wanted)]
            for publication in publications.sudo().search(stray, order="id"):
                yield self.env._(
                    "Publication %(number)s: its deadline is %(deadline)s, the calendar and the rulebook give"
                    " %(wanted)s.",
                    number=publication.number,
                    deadline=publication.deadline,
                    wanted=wanted,
                )
