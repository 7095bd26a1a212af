from odoo import api, models


class MailFollowers(models.Model):
    """Who follows a supervision record is left to that person, whatever rights another has to the rows."""

    _inherit = "mail.followers"

    def write(self, vals):
        self._check_own_following()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_others(self):
        self._check_own_following()

    def _check_own_following(self):
        ours = self.sudo().filtered(lambda row: row.res_model.startswith("srsp."))
        self.env["mail.thread"]._check_own_following(set(ours.partner_id.ids))
