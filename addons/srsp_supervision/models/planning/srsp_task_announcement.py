from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.certificate import quota
from ...tools.clock import beijing_date


class SrspTask(models.Model):
    """The announcement of a draw: what is checked before it, and its withdrawal before the lock.

    From the announcement on, nothing of what is drawn and when changes.
    """

    _inherit = "srsp.task"  # pylint: disable=consider-merging-classes-inherited

    def action_announce(self):
        """Fix what will be drawn and when; wake the scheduled actions at those times."""
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        self._check_state("planned")
        self._check_not_announced()
        for task in self:
            task._check_announceable()
        self.sudo().write(
            {
                "announced_on": fields.Datetime.now(),
                "blocked_reason": False,
                "withdrawal_reason": False,
            }
        )
        for task in self.sudo():
            self.env.ref("srsp_supervision.ir_cron_lock_roster").sudo()._trigger(
                task.lock_at
            )
            self.env.ref("srsp_supervision.ir_cron_draw").sudo()._trigger(task.draw_at)
            task._warn_of_weak_source()
            task._after_announce()

    def action_withdraw(self):
        return self.env["srsp.reason"]._open(self, "task_withdraw")

    def _check_announceable(self):
        """Raise unless the draw may be announced as it stands."""
        self._check_origin()
        self._check_scope()
        self._check_items()
        if not self.draw_at or self.draw_at <= fields.Datetime.now():
            raise UserError(
                self.env._(
                    "Task %(task)s: set a draw time in the future.",
                    task=self.name,
                )
            )
        if not self.target_count:
            raise UserError(
                self.env._(
                    "Task %(task)s: no target of sector %(sector)s matches the filter. Widen the filter or complete"
                    " the registry first.",
                    task=self.name,
                    sector=", ".join(self.sector_ids.mapped("name")),
                )
            )
        rulebook = self._get_lock_rulebook()
        self._check_lead()
        self._get_roster_lock(rulebook).check()

    def _get_lock_rulebook(self):
        """The rulebook of the day on which the roster will be locked; it may not be in force yet."""
        moment = max(self.lock_at or self.draw_at, fields.Datetime.now())
        return self.env["srsp.rulebook"]._get_in_force(
            self.company_id, beijing_date(moment)
        )

    def _check_items(self):
        """Raise unless every item is in force and a division that takes part answers for it."""
        if not self.item_ids:
            raise UserError(
                self.env._("Task %(task)s has no item to inspect.", task=self.name)
            )
        units = self._get_units()
        stray = self.item_ids.filtered(lambda item: not item.list_id.is_in_force)
        if self.sector_id not in self.item_ids.sector_id:
            stray = self.item_ids
        if stray:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(items)s must be in the list in force, under the task's sector.",
                    task=self.name,
                    items=", ".join(stray.mapped("display_name")),
                )
            )
        for item in self.item_ids:
            foreign = (item.division_id | item.sector_id.division_id) - units
            if foreign:
                raise UserError(
                    self.env._(
                        "Task %(task)s: %(item)s belongs to %(division)s, which does not take part. Add it as a "
                        "cooperating division, or remove the item.",
                        task=self.name,
                        item=item.display_name,
                        division=foreign[0].name,
                    )
                )

    def _check_scope(self):
        """Raise for a filter that nobody has put into words: the public reads them, not the filter."""
        if self.is_directed and self.mode == "own" and not (self.scope or "").strip():
            raise UserError(
                self.env._(
                    "Task %(task)s: a filter narrows the pool. Describe the targets that remain (field Scope "
                    "Description); the description is published.",
                    task=self.name,
                )
            )

    def _check_lead(self):
        """Raise unless the roster can still be locked as long before the draw as the rulebook asks."""
        published = self.env["srsp.rulebook"]._find_published(self.company_id)
        latest = published._get_lock_at(self.draw_at)
        lead = self.draw_at - latest
        if latest < fields.Datetime.now():
            raise UserError(
                self.env._(
                    "Task %(task)s: according to the rulebook, the roster must be public %(hours)s hours before the "
                    "draw. Announce a later time.",
                    task=self.name,
                    hours=round(lead.total_seconds() / 3600),
                )
            )
        if self.lock_at > latest:
            raise UserError(
                self.env._(
                    "Task %(task)s: according to the rulebook, the roster must be locked at least %(hours)s hours "
                    "before the draw.",
                    task=self.name,
                    hours=round(lead.total_seconds() / 3600),
                )
            )

    def _warn_of_weak_source(self):
        """Say in the history when the lottery cannot reach every selection, while it can still be changed."""
        draw = self.env["srsp.draw"].sudo()
        needed = draw._get_bits_needed(
            [{"size": self.target_count, "quota": quota(self.target_count, self.ratio)}]
        )
        weakness = draw._explain_weakness(
            self.randomness_kind or self._get_lock_rulebook().randomness_kind,
            self.lottery_outcomes,
            needed,
        )
        if weakness:
            self.message_post(body=weakness)

    def _withdraw(self, reason):
        """Withdraw the announcement before the roster is locked; the task can be changed and announced again."""
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        self.lock_for_update()
        self._check_state("planned")
        if not self.announced_on:
            raise UserError(
                self.env._("Task %(task)s has not been announced.", task=self.name)
            )
        self.sudo().write(
            {
                "announced_on": False,
                "withdrawal_reason": reason,
                "blocked_reason": False,
            }
        )
        self.sudo().message_post(body=reason)
        self.env["srsp.notice"]._notify_policy(self, False, reason)
        self._after_withdraw()
