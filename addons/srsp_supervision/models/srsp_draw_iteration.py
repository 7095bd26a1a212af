from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import vrs
from ..tools.assignment import Shortage, assign
from .srsp_draw import iso


class SrspDrawIteration(models.Model):
    """One revealing of a one-time code: the draw itself (number 1), or a substitution.

    Selection runs inside PostgreSQL: HMAC is two of its built-in ``sha256`` with constant pads;
    ``tools/vrs.py`` is the reference that a test holds equal.
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
    reason = fields.Char(readonly=True)
    drawn_at = fields.Datetime(readonly=True)
    one_time_code_hex = fields.Char("One-Time Code", readonly=True)
    randomness_hex = fields.Char("Randomness", required=True, readonly=True)
    signature_hex = fields.Char("Signature of the Round", readonly=True)
    entered_by = fields.Json(readonly=True, help="[first, second]: who keyed it in.")
    witnesses = fields.Char(readonly=True)
    unavailable = fields.Json(readonly=True, help="[[label, reason], ...]")
    classes = fields.Json(
        readonly=True,
        help="Eligibility classes this iteration adds: [[inspector label, ...], ...]",
    )
    visits = fields.Json(readonly=True, help="[[[label, ...], class index], ...]")
    teams = fields.Json(
        readonly=True, help="[[[label, ...], [inspector label, ...]], ...]"
    )

    _number_uniq = models.UniqueIndex("(draw_id, number)")

    def write(self, vals):
        if any(iteration.one_time_code_hex for iteration in self):
            raise UserError(self.env._("An iteration of a draw never changes."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("An iteration of a draw never changes."))

    def _run(self, now):
        """Reveal the code, select, assign, create the inspections."""
        self.ensure_one()
        draw = self.draw_id
        code = draw._get_one_time_code(self.number)
        prk = vrs.extract(code, bytes.fromhex(self.randomness_hex))
        for stratum, places in self._get_places().items():
            self._select(prk, stratum, places)
        self.env["srsp.draw.line"].invalidate_model()
        self.write(
            {
                "drawn_at": now,
                **self._prepare_teams(prk),
                "one_time_code_hex": code.hex(),
            }
        )
        self._create_inspections()

    def _get_places(self):
        """How many each stratum draws: its quota, or the places that unavailable targets left."""
        if self.number == 1:
            return {stratum["key"]: stratum["quota"] for stratum in self.draw_id.strata}
        labels = [label for label, _reason in self.unavailable]
        rows = self.env["srsp.draw.line"]._read_group(
            [("draw_id", "=", self.draw_id.id), ("label", "in", labels)],
            ["stratum"],
            ["__count"],
        )
        return dict(rows)

    def _select(self, prk, stratum, places):
        """Mark the ``places`` lowest positions of ``stratum`` among those never drawn."""
        ipad, opad = vrs.hmac_pads(prk)
        self.env.execute_query(
            SQL(
                """
                UPDATE srsp_draw_line line
                   SET iteration = %(number)s, position = encode(chosen.position, 'hex')
                  FROM (SELECT id, sha256(%(opad)s || sha256(
                                   %(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)) AS position
                          FROM srsp_draw_line
                         WHERE draw_id = %(draw)s AND stratum = %(stratum)s
                           AND excluded_reason IS NULL AND iteration IS NULL
                      ORDER BY position
                         LIMIT %(places)s) chosen
                 WHERE line.id = chosen.id
             RETURNING 1
                """,
                number=self.number,
                draw=self.draw_id.id,
                stratum=stratum,
                places=places,
                ipad=ipad,
                opad=opad,
            )
        )

    def _get_lines(self):
        """Lines drawn by this iteration, ascending by position."""
        return self.env["srsp.draw.line"].search(
            [("draw_id", "=", self.draw_id.id), ("iteration", "=", self.number)],
            order="position",
        )

    def _prepare_teams(self, prk):
        """Values ``classes``, ``visits`` and ``teams``: see readme/CERTIFICATE.md."""
        draw = self.draw_id
        classes = [
            members
            for earlier in draw.iteration_ids - self
            for members in earlier.classes or []
        ]
        known = len(classes)
        visits = self._group_visits(classes)
        try:
            teams, _loads = assign(
                prk, visits, classes, self._get_loads(), draw.team_size
            )
        except Shortage as shortage:
            raise UserError(
                self.env._(
                    "Draw %(draw)s: too few eligible officers for %(labels)s. Add officers or void the draw.",
                    draw=draw.number,
                    labels=", ".join(
                        label for labels, _count in shortage.visits for label in labels
                    ),
                )
            ) from shortage
        return {"classes": classes[known:], "visits": visits, "teams": teams}

    def _group_visits(self, classes):
        """``[[labels, class index], …]``: the drawn targets of one entity are one visit.

        Appends to ``classes`` the eligibility classes it meets for the first time.
        """
        everybody = [label for label, _pool, _load in self.draw_id.inspectors]
        recused = {}
        for label, inspector in self.draw_id.sudo().recusals or []:
            recused.setdefault(label, set()).add(inspector)
        groups = {}
        for line in self._get_lines():
            groups.setdefault(line.entity_id.id, []).append(line.label)
        visits = []
        for labels in groups.values():
            barred = set().union(*(recused.get(label, ()) for label in labels))
            members = [label for label in everybody if label not in barred]
            if members not in classes:
                classes.append(members)
            visits.append([labels, classes.index(members)])
        return visits

    def _get_loads(self):
        """The committed inspectors with the visits that earlier iterations gave them."""
        given = {}
        for iteration in self.draw_id.iteration_ids - self:
            for _labels, officers in iteration.teams or []:
                for officer in officers:
                    given[officer] = given.get(officer, 0) + 1
        return [
            [label, pool, load + given.get(label, 0)]
            for label, pool, load in self.draw_id.inspectors
        ]

    def _create_inspections(self):
        lines = {line.label: line for line in self._get_lines()}
        refs = self.draw_id.sudo().inspector_refs
        return self.env["srsp.inspection"].create(
            [
                self.draw_id._prepare_inspection_vals(
                    self.env["srsp.draw.line"].union(
                        *(lines[label] for label in labels)
                    ),
                    self.env["srsp.inspector"].browse(
                        refs[number] for number in numbers
                    ),
                )
                for labels, numbers in self.teams
            ]
        )

    def _get_certificate_part(self):
        """This iteration as the certificate has it."""
        return {
            "number": self.number,
            "reason": self.reason or "",
            "witnesses": self.witnesses or "",
            "entered_by": self.entered_by or [],
            "drawn_at": iso(self.drawn_at),
            "one_time_code_hex": self.one_time_code_hex,
            "randomness_hex": self.randomness_hex,
            "signature_hex": self.signature_hex or "",
            "unavailable": self.unavailable or [],
            "selected": self.env.execute_query(
                SQL(
                    """SELECT label, stratum, position FROM srsp_draw_line WHERE draw_id = %s AND iteration = %s
                     ORDER BY stratum COLLATE "C", position COLLATE "C" """,
                    self.draw_id.id,
                    self.number,
                )
            ),
        }
