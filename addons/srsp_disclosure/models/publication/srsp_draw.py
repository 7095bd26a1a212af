import json

from odoo import models

from odoo.addons.srsp_supervision.tools.clock import iso

MAX_ROWS_SHOWN = (
    200  # rows of an iteration, or of those left out, on the page of a draw
)


class SrspDraw(models.Model):
    _name = "srsp.draw"
    _inherit = ["srsp.draw", "srsp.publication.mixin"]

    def _get_formed_at(self, kind):
        return self.locked_at if kind == "roster" else self.drawn_at

    def _prepare_publication_vals(self, kind):
        """``roster``: the commitment, before any randomness exists; ``draw``: the certificate, of which the
        payload is what its page shows."""
        name = self.head["task_name"]
        titles = {
            "roster": self.env._("Roster locked: %(task)s", task=name),
            "draw": self.env._("Draw: %(task)s", task=name),
        }
        return {
            "title": titles[kind],
            "summary": self.env._(
                "%(quota)s of %(size)s targets",
                quota=self.drawn_count,
                size=self.roster_size,
            ),
            "reference": self.number,
            "formed_at": self._get_formed_at(kind),
            "draw_state": self.state if kind == "draw" else self._get_roster_state(),
            "division_id": self.division_id.id,
            "bureau_name": self.head["bureau"],
            "division_name": self.head["division"],
            "sector_name": self._get_task_line()["sector"],
            "task_id": self.task_id.id,
            **self._prepare_contents(kind),
        }

    def _prepare_contents(self, kind):
        if kind == "roster":
            return {"payload": self._get_roster_payload()}
        return {
            "payload": self._get_page_payload(),
            "original": self._write_certificate,
        }

    def _get_page_payload(self):
        """The certificate with only the first ``MAX_ROWS_SHOWN`` of its long lists, and how long they are."""
        event = self._get_certificate_event()
        sealed = json.loads(event.payload)
        assignment = sealed.pop("assignment")
        for iteration in sealed["iterations"]:
            iteration["selected_count"] = len(iteration["selected"])
            iteration["selected"] = iteration["selected"][:MAX_ROWS_SHOWN]
        shown = {
            (iteration["number"], label)
            for iteration in sealed["iterations"]
            for label, *_row in [
                *iteration["selected"],
                *self._get_regrouped(iteration, assignment),
            ]
        }
        excluded = self.env["srsp.draw.line"].sudo()
        domain = [("draw_id", "=", self.id), ("excluded_reason", "!=", False)]
        return {
            **sealed,
            "roster_count": self.roster_size,
            "excluded_count": excluded.search_count(domain),
            "excluded": [
                [line.label, line.excluded_reason]
                for line in excluded.search(domain, order="label", limit=MAX_ROWS_SHOWN)
            ],
            "teams": [
                team
                for team in assignment["teams"]
                if any((team[0], label) in shown for label in team[1])
            ],
            "team_count": len(assignment["teams"]),
            "names": self._get_drawn_names(shown),
            "chain": self._get_chain_link(event),
        }

    def _get_drawn_names(self, shown):
        """``{label: entity's name}`` of what the page shows, where the task makes the drawn names public."""
        if not self.task_id.names_public:
            return {}
        lines = self.env["srsp.draw.line"].sudo()
        labels = sorted({label for _number, label in shown})
        found = lines.search([("draw_id", "=", self.id), ("label", "in", labels)])
        return {
            line.label: line.target_id.entity_id._get_public_name() for line in found
        }

    def _get_regrouped(self, iteration, assignment):
        """Return the labels of the first ``MAX_ROWS_SHOWN`` visits that a withdrawal gave other inspectors."""
        if iteration["kind"] != "withdrawal":
            return []
        own = [
            labels
            for number, labels, *_team in assignment["teams"]
            if number == iteration["number"]
        ]
        return own[:MAX_ROWS_SHOWN]

    def _get_roster_state(self):
        """A roster stays ``committed`` when it has been drawn: the draw is a publication of its own."""
        return "voided" if self.state == "voided" else "committed"

    def _get_task_line(self):
        """The task as it was when the roster was locked, which is when it was first published."""
        domain = [*self._get_publication_domain(), ("kind", "=", "roster")]
        first = self.env["srsp.publication"].search(domain, order="version", limit=1)
        if first:
            return json.loads(first.payload)["task"]
        line = self.task_id._get_publication_line()
        return {**line, "number": self.head["task"], "name": self.head["task_name"]}

    def _get_roster_payload(self):
        state = self._get_roster_state()
        event = self.env["srsp.event"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("kind", "=", f"draw.{state}"),
            ]
        )
        return {
            "format": "srsp-roster-commitment/1",
            "draw": {
                "number": self.number,
                **self.head,
                "state": state,
                "void_reason": self.void_reason or "",
                "locked_at": iso(self.locked_at),
            },
            "task": self._get_task_line(),
            "commitment": self._get_commitment(),
            "chain": self._get_chain_link(event),
        }

    def _get_public_url(self):
        """The page of the published draw, with its certificate."""
        publication = self.env["srsp.publication"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("kind", "=", "draw"),
                ("state", "=", "published"),
            ]
        )
        if not publication:
            return super()._get_public_url()
        return self.get_base_url() + publication._get_page_url()
