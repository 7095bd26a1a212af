from odoo import api, models


class SrspWizardMixin(models.AbstractModel):
    """A dialogue about records: it shows their names, so they must be records that its user may read.

    Odoo shows the name of any record whose number somebody writes into a many2one field.
    """

    _name = "srsp.wizard.mixin"
    _description = "Dialogue about records that its user may read"

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        self._check_readable(values)
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_readable(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_readable(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._check_readable(values)
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _check_readable(self, values):
        """Raise unless the user may read what the many2one fields of ``values`` point at."""
        for name, value in values.items():
            field = self._fields.get(name)
            if field and field.type == "many2one" and value:
                target = value["id"] if isinstance(value, dict) else value
                self.env[field.comodel_name].browse(target).check_access("read")
