from odoo import models

from odoo.addons.srsp_supervision.tools.clock import beijing_midnight


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
            **super()._prepare_publication_vals(kind),
            "title": self.env._(
                "Inspection result of %(entity)s", entity=result["entity"]
            ),
            "summary": "、".join(
                dict.fromkeys(line["result_name"] for line in result["lines"])
            ),
            "disclosure_days": task._get_rulebook().disclosure_days,
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
        """Return the result; of a natural person the name is masked and the text of the findings left out."""
        result = self._get_result()
        if result["entity_kind"] != "person":
            return result
        lines = [{**line, "facts": ""} for line in result["lines"]]
        return {**result, "entity": self.entity_id._get_public_name(), "lines": lines}
