import math
from collections import Counter

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import vrs
from ...tools.assignment import Shortage, Team, assign
from ...tools.clock import iso
from ...tools.sql import planned
from .visit_batch import VisitBatch

MAX_NAMES = 10
# A scan that hashes gains from a second core; PostgreSQL does not know how expensive a hash is.
PARALLEL = {
    "max_parallel_workers_per_gather": "1",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}
NO_BOUND = b"\xff" * 33  # no position of 32 bytes is higher


class SrspDrawIteration(models.Model):
    """One revealed one-time code: the draw itself (number 1), or a later change.

    ``_run`` selects the lowest positions of each stratum among the targets never drawn (``_select``), assigns the
    teams (``_assign``; readme/CERTIFICATE.md, “Teams”) and creates the visits (``VisitBatch``). Selection runs inside
    PostgreSQL: HMAC is two of its built-in ``sha256`` with constant pads; ``tools/vrs.py`` is the reference that
    a test holds equal.
    """

    _name = "srsp.draw.iteration"
    _description = "Iteration of a draw"
    _inherit = ["srsp.evidence.mixin"]
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
    entered_by = fields.Json(readonly=True, help="[first, second]: who entered it.")
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

    def _check_evidence(self, vals=None):
        if vals is None or any(self.mapped("one_time_code_hex")):
            message = self.env._("An iteration of a draw never changes.")
            raise self._logged_error(message)

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
        visits = VisitBatch(self)
        return visits.change_teams() if change else visits.make()

    def _get_key(self):
        """Return the key of an iteration that has run."""
        return vrs.extract(
            bytes.fromhex(self.one_time_code_hex), bytes.fromhex(self.randomness_hex)
        )

    def _read_teams(self):
        """Return ``[(number, teams), …]`` as they are stored; a field would copy each of the many lists once more."""
        self.flush_recordset(["teams"])
        return self.env.execute_query(
            SQL(
                "SELECT number, teams FROM srsp_draw_iteration WHERE id IN %s ORDER BY number",
                tuple(self.ids) or (None,),
            )
        )

    def _get_certificate_part(self):
        """Return this iteration as an entry of the certificate."""
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

    def _select(self, prk):
        """Mark the lines that this iteration draws under ``prk`` (bytes)."""
        places = {key: number for key, number in self._get_places().items() if number}
        if not places:
            return
        self.env.flush_all()
        self._make_chosen(prk, places)
        query = SQL(
            """UPDATE srsp_draw_line line SET iteration = %s, position = encode(chosen.position, 'hex')
                 FROM srsp_chosen chosen WHERE line.ctid = chosen.spot""",
            self.number,
        )
        # Fetch each row from its spot; PostgreSQL would otherwise hash the whole roster.
        with planned(self.env.cr, enable_hashjoin="off", enable_mergejoin="off"):
            self.env.cr.execute(query)
        self.env["srsp.draw.line"].invalidate_model()

    def _get_places(self):
        """Return ``{stratum: number}``: how many targets each stratum draws."""
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

    def _make_chosen(self, prk, places):
        """Make the temporary table ``srsp_chosen`` (spot, position) of the lines to draw.

        A row is identified by its place in the table, which does not change as long as this transaction reads it.

        :param places: ``{stratum: number}``; a stratum that runs out gives what is left
        """
        bounds = self._get_bounds(places)
        self._make_selection(prk, bounds)
        found = dict(
            self.env.execute_query(
                SQL("SELECT stratum, count(*) FROM srsp_selection GROUP BY stratum")
            )
        )
        if any(
            found.get(key, 0) < places[key]
            for key, below in bounds
            if below != NO_BOUND
        ):
            self._make_selection(prk, [(key, NO_BOUND) for key in places])
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE srsp_chosen ON COMMIT DROP AS
                SELECT spot, position
                  FROM (SELECT spot, stratum, position,
                               row_number() OVER (PARTITION BY stratum ORDER BY position) AS place
                          FROM srsp_selection) ranked
                  JOIN (VALUES %s) wanted (key, number) ON key = stratum AND place <= number
                """,
                SQL(", ").join(
                    SQL("(%s::varchar, %s)", *item) for item in places.items()
                ),
            )
        )

    def _get_bounds(self, places):
        """Return ``[(stratum, below), …]``: only positions below it need ranking.

        Of N positions, spread evenly, k lie below k/N on the average; six standard deviations more than k
        and at least k of them do, except in one case in a thousand million, which ``_make_chosen`` handles.
        """
        drawn = dict(
            self.env.execute_query(
                SQL(
                    """SELECT stratum, count(*) FROM srsp_draw_line WHERE draw_id = %s AND iteration IS NOT NULL
                        GROUP BY stratum""",
                    self.draw_id.id,
                )
            )
        )
        sizes = {stratum["key"]: stratum["size"] for stratum in self.draw_id.strata}
        bounds = []
        for key, wanted in places.items():
            size = max(sizes.get(key, 0) - drawn.get(key, 0), 1)
            share = min(wanted / size, 1.0)
            share = (wanted + 6 * math.sqrt(wanted * (1 - share)) + 10) / size
            below = int(share * 2**64) << 192
            bounds.append((key, below.to_bytes(32, "big") if share < 1 else NO_BOUND))
        return bounds

    def _make_selection(self, prk, bounds):
        """Make the temporary table ``srsp_selection`` (spot, stratum, position) of those below their bounds."""
        ipad, opad = vrs.hmac_pads(prk)
        self.env.cr.execute("DROP TABLE IF EXISTS srsp_selection, srsp_chosen")
        with planned(self.env.cr, **PARALLEL):
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TEMP TABLE srsp_selection ON COMMIT DROP AS
                    SELECT spot, stratum, position
                      FROM (SELECT ctid AS spot, stratum, sha256(%(opad)s || sha256(
                                   %(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)) AS position
                              FROM srsp_draw_line
                             WHERE draw_id = %(draw)s AND excluded_reason IS NULL AND iteration IS NULL) line
                     WHERE position < CASE stratum %(bounds)s END
                    """,
                    draw=self.draw_id.id,
                    ipad=ipad,
                    opad=opad,
                    bounds=SQL(" ").join(
                        SQL("WHEN %s THEN %s::bytea", *bound) for bound in bounds
                    ),
                )
            )

    def _assign(self, prk):
        """Return ``teams`` of this iteration, whose lines have been selected.

        :raise UserError: when no assignment exists; the message says what is missing
        """
        draw = self.draw_id
        earlier = draw.iteration_ids - self
        teams = earlier._get_teams()
        given_up = self.kind == "withdrawal"
        visits = self._list_given_up(prk, teams) if given_up else self._list_visits(prk)
        try:
            assigned, _loads = assign(
                prk,
                visits,
                self._get_loads(teams),
                draw.units,
                draw.team_size,
                draw.experts,
                draw.officer_cap or None,
            )
        except Shortage as shortage:
            raise UserError(self._explain_shortage(shortage)) from shortage
        return assigned

    def _explain_shortage(self, shortage):
        """Return the proof of ``shortage`` in words: which visits lack people, who is at the cap, what would help."""
        labels = [label for labels, _eligible in shortage.visits for label in labels]
        values = {
            "draw": self.draw_id.number,
            "count": len(shortage.visits),
            "labels": ", ".join(labels[:MAX_NAMES]),
            "missing": shortage.missing,
        }
        if not shortage.officers:
            return self.env._(
                "Draw %(draw)s: %(count)s visits cannot get a full team, among them: %(labels)s. %(missing)s "
                "more eligible people are needed. Void the draw, add inspectors and announce it again.",
                **values,
            )
        refs = self.draw_id.sudo().inspector_refs
        full = self.env["srsp.inspector"].browse(
            refs[label] for label in shortage.officers[:MAX_NAMES]
        )
        return self.env._(
            "Draw %(draw)s: %(count)s visits cannot get a full team, among them: %(labels)s. %(officers)s "
            "(%(full)s inspectors in all) would have to make at least %(needed)s visits but can only make "
            "%(room)s more under the annual limit of %(cap)s: %(missing)s are missing. Void the draw, raise "
            "the limit or add eligible inspectors, and announce it again.",
            officers=", ".join(full.mapped("display_name")),
            full=len(shortage.officers),
            needed=shortage.needed,
            room=shortage.room,
            cap=self.draw_id.officer_cap,
            **values,
        )

    def _get_teams(self):
        """Return a Team for each visit, as of the end of these iterations."""
        teams = {}
        for iteration in self.filtered("one_time_code_hex").sorted("number"):
            for team in map(Team._make, iteration.teams):
                teams[team.label] = team
        return list(teams.values())

    def _get_withdrawn(self):
        """Return the labels of the inspectors withdrawn in these iterations."""
        return {row[0] for iteration in self for row in iteration.withdrawn or []}

    def _get_loads(self, teams):
        """Return ``[[label, pool, unit, load], …]`` as of the start of this iteration."""
        given = Counter(member for team in teams for member in team.members)
        for label, _reason, given_up in self.withdrawn or []:
            given[label] -= len(given_up)
        return [
            [label, pool, unit, load + given[label]]
            for label, pool, unit, load in self.draw_id.inspectors
        ]

    def _get_available(self):
        """Return the set, as a number, of the inspectors who have not been withdrawn."""
        withdrawn = self.draw_id.iteration_ids._get_withdrawn()
        return sum(
            1 << place
            for place, row in enumerate(self.draw_id.inspectors)
            if row[0] not in withdrawn
        )

    def _list_visits(self, prk):
        """Return the visits to the entities drawn by this iteration, as ``assign`` takes them."""
        rows = self.env.execute_query(
            SQL(
                """SELECT label, entity_id, class_index FROM srsp_draw_line
                    WHERE draw_id = %s AND iteration = %s ORDER BY position COLLATE "C" """,
                self.draw_id.id,
                self.number,
            )
        )
        classes = [int(text, 16) for text in self.draw_id.sudo().classes]
        everybody = self._get_available()
        groups, masks = {}, {}
        for label, entity, number in rows:
            groups.setdefault(entity, []).append(label)
            masks[entity] = masks.get(entity, everybody) & classes[number]
        visits = [(labels, masks[entity], [], []) for entity, labels in groups.items()]
        # An extension selects its targets by the first key, and assigns their teams by its own.
        return _in_order(prk, visits) if self.kind == "extension" else visits

    def _list_given_up(self, prk, teams):
        """Return the visits that this withdrawal gives up, with the rest of their teams."""
        gone = {}
        for inspector, _reason, labels in self.withdrawn:
            for label in labels:
                gone.setdefault(label, set()).add(inspector)
        rows = self.env.execute_query(
            SQL(
                "SELECT label, class_index FROM srsp_draw_line WHERE draw_id = %s AND iteration IS NOT NULL",
                self.draw_id.id,
            )
        )
        numbers, classes = dict(rows), self.draw_id.sudo().classes
        visits, everybody = [], self._get_available()
        for team in teams:
            if leaving := gone.get(team.label):
                mask = everybody
                for label in team.labels:
                    mask &= int(classes[numbers[label]], 16)
                kept = (
                    [member for member in members if member not in leaving]
                    for members in (team.officers, team.experts)
                )
                visits.append((team.labels, mask, *kept))
        return _in_order(prk, visits)


def _in_order(prk, visits):
    return sorted(visits, key=lambda visit: vrs.position(prk, visit[0][0].encode()))
