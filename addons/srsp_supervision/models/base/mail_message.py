from odoo import api, models
from odoo.exceptions import AccessError

# Reading marks and reactions may change; what was said may not.
CONTENT_FIELDS = set(
    "body subject model res_id author_id date subtype_id tracking_value_ids".split()
)


class MailMessage(models.Model):
    """The history of our records is evidence: nobody takes back or rewrites a line of it."""

    _inherit = "mail.message"

    def write(self, vals):
        if not self.env.su and CONTENT_FIELDS & vals.keys():
            self._check_not_evidence()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        if not self.env.su:
            self._check_not_evidence()

    def _check_not_evidence(self):
        if any((message.model or "").startswith("srsp.") for message in self.sudo()):
            raise AccessError(
                self.env._(
                    "The history of a supervision record cannot be changed or deleted."
                )
            )
