import base64
import datetime

import qrcode
from qrcode.image.svg import SvgPathImage

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.clock import beijing_time

# Roster rows that the screen shows one by one; a larger roster is a number.
MAX_WALL_ROWS = 2400
MAX_TICKETS = 240  # drawn targets that the screen names; the certificate has all


def milliseconds(moment):
    """Return a naive UTC time as milliseconds since 1970, as JavaScript counts."""
    return int(moment.replace(tzinfo=datetime.UTC).timestamp() * 1000)


class SrspDraw(models.Model):
    """The draw room: what a projector shows while a draw happens before witnesses.

    The page keeps no state of its own: what it shows follows from what is recorded here and
    from the server's clock, so that a reload continues where it was, and two screens show the same.
    """

    _inherit = "srsp.draw"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    can_open_room = fields.Boolean(compute="_compute_can_open_room")

    @api.depends_context("uid")
    def _compute_can_open_room(self):
        for draw in self:
            draw.can_open_room = draw._is_room_open()

    def _is_room_open(self):
        """Return whether the user is an auditor, a policy officer, or a manager who runs the task."""
        if not self.has_access("read"):
            return False
        in_group = self.env.user.has_group
        if in_group("srsp_supervision.group_auditor") or in_group(
            "srsp_supervision.group_policy_officer"
        ):
            return True
        is_manager = in_group("srsp_supervision.group_division_manager")
        return is_manager and self.task_id.has_access("write")

    def action_open_room(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/srsp/draw_room/{self.id}",
            "target": "new",
        }

    def _get_room_values(self):
        """Return what the page shows from the lock on."""
        sources = dict(self._fields["randomness_kind"]._description_selection(self.env))
        rows = (
            self._stream_roster(SQL("label"))
            if self.roster_size <= MAX_WALL_ROWS
            else ()
        )
        return {
            "draw": self,
            "strata": self._get_public_strata(),
            "names": self._name_public_strata(),
            "announced": beijing_time(self.announced_for),
            "source": sources[self.randomness_kind],
            "wall": [label for [label] in rows],
            "state": self._get_room_state(),
        }

    def _get_room_state(self):
        """Return the state of the draw, as JSON; times in milliseconds since 1970.

        ``phase``: ``waiting`` for the announced time, ``due`` until the randomness is there, ``spoken``
        until the draw is done, ``drawn``, ``voided``.
        """
        now, first = fields.Datetime.now(), self.iteration_ids[:1]
        phase = self.state
        if phase == "committed" and first:
            phase = "spoken"
        elif phase == "committed":
            phase = "waiting" if now < self.announced_for else "due"
        state = {
            "now": milliseconds(now),
            "phase": phase,
            "announced_for": milliseconds(self.announced_for),
            "message": self.void_reason
            or self.task_id.blocked_reason
            or self.task_id.waiting_reason
            or "",
            "witnesses": len(self.witness_ids),
        }
        if first:
            is_lottery = self.randomness_kind == "lottery"
            result = bytes.fromhex(first.randomness_hex)
            state["randomness"] = {
                "hex": first.randomness_hex,
                "numbers": result.decode().split(".") if is_lottery else [],
                "code": first.one_time_code_hex or "",
            }
        if first.one_time_code_hex:
            state["drawn_at"] = milliseconds(self.drawn_at)
            state["tickets"] = self._get_room_tickets()
            state["visits"] = len(self.inspection_ids)
            state["public_url"] = self._get_public_url()
            state["qr"] = self._get_qr_url(state["public_url"])
        return state

    def _get_room_tickets(self):
        """Return ``[{label, name, stratum, position, officers}, …]`` of the first iteration; persons are not named."""
        lines = self.env["srsp.draw.line"].search(
            [("draw_id", "=", self.id), ("iteration", "=", 1)],
            order="stratum, position",
            limit=MAX_TICKETS,
        )
        names = self._name_public_strata()
        strata = {line: self._get_stratum_label(line.stratum) for line in lines}
        lines = lines.sorted(lambda line: (strata[line], line.position))
        visits = self.env["srsp.inspection"].search(
            [("draw_id", "=", self.id), ("entity_id", "in", lines.entity_id.ids)]
        )
        officers = {
            target: visit.officer_ids.sorted("staff_number").mapped("staff_number")
            for visit in visits
            for target in visit.line_ids.target_id
        }
        return [
            {
                "label": line.label,
                "name": "" if line.entity_id.kind == "person" else line.entity_id.name,
                "stratum": names[strata[line]],
                "position": line.position,
                "officers": officers.get(line.target_id, []),
            }
            for line in lines
        ]

    def _get_public_url(self):
        """Hook: return the public address of the certificate; empty where nothing is published."""
        return ""

    @api.model
    def _get_qr_url(self, url):
        """Return a QR code of ``url``, an SVG in a data URL."""
        if not url:
            return ""
        picture = qrcode.make(url, image_factory=SvgPathImage, border=1).to_string()
        return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"
