import json
import math
from collections import Counter
from functools import reduce
from operator import and_, itemgetter

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, groupby

from ...tools import vrs
from ...tools.assignment import Shortage, Team, assign
from ...tools.sql import PARALLEL, planned
from ..base.silence import SILENT
from .one_time_codes import reveal

MAX_NAMES = 10
NO_BOUND = b"\xff" * 33  # no position of 32 bytes is higher
# What differs between the rows of one draw's visits; the rest is as in the first one.
OWN_COLUMNS = {
    "srsp.inspection": ("id", "number", "entity_id"),
    "srsp.inspection.line": ("id", "inspection_id", "target_id", "item_id"),
}


class SrspDrawIteration(models.Model):
    """One revealed one-time code: the draw itself (number 1), or a later change.

    ``_run`` selects the lowest positions of each stratum among the targets never drawn (``_select``), assigns the
    teams (``_assign``; readme/CERTIFICATE.md, “Teams”) and creates the visits (``_make_visits``). Selection runs inside
    PostgreSQL: HMAC is two of its built-in ``sha256`` with constant pads; ``tools/vrs.py`` is the reference that
    a test holds equal.

    Visits are made set-wise, tens of thousands at once. The first one is made by the ORM, with its defaults, computed
    fields and numbers, and those of any other addon. The others are copies of its rows, each with its own entity,
    targets and team; so a stored field of a visit may depend on its task, and not on what differs from one visit
    to the next.
    """

    _name = "srsp.draw.iteration"
    _description = "Iteration of a draw"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = ("one_time_code_hex", "randomness_hex", "signature_hex")
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
    request_id = fields.Many2one(
        "srsp.draw.request", readonly=True, index="btree_not_null", ondelete="restrict"
    )
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
        code = reveal(self)
        prk = vrs.extract(code, bytes.fromhex(self.randomness_hex))
        # An extension selects its targets by the first key, and assigns their teams by its own.
        first = self.draw_id.iteration_ids[0]
        self._select(first._get_key() if self.kind == "extension" else prk)
        self.write(
            {
                "drawn_at": now,
                "teams": self._assign(prk),
                "one_time_code_hex": code.hex(),
            }
        )
        if self.kind == "withdrawal":
            return self._change_teams()
        return self._make_visits()

    def _get_key(self):
        """Return the key of an iteration that has run."""
        return vrs.extract(
            bytes.fromhex(self.one_time_code_hex), bytes.fromhex(self.randomness_hex)
        )

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
            self.draw_id._query_lines(
                SQL("stratum, count(*)"), SQL("iteration IS NOT NULL GROUP BY stratum")
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
        teams = (draw.iteration_ids - self)._get_teams()
        given_up = self.kind == "withdrawal"
        visits = self._list_given_up(teams) if given_up else self._list_visits()
        visits.sort(key=lambda visit: vrs.position(prk, visit[0][0].encode()))
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
        labels = [label for labels in shortage.visits for label in labels]
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

    def _get_classes(self):
        """Return the classes of the draw, sets as numbers, without the inspectors who have been withdrawn."""
        withdrawn = self.draw_id.iteration_ids._get_withdrawn()
        gone = sum(
            1 << place
            for place, row in enumerate(self.draw_id.inspectors)
            if row[0] in withdrawn
        )
        return [int(text, 16) & ~gone for text in self.draw_id.sudo().classes]

    def _list_visits(self):
        """Return the visits to the entities drawn by this iteration, as ``assign`` takes them."""
        lines = self.draw_id._query_lines(
            SQL("entity_id, label, class_index"),
            SQL('iteration = %s ORDER BY position COLLATE "C"', self.number),
        )
        classes, visits = self._get_classes(), []
        for _entity, rows in groupby(lines, itemgetter(0)):
            labels = [label for _entity, label, _number in rows]
            mask = reduce(and_, (classes[number] for *_, number in rows))
            visits.append((labels, mask, [], []))
        return visits

    def _make_visits(self):
        """Create the visits of this iteration, in the order of its teams.

        :return: ``[(inspector id, number of visits, first visit's id), …]``
        """
        if not self._load_visits():
            return []
        visits = self.env["srsp.inspection"].with_context(
            mail_create_nolog=SILENT, mail_create_nosubscribe=True
        )
        first = visits.create([self._prepare_first_vals()])
        self.env.flush_all()
        self._copy_visits(first)
        self._copy_lines(first)
        self._fill_teams()
        self.env.invalidate_all()
        return self.env.execute_query(
            SQL(
                """SELECT inspector_id, count(*), min(srsp_new_visit.id)
                     FROM srsp_new_member JOIN srsp_new_visit USING (visit)
                 GROUP BY inspector_id ORDER BY inspector_id"""
            )
        )

    def _load_visits(self):
        """Make the temporary tables ``srsp_new_visit`` and, for their members, ``srsp_new_member``.

        :return: whether there are any visits
        """
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "DROP TABLE IF EXISTS srsp_new_team, srsp_new_visit, srsp_new_member"
        )
        cr.execute(
            SQL(
                """CREATE TEMP TABLE srsp_new_team ON COMMIT DROP AS
                   SELECT place::int AS visit, team
                     FROM srsp_draw_iteration, jsonb_array_elements(teams) WITH ORDINALITY AS _ (team, place)
                    WHERE id = %s""",
                self.id,
            )
        )
        cr.execute(
            SQL(
                """CREATE TEMP TABLE srsp_new_visit ON COMMIT DROP AS
                   SELECT visit, line.entity_id, array_agg(line.target_id ORDER BY line.target_id) AS target_ids,
                          NULL::int AS id
                     FROM srsp_new_team CROSS JOIN jsonb_array_elements_text(team -> 0) name
                     JOIN srsp_draw_line line ON line.label = name AND draw_id = %s AND iteration = %s
                 GROUP BY visit, line.entity_id""",
                self.draw_id.id,
                self.number,
            )
        )
        cr.execute(
            SQL(
                """CREATE TEMP TABLE srsp_new_member ON COMMIT DROP AS
                   SELECT visit, ref.value::int AS inspector_id, place = 2 AS is_expert
                     FROM srsp_new_team CROSS JOIN (VALUES (1), (2)) pool (place)
               CROSS JOIN jsonb_array_elements_text(team -> place) name
                     JOIN jsonb_each_text(%s::jsonb) ref ON ref.key = name""",
                json.dumps(self.draw_id.sudo().inspector_refs),
            )
        )
        members = cr.rowcount
        cr.execute("ANALYZE srsp_new_visit, srsp_new_member")
        return bool(members)

    def _prepare_first_vals(self):
        [[entity, ids]] = self.env.execute_query(
            SQL("SELECT entity_id, target_ids FROM srsp_new_visit WHERE visit = 1")
        )
        task = self.draw_id.task_id
        items = task.item_ids.grouped("sector_id")
        return {
            "task_id": task.id,
            "draw_id": self.draw_id.id,
            "entity_id": entity,
            "company_id": self.company_id.id,
            "line_ids": [
                fields.Command.create({"target_id": target.id, "item_id": item.id})
                for target in self.env["srsp.target"].browse(ids)
                for item in items.get(target.sector_id, ())
            ],
        }

    def _copy_visits(self, first):
        cr = self.env.cr
        prefix, _dash, number = first.number.rpartition("-")
        cr.execute(
            SQL(
                """UPDATE srsp_new_visit SET id = CASE WHEN visit = 1 THEN %s
                          ELSE nextval('srsp_inspection_id_seq') END""",
                first.id,
            )
        )
        cr.execute(
            SQL(
                """INSERT INTO srsp_inspection (id, number, entity_id, %(columns)s)
                   SELECT visit.id, %(prefix)s || '-' || to_char(visit.visit + %(before)s, 'FM9999999000'),
                          visit.entity_id, %(values)s
                     FROM srsp_new_visit visit CROSS JOIN srsp_inspection pattern
                    WHERE pattern.id = %(first)s AND visit.visit > 1 ORDER BY visit.visit""",
                columns=self._get_columns(first),
                values=self._get_columns(first, "pattern"),
                prefix=prefix,
                before=int(number) - 1,
                first=first.id,
            )
        )

    def _copy_lines(self, first):
        """Insert the lines of the other visits: a row for each target and item of its sector."""
        line = first.line_ids[:1]
        self.env.cr.execute(
            SQL(
                """INSERT INTO srsp_inspection_line (inspection_id, target_id, item_id, %(columns)s)
                   SELECT visit.id, target.id, item.id, %(values)s
                     FROM srsp_new_visit visit
               CROSS JOIN unnest(visit.target_ids) drawn (target_id)
                     JOIN srsp_target target ON target.id = drawn.target_id
                     JOIN srsp_item item ON item.sector_id = target.sector_id AND item.id IN %(items)s
               CROSS JOIN srsp_inspection_line pattern
                    WHERE pattern.id = %(first)s AND visit.visit > 1
                 ORDER BY visit.visit, target.id, array_position(%(order)s, item.id)""",
                columns=self._get_columns(line),
                values=self._get_columns(line, "pattern"),
                items=tuple(self.draw_id.task_id.item_ids.ids),
                order=self.draw_id.task_id.item_ids.ids,
                first=line.id,
            )
        )

    def _get_columns(self, record, alias=None):
        """Return the columns that copies of ``record`` have in common with it, as SQL."""
        return SQL(", ").join(
            SQL.identifier(alias, name) if alias else SQL.identifier(name)
            for name, field in record._fields.items()
            if field.store
            and field.column_type
            and name not in OWN_COLUMNS[record._name]
        )

    def _fill_teams(self):
        for name, is_expert in (("officer_ids", False), ("expert_ids", True)):
            field = self.env["srsp.inspection"]._fields[name]
            self.env.cr.execute(
                SQL(
                    """INSERT INTO %(table)s (%(visit)s, %(inspector)s)
                       SELECT visit.id, member.inspector_id FROM srsp_new_member member
                         JOIN srsp_new_visit visit ON visit.visit = member.visit WHERE is_expert = %(expert)s""",
                    table=SQL.identifier(field.relation),
                    visit=SQL.identifier(field.column1),
                    inspector=SQL.identifier(field.column2),
                    expert=is_expert,
                )
            )
