import datetime

from odoo import api, fields, models

from ..tools import clock
from .scenes import CLEAR, DRAW_TIME, FINDINGS, REVIEWED, VERIFIED, Finding

STAGES = ("assigned", "scheduled", "on_site", "recorded", "reviewed", "closed")


class SrspDemo(models.AbstractModel):
    """The visits of the demonstration: from the team's calendar to the result."""

    _inherit = "srsp.demo"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _visit(self, task, scene):
        visits = task.inspection_ids.filtered(lambda visit: visit.stage != "cancelled")
        visits = visits.sorted("number")
        start, stop = scene.window[0], min(scene.window[1], -3)
        for index, visit in enumerate(visits):
            word = scene.visits[min(index, len(scene.visits) - 1)]
            offset = start + max(0, stop - start) * index // len(visits)
            if word == "scheduled":
                offset = 2 + index
            elif word == "on_site":
                offset = 0
            self._advance(visit, word, offset)

    @api.model
    def _advance(self, visit, word, offset):
        """Take ``visit``, made ``offset`` days from today, as far as ``word`` says (see Scene.visits)."""
        stage = {"overdue": "scheduled"}.get(word, word if word in STAGES else "closed")
        steps = STAGES[1 : STAGES.index(stage) + 1]
        day, division = self._day(offset), visit.division_id
        if "scheduled" in steps:
            visit.scheduled_date = day
            visit.action_schedule()
        if "on_site" in steps:
            visit.action_start()
            started = datetime.datetime.combine(day, DRAW_TIME)
            visit.started_at = min(started, fields.Datetime.now())
        if "recorded" in steps:
            self._record(visit, FINDINGS.get(word, Finding("1", "none", CLEAR)), day)
        if "reviewed" in steps:
            visit.action_review()
            visit.reviewed_by_id = division.manager_id
            visit.review_note = REVIEWED
        if "closed" in steps:
            visit._close(self._day(offset + 2))
            self._follow_up(visit, FINDINGS.get(word))

    @api.model
    def _record(self, visit, finding, day):
        """Enter the results; a visit to several targets finds what it finds on the first."""
        clear = {"result": "1", "measure": "none", "facts": CLEAR}
        visit.line_ids.write(clear)
        visit.line_ids[:1].write(
            {
                "result": finding.result,
                "measure": finding.measure,
                "facts": finding.facts,
            }
        )
        division = visit.division_id
        if expert := division.inspector_ids.filtered(
            lambda inspector: inspector.pool_kind == "expert"
        )[:1]:
            visit.expert_ids = expert
        visit.action_record()
        staff = visit.officer_ids.user_id or division.member_ids - division.manager_id
        visit.write({"recorded_on": day, "recorded_by_id": staff[:1].id})

    @api.model
    def _follow_up(self, visit, finding):
        for rectification in visit.rectification_ids:
            if finding.follow_up == "verified":
                rectification.verification = VERIFIED
                rectification.action_verify()
                verified = visit.result_date + datetime.timedelta(days=9)
                today = clock.today()
                rectification.verified_on = min(verified, today)
            elif finding.follow_up == "late":
                rectification.deadline = self._day(-5)
