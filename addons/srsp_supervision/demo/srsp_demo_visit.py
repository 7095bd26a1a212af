import datetime

from odoo import fields, models

from ..tools import clock
from .srsp_demo import read_binary, read_json

STAGES = ("assigned", "scheduled", "on_site", "recorded", "reviewed", "closed")
REVIEWED = "程序合法，事实清楚，处理意见适当，同意公示。"
VERIFIED = "已到现场复核，整改材料与实际相符，问题全部整改到位。"


class SrspDemo(models.AbstractModel):
    """The visits of the demonstration: from the team's calendar to the result."""

    _inherit = "srsp.demo"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _visit(self, task, scene):
        visits = task.inspection_ids.filtered(lambda visit: visit.stage != "cancelled")
        words = scene.visits.split()
        start, stop = scene.window[0], min(scene.window[1], -3)
        for index, visit in enumerate(visits.sorted("number")):
            word = words[min(index, len(words) - 1)]
            offset = start + max(0, stop - start) * index // len(visits)
            offset = {"scheduled": 2 + index, "on_site": 0}.get(word, offset)
            self._advance(visit, word, offset)

    def _advance(self, visit, word, offset):
        """Take ``visit``, made ``offset`` days from today, as far as ``word`` says (see Scene)."""
        stage = {"overdue": "scheduled"}.get(word, word if word in STAGES else "closed")
        steps = STAGES[1 : STAGES.index(stage) + 1]
        day = self._day(offset)
        if "scheduled" in steps:
            visit.scheduled_date = day
            visit.action_schedule()
        if "on_site" in steps:
            visit.action_start()
            visit.started_at = min(self._moment(offset), fields.Datetime.now())
        if "recorded" in steps:
            self._record(visit, word, day)
        if "reviewed" in steps:
            visit.action_review()
            visit.reviewed_by_id = visit.division_id.manager_id
            visit.review_note = REVIEWED
        if "closed" in steps:
            visit._close(self._day(offset + 2))
            self._follow_up(visit, word)

    def _record(self, visit, word, day):
        """Enter the results; a visit to several targets finds what it finds on the first."""
        findings = read_json("findings")
        visit.line_ids.write(findings["ok"])
        visit.line_ids[:1].write(findings.get(word, {}))
        division = visit.division_id
        experts = division.inspector_ids.filtered_domain([("pool_kind", "=", "expert")])
        if experts:
            visit.expert_ids = experts[0]
        visit.action_record()
        staff = visit.officer_ids.user_id or division.member_ids - division.manager_id
        recorder = {"recorded_by_id": staff[:1].id, "recorder_ids": staff[:1].ids}
        visit.write({"recorded_on": day, **recorder})
        if people := visit.officer_ids.user_id:
            moment = min(visit.started_at, fields.Datetime.now())
            visit.write({"confirmed_by_id": people[0].id, "confirmed_on": moment})
        else:
            scan = {"record_scan": read_binary("record.pdf")}
            visit.write({**scan, "record_scan_name": "现场检查记录.pdf"})

    def _follow_up(self, visit, word):
        """What became of the orders to rectify; those of other findings are still open."""
        orders = visit.rectification_ids
        if word in ("archive", "unpublished"):
            orders.verification = VERIFIED
            orders.action_verify()
            verified_on = visit.result_date + datetime.timedelta(days=9)
            orders.verified_on = min(verified_on, clock.today())
            self.env["srsp.event"]._seal_state(orders, "rectification.verified")
        elif word == "slope":
            orders.deadline = self._day(-5)
