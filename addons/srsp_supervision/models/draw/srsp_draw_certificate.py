import itertools
import json
import tempfile

from odoo import models
from odoo.tools import SQL

from ...tools import canonical, eligibility, verify_draw
from ...tools import certificate as cert
from ...tools.clock import iso

CHUNK = 5000  # rows
# Events that seal the certificate; the others of a draw seal something else about it.
SEALS = "draw.drawn draw.substituted draw.extended draw.withdrawn draw.voided".split()


class SrspDraw(models.Model):
    """What a draw publishes: its commitment, its certificate, and the seal on both."""

    _inherit = "srsp.draw"  # pylint: disable=consider-merging-classes-inherited

    def _find_difference(self):
        """Return the first difference that the verifier finds in the certificate, or an empty text."""
        with tempfile.TemporaryFile() as file:
            self._write_certificate(file.write, self._get_sealed())
            file.seek(0)
            try:
                verify_draw.verify(verify_draw.load(file.read()))
            except (verify_draw.Difference, verify_draw.BadInput) as difference:
                return str(difference)
        return ""

    def _seal(self, kind):
        return self.env["srsp.event"]._seal(self, kind, self._get_sealed())

    def _get_commitment(self):
        """Return what is published when the roster is locked, before any randomness exists."""
        self.ensure_one()
        commitment = {
            "n": self.n,
            "code_hex": self.code_hex,
            "roster_digest_hex": self.roster_digest_hex,
            "excluded_digest_hex": self.excluded_digest_hex,
            "inspectors_digest_hex": self.inspectors_digest_hex,
            "eligibility_root_hex": self.eligibility_root_hex,
            "strata": self.strata,
            "team_size": self.team_size,
            "experts": self.experts,
            "officer_cap": self.officer_cap or None,
            "units": self.units,
            "randomness": self._get_randomness_part(),
        }
        if self.external:
            commitment["external"] = self.external
        return commitment

    def _get_certificate(self):
        """Return the certificate (``srsp-draw-certificate/1``, readme/CERTIFICATE.md) as a dict: for small rosters."""
        body = {
            **self._get_sealed(),
            "roster": [list(row) for row in self._query_roster()],
            "excluded": [list(row) for row in self._query_excluded()],
        }
        if event := self._get_certificate_event():
            body["chain"] = self._get_chain_link(event)
        return body

    def _write_certificate(self, write, sealed=None):
        """Pass the certificate to ``write`` as pieces of canonical JSON.

        Memory grows with what was drawn, not with the roster.

        :param dict sealed: what to write instead of what the chain has sealed
        """
        separator = b"{"
        for key, chunks in self._get_certificate_parts(sealed):
            write(separator + canonical.dumps(key) + b":")
            for chunk in chunks:
                write(chunk)
            separator = b","
        write(b"}")

    def _get_certificate_parts(self, sealed):
        """Return ``[(key, chunks of canonical JSON), …]`` of the certificate, ascending by key."""
        event = self._get_certificate_event()
        if event and not sealed:
            parts = {key: [text] for key, text in _split(event.payload)}
        else:
            sealed = sealed or self._get_sealed()
            parts = {key: [canonical.dumps(value)] for key, value in sealed.items()}
        if event:
            parts["chain"] = [canonical.dumps(self._get_chain_link(event))]
        parts["roster"] = _in_chunks(self._query_roster())
        parts["excluded"] = _in_chunks(self._query_excluded())
        return sorted(parts.items())

    def _get_sealed(self):
        """Return what the chain seals: the certificate without roster, excluded and chain."""
        self.ensure_one()
        iterations = self.iteration_ids.filtered("one_time_code_hex")
        teams = [
            [number, *team]
            for number, rows in iterations._read_teams()
            for team in rows
        ]
        return {
            "format": cert.FORMAT,
            "draw": self._get_certificate_head(),
            "commitment": self._get_commitment(),
            "witnesses": self._get_witness_rows(),
            "iterations": [
                iteration._get_certificate_part() for iteration in iterations
            ],
            "assignment": {
                "inspectors": self.inspectors,
                "eligibility": self._get_eligibility(),
                "visits": [team[:2] for team in teams],
                "teams": teams,
            },
        }

    def _get_eligibility(self):
        """Return the classes of the drawn targets, with the proof that they belong to the committed root."""
        draw = self.sudo()
        rows = self.env.execute_query(
            SQL(
                """SELECT label, class_index FROM srsp_draw_line
                    WHERE draw_id = %s AND iteration IS NOT NULL ORDER BY label COLLATE "C" """,
                self.id,
            )
        )
        if not rows:
            root = self.eligibility_root_hex  # nothing is opened: the whole tree
            return {"classes": [], "openings": [], "siblings": [root]}
        blinds, siblings = eligibility.open(
            draw._stream_leaves(),
            bytes.fromhex(draw.eligibility_salt),
            {label for label, _number in rows},
        )
        shown = {}
        openings = [
            [label, shown.setdefault(number, len(shown)), blinds[label].hex()]
            for label, number in rows
        ]
        return {
            "classes": [draw.classes[number] for number in shown],
            "openings": openings,
            "siblings": [sibling.hex() for sibling in siblings],
        }

    def _get_certificate_event(self):
        """Return the event that seals the certificate in force."""
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("kind", "in", SEALS),
        ]
        return self.env["srsp.event"].sudo().search(domain, limit=1)

    def _get_chain_link(self, event):
        return {
            "sequence": event.sequence,
            "kind": event.kind,
            "previous_hash_hex": event.previous_hash,
            "hash_hex": event.hash,
        }

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


def _split(text):
    """``(key, value as it is written)`` of a JSON object without white space, which is not empty."""
    decoder, place = json.JSONDecoder(), 1
    while place < len(text):
        key, start = decoder.raw_decode(text, place)
        _value, end = decoder.raw_decode(text, start + 1)
        yield key, text[start + 1 : end].encode()
        place = end + 1


def _in_chunks(rows):
    """Canonical JSON of ``rows`` of texts, in pieces."""
    rows, separator = iter(rows), b"["
    while chunk := list(itertools.islice(rows, CHUNK)):
        text = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
        yield separator + text[1:-1].encode()
        separator = b","
    yield b"]" if separator == b"," else b"[]"
