from odoo import api, fields, models


class SrspList(models.Model):
    _name = "srsp.list"
    _inherit = ["srsp.list", "srsp.publication.mixin"]

    def _after_publish(self):
        self.env["srsp.publication"]._publish(self, "list")
        return super()._after_publish()

    @api.model
    def _take_effect(self):
        result = super()._take_effect()
        self.env["srsp.publication"]._take_effect()
        return result

    def _prepare_publication_vals(self, kind):
        """All versions of one of the two lists are versions of one publication."""
        titles = {
            "item": self.env._(
                "Inspection item list, version %(version)s", version=self.version
            ),
            "duty": self.env._(
                "Joint duty list, version %(version)s", version=self.version
            ),
        }
        lines = self.item_ids if self.kind == "item" else self.duty_ids
        return {
            "title": titles[self.kind],
            "summary": self.env._("%(count)s lines", count=len(lines)),
            "reference": self.kind,
            "formed_at": self._get_formed_at(kind),
            "version": self.version,
            "effective_on": self.effective_date,
            "payload": {
                "format": "srsp-list/1",
                "kind": self.kind,
                "version": self.version,
                "bureau": self.company_id.name,
                "approval_number": self.approval_number or "",
                "approval_date": fields.Date.to_string(self.approval_date) or "",
                "effective_date": fields.Date.to_string(self.effective_date) or "",
                "published_on": fields.Date.to_string(self.published_on),
                "lines": [line._get_publication_line() for line in lines],
            },
        }
