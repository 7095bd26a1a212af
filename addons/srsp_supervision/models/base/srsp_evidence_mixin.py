from odoo import api, models


class SrspEvidenceMixin(models.AbstractModel):
    """Append-only records, which nobody deletes or rewrites, in superuser mode too where a model says so.

    Each model says in ``_check_evidence`` what it refuses and why; what it lets pass is its life cycle.
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
