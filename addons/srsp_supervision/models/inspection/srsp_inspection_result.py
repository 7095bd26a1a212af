from odoo import fields, models

from ...tools.clock import beijing_date


class SrspInspection(models.Model):
    """What a closed inspection has found, as it is published and as it is sealed."""

    _inherit = "srsp.inspection"

    def _get_result(self):
        """The result as it is published: the national system's fields plus our numbers."""
        self.ensure_one()
        task, entity = self.task_id, self.entity_id
        return {
            "number": self.number,
            "draw": self.draw_id.number,
            "plan": task.plan_id.number or "",
            "plan_name": task.plan_id.name or "",
            "task": task.number,
            "task_name": task.name,
            "bureau": self.company_id.name,
            "division": self.division_id.name,
            "entity": entity.name,
            "entity_kind": entity.kind,
            "uscc": entity.code,
            "inspected_on": fields.Date.to_string(
                beijing_date(self.started_at)
                if self.started_at
                else self.scheduled_date
            ),
            "result_date": fields.Date.to_string(self.result_date),
            "lines": [line._get_result() for line in self.line_ids],
        }

    def _prepare_seal(self):
        """The result as it is sealed: under ``keys`` what no renaming and no other language changes."""
        self.ensure_one()
        return {
            **self._get_result(),
            "keys": {
                "stage": self.stage,
                "entity_id": self.entity_id.id,
                "officer_ids": sorted(self.officer_ids.ids),
                "expert_ids": sorted(self.expert_ids.ids),
                "reviewed_by_id": self.reviewed_by_id.id,
                "lines": [
                    {
                        "target_id": line.target_id.id,
                        "item_id": line.item_id.id,
                        "result": line.result,
                        "measure": line.measure,
                        "facts": line.facts or "",
                    }
                    for line in self.line_ids
                ],
            },
        }
