import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...exceptions import Waiting
from ...tools.certificate import quota

_logger = logging.getLogger(__name__)


class SrspTask(models.Model):
    """How a task moves: its buttons, the scheduled lock and draw, and the hooks around them."""

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

    def action_lock_roster(self):
        """Lock the roster by hand before the scheduled action does."""
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        for task in self:
            task._lock_roster()

    def action_draw(self):
        """Draw by hand once the announced time has come."""
        self._check_role("group_division_manager", "group_policy_officer")
        self.check_access("write")
        self._check_state("committed")
        for task in self:
            draw = task.draw_id.sudo()
            draw._record_randomness()
            # Kept before anything depends on it: a failure below cannot ask for another one.
            self.env["ir.cron"]._commit_progress()
            draw._draw()

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

    def _lock_roster(self, now=None):
        """Fix the pool and publish the commitment; a task locked already is left alone.

        :param now: the time of the lock (UTC), the present if not given
        """
        self.ensure_one()
        self.lock_for_update()
        if self.state == "committed":
            return self.draw_id
        now = now or fields.Datetime.now()
        self._check_state("planned")
        if not self.announced_on or not self.draw_at or now > self.draw_at:
            raise UserError(
                self.env._(
                    "Task %(task)s: announce a draw first; the roster is locked before the announced time.",
                    task=self.name,
                )
            )
        draw = self.env["srsp.draw"].sudo()._commit(self, now)
        self.sudo().write(
            {
                "state": "committed",
                "draw_id": draw.id,
                "rulebook_id": draw.rulebook_id.id,
                "blocked_reason": False,
            }
        )
        self._after_commit_roster(draw)
        draw._ask_witnesses()
        return draw

    @api.model
    def _cron_lock_roster(self):
        domain = [
            ("state", "=", "planned"),
            ("announced_on", "!=", False),
            ("lock_at", "<=", fields.Datetime.now()),
        ]
        self._run_due(domain, type(self)._lock_or_lapse)

    def _lock_or_lapse(self):
        """Lock; an announcement whose time has passed without a lock lapses."""
        if self.draw_at >= fields.Datetime.now():
            self._lock_roster()
            return
        self.announced_on = False
        self.blocked_reason = self.env._(
            "The announced time passed before the roster could be locked: announce a new time. %(reason)s",
            reason=self.blocked_reason or "",
        )

    @api.model
    def _cron_draw(self):
        domain = [
            ("state", "=", "committed"),
            ("draw_at", "<=", fields.Datetime.now()),
            (
                "draw_id.randomness_kind",
                "in",
                self.env["srsp.draw"]._get_automatic_kinds(),
            ),
        ]
        # Randomness first, in a transaction of its own: a crash afterwards cannot ask for another one.
        self._run_due(domain, lambda task: task.draw_id._record_randomness())
        domain.append(("draw_id.iteration_ids", "!=", False))
        self._run_due(domain, lambda task: task.draw_id._draw())

    @api.model
    def _run_due(self, domain, step):
        """Do ``step`` for every due task, each in a transaction of its own.

        Safe on several workers and after a crash: a task being worked on elsewhere is skipped, one
        already done no longer matches, an error is written on its task and hurts no other.
        """
        cron = self.env["ir.cron"]
        tasks = self.search(domain, order="draw_at, id")
        cron._commit_progress(remaining=len(tasks))
        for task in tasks:
            try:
                task._run_step(domain, step)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()  # another worker was faster; the next run finds out
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Task %s cannot go on", task.number)
                task._block(str(error))
            if not cron._commit_progress(1):
                break

    def _run_step(self, domain, step):
        """Do ``step`` for this task if it is still due and nobody else is at it."""
        task = self.try_lock_for_update().filtered_domain(domain)
        task = task.company_id._srsp_in_language(task)
        if task:
            try:
                with self.env.cr.savepoint():
                    step(task)
            except Waiting as reason:
                task.blocked_reason = str(reason)
            except UserError as error:
                task._block(str(error))

    def _block(self, reason):
        """Say on the task why it is stuck, once."""
        if self.blocked_reason == reason:
            return
        _logger.warning("Task %s is stuck: %s", self.number, reason)
        self.blocked_reason = reason
        self.message_post(body=reason)
        manager = self.division_id.manager_id
        if manager:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("The draw is stuck"),
                note=reason,
                user_id=manager.id,
            )

    def _after_announce(self):
        """Hook: a draw has been announced."""

    def _after_withdraw(self):
        """Hook: an announcement has been withdrawn, or an announced task cancelled, with a reason."""

    def _after_commit_roster(self, draw):
        """Hook: the roster of ``draw`` has been locked."""

    def _after_draw(self, draw):
        """Hook: ``draw`` has a new iteration (the first, or a substitution)."""

    def _after_void(self, draw):
        """Hook: ``draw`` has been voided."""
