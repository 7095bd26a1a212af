from odoo import api, models
from odoo.exceptions import AccessError


class MailActivity(models.Model):
    """The to-dos on supervision records: a user changes and removes those given to or entered by that user.

    What the system gave to another stays until the step is done, though the user's action has caused it.
    """

    _inherit = "mail.activity"

    def write(self, vals):
        self._check_own()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_others(self):
        self._check_own()

    def _check_own(self):
        user = self.env.user
        if not self.env.su and any(
            (activity.res_model or "").startswith("srsp.")
            and activity.user_id != user
            and (activity.automated or activity.create_uid != user)
            for activity in self.sudo()
        ):
            raise AccessError(
                self.env._(
                    "This to-do was given to another person: it cannot be changed or removed by you."
                )
            )
