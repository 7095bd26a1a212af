import hashlib

from odoo import api, models
from odoo.exceptions import UserError


class IrAttachment(models.Model):
    """The original of a publication is never removed and never changed, not even by code.

    It may move to another kind of storage (``force_storage``), with the same bytes.
    """

    _inherit = "ir.attachment"

    def write(self, vals):
        if publications := self._get_published():
            moved = vals.keys() <= {"raw", "mimetype"} and "raw" in vals
            digest = hashlib.sha256(vals["raw"]).hexdigest() if moved else None
            if set(publications.mapped("digest")) != {digest}:
                raise UserError(
                    self.env._("The original of a publication never changes.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if self._get_published():
            raise UserError(
                self.env._("The original of a publication is never deleted.")
            )

    def _get_published(self):
        publications = self.env["srsp.publication"].sudo()
        originals = self.sudo().filtered(lambda a: a.res_model == publications._name)
        return publications.search([("original_id", "in", originals.ids)])
