from odoo import fields, models


class SrspPlan(models.Model):
    _name = "srsp.plan"
    _inherit = ["srsp.plan", "srsp.publication.mixin"]

    def _after_publish(self):
        self.env["srsp.publication"]._publish(self, "plan")
        return super()._after_publish()

    def _prepare_publication_vals(self, kind):
        tasks = self.task_ids.filtered(lambda task: task.state != "cancelled")
        return {
            **super()._prepare_publication_vals(kind),
            "title": self.env._(
                "Yearly inspection plan %(year)s of %(division)s",
                year=self.year,
                division=self.division_id.name,
            ),
            "summary": self.env._("%(count)s tasks", count=len(tasks)),
            "payload": {
                "format": "srsp-plan/1",
                "number": self.number,
                "year": self.year,
                "bureau": self.company_id.name,
                "division": self.division_id.name,
                "list_version": self.list_id.version,
                "note": self.note or "",
                "shortfall_reason": self.shortfall_reason or "",
                "published_on": fields.Date.to_string(self.published_on),
                "tasks": [
                    task._get_publication_line()
                    for task in tasks.sorted(lambda task: (task.date_from, task.number))
                ],
            },
        }
