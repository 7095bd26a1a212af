"""What outsiders rely on: the frozen bytes themselves, the index of draws, the verifier."""

import json
import logging

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.srsp_supervision.tools.uscc import clean, is_valid

from ..models.site.rate_limit import refuse_above
from .supervision import (
    PUBLIC,
    find_publication,
    in_force,
    not_found,
    read_page,
    storable,
)

_logger = logging.getLogger(__name__)
PER_PAGE = 50
VERIFIER = "srsp_supervision/tools/verify_draw.py"
DOCUMENT = {**PUBLIC, "multilang": False, "sitemap": False, "methods": ["GET"]}
JSON_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
MAX_LOOKUPS = 30  # a minute: of one address, and of one company by everybody


class Documents(http.Controller):
    @http.route("/supervision/draws.json", **DOCUMENT)
    def draws(self, page="1", **_other):
        """Return the draws, newest first, 50 to a page; an empty list after the last page.

        Each: ``number``, ``task``, ``title``, ``bureau``, ``division``, ``state`` (committed, drawn,
        voided), ``locked_at``, ``announced_for``, ``drawn_at`` (UTC, ISO 8601, null before the draw),
        ``commitment``, ``page_url``, and, null before the draw, ``certificate_url`` and the ``digest`` of
        its bytes.
        """
        publications = request.env["srsp.publication"]
        rosters = publications.search(
            in_force("roster"), limit=PER_PAGE, offset=(read_page(page) - 1) * PER_PAGE
        )
        draws = publications.search(
            in_force("draw") & Domain("reference", "in", rosters.mapped("reference"))
        ).grouped(lambda draw: (draw.company_id, draw.reference))
        rows = [
            self._prepare_draw(
                roster, draws.get((roster.company_id, roster.reference), publications)
            )
            for roster in rosters
        ]
        return request.make_json_response(rows, JSON_HEADERS)

    def _prepare_draw(self, roster, draw):
        payload = json.loads(roster.payload)
        # A website without a domain, such as a trial server's, has the address that the visitor used. A forged
        # ``Host`` changes it for that visitor alone: nothing caches the answer.
        base = request.website.domain or request.httprequest.host_url.rstrip("/")
        return {
            "number": roster.reference,
            "task": payload["draw"]["task"],
            "title": payload["draw"]["task_name"],
            "bureau": roster.bureau_name,
            "division": roster.division_name,
            "state": draw.draw_state or roster.draw_state,
            "locked_at": payload["draw"]["locked_at"],
            "announced_for": payload["commitment"]["randomness"]["announced_for"],
            "drawn_at": draw.formed_at.isoformat() + "Z" if draw else None,
            "commitment": payload["commitment"],
            "page_url": base + (draw or roster)._get_page_url(),
            "certificate_url": base + draw._get_certificate_url() if draw else None,
            "digest": draw.digest or None,
        }

    @http.route("/supervision/draws/<string:number>/certificate.json", **DOCUMENT)
    def certificate(self, number, version="", **_other):
        """Return the certificate's frozen bytes: of the version in force, or of the one in the address."""
        chosen = version.isascii() and version.isdecimal() and len(version) < 6
        publication = self._find_draw(number, int(version) if chosen else None)
        if not publication:
            return not_found(number)
        return self._send(publication, f"certificate-{number}.json", chosen)

    @http.route(
        ["/supervision/verify", "/supervision/draws/<string:number>/verify"],
        sitemap=False,
        **PUBLIC,
    )
    def verify(self, number="", **_other):
        """Show the page that recomputes a draw in the visitor's own browser."""
        publication = self._find_draw(number)
        if number and not publication:
            return not_found(number)
        labels = publication._get_labels()
        return request.render(
            "srsp_disclosure.verify",
            {
                "publication": publication,
                "labels": labels,
                "strata": labels["stratum"] | publication._name_strata(),
            },
        )

    @http.route(
        "/supervision/draws/<string:number>/codes.json",
        **{**DOCUMENT, "srsp_limit": MAX_LOOKUPS},
    )
    def codes(self, number, uscc="", **_other):
        """Return ``{"codes": [...]}``: the codes of a company in a draw, looked up by its whole credit code.

        A name, a part of a code or a code that the registry generated finds nothing, so that a natural
        person is never found. Status 400 if ``uscc`` is not a credit code.
        """
        publication = self._find_draw(number)
        if not publication:
            return not_found(number)
        uscc = clean(uscc)
        valid = is_valid(uscc)
        if valid:
            refuse_above(MAX_LOOKUPS, number, uscc)
        codes = publication._find_codes(uscc) if valid else []
        return request.make_json_response(
            {"codes": codes}, JSON_HEADERS, status=200 if valid else 400
        )

    def _find_draw(self, number, version=None):
        """Return the publication of a draw's certificate: ``version``, or the one in force."""
        domain = in_force("draw")
        if version is not None:
            domain = Domain("kind", "=", "draw") & Domain("version", "=", version)
        return request.env["srsp.publication"].search(
            domain & Domain("reference", "=", storable(number)), limit=1
        )

    @http.route("/supervision/publication/<string:number>/payload.json", **DOCUMENT)
    def payload(self, number):
        """Return the frozen bytes of any publication."""
        publication = find_publication(number)
        if not publication:
            return not_found(number)
        return self._send(publication, f"{number}.json", True)

    @http.route("/supervision/verify_draw.py", **DOCUMENT)
    def verifier(self):
        """Return the program that recomputes a draw from its certificate."""
        stream = http.Stream.from_path(VERIFIER, public=True)
        return stream.get_response(as_attachment=True)

    def _send(self, publication, filename, immutable):
        """Return the bytes of a publication, to be cached for good if ``immutable``, else revalidated by digest.

        A large original is a file, of which a part can be asked for too (Range).
        """
        original = publication.sudo().original_id  # readable with its publication
        stream = http.Stream(type="data", data=publication.payload.encode())
        if original:
            try:
                stream = original._to_http_stream()
            except FileNotFoundError:
                _logger.error("The original of publication %s is lost", filename)
                values = {"publication": publication}
                page = request.render("srsp_disclosure.original_lost", values)
                page.status_code = 503
                return page
        stream.mimetype = "application/json; charset=utf-8"
        stream.etag, stream.public = publication.digest, True
        return stream.get_response(
            as_attachment=True, immutable=immutable, download_name=filename
        )
