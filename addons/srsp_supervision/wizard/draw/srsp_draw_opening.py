import base64
import json

from odoo import fields, models


class SrspDrawOpening(models.TransientModel):
    """What a company that asks for it gets: why it was left out of a draw, or what its stratum is, with the proof.

    Made by ``srsp.draw.line.action_open_to_company`` alone. The file and the certificate are all that
    ``verify_draw.py --opening`` needs.
    """

    _name = "srsp.draw.opening"
    _description = "Opening of a roster line"

    line_id = fields.Many2one("srsp.draw.line", required=True, readonly=True)
    entity_id = fields.Many2one(related="line_id.entity_id")
    stratum_name = fields.Char(related="line_id.stratum_name")
    excluded_reason_name = fields.Char(related="line_id.excluded_reason_name")
    file = fields.Binary("Proof", attachment=False, readonly=True)
    file_name = fields.Char(readonly=True)

    def _fill(self, opening):
        text = json.dumps(opening, ensure_ascii=False, indent=1)
        self.file = base64.b64encode(text.encode())
        self.file_name = f"opening-{opening['draw']}-{opening['label']}.json"
