from odoo import api, fields, models


class SrspTask(models.Model):
    """A task and the floor that its sectors have to reach over the year."""

    _inherit = "srsp.task"

    coverage_warning = fields.Text(
        compute="_compute_coverage_warning", compute_sudo=True
    )

    @api.depends("state", "announced_on", "sector_ids", "year", "ratio", "item_ids")
    def _compute_coverage_warning(self):
        open_tasks = self.filtered(
            lambda task: task._origin and task.state == "planned" and task.year
        )
        (self - open_tasks).coverage_warning = False
        rows = self.env["srsp.coverage"]._find_missing(
            [("sector_id", "in", open_tasks.sector_ids.ids)]
        )
        for task in open_tasks:
            task.coverage_warning = rows.filtered(
                lambda row, task=task: (
                    row.sector_id in task.sector_ids and row.year == task.year
                )
            )._describe()
