import datetime
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.base.models.ir_qweb_fields import nl2br_enclose

from ...exceptions import Waiting
from ...tools.clock import beijing_date
from ..base.srsp_division import MANAGERS
from .roster_lock import RosterLock

BLOCKED = "srsp_supervision.mail_activity_blocked"
PATIENCE = datetime.timedelta(minutes=15)  # after the announced time: then it is stuck
_logger = logging.getLogger(__name__)


class SrspTask(models.Model):
    """The lock and the draw of an announced task, by hand and by the scheduled actions."""

    _inherit = "srsp.task"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def write(self, vals):
        """Nothing in the way any more: nobody is reminded of it."""
        if "blocked_reason" in vals:
            vals = {"waiting_reason": False, **vals}
            if not vals["blocked_reason"]:
                vals |= {"blocked_since": False, "obstacle": False}
                self.filtered("blocked_reason").activity_unlink([BLOCKED])
        return super().write(vals)

    def action_lock_roster(self):
        """Lock the roster by hand before the scheduled action does."""
        self._check_step(MANAGERS)
        for task in self:
            task._lock_roster()

    def action_draw(self):
        """Draw by hand once the announced time has come."""
        self._check_step(MANAGERS, "committed")
        for task in self:
            draw = task.draw_id.sudo()
            draw._record_randomness()
            # Kept before anything depends on it: a failure below cannot ask for another one.
            self.env["ir.cron"]._commit_progress()
            draw._draw()

    @api.model
    def _cron_lock_roster(self):
        domain = [
            ("state", "=", "planned"),
            ("announced_on", "!=", False),
            ("lock_at", "<=", fields.Datetime.now()),
        ]
        self._run_due(domain, type(self)._lock_or_lapse)

    @api.model
    def _cron_draw(self):
        kinds = self.env["srsp.draw"]._get_automatic_kinds()
        domain = [
            ("state", "=", "committed"),
            ("draw_at", "<=", fields.Datetime.now()),
            ("draw_id.randomness_kind", "in", kinds),
        ]
        # Randomness first, in a transaction of its own: a crash afterwards cannot ask for another one.
        self._run_due(domain, lambda task: task.draw_id._record_randomness())
        domain.append(("draw_id.iteration_ids", "!=", False))
        self._run_due(domain, lambda task: task.draw_id._draw())

    def _get_roster_lock(self, rulebook):
        """Return what locks the roster of this task under ``rulebook``, and checks an announcement."""
        return RosterLock(self.sudo().env, self, rulebook)

    def _lock_roster(self, now=None):
        """Lock the pool and publish the commitment; does nothing if the roster is locked already.

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
        rulebooks = self.env["srsp.rulebook"].sudo()
        rulebook = rulebooks._get_in_force(self.company_id, beijing_date(now))
        draw = self._get_roster_lock(rulebook).lock(now)
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

    def _lock_or_lapse(self):
        """Lock the roster; an announcement whose time has passed without a lock lapses."""
        if self.draw_at >= fields.Datetime.now():
            self._lock_roster()
            return
        reason = self.env._(
            "The announced time passed before the roster could be locked: announce a new time. %(reason)s",
            reason=self.blocked_reason or "",
        )
        self._end_announcement(reason)
        self._block(reason)

    @api.model
    def _run_due(self, domain, step):
        """Run ``step`` for every due task, each in a transaction of its own.

        Safe on several workers and after a crash: a task being worked on elsewhere is skipped, one
        already done no longer matches, an error is recorded on its task and does not affect the others.
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
                kind = type(error).__name__
                task._block(str(error) or kind, kind)
            if not cron._commit_progress(1):
                break

    def _run_step(self, domain, step):
        """Run ``step`` for this task if it is still due and not locked by another worker."""
        task = self.try_lock_for_update().filtered_domain(domain)
        task = task.company_id._srsp_in_language(task)
        if task:
            try:
                with self.env.cr.savepoint():
                    step(task)
            except Waiting as reason:
                task._wait(reason)
            except UserError as error:
                task._block(str(error), getattr(error, "obstacle", ""))

    def _wait(self, reason):
        """Record what the draw is waiting for; what lasts, or has been reported, is an obstacle."""
        if self.blocked_reason or fields.Datetime.now() > self.draw_at + PATIENCE:
            self._block(str(reason), reason.obstacle)
        elif self.waiting_reason != str(reason):
            self.waiting_reason = str(reason)

    def _block(self, reason, obstacle=""):
        """Record what is in the way, and tell whoever answers for the task once for each obstacle.

        :param obstacle: what it is, where the text differs from attempt to attempt
        """
        if self.blocked_reason == reason:
            return
        known = self.blocked_reason and (self.obstacle or self.blocked_reason)
        vals = {"blocked_reason": reason, "obstacle": obstacle}
        if not self.blocked_reason:
            vals["blocked_since"] = fields.Datetime.now()
        self.write(vals)
        if known == (obstacle or reason):
            todos = self.activity_search([BLOCKED])
            todos.write({"note": nl2br_enclose(reason, "p")})
            return
        _logger.warning("Task %s is stuck: %s", self.number, reason)
        self.message_post(body=reason)
        self.activity_unlink([BLOCKED])
        summary = self.env._("The draw is blocked")
        self.division_id._schedule(self, summary, reason, kind=BLOCKED)

    def _after_commit_roster(self, draw):
        """Hook: the roster of ``draw`` has been locked."""

    def _after_draw(self, draw):
        """Hook: ``draw`` has a new iteration (the first, or a substitution)."""

    def _after_void(self, draw):
        """Hook: ``draw`` has been voided."""
