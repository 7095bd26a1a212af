from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.certificate import quota
from ...tools.clock import beijing_date
from ..base.srsp_division import MANAGERS
from .srsp_task import FROZEN_FIELDS
from .target_filter import check_filter


class SrspTask(models.Model):
    """The announcement of a draw: what is checked before it, and how it ends without a draw.

    From the announcement on, nothing of what is drawn and when changes.
    """

    _inherit = "srsp.task"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def write(self, vals):
        """Seal each announcement, each change of it and each end."""
        if not vals.keys() & {"announced_on", *FROZEN_FIELDS}:
            return super().write(vals)
        before = self.filtered("announced_on")
        result = super().write(vals)
        now = self.filtered("announced_on")
        for tasks, kind in (
            (now - before, "task.announced"),
            (now & before, "task.announcement_changed"),
            (before - now, "task.announcement_withdrawn"),
        ):
            self.env["srsp.event"]._seal_state(tasks, kind)
        return result

    def action_announce(self):
        """Fix what will be drawn and when; wake the scheduled actions at those times."""
        self._check_step(MANAGERS, "planned")
        self._check_not_announced()
        for task in self:
            task._check_announceable()
        vals = {"blocked_reason": False, "withdrawal_reason": False}
        self.sudo().write({"announced_on": fields.Datetime.now(), **vals})
        cron = self.env["ir.cron"]
        for task in self.sudo():
            cron._srsp_wake("srsp_supervision.ir_cron_lock_roster", task.lock_at)
            cron._srsp_wake("srsp_supervision.ir_cron_draw", task.draw_at)
            task._warn_of_weak_source()
            task._after_announce()

    def action_withdraw(self):
        return self.env["srsp.reason"]._open(self, "task_withdraw")

    def _check_announceable(self):
        """Raise unless the draw may be announced as it stands."""
        # A filter that was written in the database may name single targets.
        check_filter(self)
        if obstacle := next(self._find_obstacles(), None):
            raise UserError(obstacle)
        rulebook = self._get_lock_rulebook()
        self._check_lead()
        self._get_roster_lock(rulebook).check()

    def _find_obstacles(self):
        """Yield, in words, what has to be corrected before the draw can be announced."""
        if self.mode == "external":
            yield from self._find_roster_obstacles()
        yield from self._find_approval_obstacles()
        # The public reads the description, not the filter.
        if self.is_directed and self.mode == "own" and not (self.scope or "").strip():
            yield self.env._(
                "Task %(task)s: a filter narrows the pool. Describe the targets that remain (field Scope "
                "Description); the description is published.",
                task=self.name,
            )
        yield from self._find_item_obstacles()
        if not self.draw_at or self.draw_at <= fields.Datetime.now():
            yield self.env._(
                "Task %(task)s: set a draw time in the future.", task=self.name
            )
        if not self.lock_at:
            yield self.env._(
                "Task %(task)s: set the time of the roster lock.", task=self.name
            )
        if not self.target_count:
            yield self.env._(
                "Task %(task)s: no target of sector %(sector)s matches the filter. Widen the filter or complete"
                " the registry first.",
                task=self.name,
                sector=", ".join(self.sector_ids.mapped("name")),
            )

    def _find_item_obstacles(self):
        """Yield what is wrong unless every item is in force and a division that takes part answers for it."""
        if not self.item_ids:
            yield self.env._("Task %(task)s has no item to inspect.", task=self.name)
        stray = self.item_ids.filtered(lambda item: not item.list_id.is_in_force)
        if self.sector_id not in self.item_ids.sector_id:
            stray = self.item_ids
        if stray:
            yield self.env._(
                "Task %(task)s: %(items)s must be in the list in force, under the task's sector.",
                task=self.name,
                items=", ".join(stray.mapped("display_name")),
            )
        units = self._get_units()
        for item in self.item_ids:
            for foreign in (item.division_id | item.sector_id.division_id) - units:
                yield self.env._(
                    "Task %(task)s: %(item)s belongs to %(division)s, which does not take part. Add it as a "
                    "cooperating division, or remove the item.",
                    task=self.name,
                    item=item.display_name,
                    division=foreign.name,
                )

    def _get_lock_rulebook(self):
        """The rulebook of the day on which the roster will be locked; it may not be in force yet."""
        moment = max(self.lock_at or self.draw_at, fields.Datetime.now())
        rulebooks, day = self.env["srsp.rulebook"], beijing_date(moment)
        return rulebooks._get_in_force(self.company_id, day)

    def _check_lead(self):
        """Raise unless the roster can still be locked as long before the draw as the rulebook asks."""
        published = self.env["srsp.rulebook"]._find_published(self.company_id)
        latest = published._get_lock_at(self.draw_at)
        hours = round((self.draw_at - latest).total_seconds() / 3600)
        names = {"task": self.name, "hours": hours}
        if latest < fields.Datetime.now():
            message = self.env._(
                "Task %(task)s: according to the rulebook, the roster must be public %(hours)s hours before the "
                "draw. Announce a later time.",
                **names,
            )
            raise UserError(message)
        if self.lock_at > latest:
            message = self.env._(
                "Task %(task)s: according to the rulebook, the roster must be locked at least %(hours)s hours "
                "before the draw.",
                **names,
            )
            raise UserError(message)

    def _warn_of_weak_source(self):
        """Say in the history when the lottery cannot reach every selection, while it can still be changed."""
        size = self.target_count
        weakness = self.env["srsp.draw"]._explain_weakness(
            self.randomness_kind or self._get_lock_rulebook().randomness_kind,
            self.lottery_outcomes,
            [{"size": size, "quota": quota(size, self.ratio)}],
        )
        if weakness:
            self.sudo().message_post(body=weakness)

    def _withdraw(self, reason):
        """Withdraw the announcement before the roster is locked; the task can be changed and announced again."""
        self._check_step(MANAGERS)
        self.lock_for_update()
        self._check_state("planned")
        if not self.announced_on:
            raise UserError(
                self.env._("Task %(task)s has not been announced.", task=self.name)
            )
        self.sudo().message_post(body=reason)
        self._end_announcement(reason)

    def _end_announcement(self, reason, voided=None, **vals):
        """Record why the announcement no longer holds, notify the policy division and call the hooks.

        :param voided: the draw that has been voided, if the roster was locked
        :param vals: what else to write to the task
        """
        ended = {"announced_on": False, "blocked_reason": False}
        self.sudo().write({**ended, "withdrawal_reason": reason, **vals})
        self.env["srsp.notice"]._notify_policy(self, bool(voided), reason)
        if voided:
            self._after_void(voided)
        self._after_withdraw()

    def _prepare_seal(self):
        """Return what an announcement fixes; of one that has ended, that it has and why."""
        names = {"announced_on", "withdrawal_reason"}
        if not self.announced_on:
            return self.env["srsp.event"]._read_values(self, sorted(names))
        names |= FROZEN_FIELDS - {"company_id", "lottery_outcomes", "stratum_ids"}
        return {
            **self.env["srsp.event"]._read_values(self, sorted(names)),
            "lottery_outcomes": f"{self.lottery_outcomes:.0f}",  # too large for JSON
            "strata": sorted([one.key, one.ratio] for one in self.stratum_ids),
        }
