from odoo import api, models
from odoo.exceptions import AccessError


class IrAttachment(models.Model):
    """A file that is the value of a field of ours (a scan, an imported table) is written through that field alone.

    Whoever may write the record has no other door to it; what guards the record guards the file.
    """

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        attachments = super().create(vals_list)
        attachments._check_not_a_field()
        return attachments

    def write(self, vals):
        self._check_not_a_field()
        result = super().write(vals)
        self._check_not_a_field()  # nor is another file moved to its place
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_a_field(self):
        self._check_not_a_field()

    def _check_not_a_field(self):
        if not self.env.su and any(
            attachment.res_field and (attachment.res_model or "").startswith("srsp.")
            for attachment in self.sudo()
        ):
            raise AccessError(
                self.env._("This file is changed on the form of its record alone.")
            )
