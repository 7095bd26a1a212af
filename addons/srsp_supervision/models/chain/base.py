from odoo import models


class Base(models.AbstractModel):
    """Whoever writes anything has what he changed of our tables recorded before the commit."""

    _inherit = "base"

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
        self.env["srsp.event.change"]._record_at_commit()
        return super().unlink()
