import json

from odoo import api, models
from odoo.tools import SQL

from ...tools import canonical
from ...tools.assignment import Team
from .srsp_draw_certificate import LOCK_SEALS, SEALS


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _get_sealed_models(self):
        return {
            **super()._get_sealed_models(),
            "srsp.draw": [],
            "srsp.draw.witness": [],
            "srsp.draw.request": [],
        }

    def _find_unsealed(self, company):
        """Also find draws that were drawn or voided without an event that says so."""
        yield from super()._find_unsealed(company)
        draws = self.env["srsp.draw"]
        seals = self.env["srsp.event"]._search(
            [("res_model", "=", draws._name), ("kind", "in", SEALS)]
        )
        labels = dict(draws._fields["state"]._description_selection(self.env))
        for draw in draws.search(
            [
                ("company_id", "=", company.id),
                ("state", "!=", "committed"),
                ("id", "not in", seals.subselect("res_id")),
            ]
        ):
            yield self.env._(
                "Draw %(draw)s is in state “%(state)s”, but no event seals that state.",
                draw=draw.number,
                state=labels[draw.state],
            )
        yield from self._find_planted_lines(company)

    def _find_planted_lines(self, company):
        """Find lines of a roster that bear a draw which there was not: no certificate would show them."""
        query = SQL(
            """SELECT draw.number, line.label
                 FROM srsp_draw_line line JOIN srsp_draw draw ON draw.id = line.draw_id
            LEFT JOIN srsp_draw_iteration iteration
                   ON iteration.draw_id = draw.id AND iteration.number = line.iteration
                WHERE draw.company_id = %(company)s AND iteration.id IS NULL
                  AND (line.iteration IS NOT NULL OR line.position IS NOT NULL)
             ORDER BY draw.number, line.label""",
            company=company.id,
        )
        for draw, label in self.env.execute_query(query):
            yield self.env._(
                "Line %(label)s of draw %(draw)s is marked as drawn, but there was no such draw.",
                label=label,
                draw=draw,
            )

    def _compare_srsp_draw(self, row, draw):
        """Compare the lock; or the certificate in force, and the visits it asks for with the existing ones."""
        sealed = json.loads(row.payload)
        if row.kind in LOCK_SEALS:
            live = draw._get_lock_seals()[row.kind]
        elif row.id == draw._get_certificate_event().id:
            sealed["inspections"] = _list_inspections(sealed)
            live = {**draw._get_sealed(), "inspections": draw._get_inspections()}
        else:
            return None
        return sealed, json.loads(canonical.dumps(live))


def _list_inspections(sealed):
    """Return the visits that a certificate asks for, in the form of ``srsp.draw._get_inspections``."""
    if sealed["draw"]["state"] == "voided":
        return {}
    gone = {
        label
        for iteration in sealed["iterations"]
        for label, _reason in iteration["unavailable"]
    }
    teams = (Team(*row) for _number, *row in sealed["assignment"]["teams"])
    return {
        min(team.labels): [
            {
                "targets": sorted(team.labels),
                "officers": sorted(team.officers),
                "experts": sorted(team.experts),
            }
        ]
        for team in teams
        if team.label not in gone
    }
