import datetime

from odoo import api, models
from odoo.exceptions import UserError

from ...tools import clock
from ...tools.clock import beijing_date

ONE_DAY = datetime.timedelta(days=1)


class SrspRulebook(models.Model):
    """How a rulebook moves from draft to force, and which one holds on a given day."""

    _inherit = "srsp.rulebook"

    def action_new_version(self):
        """Open a draft that begins with the text and the parameters of this rulebook."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        self.check_access("read")
        self._check_state("published")
        draft = self.sudo().copy(
            {
                "origin_id": self.id,
                "effective_date": self._get_first_date(self.company_id),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_publish(self):
        """Show what publishing would change; the wizard publishes once that is confirmed."""
        self.ensure_one()
        self._check_publishable()
        return self.env["srsp.rulebook.effects"]._open(self)

    def _publish(self):
        for rulebook in self:
            rulebook._check_publishable()
            moves = rulebook.sudo()._get_lock_moves()
            rulebook.sudo().state = "published"
            for task, lock_at in moves.items():
                task.lock_at = lock_at

    def _check_publishable(self):
        """Raise unless the user may publish this draft, and for a date that is too early.

        Superuser mode (the demonstration) may date it back, but never before another one.
        """
        self._check_role("group_policy_officer")
        self.check_access("write")
        self._check_state("draft")
        last = self._find_published(self.company_id)[:1]
        if last and self.effective_date <= last.effective_date:
            raise UserError(
                self.env._(
                    "“%(rulebook)s” would take effect on %(date)s, but “%(other)s” does on %(later)s: choose a"
                    " later day.",
                    rulebook=self.name,
                    date=self.effective_date,
                    other=last.name,
                    later=last.effective_date,
                )
            )
        first = self._get_first_date(self.company_id)
        if not self.env.su and self.effective_date < first:
            raise UserError(
                self.env._(
                    "%(rulebook)s: it can take effect on %(date)s at the earliest.",
                    rulebook=self.name,
                    date=first,
                )
            )

    @api.model
    def _get_first_date(self, company):
        """The earliest day on which the next rulebook of ``company`` can take effect.

        The first one may do so today; a later one on a day after its publication and after every other's.
        """
        today = clock.today()
        last = self._find_published(company)[:1].effective_date
        return max(last, today) + ONE_DAY if last else today

    @api.model
    def _find_published(self, company):
        """The published rulebooks of ``company``, the latest to take effect first."""
        return self.sudo().search(
            [("company_id", "=", company.id), ("state", "=", "published")]
        )

    @api.model
    def _find_in_force(self, company, date=None):
        """The same as ``_get_in_force``, but an empty set when there is none."""
        date = date or clock.today()
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "published"),
                ("effective_date", "<=", date),
            ],
            limit=1,
        )

    @api.model
    def _get_in_force(self, company, date=None):
        """The rulebook of ``company`` in force on ``date`` (today if none is given).

        :raise UserError: when there is none
        """
        date = date or clock.today()
        rulebook = self._find_in_force(company, date)
        if not rulebook:
            raise UserError(
                self.env._(
                    "No rulebook of %(company)s is in force on %(date)s: publish one first.",
                    company=company.name,
                    date=date,
                )
            )
        return rulebook

    def _get_lock_at(self, draw_at):
        """When the roster of a draw at ``draw_at`` (UTC) is locked, these being the published rulebooks.

        The one in force on the day of the lock says how long before the draw. Where the later of two
        asks for a lock before its own time and the earlier for one after its own, the later prevails.
        """
        lock_at, following = None, datetime.date.max
        for rulebook in self.sorted("effective_date", reverse=True):
            before, lock_at = (
                lock_at,
                draw_at - datetime.timedelta(hours=rulebook.lock_lead_hours),
            )
            if beijing_date(lock_at) >= following:
                return before
            if beijing_date(lock_at) >= rulebook.effective_date:
                return lock_at
            following = rulebook.effective_date
        return lock_at or draw_at - datetime.timedelta(hours=1)
