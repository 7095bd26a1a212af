from odoo import api, fields, models


class SrspTask(models.Model):
    """A task and the words of the list it rests on."""

    _inherit = "srsp.task"

    repealed_basis = fields.Char(compute="_compute_repealed_basis", compute_sudo=True)

    @api.depends("item_ids.repealed_basis")
    def _compute_repealed_basis(self):
        for task in self:
            task.repealed_basis = task.item_ids.legal_basis_ids._describe_repealed()

    def _follow_items(self, successors, version):
        """Point a task that is not announced yet to the items that ``version`` made of its own.

        :param successors: {item: its successor in ``version``}; an item without one has been retired, which
            the division's head, or its staff, is told
        """
        self.ensure_one()
        retired = self.item_ids.filtered(lambda item: item not in successors)
        chosen = self.ratio != max(self.item_ids.mapped("ratio"), default=0.0)
        ratio = self.ratio
        items = self.env["srsp.item"].union(
            *(successors.get(item, item) for item in self.item_ids)
        )
        self.item_ids = items
        if chosen:
            self.ratio = ratio  # the manager's own, not the item's
        self.message_post(
            body=self.env._("The task follows %(list)s.", list=version.name)
        )
        if retired:
            self.division_id._schedule(
                self,
                self.env._(
                    "%(list)s has retired %(items)s: cancel the task or choose another item",
                    list=version.name,
                    items=", ".join(retired.mapped("display_name")),
                ),
            )
