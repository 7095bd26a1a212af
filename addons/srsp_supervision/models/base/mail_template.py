from odoo import models
from odoo.exceptions import AccessError

LINKS = {"mail_message_id", "model", "res_id"}


class MailTemplate(models.Model):
    """Odoo writes the mail of a template in superuser mode, with whatever values its caller gives.

    A user may say what the mail says, not on which record or message it is, nor give commands for other records.
    """

    _inherit = "mail.template"

    def send_mail_batch(
        self,
        res_ids,
        force_send=False,
        raise_exception=False,
        email_values=None,
        email_layout_xmlid=False,
    ):
        if not self.env.su and any(
            value and (name in LINKS or isinstance(value, list | tuple | dict))
            for name, value in (email_values or {}).items()
        ):
            raise AccessError(
                self.env._("A mail of a template is about the record it was made for.")
            )
        return super().send_mail_batch(
            res_ids, force_send, raise_exception, email_values, email_layout_xmlid
        )
