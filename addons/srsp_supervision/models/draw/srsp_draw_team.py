from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import vrs
from ...tools.assignment import Shortage, assign

MAX_NAMES = 10


class SrspDrawIteration(models.Model):
    """Who inspects whom: the visits of an iteration and their teams (readme/CERTIFICATE.md, “Teams”)."""

    _inherit = "srsp.draw.iteration"

    def _assign(self, prk):
        """``teams`` of this iteration, whose lines have been selected.

        :raise UserError: when no assignment exists; it says what is missing
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
            raise UserError(self._explain(shortage)) from shortage
        return assigned

    def _explain(self, shortage):
        """What cannot be served, whom it depends on, what would help: the proof of ``shortage`` in words."""
        labels = [label for labels, _eligible in shortage.visits for label in labels]
        values = {
            "draw": self.draw_id.number,
            "count": len(shortage.visits),
            "labels": ", ".join(labels[:MAX_NAMES]),
            "missing": shortage.missing,
        }
        if not shortage.officers:
            return self.env._(
                "Draw %(draw)s: %(count)s visits cannot get a full team, among them: %(labels)s. %(missing)s more"
                " people who may make them are needed. Void the draw, add inspectors and announce it again.",
                **values,
            )
        refs = self.draw_id.sudo().inspector_refs
        full = self.env["srsp.inspector"].browse(
            refs[label] for label in shortage.officers[:MAX_NAMES]
        )
        return self.env._(
            "Draw %(draw)s: %(count)s visits cannot get a full team, among them: %(labels)s. %(officers)s (%(full)s"
            " inspectors in all) would have to make at least %(needed)s visits and have room for %(room)s under the"
            " yearly cap of %(cap)s: %(missing)s are missing. Void the draw, raise the cap or add inspectors who may"
            " make these visits, and announce it again.",
            officers=", ".join(full.mapped("display_name")),
            full=len(shortage.officers),
            needed=shortage.needed,
            room=shortage.room,
            cap=self.draw_id.officer_cap,
            **values,
        )

    def _get_teams(self):
        """``[(labels, officers, experts), …]`` of all visits as these iterations leave them."""
        teams = {}
        for iteration in self.filtered("one_time_code_hex").sorted("number"):
            for labels, officers, experts, _steps in iteration.teams:
                teams[labels[0]] = (labels, officers, experts)
        return list(teams.values())

    def _get_withdrawn(self):
        """Labels of the inspectors whom these iterations have taken out."""
        return {row[0] for iteration in self for row in iteration.withdrawn or []}

    def _get_loads(self, teams):
        """``[[label, pool, unit, load], …]`` as this iteration begins."""
        given = {}
        for _labels, officers, experts in teams:
            for member in (*officers, *experts):
                given[member] = given.get(member, 0) + 1
        for label, _reason, given_up in self.withdrawn or []:
            given[label] = given.get(label, 0) - len(given_up)
        return [
            [label, pool, unit, load + given.get(label, 0)]
            for label, pool, unit, load in self.draw_id.inspectors
        ]

    def _get_available(self):
        """The set, as a number, of the inspectors who have not been withdrawn."""
        withdrawn = self.draw_id.iteration_ids._get_withdrawn()
        return sum(
            1 << place
            for place, row in enumerate(self.draw_id.inspectors)
            if row[0] not in withdrawn
        )

    def _list_visits(self, prk):
        """Visits to the entities drawn by this iteration, as ``assign`` takes them."""
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
        # An extension takes its targets by the first key, and serves them by its own.
        return _in_order(prk, visits) if self.kind == "extension" else visits

    def _list_given_up(self, prk, teams):
        """Visits that this withdrawal gives up, with the rest of their teams."""
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
        for labels, officers, experts in teams:
            if leaving := gone.get(labels[0]):
                mask = everybody
                for label in labels:
                    mask &= int(classes[numbers[label]], 16)
                kept = (
                    [member for member in members if member not in leaving]
                    for members in (officers, experts)
                )
                visits.append((labels, mask, *kept))
        return _in_order(prk, visits)


def _in_order(prk, visits):
    return sorted(visits, key=lambda visit: vrs.position(prk, visit[0][0].encode()))
