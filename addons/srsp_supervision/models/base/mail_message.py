from odoo import api, models
from odoo.exceptions import AccessError

# Read marks and reactions may change, the content may not.
CONTENT_FIELDS = set(
    "body subject model res_id author_id date subtype_id tracking_value_ids".split()
)


class MailMessage(models.Model):
    """The history of supervision records is evidence: no user edits or deletes a message of it."""

    _inherit = "mail.message"
    _sealed_rows = "r.model LIKE 'srsp.%%'"

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
