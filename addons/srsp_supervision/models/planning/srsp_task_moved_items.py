from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...actions import get_action
from ..base.srsp_division import MANAGERS


class SrspTask(models.Model):
    """What happens to a task when the next version of the list moves its items to another division, or retires them."""

    _inherit = "srsp.task"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    moved_notice = fields.Char(
        compute="_compute_moved_notice",
        compute_sudo=True,
        help="Notice shown when the division of an item does not take part in the task.",
    )

    @api.depends(
        "state",
        "announced_on",
        "division_id",
        "cooperating_division_ids",
        "item_ids.division_id",
    )
    @api.depends_context("lang")
    def _compute_moved_notice(self):
        for task in self:
            moved = task._get_moved_items()
            shown = bool(moved) and task.state == "planned" and not task.announced_on
            task.moved_notice = shown and task._describe_moved(moved)

    def action_hand_over(self):
        """Let the division to which the items have moved answer for the task, in its plan of the year.

        Where that plan has been submitted, the task becomes a supplement to it, which needs an approval.
        """
        self._check_step(MANAGERS, "planned")
        self._check_not_announced()
        self._forget_approval()
        for task in self:
            task.sudo()._hand_over()
        return get_action(self.env, "srsp_task_action")

    def _get_moved_items(self):
        """The items that a division answers for which takes no part in the task."""
        units = self._get_units()
        return self.item_ids.filtered(lambda item: item.division_id not in units)

    def _describe_moved(self, items):
        return self.env._(
            "%(items)s belongs to %(divisions)s: hand the task over, let that division cooperate, or cancel the task.",
            items=", ".join(items.mapped("display_name")),
            divisions=", ".join(items.division_id.mapped("name")),
        )

    def _hand_over(self):
        division = self.item_ids.division_id
        if len(division) != 1 or self._get_moved_items() != self.item_ids:
            message = self.env._(
                "Task %(task)s: its items have not moved to one other division that takes no part in it.",
                task=self.name,
            )
            raise UserError(message)
        former, plan = self.division_id, self.plan_id
        theirs = plan and plan._generate(division, plan.year)
        if theirs.state != "draft":  # submitted without this task, which adds to it
            theirs = plan.browse()
        keepers = self.item_ids.sector_id.division_id - division
        cooperating = (self.cooperating_division_ids - division - former) | keepers
        self.write(
            {
                "division_id": division.id,
                "plan_id": theirs.id,
                "origin": "supplement" if plan and not theirs else self.origin,
                "cooperating_division_ids": [Command.set(cooperating.ids)],
            }
        )
        task = self.company_id._srsp_in_language(self)
        division._schedule(task, task.env._("The task has been handed over to you"))
        body = self.env._(
            "Task %(task)s is transferred from %(former)s to %(division)s with its items.",
            task=self.number,
            former=former.name,
            division=division.name,
        )
        for record in filter(None, (self, plan, self.plan_id)):
            record.message_post(body=body)

    def _follow_items(self, successors, version):
        """Point a task that is not announced yet to the items that ``version`` made of its own.

        :param successors: {item: its successor in ``version``}; of an item without one, which has been retired, the
            division's head, or its staff, is told
        """
        self.ensure_one()
        retired = self.item_ids.filtered(lambda item: item not in successors)
        ratio, listed = self.ratio, max(self.item_ids.mapped("ratio"), default=0.0)
        self.item_ids = self.env["srsp.item"].union(
            *(successors.get(item, item) for item in self.item_ids)
        )
        if ratio != listed:
            self.ratio = ratio  # the manager's own, not the item's
        self.message_post(
            body=self.env._("The task now follows %(list)s.", list=version.name)
        )
        if moved := self._get_moved_items():
            self._report_moved(moved, version)
        if retired:
            summary = self.env._(
                "%(list)s has retired %(items)s: cancel the task or choose another item",
                list=version.name,
                items=", ".join(retired.mapped("display_name")),
            )
            self.division_id._schedule(self, summary)

    def _report_moved(self, items, version):
        """Tell the division that has the task, and each to which items have moved: by its part of the list."""
        parts = self.company_id._srsp_in_language(version.part_ids)
        self.division_id._schedule(self, self._describe_moved(items))
        for part in parts.filtered(lambda part: part.division_id in items.division_id):
            summary = self.env._(
                "%(items)s now belongs to your division, but task %(task)s is still with %(division)s: ask for "
                "it to be handed over or cancelled",
                items=", ".join(items.mapped("display_name")),
                task=self.number,
                division=self.division_id.name,
            )
            part.division_id._schedule(part, summary)
