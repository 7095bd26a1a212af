import datetime
import json

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.srsp_supervision.tools.clock import BEIJING


def local_time(text):
    """An ISO 8601 time in UTC, as certificates have it, as Beijing time to the minute."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


class SrspPublication(models.Model):
    """How a publication is shown: its addresses and what its templates need."""

    _inherit = "srsp.publication"  # pylint: disable=consider-merging-classes-inherited

    payload_html = fields.Html(
        "Published Content", compute="_compute_payload_html", sanitize=False
    )

    def _compute_payload_html(self):
        for publication in self:
            publication.payload_html = self.env["ir.qweb"]._render(
                f"srsp_disclosure.publication_{publication.kind}",
                publication._get_page_values(),
            )

    def _get_page_url(self):
        return f"/supervision/publication/{self.number}"

    def _get_kin(self):
        """The draw of a roster or a result, the roster of a draw: the version in force."""
        self.ensure_one()
        number = self.reference
        if self.kind == "result":
            number = json.loads(self.payload)["draw"]
        kinds = {"roster": "draw", "result": "draw", "draw": "roster"}
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", kinds.get(self.kind)),
                ("reference", "=", number),
                ("state", "=", "published"),
            ]
        )

    def _get_certificate_url(self):
        """Address of a draw's certificate; of this very version once it is superseded."""
        version = f"?version={self.version}" if self.state == "superseded" else ""
        return f"/supervision/draws/{self.reference}/certificate.json{version}"

    def _get_page_values(self):
        """What the templates ``publication_<kind>`` need: payload, readable labels, Beijing time."""
        self.ensure_one()
        payload = json.loads(self.payload)
        return {
            "publication": self,
            "payload": payload,
            "teams": {
                (number, label): [*officers, *experts]
                for number, labels, officers, experts, _steps in payload.get(
                    "teams", []
                )
                for label in labels
            },
            "steps": {
                (number, label): team_steps
                for number, labels, *_team, team_steps in payload.get("teams", [])
                for label in labels
            },
            "labels": self._get_labels(),
            "strata": self._name_strata(),
            "lottery_numbers": self._get_lottery_numbers(payload),
            "repealed": self._get_repealed(),
            "local_time": local_time,
            "percent": lambda ratio: f"{round(ratio * 100, 2):g} %",
        }

    def _name_strata(self):
        """``{key: name}`` of the strata of a roster or a draw; the draw alone knows what a key is made of."""
        if self.kind not in ("roster", "draw"):
            return {}
        return self.env["srsp.draw"].sudo().browse(self.sudo().res_id)._name_strata()

    def _find_codes(self, uscc):
        """The codes under which the entity with this very credit code stands in the draw, or was left out of it."""
        source = self.sudo()
        domain = [("uscc", "=", uscc), ("company_id", "=", source.company_id.id)]
        entities = self.env["srsp.entity"].sudo().with_context(active_test=False)
        targets = entities.search(domain).target_ids
        if not targets:
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT label FROM srsp_draw_line WHERE draw_id = %s AND label COLLATE "C" IN %s ORDER BY label""",
                source.res_id,
                tuple(targets.mapped("code")),
            )
        )
        return [label for [label] in rows]

    @api.model
    def _get_lottery_numbers(self, payload):
        """The numbers of a draw's lottery, as drawn; none before the draw or from another source."""
        iterations = payload.get("iterations")
        if not iterations or payload["commitment"]["randomness"]["source"] != "lottery":
            return []
        return bytes.fromhex(iterations[0]["randomness_hex"]).decode().split(".")

    def _get_repealed(self):
        """{code: what its line rests on but has been repealed since}, of a published list."""
        if self.kind != "list":
            return {}
        source = self.sudo()
        lines = self.env[source.res_model].sudo().browse(source.res_id)._get_lines()
        return {line.code: line.repealed_basis for line in lines if line.repealed_basis}

    @api.model
    def _get_labels(self):
        """Readable names of the codes in payloads: ``{field: {code: name}}``."""
        draw, item = self.env["srsp.draw"], self.env["srsp.item"]
        other = self.env._("Not part of this draw under the rulebook")
        selections = {
            "category": item._fields["category"],
            "level": item._fields["level"],
            "state": draw._fields["state"],
            "source": draw._fields["randomness_kind"],
            "stratify_by": self.env["srsp.task"]._fields["stratify_by"],
        }
        return {
            # Of a certificate from elsewhere nobody knows whether "none" is a risk class or a region.
            "stratum": draw._get_stratum_names() | {"none": self.env._("Not stated")},
            "excluded": {
                "suspended": self.env._("Suspended in the registry"),
                "removed": self.env._("Removed from the registry"),
                "visit_cap": self.env._("Annual inspection limit reached"),
                "interval": self.env._("Recently inspected"),
                "other": other,  # that a case is open is nobody else's business
            },
            **{
                name: dict(field._description_selection(self.env))
                for name, field in selections.items()
            },
        }
