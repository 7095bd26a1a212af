"""What outsiders rely on: the frozen bytes themselves, the index of draws, the verifier."""

import hashlib
import json

from odoo import http
from odoo.http import request
from odoo.tools import file_open

from odoo.addons.srsp_supervision.tools.uscc import is_valid

from ..models.site.rate_limit import refuse_above
from .supervision import PUBLIC, not_found, read_page, storable

PER_PAGE = 50
VERIFIER = "srsp_supervision/tools/verify_draw.py"
DOCUMENT = {**PUBLIC, "multilang": False, "sitemap": False, "methods": ["GET"]}
LOOKUPS = 30  # a minute: of one address, and of one company by everybody
A_YEAR = 365 * 24 * 3600


class Documents(http.Controller):
    @http.route("/supervision/draws.json", **DOCUMENT)
    def draws(self, page="1", **_other):
        """The draws, newest first, 50 to a page; an empty list behind the last one.

        Each: ``number``, ``task``, ``title``, ``bureau``, ``division``, ``state`` (committed, drawn,
        voided), ``locked_at``, ``announced_for``, ``drawn_at`` (UTC, ISO 8601, null before the draw),
        ``commitment``, and, null before the draw, ``certificate_url`` and the ``digest`` of its bytes.
        """
        publications = request.env["srsp.publication"]
        rosters = publications.search(
            [("kind", "=", "roster"), ("state", "=", "published")],
            order="formed_at desc, id desc",
            limit=PER_PAGE,
            offset=(read_page(page) - 1) * PER_PAGE,
        )
        draws = publications.search(
            [
                ("kind", "=", "draw"),
                ("state", "=", "published"),
                ("reference", "in", rosters.mapped("reference")),
            ]
        )
        by_number = {(draw.company_id, draw.reference): draw for draw in draws}
        rows = [
            self._prepare_draw(
                roster, by_number.get((roster.company_id, roster.reference), draws[:0])
            )
            for roster in rosters
        ]
        body = json.dumps(rows, ensure_ascii=False).encode()
        return self._send(body, "application/json; charset=utf-8")

    def _prepare_draw(self, roster, draw):
        payload = json.loads(roster.payload)
        base = self._get_base_url()
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

    def _get_base_url(self):
        """The website's domain; where none is set, as on a trial server of any port, the address that
        the visitor used (which a forged ``Host`` changes for that visitor alone: nothing caches it)."""
        return request.website.domain or request.httprequest.host_url.rstrip("/")

    @http.route("/supervision/draws/<string:number>/certificate.json", **DOCUMENT)
    def certificate(self, number, version="", **_other):
        """The certificate's frozen bytes: the version in force, or the one asked for."""
        domain = [("kind", "=", "draw"), ("reference", "=", storable(number))]
        asked = version.isascii() and version.isdecimal() and len(version) < 6
        if asked:
            domain.append(("version", "=", int(version)))
        else:
            domain.append(("state", "=", "published"))
        publication = request.env["srsp.publication"].search(domain, limit=1)
        if not publication:
            return not_found(number)
        return self._send_payload(
            publication, f"certificate-{number}.json", frozen=asked
        )

    @http.route(
        ["/supervision/verify", "/supervision/draws/<string:number>/verify"],
        sitemap=False,
        **PUBLIC,
    )
    def verify(self, number="", **_other):
        """The page that recomputes a draw in the visitor's own browser."""
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
        **{**DOCUMENT, "srsp_limit": LOOKUPS},
    )
    def codes(self, number, uscc="", **_other):
        """``{"codes": [...]}``: under which codes one company stands in a draw, by its very credit code.

        Nobody is found by a name, a part of a code, or a code that the registry made up: a natural person
        never is. Status 400 for what is no credit code.
        """
        publication = self._find_draw(number)
        if not publication:
            return not_found(number)
        known = is_valid(uscc)
        if known:
            refuse_above(LOOKUPS, number, uscc)
        codes = publication._find_codes(uscc) if known else []
        body = json.dumps({"codes": codes}).encode()
        response = self._send(body, "application/json; charset=utf-8")
        response.status_code = 200 if known else 400
        return response

    def _find_draw(self, number):
        """The certificate in force of a draw."""
        domain = [("kind", "=", "draw"), ("reference", "=", storable(number))]
        return request.env["srsp.publication"].search(
            [*domain, ("state", "=", "published")], limit=1
        )

    @http.route("/supervision/publication/<string:number>/payload.json", **DOCUMENT)
    def payload(self, number):
        """The frozen bytes of any publication."""
        publication = request.env["srsp.publication"].search(
            [("number", "=", storable(number))]
        )
        if not publication:
            return not_found(number)
        return self._send_payload(publication, f"{number}.json", frozen=True)

    @http.route("/supervision/verify_draw.py", **DOCUMENT)
    def verifier(self):
        """The program that recomputes a draw from its certificate."""
        with file_open(VERIFIER, "rb") as file:
            body = file.read()
        digest = hashlib.sha256(body).hexdigest()
        return self._send(
            body, "text/x-python; charset=utf-8", "verify_draw.py", digest
        )

    def _send_payload(self, publication, filename, frozen):
        original = publication.sudo().original_id  # whoever may read the one, the other
        if original:
            return self._stream(original, publication, filename, frozen)
        return self._send(
            publication.payload.encode(),
            "application/json; charset=utf-8",
            filename,
            publication.digest,
            A_YEAR if frozen else 0,
        )

    def _stream(self, original, publication, filename, frozen):
        """A file, piece by piece; also a part of it that is asked for (Range)."""
        stream = original._to_http_stream()
        stream.etag, stream.public = publication.digest, True
        response = stream.get_response(
            as_attachment=True, immutable=frozen, download_name=filename
        )
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        if not frozen:
            response.headers["Cache-Control"] = "no-cache"
        return response

    def _send(self, body, content_type, filename=None, digest=None, max_age=0):
        """Bytes as they are; with a digest they can be kept and asked about again (ETag)."""
        headers = [
            ("Content-Type", content_type),
            ("X-Content-Type-Options", "nosniff"),
            (
                "Cache-Control",
                f"public, max-age={max_age}, immutable" if max_age else "no-cache",
            ),
        ]
        if filename:
            headers.append(("Content-Disposition", http.content_disposition(filename)))
        response = request.make_response(body, headers)
        if digest:
            response.set_etag(digest)
            response.make_conditional(request.httprequest)
        return response
