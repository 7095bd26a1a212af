from odoo import models

from ...tools.clock import beijing_date
from ..registry.srsp_target_change import Origin

CLASSES = "ABCD"
CLEAN = "1"  # the one result that speaks for a target; unreachable or closed speaks neither way


class SrspInspection(models.Model):
    """Results change the risk class of the targets, as the rulebook of the task says."""

    _inherit = "srsp.inspection"

    def _after_close(self):
        for inspection in self:
            inspection._move_risk_classes()
        return super()._after_close()

    def _move_risk_classes(self):
        """Raise the class of a target with a finding, lower it after enough clean inspections in a row."""
        rulebook = self.task_id.rulebook_id
        env = self.company_id._srsp_in_language(self).env
        for target, lines in self.line_ids.grouped("target_id").items():
            if any(lines.mapped("is_finding")):
                if rulebook.risk_raise_on_finding:
                    reason = env._("Finding in visit %(visit)s", visit=self.number)
                    self._move_risk_class(target, 1, reason)
            elif rulebook.risk_lower_after and _is_clean(lines):
                count = self._count_clean(target)
                if count >= rulebook.risk_lower_after:
                    reason = env._(
                        "%(count)s clean visits in a row, the last one %(visit)s",
                        count=count,
                        visit=self.number,
                    )
                    self._move_risk_class(target, -1, reason)

    def _move_risk_class(self, target, step, reason):
        """Change the class by ``step`` within A to D; a target without a class keeps none."""
        if not target.risk_class:
            return
        place = CLASSES.index(target.risk_class) + step
        if 0 <= place < len(CLASSES):
            target.sudo().with_context(srsp_origin=Origin("results", reason)).write(
                {"risk_class": CLASSES[place], "risk_date": self.result_date}
            )

    def _count_clean(self, target):
        """Count the clean visits to ``target`` since its last finding and since its class last changed."""
        closed = [("target_id", "=", target.id), ("inspection_id.stage", "=", "closed")]
        move = [("target_id", "=", target.id), ("field", "=", "risk_class")]
        last = self.env["srsp.target.change"].sudo().search(move, limit=1)
        if last:
            # The visit that moved the class has had its effect.
            operator = ">" if last.source == "results" else ">="
            day = beijing_date(last.changed_on)
            closed += [("inspection_id.result_date", operator, day)]
        lines = self.env["srsp.inspection.line"].sudo().search(closed)
        visits = lines.inspection_id.sorted(lambda visit: (visit.result_date, visit.id))
        count = 0
        for visit in visits:
            found = visit.line_ids & lines
            has_finding = any(found.mapped("is_finding"))
            count = 0 if has_finding else count + _is_clean(found)
        return count


def _is_clean(lines):
    return all(line.result == CLEAN for line in lines)
