from odoo import api, fields, models

from ...tools import clock


class SrspEntity(models.Model):
    """An entity seen as a whole: what its page counts, in one query per number.

    The buttons count what the user may open. Sectors, worst risk class and the visits of the year hold
    for the whole bureau: a division must know how often others have been there.
    """

    _inherit = "srsp.entity"

    target_count = fields.Integer(compute="_compute_counts")
    inspection_count = fields.Integer("Visits", compute="_compute_counts")
    result_count = fields.Integer("Results", compute="_compute_counts")
    rectification_count = fields.Integer("Orders to Rectify", compute="_compute_counts")
    sector_ids = fields.Many2many(
        "srsp.sector", string="Sectors", compute="_compute_standing", compute_sudo=True
    )
    worst_risk_class = fields.Char(compute="_compute_standing", compute_sudo=True)
    visits_this_year = fields.Integer(compute="_compute_visits", compute_sudo=True)
    visit_cap = fields.Integer(
        "Most Visits a Year",
        compute="_compute_visits",
        compute_sudo=True,
        help="As the rulebook says for the worst risk class; 0: no cap.",
    )
    is_cap_reached = fields.Boolean(compute="_compute_visits", compute_sudo=True)

    @api.depends("target_ids", "inspection_ids", "rectification_ids")
    @api.depends_context("uid")
    def _compute_counts(self):
        for name, model, path, domain in (
            ("target_count", "srsp.target", "entity_id", []),
            ("inspection_count", "srsp.inspection", "entity_id", []),
            ("rectification_count", "srsp.rectification", "entity_id", []),
        ):
            counts = self.env[model]._read_group(
                [(path, "in", self.ids), *domain], [path], ["__count"]
            )
            by_entity = {entity.id: count for entity, count in counts}
            for entity in self:
                entity[name] = by_entity.get(entity.id, 0)
        results = self.env["srsp.inspection.line"]._read_group(
            [("inspection_id.entity_id", "in", self.ids), ("result", "!=", False)],
            ["inspection_id"],
            ["__count"],
        )
        by_entity = {}
        for visit, count in results:
            entity_id = visit.sudo().entity_id.id
            by_entity[entity_id] = by_entity.get(entity_id, 0) + count
        for entity in self:
            entity.result_count = by_entity.get(entity.id, 0)

    @api.depends("target_ids.state", "target_ids.sector_id", "target_ids.risk_class")
    def _compute_standing(self):
        standing = {
            entity.id: (sectors, worst)
            for entity, sectors, worst in self.env["srsp.target"]._read_group(
                [("entity_id", "in", self.ids), ("state", "!=", "cancelled")],
                ["entity_id"],
                ["sector_id:recordset", "risk_class:max"],
            )
        }
        for entity in self:
            entity.sector_ids, entity.worst_risk_class = standing.get(
                entity.id, (False, False)
            )

    @api.depends("inspection_ids.stage", "worst_risk_class")
    def _compute_visits(self):
        today = clock.today()
        counts = dict(
            self.env["srsp.inspection"]._read_group(
                [
                    ("entity_id", "in", self.ids),
                    ("year", "=", today.year),
                    ("stage", "!=", "cancelled"),
                ],
                ["entity_id"],
                ["__count"],
            )
        )
        for company, entities in self.grouped("company_id").items():
            rulebook = self.env["srsp.rulebook"]._find_in_force(company, today)
            for entity in entities:
                count = counts.get(entity._origin, 0)
                cap = rulebook._get_visit_cap(entity.worst_risk_class)
                entity.visits_this_year = count
                entity.visit_cap = cap
                entity.is_cap_reached = cap and count >= cap

    def action_open_targets(self):
        return self._open("srsp_target_action", "entity_id")

    def action_open_inspections(self):
        return self._open("srsp_inspection_action", "entity_id")

    def action_open_results(self):
        return self._open("srsp_inspection_line_action", "inspection_id.entity_id")

    def action_open_rectifications(self):
        return self._open("srsp_rectification_action", "entity_id")

    def _open(self, action, path):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            f"srsp_supervision.{action}"
        )
        return dict(values, domain=[(path, "=", self.id)], context={})
