from markupsafe import Markup

from odoo import models

from odoo.addons.base.models.ir_qweb_fields import nl2br_enclose

from .silence import unsilence

TODO = "mail.mail_activity_data_todo"


class MailActivityMixin(models.AbstractModel):
    """To-dos on supervision records: no caller switches them off, and a note that is text stays text."""

    _inherit = "mail.activity.mixin"

    def activity_schedule(
        self, act_type_xmlid="", date_deadline=None, summary="", note="", **act_values
    ):
        if self._name.startswith("srsp.") and not isinstance(note, Markup):
            note = note and nl2br_enclose(note, "p")
        return super(MailActivityMixin, unsilence(self)).activity_schedule(
            act_type_xmlid, date_deadline, summary, note, **act_values
        )

    def _srsp_tell(self, users, summary, note="", deadline=None, kind=TODO):
        """Give each of ``users``, or the administrators if there is none, an activity of type ``kind``."""
        company = self.company_id or self.env.company
        for user in company._srsp_find_readers(users, f"{self}: {summary}"):
            self.sudo().activity_schedule(
                kind, deadline, summary=summary, note=note, user_id=user.id
            )

    def activity_search(self, *args, **kwargs):
        return super(MailActivityMixin, unsilence(self)).activity_search(
            *args, **kwargs
        )

    def activity_reschedule(self, *args, **kwargs):
        return super(MailActivityMixin, unsilence(self)).activity_reschedule(
            *args, **kwargs
        )

    def activity_feedback(self, *args, **kwargs):
        return super(MailActivityMixin, unsilence(self)).activity_feedback(
            *args, **kwargs
        )

    def activity_unlink(self, *args, **kwargs):
        return super(MailActivityMixin, unsilence(self)).activity_unlink(
            *args, **kwargs
        )
