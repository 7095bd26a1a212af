from odoo import api, models
from odoo.exceptions import AccessError

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
        if not self.env.su and self._is_supervision():
            author_id = email_from = None
        return super()._message_compute_author(author_id, email_from)

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
    def _check_own_following(self, partner_ids):
        if not self.env.su and partner_ids - set(self.env.user.partner_id.ids):
            raise AccessError(
                self.env._(
                    "Whether somebody follows a supervision record is left to that person."
                )
            )
