from odoo import api, fields, models


class SrspInspection(models.Model):
    """Another field of a visit, which is published with its result and sealed."""

    _inherit = "srsp.inspection"

    distance = fields.Integer("Distance Driven (km)")

    def _get_result(self):
        return {**super()._get_result(), "distance": self.distance}

    def _prepare_seal(self):
        return {**super()._prepare_seal(), "distance": self.distance}


class SrspItem(models.Model):
    """Another element of an item, with a value for the items that there are."""

    _inherit = "srsp.item"

    equipment = fields.Char(required=True, default="none")

    @api.model
    def _get_sheet_columns(self):
        return {**super()._get_sheet_columns(), "equipment": 12}


class BureauSample(models.Model):
    """What was taken along from a visit: a model of the addon's own, append-only, sealed, compared by the check."""

    _name = "bureau.sample"
    _description = "Sample taken"
    _inherit = ["srsp.evidence.mixin"]
    _sealed_rows = "true"

    name = fields.Char(required=True)
    inspection_id = fields.Many2one("srsp.inspection", required=True, index=True)
    company_id = fields.Many2one(
        related="inspection_id.company_id", store=True, index=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        samples = super().create(vals_list)
        self.env["srsp.event"]._seal_state(samples, "sample.taken")
        return samples

    def _prepare_seal(self):
        names = ("name", "inspection_id")
        return self.env["srsp.event"]._read_values(self, names)

    def _check_evidence(self, vals=None):
        raise self._logged_error(self.env._("A sample stays what it was."))


class SrspEvent(models.Model):
    _inherit = "srsp.event"

    @api.model
    def _get_kind_names(self):
        return {**super()._get_kind_names(), "sample.taken": self.env._("Sample taken")}


class SrspEventCheck(models.Model):
    _inherit = "srsp.event.check"

    @api.model
    def _get_sealed_models(self):
        return {**super()._get_sealed_models(), "bureau.sample": []}
