from collections import defaultdict
from functools import reduce
from operator import and_

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...actions import get_dialog_action
from ...tools import certificate as cert
from ...tools.assignment import Team
from .srsp_draw import NOT_STARTED_STAGES

EVENTS = {
    "substitution": "draw.substituted",
    "extension": "draw.extended",
    "withdrawal": "draw.withdrawn",
}


class SrspDraw(models.Model):
    """Substitution, extension, withdrawal of an inspector: each a new iteration, sealed; everything earlier stays."""

    _inherit = "srsp.draw"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def action_extend(self):
        return self._open_change("extension")

    def action_withdraw(self):
        return self._open_change("withdrawal")

    def action_void(self):
        return self._open_change("void")

    def _open_change(self, kind, **defaults):
        """Open the form that requests a change of this draw."""
        self.ensure_one()
        wizard = self.env["srsp.draw.change"]
        kinds = dict(wizard._fields["kind"]._description_selection(self.env))
        context = {
            "default_draw_id": self.id,
            "default_kind": kind,
            "srsp_draw_id": self.id,  # a form is loaded without defaults
            **{f"default_{name}": value for name, value in defaults.items()},
        }
        return get_dialog_action(wizard, kinds[kind], context=context)

    def _substitute(self, unavailable, now=None, request=None):
        """Draw substitutes for targets that cannot be inspected.

        :param unavailable: ``[(draw line, reason), ...]``
        """
        self._check_changeable()
        done = self.iteration_ids.filtered(lambda one: one.kind == "substitution")
        allowed = self.rulebook_id.substitutes_allowed
        if len(done) >= allowed:
            raise UserError(
                self.env._(
                    "Draw %(draw)s: its %(count)s substitutions are used up.",
                    draw=self.number,
                    count=allowed,
                )
            )
        rows = sorted([line.label, cert.one_line(why)] for line, why in unavailable)
        self._iterate("substitution", unavailable[0][1], now, request, unavailable=rows)

    def _extend(self, places, reason, now=None, request=None):
        """Draw ``places`` (``{stratum: number}``) more, in the order of the first iteration."""
        self._check_changeable()
        waiting = [
            ("draw_id", "=", self.id),
            ("excluded_reason", "=", False),
            ("iteration", "=", False),
        ]
        lines = self.env["srsp.draw.line"]
        left = dict(lines._read_group(waiting, ["stratum"], ["__count"]))
        for stratum, number in places.items():
            if not 0 < number <= left.get(stratum, 0):
                raise UserError(
                    self.env._(
                        "Draw %(draw)s: stratum “%(stratum)s” has %(left)s targets that were not drawn.",
                        draw=self.number,
                        stratum=self._get_stratum_name(stratum),
                        left=left.get(stratum, 0),
                    )
                )
        rows = sorted(map(list, places.items()))
        self._iterate("extension", reason, now, request, places=rows)

    def _withdraw(self, inspector, reason, now=None, request=None):
        """Withdraw ``inspector``: others take over the visits that have not begun."""
        self._check_changeable()
        refs = {key: label for label, key in self.inspector_refs.items()}
        label = refs.get(inspector.id)
        if not label or label in self.iteration_ids._get_withdrawn():
            raise UserError(
                self.env._(
                    "Draw %(draw)s: %(inspector)s takes no part in it, or no longer.",
                    draw=self.number,
                    inspector=inspector.display_name,
                )
            )
        visits = self._get_visits()
        given_up = sorted(
            team.label
            for team in self.iteration_ids._get_teams()
            if label in team.members
            and team.label in visits
            and visits[team.label].stage in NOT_STARTED_STAGES
        )
        rows = [[label, cert.one_line(reason), given_up]]
        iteration = self._iterate("withdrawal", reason, now, request, withdrawn=rows)
        self.env["srsp.notice"]._notify_withdrawn(iteration, inspector, reason)

    def _get_visits(self):
        """Return ``{label: visit}`` of the drawn targets whose visit has not been cancelled."""
        current = self.inspection_ids.filtered(lambda one: one.stage != "cancelled")
        visits = {line.target_id: line.inspection_id for line in current.line_ids}
        return {
            line.label: visits[line.target_id]
            for line in self.drawn_line_ids
            if line.target_id in visits
        }

    def _check_changeable(self):
        self.ensure_one()
        self.lock_for_update()
        if self.state != "drawn" or len(self.iteration_ids) >= self.n:
            raise UserError(
                self.env._(
                    "Draw %(draw)s is not drawn, or its %(count)s one-time codes are used up.",
                    draw=self.number,
                    count=self.n,
                )
            )

    def _iterate(self, kind, reason, now, request, **vals):
        """Run and seal one more iteration, with the randomness of the first; return it.

        :param request: the ``srsp.draw.request`` that was approved, if a person asked for the change
        """
        first = self.iteration_ids[0]
        iteration = self.env["srsp.draw.iteration"].create(
            {
                "draw_id": self.id,
                "number": len(self.iteration_ids) + 1,
                "randomness_hex": first.randomness_hex,
                "signature_hex": first.signature_hex,
                "kind": kind,
                "request_id": request and request.id,
                "reason": cert.one_line(reason),
                **vals,
            }
        )
        members = iteration._run(now or fields.Datetime.now())
        self._seal(EVENTS[kind])
        self.task_id._after_draw(self)
        self.env["srsp.notice"]._notify_drawn(iteration, members)
        return iteration


class SrspDrawIteration(models.Model):
    """What the withdrawal of an inspector does instead of selecting targets and creating visits."""

    _inherit = "srsp.draw.iteration"

    def _list_given_up(self, teams):
        """Return the visits that this withdrawal gives up, with the rest of their teams, as ``assign`` takes them."""
        [[gone, _reason, given_up]] = self.withdrawn
        lines = self.draw_id._query_lines(
            SQL("label, class_index"), SQL("iteration IS NOT NULL")
        )
        numbers, classes, given_up = dict(lines), self._get_classes(), set(given_up)
        return [
            (
                team.labels,
                reduce(and_, (classes[numbers[label]] for label in team.labels)),
                [member for member in team.officers if member != gone],
                [member for member in team.experts if member != gone],
            )
            for team in teams
            if team.label in given_up
        ]

    def _change_teams(self):
        """Give the visits that a withdrawal gave up their new teams.

        :return: the new members, as ``_make_visits`` returns them
        """
        refs = self.draw_id.sudo().inspector_refs
        visits, joined = self.draw_id._get_visits(), defaultdict(list)
        for team in map(Team._make, self.teams):
            visit = visits[team.label]
            before = visit.officer_ids | visit.expert_ids
            officers, experts = (
                [fields.Command.set([refs[member] for member in members])]
                for members in (team.officers, team.experts)
            )
            visit.write({"officer_ids": officers, "expert_ids": experts})
            for member in (visit.officer_ids | visit.expert_ids) - before:
                joined[member.id].append(visit.id)
        return [(member, len(ids), min(ids)) for member, ids in sorted(joined.items())]
