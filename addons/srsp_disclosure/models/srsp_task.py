from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.srsp_supervision.models.srsp_draw import iso


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
            "supplement_reason": self.supplement_reason or "",
            "target_filter": self.target_domain or "[]",
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
            "draw_at": iso(self.draw_at) if self.draw_at else "",
            "cooperating": self.cooperating_division_ids.mapped("name"),
        }
