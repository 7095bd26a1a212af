from odoo import api, models


class IrAttachment(models.Model):
    """The scan of an approval is frozen with its list: whoever may write the list has no other door to it."""

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        attachments = super().create(vals_list)
        attachments._check_approval_scans()
        return attachments

    def write(self, vals):
        self._check_approval_scans()
        result = super().write(vals)
        self._check_approval_scans()  # nor is another file moved to its place
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approval_scan(self):
        self._check_approval_scans()

    def _check_approval_scans(self):
        if not self.env.su:
            scans = self.sudo().filtered(
                lambda attachment: (
                    attachment.res_model == "srsp.list" and attachment.res_field
                )
            )
            self.env["srsp.list"].browse(scans.mapped("res_id"))._check_open()
