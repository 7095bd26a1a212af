from datetime import timedelta

from odoo import api, models
from odoo.tools import format_date

from ...tools import clock


class SrspListPart(models.Model):
    """What the calendar brings to the parts of a version: a reminder before the deadline, an escalation after it."""

    _inherit = "srsp.list.part"

    @api.model
    def _remind(self):
        """Remind divisions before the deadline, tell the policy division after it; once each."""
        today = clock.today()
        waiting = self.search(
            [
                ("state", "!=", "handed_in"),
                ("list_id.state", "=", "draft"),
                ("list_id.opened_on", "!=", False),
                ("deadline", "!=", False),
            ]
        )
        for company, parts in waiting.grouped("company_id").items():
            days = self.env["srsp.rulebook"]._find_in_force(company).reminder_days
            soon = today + timedelta(days=days)
            due = parts.filtered(
                lambda part, soon=soon: not part.reminded_on and part.deadline <= soon
            )
            for part in company._srsp_in_language(due):
                part._send_reminder()
            due.reminded_on = today
            late = parts.filtered(
                lambda part: part.deadline < today and not part.escalated_on
            )
            for part in company._srsp_in_language(late):
                part._escalate()
            late.escalated_on = today

    def _send_reminder(self):
        division = self.division_id
        people = (division.manager_id | division.member_ids).filtered("active")
        self.message_notify(
            partner_ids=people.partner_id.ids,
            subject=self.env._("Reminder: %(part)s", part=self.display_name),
            body=self.env._(
                "The part of %(division)s is to be handed in until %(date)s.",
                division=division.name,
                date=format_date(self.env, self.deadline),
            ),
        )

    def _escalate(self):
        self.list_id._schedule_for_policy(
            self.env._(
                "%(division)s is late with its part", division=self.division_id.name
            ),
            self.env._(
                "It was due on %(date)s.", date=format_date(self.env, self.deadline)
            ),
        )
