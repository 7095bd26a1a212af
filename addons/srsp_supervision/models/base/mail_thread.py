from odoo import models


class MailThread(models.AbstractModel):
    """The chatter edits a message in superuser mode, past what guards ``mail.message``: refused here."""

    _inherit = "mail.thread"

    def _check_can_update_message_content(self, messages):
        messages._check_not_evidence()
        return super()._check_can_update_message_content(messages)
