from odoo import models

from .srsp_publication import beijing_midnight


class SrspInspection(models.Model):
    _name = "srsp.inspection"
    _inherit = ["srsp.inspection", "srsp.publication.mixin"]

    def _after_close(self):
        self.env["srsp.publication"]._publish(self, "result")
        return super()._after_close()

    def _get_formed_at(self, kind):
        return beijing_midnight(self.result_date)

    def _prepare_publication_vals(self, kind):
        result = self._get_public_result()
        task = self.task_id
        return {
            "title": self.env._(
                "Inspection result of %(entity)s", entity=result["entity"]
            ),
            "summary": "、".join(
                dict.fromkeys(line["result_name"] for line in result["lines"])
            ),
            "reference": self.number,
            "formed_at": self._get_formed_at(kind),
            "disclosure_days": task._get_rulebook().disclosure_days,
            "division_id": self.division_id.id,
            "division_name": self.division_id.name,
            "sector_name": task.sector_id.name,
            "task_id": task.id,
            "entity_name": result["entity"],
            "entity_code": result["uscc"],
            "payload": {
                "format": "srsp-result/1",
                "inspectors": sorted(self.officer_ids.mapped("staff_number")),
                **result,
            },
        }

    def _get_public_result(self):
        """The result without personal facts: a natural person's name is masked, the findings' text left out."""
        result = self._get_result()
        if result["entity_kind"] != "person":
            return result
        lines = [{**line, "facts": ""} for line in result["lines"]]
        return {**result, "entity": self.entity_id._get_public_name(), "lines": lines}
