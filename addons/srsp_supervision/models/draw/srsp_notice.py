from collections import defaultdict

from markupsafe import Markup

from odoo import models
from odoo.tools import format_date

from ...tools import clock
from ..base.mail_activity_mixin import TODO

ACTIVITY = "srsp_supervision.mail_activity_visit"
MINE = "/odoo/action-srsp_supervision.srsp_inspection_action_mine"
SUPPORTED = "/odoo/action-srsp_supervision.srsp_inspection_action_supporting"


class SrspNotice(models.AbstractModel):
    """Notices about visits and draws to the people concerned, one each.

    A notice is a message, which reaches the inbox or the mailbox as its reader prefers, and, where something is
    to be done, an activity. Both are in the reader's language. Each person gets one notice per draw, however many
    visits it made, so that the cost grows with the number of people and not with that of visits.
    """

    _name = "srsp.notice"
    _description = "Notice to the people concerned"

    def _notify_drawn(self, iteration, members):
        """Notify the new team members of ``iteration``, and the heads of other divisions whose officers they are.

        :param members: ``[(inspector id, number of visits, first visit's id), …]``
        """
        task = iteration.draw_id.task_id
        if task.date_to and task.date_to < clock.today():
            return
        supporting = defaultdict(list)
        inspectors = self.env["srsp.inspector"].sudo()
        people = inspectors.browse([inspector for inspector, *_ in members])
        for inspector, (_id, count, first) in zip(people, members, strict=True):
            visit = self.env["srsp.inspection"].sudo().browse(first)
            if inspector.division_id != task.division_id:
                supporting[inspector.division_id].append((visit, inspector, count))
            self._send(visit, inspector.user_id, "drawn", count, kind=ACTIVITY)
        for division, rows in supporting.items():
            first = min((visit for visit, *_ in rows), key=lambda visit: visit.id)
            self._send(first, division._get_heads(), "supporting", rows)

    def _say_drawn(self, visit, count):
        subject = self.env._(
            "You have been drawn for inspection: %(task)s", task=visit.task_id.name
        )
        text = self.env._(
            "Draw %(draw)s assigns you to %(count)s visits, to be completed by %(date)s. If you have a "
            "conflict of interest with a company, declare a recusal at once.",
            draw=visit.draw_id.number,
            count=count,
            date=format_date(self.env, visit.date_to),
        )
        return subject, text, MINE, self.env._("My Visits")

    def _say_supporting(self, visit, rows):
        officers = [
            self.env._(
                "%(officer)s (visits: %(count)s)",
                officer=inspector.display_name,
                count=count,
            )
            for _visit, inspector, count in rows
        ]
        subject = self.env._(
            "Officers of your division have been drawn: %(task)s",
            task=visit.task_id.name,
        )
        text = self.env._(
            "Draw %(draw)s of %(division)s assigns these officers to inspection teams, until %(date)s: "
            "%(officers)s.",
            draw=visit.draw_id.number,
            division=visit.division_id.name,
            date=format_date(self.env, visit.date_to),
            officers=", ".join(officers),
        )
        return subject, text, SUPPORTED, self.env._("Supporting Visits")

    def _notify_cancelled(self, visits, reason):
        """Notify the teams of the cancelled ``visits``, and pass on the activities about them."""
        self._pass_on(visits)
        for inspector, count, first in visits._count_members():
            user = self.env["srsp.inspector"].sudo().browse(inspector).user_id
            visit = self.env["srsp.inspection"].sudo().browse(first)
            self._send(visit, user, "cancelled", count, reason, kind=None)

    def _say_cancelled(self, visit, count, reason):
        subject = self.env._("Visits cancelled: %(task)s", task=visit.task_id.name)
        return subject, self.env._(
            "%(count)s of your visits have been cancelled. Reason: %(reason)s",
            count=count,
            reason=reason,
        )

    def _notify_withdrawn(self, iteration, inspector, reason):
        """Notify ``inspector``, withdrawn from a draw, that others take over the visits."""
        self._pass_on(iteration.draw_id.inspection_ids, inspector.user_id)
        task = iteration.draw_id.task_id
        self._send(inspector, inspector.user_id, "withdrawn", task, reason, kind=None)

    def _say_withdrawn(self, _inspector, task, reason):
        name = task.name
        subject = self.env._("Your visits have been reassigned: %(task)s", task=name)
        return subject, self.env._(
            "You have been withdrawn from the draw. Reason: %(reason)s", reason=reason
        )

    def _notify_returned(self, visit, reason):
        """Notify the officers of ``visit`` that its results have been sent back."""
        users = visit.sudo().officer_ids.user_id
        self._send(visit, users, "returned", reason, kind=ACTIVITY)

    def _say_returned(self, visit, reason):
        subject = self.env._("Visit %(number)s has been sent back", number=visit.number)
        return subject, self.env._("Reason: %(reason)s", reason=reason)

    def _notify_change_requested(self, request):
        """Ask those who decide on a change of a draw."""
        deciders = request.company_id._srsp_find_readers(
            request._get_deciders(), request.display_name
        )
        self._send(request, deciders, "change_requested")

    def _say_change_requested(self, request):
        subject = self.env._(
            "Approve or refuse: %(request)s", request=request.display_name
        )
        return subject, self.env._(
            "%(division)s, task %(task)s. Requested by %(user)s. Reason: %(reason)s",
            division=request.division_id.name,
            task=request.task_id.name,
            user=request.requested_by_id.name,
            reason=request.reason or request._get_withdrawal_reason(),
        )

    def _notify_change_decided(self, request):
        """Tell whoever requested a change of a draw how it was decided."""
        if request.requested_by_id != self.env.user:
            users = request.requested_by_id
            self._send(request, users, "change_decided", kind=None)

    def _say_change_decided(self, request):
        states = dict(request._fields["state"]._description_selection(self.env))
        return request.display_name, self.env._(
            "Your request has been decided: %(state)s. %(reason)s",
            state=states[request.state],
            reason=request.refusal_reason or "",
        )

    def _notify_policy(self, task, is_void, reason):
        """Notify the policy division that an announced draw has been cancelled, or a draw voided."""
        divisions = self.env["srsp.division"].sudo()
        policy = divisions.search(
            [("company_id", "=", task.company_id.id), ("kind", "=", "policy")]
        )
        users = task.company_id._srsp_find_readers(
            policy.manager_id | policy.member_ids, task.display_name
        )
        self._send(task.sudo(), users - self.env.user, "to_policy", is_void, reason)

    def _say_to_policy(self, task, is_void, reason):
        if is_void:
            subject = self.env._("A draw has been voided: %(task)s", task=task.name)
        else:
            subject = self.env._(
                "An announced draw has been cancelled: %(task)s", task=task.name
            )
        return subject, self.env._(
            "%(division)s, task %(number)s. Reason: %(reason)s",
            division=task.division_id.name,
            number=task.number,
            reason=reason,
        )

    def _send(self, record, users, topic, *args, kind=TODO):
        """Send a notice about ``record`` to each of ``users`` who is not archived.

        The method ``_say_<topic>`` returns its subject and text, and the address and name of a link if there is one;
        it is called in each language.

        :param kind: the type of the activity that goes with it; none where nothing is to be done
        """
        for lang, readers in users.filtered("active").grouped("lang").items():
            notices = self.with_context(
                lang=lang,
                mail_notify_force_send=False,  # the queue sends, however many there are
                mail_activity_quick_update=True,  # the message says it already
            ).sudo()
            about = record.with_env(notices.env)
            subject, text, *link = getattr(notices, f"_say_{topic}")(about, *args)
            body = Markup("<p>%s</p>") % text
            if link:
                body += Markup('<p><a href="%s">%s</a></p>') % tuple(link)
            for user in readers:
                about.message_notify(
                    partner_ids=user.partner_id.ids, subject=subject, body=body
                )
                if kind and about.with_user(user).has_access("read"):
                    visit = about._name == "srsp.inspection"
                    deadline = about.date_to if visit else None
                    about.activity_schedule(
                        kind, deadline, summary=subject, note=body, user_id=user.id
                    )

    def _pass_on(self, visits, users=None):
        """Move the activities about ``visits``, which are over, to the next visit of that person in the draw.

        :param users: the people whose activities are meant; everybody's if not given
        """
        activities = self.env["mail.activity"].sudo()
        for activity in activities.search(
            [
                ("res_model", "=", "srsp.inspection"),
                ("res_id", "in", visits.ids),
                ("activity_type_id", "=", self.env.ref(ACTIVITY).id),
                *([("user_id", "in", users.ids)] if users is not None else []),
            ]
        ):
            visit = self.env["srsp.inspection"].sudo().browse(activity.res_id)
            following = visit.search(
                [
                    ("draw_id", "=", visit.draw_id.id),
                    ("stage", "in", ("assigned", "scheduled", "on_site")),
                    "|",
                    ("officer_ids.user_id", "=", activity.user_id.id),
                    ("expert_ids.user_id", "=", activity.user_id.id),
                ],
                order="id",
                limit=1,
            )
            if following:
                activity.res_id = following.id
            else:
                activity.unlink()
