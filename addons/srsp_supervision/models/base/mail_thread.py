from odoo import models
from odoo.exceptions import ValidationError

from ...tools.identity import holds_identity, mask_all


class MailThread(models.AbstractModel):
    """The chatter edits messages in superuser mode, which bypasses the guard of ``mail.message``."""

    _inherit = "mail.thread"

    def _check_can_update_message_content(self, messages):
        messages._check_not_evidence()
        return super()._check_can_update_message_content(messages)

    def message_post(self, *, body="", message_type="notification", **kwargs):
        """Everybody who may read a supervision record reads what people write about it: no identity number in it."""
        is_comment = message_type == "comment" and self._name.startswith("srsp.")
        if is_comment and holds_identity(str(body)):
            raise ValidationError(
                self.env._(
                    "“%(text)s” contains an identity number, which others would be able to read. Remove it.",
                    text=mask_all(str(body)),
                )
            )
        return super().message_post(body=body, message_type=message_type, **kwargs)
