import json
from collections import defaultdict

from odoo import fields
from odoo.tools import SQL

from ...tools.assignment import Team

# What differs between the rows of one draw's visits; the rest is as in the first one.
OWN_COLUMNS = {
    "srsp.inspection": ("id", "number", "entity_id"),
    "srsp.inspection.line": ("id", "inspection_id", "target_id", "item_id"),
}


class VisitBatch:
    """The visits of one iteration, made set-wise: tens of thousands at once.

    The first visit is made by the ORM, with its defaults, computed fields and numbers, and those of any other
    addon. The others are copies of its rows, each with its own entity, targets and team; so a stored
    field of a visit may depend on its task, and not on what differs from one visit to the next.
    """

    def __init__(self, iteration):
        self.env = iteration.env
        self.iteration = iteration
        self.draw = iteration.draw_id
        self.task = self.draw.task_id

    def make(self):
        """Create the visits of this iteration, in the order of its teams.

        :return: ``[(inspector id, number of visits, first visit's id), …]``
        """
        if not self._load_visits():
            return []
        visits = self.env["srsp.inspection"].with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True
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
                self.iteration.id,
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
                self.draw.id,
                self.iteration.number,
            )
        )
        cr.execute(
            SQL(
                """CREATE TEMP TABLE srsp_new_member ON COMMIT DROP AS
                   SELECT visit, ref.value::int AS inspector_id, place = 2 AS is_expert
                     FROM srsp_new_team CROSS JOIN (VALUES (1), (2)) pool (place)
               CROSS JOIN jsonb_array_elements_text(team -> place) name
                     JOIN jsonb_each_text(%s::jsonb) ref ON ref.key = name""",
                json.dumps(self.draw.sudo().inspector_refs),
            )
        )
        members = cr.rowcount
        cr.execute("ANALYZE srsp_new_visit, srsp_new_member")
        return bool(members)

    def _prepare_first_vals(self):
        [[entity, targets]] = self.env.execute_query(
            SQL("SELECT entity_id, target_ids FROM srsp_new_visit WHERE visit = 1")
        )
        return {
            "task_id": self.task.id,
            "draw_id": self.draw.id,
            "entity_id": entity,
            "company_id": self.iteration.company_id.id,
            "line_ids": [
                fields.Command.create({"target_id": target, "item_id": item})
                for target, item in self._get_pairs(targets)
            ],
        }

    def _get_pairs(self, targets):
        """Return ``[(target id, item id), …]``: each target with the items of its sector."""
        items = self.task.item_ids.grouped("sector_id")
        return [
            (target.id, item.id)
            for target in self.env["srsp.target"].browse(targets)
            for item in items.get(target.sector_id, ())
        ]

    def _copy_visits(self, first):
        cr = self.env.cr
        prefix, _dash, number = first.number.rpartition("-")
        cr.execute(
            SQL(
                """UPDATE srsp_new_visit SET id = CASE WHEN visit = 1 THEN %s
                          ELSE nextval(pg_get_serial_sequence('srsp_inspection', 'id')) END""",
                first.id,
            )
        )
        cr.execute(
            SQL(
                """INSERT INTO srsp_inspection (id, number, entity_id, %(columns)s)
                   SELECT visit.id, %(prefix)s || '-' || lpad(
                              (visit.visit + %(before)s)::text,
                              greatest(3, length((visit.visit + %(before)s)::text)), '0'),
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
                items=tuple(self.task.item_ids.ids),
                order=self.task.item_ids.ids,
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

    def change_teams(self):
        """Give the visits that a withdrawal gave up their new teams.

        :return: the new members, as ``create`` returns them
        """
        refs = self.draw.sudo().inspector_refs
        teams = [Team(*row) for row in self.iteration.teams]
        lines = self.env["srsp.draw.line"].search(
            [
                ("draw_id", "=", self.draw.id),
                ("label", "in", [team.label for team in teams]),
            ]
        )
        targets = {line.label: line.target_id for line in lines}
        visits = {
            line.target_id: line.inspection_id
            for line in self.env["srsp.inspection.line"].search(
                [
                    ("inspection_id.draw_id", "=", self.draw.id),
                    ("inspection_id.stage", "!=", "cancelled"),
                    ("target_id", "in", lines.target_id.ids),
                ]
            )
        }
        joined = defaultdict(list)
        for team in teams:
            visit = visits[targets[team.label]]
            before = visit.officer_ids | visit.expert_ids
            officers, experts = (
                [fields.Command.set([refs[member] for member in members])]
                for members in (team.officers, team.experts)
            )
            visit.write({"officer_ids": officers, "expert_ids": experts})
            for member in (visit.officer_ids | visit.expert_ids) - before:
                joined[member.id].append(visit.id)
        return [(member, len(ids), min(ids)) for member, ids in sorted(joined.items())]
