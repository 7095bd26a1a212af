from odoo import api, models


class MailTrackingValue(models.Model):
    """What was tracked on a supervision record stays, for administrators of the system too; its rows are sealed."""

    _inherit = "mail.tracking.value"
    _sealed_rows = "true"

    @api.model_create_multi
    def create(self, vals_list):
        values = super().create(vals_list)
        values._check_not_evidence()
        return values

    def write(self, vals):
        self._check_not_evidence()
        result = super().write(vals)
        self._check_not_evidence()  # nor may it become a line of another message
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        self._check_not_evidence()

    def _check_not_evidence(self):
        if not self.env.su:
            self.sudo().mail_message_id._check_not_evidence()
