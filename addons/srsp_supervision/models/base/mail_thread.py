from odoo import models


class MailThread(models.AbstractModel):
    """The chatter edits messages in superuser mode, which bypasses the guard of ``mail.message``."""

    _inherit = "mail.thread"

    def _check_can_update_message_content(self, messages):
        messages._check_not_evidence()
        return super()._check_can_update_message_content(messages)
