from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    """The history of supervision records is evidence: users add to it, in their own name and now; nothing else.

    Stars, reactions and what has been read are set by Odoo, in superuser mode. So does the composer write its mails,
    with the author that the user has put into them: whoever acts is the author there too.
    """

    _inherit = "mail.message"
    _sealed_rows = "r.model LIKE 'srsp.%%'"

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.uid != SUPERUSER_ID:
            default = self.default_get(["model"]).get("model")
            vals_list = [
                self._prepare_own_vals(vals)
                if (vals.get("model", default) or "").startswith("srsp.")
                else vals
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        if vals and not self.env.su:
            self._check_not_evidence()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        if not self.env.su:
            self._check_not_evidence()

    @api.model
    def _prepare_own_vals(self, vals):
        """``vals`` as a message of the user: what was tracked and lines of the system are not for users to write."""
        own = {
            "author_id": self.env.user.partner_id.id,
            "author_guest_id": False,
            "email_from": self.env.user.email_formatted,
            "date": fields.Datetime.now(),
        }
        if not self.env.su:
            personal = vals.get("message_type") == "user_notification"
            own["message_type"] = "user_notification" if personal else "comment"
            own["tracking_value_ids"] = False
        return {**vals, **own}

    def _check_not_evidence(self):
        if any((message.model or "").startswith("srsp.") for message in self.sudo()):
            raise AccessError(
                self.env._(
                    "The history of a supervision record cannot be changed or deleted."
                )
            )
