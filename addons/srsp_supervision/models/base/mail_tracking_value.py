from odoo import models


class MailTrackingValue(models.Model):
    """What the history says a field was and became: its rows are sealed."""

    _inherit = "mail.tracking.value"
    _sealed_rows = "true"
