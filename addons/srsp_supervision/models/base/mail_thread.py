from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError, ValidationError

from ...tools.identity import holds_identity, mask_all
from .silence import unsilence


class MailThread(models.AbstractModel):
    """The chatter of supervision records: nothing is silenced, everybody speaks in their own name.

    The doors of the chatter work in superuser mode, which bypasses the guard of ``mail.message``.
    """

    _inherit = "mail.thread"

    @api.model_create_multi
    def create(self, vals_list):
        return super(MailThread, unsilence(self)).create(vals_list)

    def write(self, vals):
        return super(MailThread, unsilence(self)).write(vals)

    def _compute_field_value(self, field):
        return super(MailThread, unsilence(self))._compute_field_value(field)

    def _check_can_update_message_content(self, messages):
        messages._check_not_evidence()
        return super()._check_can_update_message_content(messages)

    @api.model
    def _get_allowed_message_params(self):
        params = super()._get_allowed_message_params()
        return params - {"message_type"} if self._is_supervision() else params

    def _message_compute_author(self, author_id=None, email_from=None):
        if self.env.uid != SUPERUSER_ID and self._is_supervision():
            author_id = email_from = None
        return super()._message_compute_author(author_id, email_from)

    def _notify_thread_with_out_of_office(self, message, *args, **kwargs):
        """Nothing is said on a supervision record in the name of somebody who is away."""
        if self._is_supervision():
            return message.browse()
        return super()._notify_thread_with_out_of_office(message, *args, **kwargs)

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        self._check_no_incoming_mail()
        return super().message_new(msg_dict, custom_values)

    def message_update(self, msg_dict, update_vals=None):
        self._check_no_incoming_mail()
        return super().message_update(msg_dict, update_vals)

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Users add followers; what others follow is left to them."""
        if subtype_ids and self._is_supervision():
            known = self.sudo().message_partner_ids.ids
            self._check_own_following(set(partner_ids or ()) & set(known))
        return super().message_subscribe(partner_ids, subtype_ids)

    def message_unsubscribe(self, partner_ids=None):
        if self._is_supervision():
            self._check_own_following(set(partner_ids or ()))
        return super().message_unsubscribe(partner_ids)

    @api.model
    def _is_supervision(self):
        return self._name.startswith("srsp.")

    @api.model
    def _check_no_incoming_mail(self):
        """Anybody can write a sender into a mail, and Odoo takes mails in superuser mode, from programs too."""
        if self._is_supervision():
            raise AccessError(
                self.env._("Supervision records take no incoming mail: use the form.")
            )

    @api.model
    def _check_own_following(self, partner_ids):
        if not self.env.su and partner_ids - set(self.env.user.partner_id.ids):
            raise AccessError(
                self.env._(
                    "Whether somebody follows a supervision record is left to that person."
                )
            )

    def message_post(self, *, body="", message_type="notification", **kwargs):
        """Everybody who may read a supervision record reads what people write about it: no identity number in it."""
        is_comment = message_type == "comment" and self._is_supervision()
        if is_comment and holds_identity(str(body)):
            raise ValidationError(
                self.env._(
                    "“%(text)s” contains an identity number, which others would be able to read. Remove it.",
                    text=mask_all(str(body)),
                )
            )
        return super().message_post(body=body, message_type=message_type, **kwargs)
