from odoo import models
from odoo.tools import SQL, sql

WATCHED = """
SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = 'srsp_touch_update'
"""


class IrModelFields(models.Model):
    """A column that goes, with a module or with a release, changes the digests of rows: they are recorded again."""

    _inherit = "ir.model.fields"

    def _drop_column(self):
        gone = {field.model for field in self if field.name == "id"}
        if "srsp.event.row" in gone:  # nothing is recorded any more
            return super()._drop_column()
        self.env.cr.execute(WATCHED)
        watched = {name for [name] in self.env.cr.fetchall()}
        names = set()
        for field in self.filtered(lambda field: field.model not in gone):
            model = self.env.get(field.model)
            name = model is not None and model._table
            if name in watched and sql.column_exists(self.env.cr, name, field.name):
                names.add(name)
        if not names:
            return super()._drop_column()
        changes = self.env["srsp.event.change"].sudo()
        changes._record()
        for name in sorted(names):
            # Notes every row with its digest before: what was changed outside is not made good.
            self.env.cr.execute(SQL("UPDATE %s SET id = id", SQL.identifier(name)))
        result = super()._drop_column()
        changes._record()
        return result
