import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...exceptions import Waiting

_logger = logging.getLogger(__name__)


class SrspTask(models.Model):
    """The scheduled lock of the roster, and the scheduled draw."""

    _inherit = "srsp.task"

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
