import json

from odoo import models

from odoo.addons.srsp_supervision.tools.clock import iso

# Rows of an iteration, or of the excluded targets, on the page of a draw.
MAX_ROWS_SHOWN = 200
NOT_DRAWABLE = "not_drawable"  # what the public reads of every reason


class SrspDraw(models.Model):
    _name = "srsp.draw"
    _inherit = ["srsp.draw", "srsp.publication.mixin"]

    def _get_formed_at(self, kind):
        return self.locked_at if kind == "roster" else self.drawn_at

    def _prepare_publication_vals(self, kind):
        """Return the commitment of a ``roster`` or the certificate of a ``draw``; its payload is what a page shows."""
        name = self.head["task_name"]
        if kind == "roster":
            contents = {
                "title": self.env._("Roster locked: %(task)s", task=name),
                "draw_state": self._get_roster_state(),
                "payload": self._get_roster_payload(),
            }
        else:
            contents = {
                "title": self.env._("Draw: %(task)s", task=name),
                "draw_state": self.state,
                "payload": self._get_page_payload(),
                "original": self._write_certificate,
            }
        return {
            **super()._prepare_publication_vals(kind),
            **contents,
            "summary": self.env._(
                "%(quota)s of %(size)s targets",
                quota=self.drawn_count,
                size=self.roster_size,
            ),
            "bureau_name": self.head["bureau"],
            "division_name": self.head["division"],
            "sector_name": self._get_task_line()["sector"],
            "task_id": self.task_id.id,
        }

    def _get_page_payload(self):
        """Return the certificate with only the first ``MAX_ROWS_SHOWN`` rows of its long lists, and their lengths."""
        event = self._get_certificate_event()
        sealed = json.loads(event.payload)
        teams = sealed.pop("assignment")["teams"]
        shown = set()
        for iteration in sealed["iterations"]:
            number, rows = iteration["number"], iteration["selected"]
            iteration["selected_count"] = len(rows)
            rows = iteration["selected"] = rows[:MAX_ROWS_SHOWN]
            if iteration["kind"] == "withdrawal":  # other inspectors for earlier visits
                regrouped = [team[1] for team in teams if team[0] == number]
                rows = [*rows, *regrouped[:MAX_ROWS_SHOWN]]
            shown |= {(number, label) for label, *_row in rows}
        excluded = self.env["srsp.draw.line"].sudo()
        domain = [("draw_id", "=", self.id), ("excluded_reason", "!=", False)]
        return {
            **sealed,
            "roster_count": self.roster_size,
            "excluded_count": excluded.search_count(domain),
            "excluded": [
                [line.label, NOT_DRAWABLE]
                for line in excluded.search(domain, order="label", limit=MAX_ROWS_SHOWN)
            ],
            "teams": [
                team
                for team in teams
                if any((team[0], label) in shown for label in team[1])
            ],
            "team_count": len(teams),
            "names": self._get_drawn_names({label for _number, label in shown}),
            "chain": self._get_chain_link(event),
        }

    def _get_drawn_names(self, labels):
        """Return ``{label: entity's name}`` if the task makes the drawn names public."""
        if not self.task_id.names_public:
            return {}
        lines = self.env["srsp.draw.line"].sudo()
        lines = lines.search([("draw_id", "=", self.id), ("label", "in", labels)])
        return {row.label: row.target_id.entity_id._get_public_name() for row in lines}

    def _get_roster_state(self):
        """Return the state of the published roster: it stays ``committed`` after the draw, published on its own."""
        return "voided" if self.state == "voided" else "committed"

    def _get_task_line(self):
        """Return the task as it was when the roster was locked and first published."""
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
        """Return the address of the published draw's page, which has its certificate."""
        publication = self.env["srsp.publication"]._find_in_force(
            self.company_id, "draw", self.number
        )
        if not publication:
            return super()._get_public_url()
        return self.get_base_url() + publication._get_page_url()
