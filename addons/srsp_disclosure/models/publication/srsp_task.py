from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.srsp_supervision.tools.clock import beijing_time, iso

FINAL_STAGES = ("closed", "cancelled")
# The publications that some channel has not accepted yet.
OWED = [("deadline", "!=", False), ("disclosed_on", "=", False)]


class SrspTask(models.Model):
    _name = "srsp.task"
    _inherit = ["srsp.task", "srsp.publication.mixin"]
    _publication_field = "task_id"

    publication_ids = fields.One2many(
        "srsp.publication", "task_id", "Publications of the Task"
    )

    def _get_published_id(self, value):
        return value.id

    def _get_publication_domain(self):
        return [("task_id", "in", self.ids)]

    def _get_formed_at(self, kind):
        return (self.state == "planned" and self.announced_on) or fields.Datetime.now()

    def _prepare_publication_vals(self, kind):
        """Return the announcement of a draw, or its withdrawal, a new version that gives the reason."""
        reason = self.cancel_reason if self.state == "cancelled" else ""
        if not self.announced_on:
            reason = self.withdrawal_reason
        title = (
            self.env._("Announcement withdrawn: %(task)s", task=self.name)
            if reason
            else self.env._("Draw announced: %(task)s", task=self.name)
        )
        return {
            **super()._prepare_publication_vals(kind),
            "title": title,
            "summary": reason
            or self.env._("Draw on %(time)s", time=beijing_time(self.draw_at)),
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
        """Mark as disclosed the tasks whose visits are all closed and whose results every channel has accepted.

        A result from before this addon may still have to be published.
        """
        published = (
            self.env["srsp.publication"]
            .sudo()
            ._search([("task_id", "in", self.ids), ("kind", "=", "result")])
        )
        unpublished = Domain("stage", "=", "closed") & Domain(
            "id", "not in", published.subselect("res_id")
        )
        tasks = self.sudo().search(
            [
                ("id", "in", self.ids),
                ("state", "=", "inspecting"),
                ("inspection_ids", "not any", [("stage", "not in", FINAL_STAGES)]),
                ("publication_ids", "not any", OWED),
                ("inspection_ids", "not any", unpublished),
            ]
        )
        tasks.state = "disclosed"

    def _check_completable(self):
        self._disclose_complete()
        result = super()._check_completable()
        if self.state != "disclosed":
            raise UserError(
                self.env._(
                    "Task %(task)s: %(count)s results have not been accepted by every channel yet.",
                    task=self.name,
                    count=len(self.sudo().publication_ids.filtered_domain(OWED)),
                )
            )
        return result

    def _get_rulebook(self):
        """Return the rulebook pinned to the task, or the one in force today."""
        return self.rulebook_id or self.rulebook_id._get_in_force(self.company_id)

    def _get_publication_line(self):
        """Return the task as its plan and its roster show it."""
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
            "filter_words": self._describe_filter(),
            "directed": self.is_directed,
            "scope": self.scope or "",
            "origin": self.origin,
            "ad_hoc_reason": self.ad_hoc_reason or "",
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
            "draw_at": iso(self.draw_at) if self.draw_at else "",
            "cooperating": self.cooperating_division_ids.mapped("name"),
        }
