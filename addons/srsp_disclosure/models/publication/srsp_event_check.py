import json

from odoo import api, models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"

    @api.model
    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "srsp.publication": []}

    def _compare_srsp_publication(self, row, publication):
        """Compare what was sealed with the publication and the bytes of its original as they are now."""
        sealed = json.loads(row.payload)
        live = {
            **publication._prepare_seal(),
            "original": publication._digest_original(),
        }
        return {**sealed, "original": sealed["digest"]}, live

    def _find_unsealed(self, company):
        """Also find open deadlines that neither the calendar nor the rulebook of their task gives."""
        yield from super()._find_unsealed(company)
        publications = self.env["srsp.publication"]
        groups = publications._group_open([("company_id", "=", company.id)])
        for day, found in groups.items():
            wanted = publications._prepare_deadline_vals(*day)["deadline"]
            for publication in found.filtered_domain([("deadline", "!=", wanted)]):
                yield self.env._(
                    "Publication %(number)s: its deadline is %(deadline)s, the calendar and the rulebook give"
                    " %(wanted)s.",
                    number=publication.number,
                    deadline=publication.deadline,
                    wanted=wanted,
                )
