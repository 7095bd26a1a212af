from odoo import api, models


class SrspEvidenceMixin(models.AbstractModel):
    """Records that are evidence: they stay as they are, in superuser mode too, and nobody deletes them.

    Each model says in ``_check_evidence`` what it refuses and why; changes that it lets pass are its life cycle.
    """

    _name = "srsp.evidence.mixin"
    _description = "Append-only records"
    _inherit = ["srsp.guard.mixin"]

    def write(self, vals):
        if self:
            self._check_evidence(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        self._check_evidence()

    def _check_evidence(self, vals=None):
        """Raise unless these records may be given ``vals`` or, without any, be deleted."""
        raise NotImplementedError
