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
            names = draw.company_id._srsp_get_witness_emails()
            name = names.get(mail.email_to)
            if name and draw._is_witness_time() and name not in known.mapped("who"):
                draw._add_witness("mail", name, mail.message_id)
        return super()._postprocess_sent_message(*args, **kwargs)
