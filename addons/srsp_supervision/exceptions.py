from odoo.exceptions import UserError


class NoRandomness(UserError):
    """The randomness cannot be had at present: the scheduled action tries again, and each try may say it otherwise."""

    obstacle = "randomness"


class Waiting(NoRandomness):
    """The randomness has not been published yet: nothing is wrong, unless it lasts."""
