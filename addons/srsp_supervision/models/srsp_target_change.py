from odoo import api, fields, models
from odoo.exceptions import UserError

RISK_SOURCES = [
    ("manual", "By hand"),
    ("import", "Import"),
    ("results", "Results of inspections"),
]


class SrspTargetChange(models.Model):
    """The history of a target: one append-only row for every move of risk class, state or key mark.

    ``old`` and ``new`` hold the value of the field as it is stored: ``A`` to ``D`` or nothing for the
    risk class, ``active``/``suspended``/``cancelled`` for the state, ``1`` or nothing for the key mark.
    Written by ``srsp.target`` and, set-wise, by the import of registries.
    """

    _name = "srsp.target.change"
    _description = "Change of a target"
    _order = "changed_on desc, id desc"
    _rec_name = "field"
    _log_access = False

    target_id = fields.Many2one(
        "srsp.target", required=True, readonly=True, index=True, ondelete="restrict"
    )
    field = fields.Selection(
        [("risk_class", "Risk class"), ("state", "State"), ("is_key", "Key mark")],
        "What Changed",
        required=True,
        readonly=True,
    )
    old = fields.Char("Stored Before", readonly=True)
    new = fields.Char("Stored After", readonly=True)
    reason = fields.Char(readonly=True)
    source = fields.Selection(
        RISK_SOURCES, required=True, readonly=True, default="manual"
    )
    user_id = fields.Many2one("res.users", "By", required=True, readonly=True)
    changed_on = fields.Datetime(
        "On", required=True, readonly=True, default=fields.Datetime.now
    )

    def write(self, vals):
        if not self:
            return super().write(vals)
        raise UserError(self.env._("The history of a target cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("The history of a target cannot be deleted."))
