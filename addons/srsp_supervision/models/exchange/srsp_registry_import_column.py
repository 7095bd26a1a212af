from odoo import api, fields, models
from odoo.exceptions import AccessError


class SrspRegistryImportColumn(models.Model):
    """A column of a file, mapped to a column of the registry."""

    _name = "srsp.registry.import.column"
    _description = "Column of an import"
    _order = "position, id"
    _rec_name = "label"

    import_id = fields.Many2one(
        "srsp.registry.import", required=True, index=True, ondelete="cascade"
    )
    position = fields.Integer(
        readonly=True, help="Position in the file, starting from 0."
    )
    label = fields.Char("Heading", readonly=True)
    sample = fields.Char("First Value", readonly=True)
    target_column = fields.Selection(
        lambda self: self._select("target"), "Mapped Field", help="Empty: not imported."
    )
    inspector_column = fields.Selection(
        lambda self: self._select("inspector"),
        "Target Field",
        help="Empty: not imported.",
    )

    def write(self, vals):
        """Change the mapping, before the work alone; the file is checked again. Nothing else can be changed."""
        if self.env.su:
            return super().write(vals)
        if vals.keys() - {"target_column", "inspector_column"}:
            raise AccessError(
                self.env._("Only the field mapping of a column can be changed.")
            )
        self.import_id._check_state("draft", "checked", "failed")
        result = super().write(vals)
        self.import_id.sudo().state = "draft"
        return result

    @api.model
    def _select(self, kind):
        language = self.env.lang or "en_US"
        columns = self.env[f"srsp.registry.table.{kind}"]._get_columns()
        return [(c.name, c.label._translate(language)) for c in columns]

    def _get_name(self):
        """Return the name of the registry's column, or False."""
        return self[f"{self.import_id.kind}_column"]
