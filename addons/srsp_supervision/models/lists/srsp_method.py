from odoo import api, fields, models


class SrspMethod(models.Model):
    """A way of inspecting (抽查方式): an item names those that it allows, so that they can be counted.

    Names are the bureau's own words, in one language, as those of divisions are: what a published list says
    does not depend on who reads it.
    """

    _name = "srsp.method"
    _description = "Inspection method"
    _inherit = ["srsp.check.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for every bureau; the administrator keeps these.",
    )

    _name_uniq = models.UniqueIndex(
        "(coalesce(company_id, 0), name)", "This inspection method already exists."
    )

    @api.model
    def _load_defaults(self):
        """Enter the methods in common use, in the language of the bureau that installs the addon."""
        env = self.env.company._srsp_in_language(self).env
        names = {
            "on_site": env._("On-site inspection"),
            "written": env._("Written inspection"),
            "network": env._("Network monitoring"),
            "sampling": env._("Sampling and testing"),
            "expert": env._("Commissioned professional body"),
            "shared": env._("Results of other departments"),
            "satellite": env._("Satellite image comparison"),
            "drone": env._("Aerial survey by drone"),
        }
        self._load_records(
            [
                {
                    "xml_id": f"srsp_supervision.method_{key}",
                    "noupdate": True,
                    "values": {
                        "name": name,
                        "sequence": 10 * number,
                        "company_id": False,
                    },
                }
                for number, (key, name) in enumerate(names.items(), 1)
            ]
        )
