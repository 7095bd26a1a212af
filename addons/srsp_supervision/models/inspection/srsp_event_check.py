from odoo import models
from odoo.tools import SQL


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _get_sealed_models(self):
        closed = {"srsp.inspection": [("stage", "=", "closed")]}
        return super()._get_sealed_models() | closed

    def _find_unsealed(self, company):
        """Also find items of a task that are missing from a visit to a target with others of the same sector."""
        yield from super()._find_unsealed(company)
        self.env.flush_all()
        query = SQL(
            """SELECT visit.number, target.code, wanted.code
                 FROM (SELECT DISTINCT line.inspection_id, line.target_id, item.sector_id
                         FROM srsp_inspection_line line JOIN srsp_item item ON item.id = line.item_id) seen
                 JOIN srsp_inspection visit ON visit.id = seen.inspection_id
                 JOIN srsp_target target ON target.id = seen.target_id
                 JOIN srsp_item_srsp_task_rel task_item ON task_item.srsp_task_id = visit.task_id
                 JOIN srsp_item wanted ON wanted.id = task_item.srsp_item_id AND wanted.sector_id = seen.sector_id
            LEFT JOIN srsp_inspection_line line ON line.inspection_id = visit.id
                  AND line.target_id = seen.target_id AND line.item_id = wanted.id
                WHERE visit.company_id = %(company)s AND visit.stage != 'cancelled' AND line.id IS NULL
             ORDER BY visit.number, target.code, wanted.code""",
            company=company.id,
        )
        for visit, target, item in self.env.execute_query(query):
            yield self.env._(
                "Inspection %(visit)s no longer has item %(item)s of %(target)s, which its task asks for.",
                visit=visit,
                item=item,
                target=target,
            )
