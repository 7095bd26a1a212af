from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.certificate import quota


class SrspTask(models.Model):
    """How a task moves, and the hooks around that; the lock and the draw are in the room ``draw``."""

    _inherit = "srsp.task"

    def action_announce(self):
        """Fix what will be drawn and when; wake the scheduled actions at those times."""
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        self._check_state("planned")
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

    def action_withdraw(self):
        self.ensure_one()
        return self.env["srsp.reason"]._open(self, "task_withdraw")

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
        self._after_withdraw()

    def action_done(self):
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        for task in self:
            task._check_completable()
        self.sudo().state = "done"

    def _check_completable(self):
        self._check_state("inspecting", "disclosed")
        if self.closed_count < self.inspection_count:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(open)s visits are not closed yet.",
                    task=self.name,
                    open=self.inspection_count - self.closed_count,
                )
            )

    def action_cancel(self):
        self.ensure_one()
        return self.env["srsp.reason"]._open(self, "task_cancel")

    def _cancel(self, reason):
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        self._check_state("planned", "committed")
        if self.draw_id:
            self.draw_id._void_by_user(reason)
        elif self.announced_on:
            self.env["srsp.notice"]._notify_policy(self, False, reason)
        self.sudo().write({"state": "cancelled", "cancel_reason": reason})
        if self.announced_on:
            self._after_withdraw()

    def _after_announce(self):
        """Hook: a draw has been announced."""

    def _after_withdraw(self):
        """Hook: an announcement has been withdrawn, or an announced task cancelled, with a reason."""
