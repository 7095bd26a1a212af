from odoo import models


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _compare_srsp_recusal(self, row, record):
        return self._compare_state(row, record)

    def _compare_srsp_inspector_absence(self, row, record):
        return self._compare_state(row, record)

    def _compare_srsp_inspector_certificate(self, row, record):
        return self._compare_state(row, record)
