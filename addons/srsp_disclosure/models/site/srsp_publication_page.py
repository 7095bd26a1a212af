import json
from datetime import datetime

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.srsp_supervision.tools.clock import beijing_time


class SrspPublication(models.Model):
    """How a publication is shown: its addresses and what its templates need."""

    _inherit = "srsp.publication"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

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
        """Return the version in force of the draw of a roster or a result, of the roster of a draw."""
        self.ensure_one()
        number = self.reference
        if self.kind == "result":
            number = json.loads(self.payload)["draw"]
        kinds = {"roster": "draw", "result": "draw", "draw": "roster"}
        return self._find_in_force(self.company_id, kinds.get(self.kind), number)

    def _get_certificate_url(self):
        """Return the address of a draw's certificate; of this version once it is superseded."""
        version = f"?version={self.version}" if self.state == "superseded" else ""
        return f"/supervision/draws/{self.reference}/certificate.json{version}"

    def _get_page_values(self):
        """Return what the templates ``publication_<kind>`` need: payload, readable labels, Beijing time."""
        self.ensure_one()
        payload = json.loads(self.payload)
        teams, steps = {}, {}
        for number, labels, officers, experts, team_steps in payload.get("teams", []):
            teams |= dict.fromkeys(
                [(number, label) for label in labels], officers + experts
            )
            steps |= dict.fromkeys([(number, label) for label in labels], team_steps)
        return {
            "publication": self,
            "payload": payload,
            "teams": teams,
            "steps": steps,
            "labels": self._get_labels(),
            "strata": self._name_strata(),
            "units": self._name_units(payload),
            "returns": self._count_returns(),
            "lottery_numbers": self._get_lottery_numbers(payload),
            "repealed": self._get_repealed(),
            "local_time": lambda text: beijing_time(datetime.fromisoformat(text)),
            "percent": lambda ratio: f"{round(ratio * 100, 2):g} %",
        }

    def _name_strata(self):
        """Return ``{label: name}`` of the strata of a roster or a draw."""
        if self.kind not in ("roster", "draw"):
            return {}
        return (
            self.env["srsp.draw"]
            .sudo()
            .browse(self.sudo().res_id)
            ._name_public_strata()
        )

    def _name_units(self, payload):
        """Return ``{code: name}`` of the divisions that each provide an officer of a draw."""
        codes = payload.get("commitment", {}).get("units") or []
        divisions = self.env["srsp.division"].sudo().with_context(active_test=False)
        domain = [("code", "in", codes), ("company_id", "=", self.company_id.id)]
        return {one.code: one.name for one in divisions.search(domain)}

    def _count_returns(self):
        """Return how many targets were back soon after the roster lock of a draw; of other publications None."""
        if self.kind != "draw":
            return None
        return self.env["srsp.draw"].sudo().browse(self.sudo().res_id).return_count

    def _find_codes(self, uscc):
        """Return the codes under which the entity with this credit code is in the draw or was excluded from it."""
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
        """Return the numbers of a draw's lottery, as drawn; none before the draw or from another source."""
        iterations = payload.get("iterations")
        if not iterations or payload["commitment"]["randomness"]["source"] != "lottery":
            return []
        return bytes.fromhex(iterations[0]["randomness_hex"]).decode().split(".")

    def _get_repealed(self):
        """Return ``{code: legal basis that has been repealed since}`` of the lines of a published list."""
        if self.kind != "list":
            return {}
        source = self.sudo()
        lines = self.env[source.res_model].sudo().browse(source.res_id)._get_lines()
        return {line.code: line.repealed_basis for line in lines if line.repealed_basis}

    @api.model
    def _get_labels(self):
        """Return the readable names of the codes in payloads: ``{field: {code: name}}``."""
        draw, item = self.env["srsp.draw"], self.env["srsp.item"]
        reasons = draw._get_exclusion_reasons()
        del reasons["external_case"]  # does not tell the public that a case is open
        selections = {
            "category": item._fields["category"],
            "level": item._fields["level"],
            "state": draw._fields["state"],
            "source": draw._fields["randomness_kind"],
            "stratify_by": self.env["srsp.task"]._fields["stratify_by"],
        }
        return {
            # In a certificate of another site "none" can be a risk class or a region.
            "stratum": draw._get_stratum_names() | {"none": self.env._("Not stated")},
            "excluded": reasons
            | {"other": self.env._("Not part of this draw under the rulebook")},
            **{
                name: dict(field._description_selection(self.env))
                for name, field in selections.items()
            },
        }
