from odoo import fields, models
from odoo.exceptions import UserError

from ...actions import get_dialog_action
from ...tools import certificate as cert
from .srsp_draw import NOT_STARTED_STAGES


class SrspDraw(models.Model):
    """Substitution, extension, withdrawal of an inspector: each a new iteration, sealed; everything earlier stays."""

    _inherit = "srsp.draw"  # pylint: disable=consider-merging-classes-inherited

    def action_extend(self):
        return self._open_change("extension")

    def action_withdraw(self):
        return self._open_change("withdrawal")

    def _open_change(self, kind):
        self.ensure_one()
        wizard = self.env["srsp.draw.change"]
        kinds = dict(wizard._fields["kind"]._description_selection(self.env))
        context = {
            "default_draw_id": self.id,
            "default_kind": kind,
            "srsp_draw_id": self.id,  # a form is loaded without defaults
        }
        return get_dialog_action(wizard, kinds[kind], context=context)

    def _substitute(self, unavailable, now=None):
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
        self._iterate(
            "draw.substituted",
            now,
            kind="substitution",
            reason=cert.one_line(unavailable[0][1]),
            unavailable=sorted(
                [line.label, cert.one_line(reason)] for line, reason in unavailable
            ),
        )

    def _extend(self, places, reason, now=None):
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
        self._iterate(
            "draw.extended",
            now,
            kind="extension",
            reason=cert.one_line(reason),
            places=sorted(map(list, places.items())),
        )

    def _withdraw(self, inspector, reason, now=None):
        """Withdraw ``inspector``: others take over the visits that have not begun."""
        self._check_changeable()
        refs = {key: label for label, key in self.inspector_refs.items()}
        label = refs.get(inspector.id)
        gone = self.iteration_ids._get_withdrawn()
        if not label or label in gone:
            raise UserError(
                self.env._(
                    "Draw %(draw)s: %(inspector)s takes no part in it, or no longer.",
                    draw=self.number,
                    inspector=inspector.display_name,
                )
            )
        not_started = self._get_not_started_labels()
        given_up = sorted(
            team.label
            for team in self.iteration_ids._get_teams()
            if label in team.members and team.label in not_started
        )
        self._iterate(
            "draw.withdrawn",
            now,
            kind="withdrawal",
            reason=cert.one_line(reason),
            withdrawn=[[label, cert.one_line(reason), given_up]],
        )
        notices = self.env["srsp.notice"]
        notices._notify_withdrawn(self.iteration_ids[-1], inspector, reason)

    def _get_not_started_labels(self):
        """Return the labels of all targets whose visit has not begun."""
        lines = self.env["srsp.inspection.line"].search(
            [
                ("inspection_id.draw_id", "=", self.id),
                ("inspection_id.stage", "in", NOT_STARTED_STAGES),
            ]
        )
        drawn = self.env["srsp.draw.line"].search(
            [
                ("draw_id", "=", self.id),
                ("iteration", ">", 0),
                ("target_id", "in", lines.target_id.ids),
            ]
        )
        return set(drawn.mapped("label"))

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

    def _iterate(self, event, now, **vals):
        """Run and seal one more iteration, with the randomness of the first."""
        first = self.iteration_ids[0]
        iteration = self.env["srsp.draw.iteration"].create(
            {
                "draw_id": self.id,
                "number": len(self.iteration_ids) + 1,
                "randomness_hex": first.randomness_hex,
                "signature_hex": first.signature_hex,
                **vals,
            }
        )
        members = iteration._run(now or fields.Datetime.now())
        self._seal(event)
        self.task_id._after_draw(self)
        self.env["srsp.notice"]._notify_drawn(iteration, members)
