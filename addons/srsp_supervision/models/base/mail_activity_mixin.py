from markupsafe import Markup

from odoo import models

from odoo.addons.base.models.ir_qweb_fields import nl2br_enclose

from .silence import unsilence


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
