from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(self, *args, **kwargs):
        """Record the recipient of a commitment that was sent in time as its witness."""
        for mail in self.filtered_domain(
            [("model", "=", "srsp.draw"), ("state", "=", "sent")]
        ):
            draw = self.env["srsp.draw"].sudo().browse(mail.res_id)
            known = draw.witness_ids.filtered(lambda witness: witness.kind == "mail")
            if draw._is_witness_time() and mail.email_to not in known.mapped("who"):
                draw._add_witness("mail", mail.email_to, mail.message_id)
        return super()._postprocess_sent_message(*args, **kwargs)
