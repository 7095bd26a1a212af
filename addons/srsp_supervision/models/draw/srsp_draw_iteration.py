from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import vrs
from .srsp_draw import iso


class SrspDrawIteration(models.Model):
    """One revealing of a one-time code: the draw itself (number 1), or what followed it.

    The record is here, selection in ``srsp_draw_selection``, teams in ``srsp_draw_team``, the visits they
    make in ``srsp_draw_visit``.
    """

    _name = "srsp.draw.iteration"
    _description = "Iteration of a draw"
    _inherit = ["srsp.guard.mixin"]
    _order = "draw_id, number"
    _rec_name = "number"

    draw_id = fields.Many2one(
        "srsp.draw", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="draw_id.company_id", store=True, index=True)
    number = fields.Integer(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("draw", "Draw"),
            ("substitution", "Substitution"),
            ("extension", "Extension"),
            ("withdrawal", "Withdrawal of an inspector"),
        ],
        required=True,
        readonly=True,
        default="draw",
    )
    reason = fields.Char(readonly=True)
    drawn_at = fields.Datetime(readonly=True)
    one_time_code_hex = fields.Char("One-Time Code", readonly=True)
    randomness_hex = fields.Char("Randomness", required=True, readonly=True)
    signature_hex = fields.Char("Signature of the Round", readonly=True)
    entered_by = fields.Json(readonly=True, help="[first, second]: who keyed it in.")
    witnesses = fields.Char(readonly=True)
    unavailable = fields.Json(readonly=True, help="[[label, reason], ...]")
    places = fields.Json(readonly=True, help="[[stratum, number], ...]")
    withdrawn = fields.Json(
        readonly=True, help="[[inspector label, reason, [first label, ...]], ...]"
    )
    teams = fields.Json(
        readonly=True,
        prefetch=False,
        help="[[[label, ...], [officer, ...], [expert, ...], [step, ...]], ...]",
    )

    _number_uniq = models.UniqueIndex("(draw_id, number)")

    def write(self, vals):
        if any(iteration.one_time_code_hex for iteration in self):
            raise self._logged_error(self.env._("An iteration of a draw never changes."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise self._logged_error(self.env._("An iteration of a draw never changes."))

    def _run(self, now):
        """Reveal the code, select, assign, and create the inspections or change their teams.

        :return: whom it puts on teams, ``[(inspector id, number of visits, first visit's id), …]``
        :raise UserError: when what the lock fixed has been changed, or no assignment exists
        """
        self.ensure_one()
        self.draw_id._check_locked()
        code = self.draw_id._get_one_time_code(self.number)
        prk = vrs.extract(code, bytes.fromhex(self.randomness_hex))
        first = self.draw_id.iteration_ids[0]
        self._select(first._get_key() if self.kind == "extension" else prk)
        self.write(
            {
                "drawn_at": now,
                "teams": self._assign(prk),
                "one_time_code_hex": code.hex(),
            }
        )
        change = self.kind == "withdrawal"
        return self._change_teams() if change else self._create_inspections()

    def _get_key(self):
        """The key of an iteration that has run."""
        return vrs.extract(
            bytes.fromhex(self.one_time_code_hex), bytes.fromhex(self.randomness_hex)
        )

    def _read_teams(self):
        """``[(number, teams), …]`` as they are stored; a field would copy each of the many lists once more."""
        self.flush_recordset(["teams"])
        return self.env.execute_query(
            SQL(
                "SELECT number, teams FROM srsp_draw_iteration WHERE id IN %s ORDER BY number",
                tuple(self.ids) or (None,),
            )
        )

    def _get_places(self):
        """``{stratum: number}``: how many each stratum draws."""
        if self.kind == "draw":
            return {stratum["key"]: stratum["quota"] for stratum in self.draw_id.strata}
        if self.kind == "substitution":
            labels = [label for label, _reason in self.unavailable]
            lines = self.env["srsp.draw.line"]._read_group(
                [("draw_id", "=", self.draw_id.id), ("label", "in", labels)],
                ["stratum"],
                ["__count"],
            )
            return dict(lines)
        return dict(self.places or [])

    def _get_certificate_part(self):
        """This iteration as the certificate has it."""
        return {
            "number": self.number,
            "kind": self.kind,
            "reason": self.reason or "",
            "witnesses": self.witnesses or "",
            "entered_by": self.entered_by or [],
            "drawn_at": iso(self.drawn_at),
            "one_time_code_hex": self.one_time_code_hex,
            "randomness_hex": self.randomness_hex,
            "signature_hex": self.signature_hex or "",
            "unavailable": self.unavailable or [],
            "places": self.places or [],
            "withdrawn": self.withdrawn or [],
            "selected": self.env.execute_query(
                SQL(
                    """SELECT label, stratum, position FROM srsp_draw_line WHERE draw_id = %s AND iteration = %s
                     ORDER BY stratum COLLATE "C", position COLLATE "C" """,
                    self.draw_id.id,
                    self.number,
                )
            ),
        }
