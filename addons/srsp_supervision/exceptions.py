from odoo.exceptions import UserError


class Waiting(UserError):
    """The randomness has not been published yet: nothing is wrong, the scheduled action tries again."""
