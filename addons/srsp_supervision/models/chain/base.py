from odoo import models

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG


class Base(models.AbstractModel):
    """Whoever writes anything has what he changed of our tables recorded before the commit."""

    _inherit = "base"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _create(self, data_list):
        self.env["srsp.event.change"]._record_at_commit()
        return super()._create(data_list)

    def write(self, vals):
        self.env["srsp.event.change"]._record_at_commit()
        return super().write(vals)

    def _write_multi(self, vals_list):
        self.env["srsp.event.change"]._record_at_commit()
        return super()._write_multi(vals_list)

    def unlink(self):
        """Heed the key that skips what keeps a record from deletion only while Odoo removes an addon."""
        self.env["srsp.event.change"]._record_at_commit()
        if self.pool.ready and self.env.context.get(MODULE_UNINSTALL_FLAG):
            self = self.with_context(**{MODULE_UNINSTALL_FLAG: False})
        return super().unlink()
