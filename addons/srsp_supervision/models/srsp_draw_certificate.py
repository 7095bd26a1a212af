from odoo import models
from odoo.tools import SQL

from ..tools import canonical, verify_draw
from ..tools import certificate as cert
from .srsp_draw import iso


class SrspDraw(models.Model):
    """What a draw tells outsiders: its commitment, its certificate, and the seal on both."""

    _inherit = "srsp.draw"

    def _find_difference(self):
        """What the verifier says of the certificate: its first difference, or an empty text."""
        certificate = canonical.dumps(self._get_certificate())
        try:
            verify_draw.verify(verify_draw.load(certificate))
        except (verify_draw.Difference, verify_draw.BadInput) as difference:
            return str(difference)
        return ""

    def _seal(self, kind):
        return self.env["srsp.event"]._seal(
            self, kind, cert.seal_payload(self._get_certificate())
        )

    def _get_commitment(self):
        """What is published when the roster is locked, before any randomness exists."""
        self.ensure_one()
        return {
            "n": self.n,
            "code_hex": self.code_hex,
            "roster_digest_hex": self.roster_digest_hex,
            "excluded_digest_hex": self.excluded_digest_hex,
            "inspectors_digest_hex": self.inspectors_digest_hex,
            "recusals_digest_hex": self.recusals_digest_hex,
            "strata": self.strata,
            "team_size": self.team_size,
            "randomness": self._get_randomness_part(),
        }

    def _get_certificate(self):
        """The certificate (``srsp-draw-certificate/1``, see readme/CERTIFICATE.md) as a dict."""
        self.ensure_one()
        iterations = self.iteration_ids.filtered("one_time_code_hex")
        body = {
            "format": cert.FORMAT,
            "draw": self._get_certificate_head(),
            "commitment": self._get_commitment(),
            "roster": [[label, stratum] for label, stratum in self._query_roster()],
            "excluded": [[label, reason] for label, reason in self._query_excluded()],
            "witnesses": self._get_witness_rows(),
            "iterations": [
                iteration._get_certificate_part() for iteration in iterations
            ],
            "assignment": {
                "team_size": self.team_size,
                "inspectors": self.inspectors,
                "eligibility": {
                    "classes": [
                        members
                        for iteration in iterations
                        for members in iteration.classes or []
                    ],
                    "visits": [
                        [i.number, *visit] for i in iterations for visit in i.visits
                    ],
                },
                "teams": [[i.number, *team] for i in iterations for team in i.teams],
            },
        }
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("kind", "!=", "draw.committed"),
        ]
        event = self.env["srsp.event"].sudo().search(domain, limit=1)
        if event:
            body["chain"] = {
                "sequence": event.sequence,
                "kind": event.kind,
                "previous_hash_hex": event.previous_hash,
                "hash_hex": event.hash,
            }
        return body

    def _get_certificate_head(self):
        return {
            "number": self.number,
            **self.head,
            "state": self.state,
            "void_reason": self.void_reason or "",
            "randomness_obtained_hex": self.iteration_ids[:1].randomness_hex or "",
            "locked_at": iso(self.locked_at),
            "drawn_at": iso(self.drawn_at) if self.drawn_at else None,
        }

    def _query_roster(self):
        """Rows (label, stratum) of the roster, ascending by the label's bytes."""
        return self.env.execute_query(
            SQL(
                """SELECT label, stratum FROM srsp_draw_line
                    WHERE draw_id = %s AND excluded_reason IS NULL ORDER BY label COLLATE "C" """,
                self.id,
            )
        )

    def _query_excluded(self):
        """Rows (label, reason) of the targets that were left out, ascending by the label's bytes."""
        return self.env.execute_query(
            SQL(
                """SELECT label, excluded_reason FROM srsp_draw_line
                    WHERE draw_id = %s AND excluded_reason IS NOT NULL ORDER BY label COLLATE "C" """,
                self.id,
            )
        )
