from odoo import api, fields, models
from odoo.exceptions import UserError

from .srsp_draw import iso


class SrspDrawWitness(models.Model):
    """Somebody who had a draw's commitment before the randomness spoke, and what he answered.

    Append-only, accepted only between the lock and the announced time, and sealed: the chain's
    sequence also keeps a witness from slipping in while the draw is being sealed.
    """

    _name = "srsp.draw.witness"
    _description = "Witness of a commitment"
    _inherit = ["srsp.guard.mixin"]
    _order = "answered_at, id"
    _rec_name = "who"

    draw_id = fields.Many2one(
        "srsp.draw", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="draw_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("auditor", "Auditor"), ("mail", "Mailed copy")], required=True, readonly=True
    )
    who = fields.Char(required=True, readonly=True)
    answered_at = fields.Datetime(required=True, readonly=True)
    answer = fields.Char(
        required=True,
        readonly=True,
        help="The digest that was seen, the message's number, the platform's receipt.",
    )

    _once_uniq = models.UniqueIndex(
        "(draw_id, kind, who)", "This witness has answered already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        for draw in self.env["srsp.draw"].browse(
            {vals["draw_id"] for vals in vals_list}
        ):
            draw.lock_for_update()
            if not draw._is_witness_time():
                raise UserError(
                    self.env._(
                        "Draw %(draw)s: a commitment is witnessed between the lock and the announced time.",
                        draw=draw.number,
                    )
                )
        witnesses = super().create(vals_list)
        for witness in witnesses:
            seal = witness._prepare_seal()
            self.env["srsp.event"]._seal(witness, "draw.witnessed", seal)
        return witnesses

    def write(self, vals):
        if not self:
            return super().write(vals)
        raise self._logged_error(self.env._("What a witness answered never changes."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise self._logged_error(self.env._("What a witness answered never changes."))

    def _prepare_seal(self):
        return {
            "draw": self.draw_id.number,
            "commitment_digest_hex": self.draw_id.commitment_digest_hex,
            "witness": self._get_certificate_row(),
        }

    def _get_certificate_row(self):
        return [self.who, iso(self.answered_at), self.answer]
