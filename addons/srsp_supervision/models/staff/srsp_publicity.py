from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import clock


class SrspPublicity(models.Model):
    """A report about random supervision in the media (work plan, section 四（三）); the texts are attachments."""

    _name = "srsp.publicity"
    _description = "Publicity"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _phone_texts = ("link",)
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char("Title", required=True, tracking=True)
    date = fields.Date(
        required=True, index=True, default=lambda self: clock.today(), tracking=True
    )
    channel = fields.Selection(
        [
            ("broadcast", "Broadcast"),
            ("television", "Television"),
            ("press", "Press"),
            ("network", "Internet"),
            ("other", "Other"),
        ],
        string="Medium",
        required=True,
        default="network",
        tracking=True,
    )
    outlet = fields.Char(
        "Published By", help="The station, paper, website or account.", tracking=True
    )
    link = fields.Char("Web Address", tracking=True)
    division_id = fields.Many2one(
        "srsp.division",
        required=True,
        index=True,
        check_company=True,
        default=lambda self: self.env.user.srsp_division_ids[:1],
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    @api.constrains("link")
    def _check_link(self):
        for record in self:
            if record.link and not record.link.startswith(("https://", "http://")):
                message = self.env._(
                    "Web address “%(link)s”: enter an address that begins with https:// or http://.",
                    link=record.link,
                )
                raise ValidationError(message)
