from odoo import models, modules


class MailMail(models.Model):
    """No mail leaves while its transaction holds the chain: a slow mail server would keep all others from sealing."""

    _inherit = "mail.mail"

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        # Under test nothing is committed, so that there is no "afterwards".
        if self.env["srsp.event"]._holds_chain() and not modules.module.current_test:
            self.send_after_commit()
            return True
        return super().send(auto_commit, raise_exception, post_send_callback)
