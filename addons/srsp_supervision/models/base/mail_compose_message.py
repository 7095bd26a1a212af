from odoo import models


class MailComposeMessage(models.TransientModel):
    """The composer writes mails in superuser mode: those on supervision records, in the name of the user."""

    _inherit = "mail.compose.message"

    def _manage_mail_values(self, mail_values_all):
        if not self.env.su and (self.model or "").startswith("srsp."):
            author = self.env["mail.message"]._prepare_author_vals()
            mail_values_all = {
                res_id: {**values, **author}
                for res_id, values in mail_values_all.items()
            }
        return super()._manage_mail_values(mail_values_all)
