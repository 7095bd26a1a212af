import base64

from odoo import api, models

from .scenes import JOINT_ITEM, LIST_SENT_DOWN, SENDER


class SrspDemo(models.AbstractModel):
    """Tasks that one division does not draw alone: a joint draw, and a list that the province sent down."""

    _inherit = "srsp.demo"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _step_join(self, task, scene):
        """Let another division's item, and so its registry and its officers, take part."""
        item = self.env.ref(f"srsp_supervision.demo_item_{JOINT_ITEM}")
        task.cooperating_division_ids = item.division_id
        task.item_ids |= item
        task.ratio = scene.vals["ratio"]

    @api.model
    def _step_take_over(self, task, scene):
        """Take over the list as the officer would."""
        text = "\ufeff" + "\r\n".join(LIST_SENT_DOWN) + "\r\n"
        wizard = self.env["srsp.task.roster.import"].create(
            {
                **SENDER,
                "task_id": task.id,
                "issued_on": self._day(scene.draw - 12),
                "file": base64.b64encode(text.encode()),
                "file_name": "下发名单.csv",
            }
        )
        wizard.action_confirm()
        if wizard.problems:
            raise AssertionError(f"{task.name}: {wizard.problems}")
