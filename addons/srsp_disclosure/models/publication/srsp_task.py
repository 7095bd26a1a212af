from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.srsp_supervision.tools.clock import iso

from ..site.srsp_publication_page import local_time


class SrspTask(models.Model):
    _name = "srsp.task"
    _inherit = ["srsp.task", "srsp.publication.mixin"]

    publication_ids = fields.One2many(
        "srsp.publication", "task_id", "Publications of the Task"
    )

    def _get_publication_field(self):
        return "task_id"

    def _get_publication_domain(self):
        return [("task_id", "in", self.ids)]

    def _get_formed_at(self, kind):
        announced = self.announced_on and self.state == "planned"
        return self.announced_on if announced else fields.Datetime.now()

    def _prepare_publication_vals(self, kind):
        """An announcement says what will be drawn and when; a new version, that this no longer holds and why."""
        reason = self.cancel_reason if self.state == "cancelled" else ""
        if not self.announced_on:
            reason = self.withdrawal_reason
        title = (
            self.env._("Announcement withdrawn: %(task)s", task=self.name)
            if reason
            else self.env._("Draw announced: %(task)s", task=self.name)
        )
        return {
            "title": title,
            "summary": reason
            or self.env._("Draw on %(time)s", time=local_time(iso(self.draw_at))),
            "reference": self.number,
            "formed_at": self._get_formed_at(kind),
            "division_id": self.division_id.id,
            "division_name": self.division_id.name,
            "sector_name": self.sector_id.name,
            "task_id": self.id,
            "payload": {
                "format": "srsp-announcement/1",
                "bureau": self.company_id.name,
                "division": self.division_id.name,
                "state": "withdrawn" if reason else "announced",
                "reason": reason or "",
                "lock_at": iso(self.lock_at) if self.lock_at else "",
                "targets": self.target_count,
                "task": self._get_publication_line(),
            },
        }

    def _after_announce(self):
        self.env["srsp.publication"]._publish(self, "announcement")
        return super()._after_announce()

    def _after_withdraw(self):
        self.env["srsp.publication"]._publish(self, "announcement")
        return super()._after_withdraw()

    def _after_commit_roster(self, draw):
        self.env["srsp.publication"]._publish(draw, "roster")
        return super()._after_commit_roster(draw)

    def _after_draw(self, draw):
        self.env["srsp.publication"]._publish(draw, "draw")
        return super()._after_draw(draw)

    def _after_void(self, draw):
        for kind in ("roster", "draw") if draw.drawn_at else ("roster",):
            self.env["srsp.publication"]._publish(draw, kind)
        return super()._after_void(draw)

    def _disclose_complete(self):
        """Mark those disclosed whose visits are all closed and whose results every channel has accepted."""
        complete = Domain("state", "=", "inspecting") & ~(
            Domain(
                "inspection_ids", "any", [("stage", "not in", ("closed", "cancelled"))]
            )
            | Domain(
                "publication_ids",
                "any",
                [("deadline", "!=", False), ("disclosed_on", "=", False)],
            )
        )
        tasks = self.sudo().search(complete & Domain("id", "in", self.ids))
        tasks.state = "disclosed"

    def _check_completable(self):
        self._disclose_complete()
        result = super()._check_completable()
        for task in self:
            if task.state != "disclosed":
                owed = task.sudo().publication_ids.filtered(
                    lambda p: p.deadline and not p.disclosed_on
                )
                raise UserError(
                    self.env._(
                        "Task %(task)s: %(count)s results have not been accepted by every channel yet.",
                        task=task.name,
                        count=len(owed),
                    )
                )
        return result

    def _get_rulebook(self):
        """The rulebook pinned to the task, or the one in force today."""
        return self.rulebook_id or self.rulebook_id._get_in_force(self.company_id)

    def _get_publication_line(self):
        """One task as its plan and its roster show it."""
        return {
            "number": self.number,
            "name": self.name,
            "sector": self.sector_id.name,
            "items": [{"code": i.code, "name": i.name} for i in self.item_ids],
            "ratio": self.ratio,
            "ratio_reason": self._get_ratio_reason(),
            "stratify_by": self.stratify_by,
            "stratify_reason": self.stratify_reason or "",
            "target_filter": self._get_public_filter(),
            "directed": self.is_directed,
            "scope": self.scope or "",
            "origin": self.origin,
            "ad_hoc_reason": self.ad_hoc_reason or "",
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
            "draw_at": iso(self.draw_at) if self.draw_at else "",
            "cooperating": self.cooperating_division_ids.mapped("name"),
        }
