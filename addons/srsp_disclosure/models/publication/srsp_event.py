from odoo import api, models


class SrspEvent(models.Model):
    _inherit = "srsp.event"

    @api.model
    def _get_kind_names(self):
        return {
            **super()._get_kind_names(),
            "publication.published": self.env._("Published"),
            "delivery.accepted": self.env._("Delivery accepted"),
            "channel.archived": self.env._("Channel deactivated"),
            "channel.restored": self.env._("Channel reactivated"),
        }
