from odoo import models
from odoo.exceptions import AccessError


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        """Say plainly that the user is not allowed to do this, in place of Odoo's jokes."""
        error = super()._make_access_error(operation, records)
        env = self.with_context(**self.env.user.context_get()).env
        model = env["ir.model"]._get(records._name).name or records._name
        lines = [
            env._("You are not allowed to do this. Please contact the administrator."),
            env._("Records: %(model)s", model=model),
        ]
        if env.user._is_internal() and env.user.has_group("base.group_no_one"):
            rules = self._get_failing(records, mode=operation).sudo().mapped("name")
            lines.append(env._("Record rules: %(rules)s", rules=", ".join(rules)))
            records.invalidate_recordset()
        plain = AccessError("\n\n".join(lines))
        if hasattr(error, "context"):
            plain.context = error.context  # the company to switch to
        return plain
