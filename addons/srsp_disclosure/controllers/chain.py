"""The heads of the integrity chain, for whoever wants to keep one and compare it later."""

from odoo import http
from odoo.http import request

from odoo.addons.srsp_supervision.tools.clock import beijing_time, iso

from .documents import DOCUMENT, JSON_HEADERS
from .supervision import PUBLIC, read_page

HEADS_PER_PAGE = 50


class Chain(http.Controller):
    @http.route(
        ["/supervision/chain", "/supervision/chain/page/<string:page>"],
        sitemap=False,
        **PUBLIC,
    )
    def heads(self, page="1", **_other):
        """Show the heads that were sent, newest first, and how to compare one that was kept."""
        heads = request.env["srsp.chain.head"]
        pager = request.website.pager(
            url="/supervision/chain",
            total=heads.search_count([]),
            page=read_page(page),
            step=HEADS_PER_PAGE,
        )
        return request.render(
            "srsp_disclosure.chain",
            {
                "heads": self._find_heads(pager["offset"]),
                "pager": pager,
                "beijing_time": beijing_time,
            },
        )

    @http.route("/supervision/chain.json", **DOCUMENT)
    def feed(self, page="1", **_other):
        """Return the heads, newest first, 50 to a page; an empty list after the last page.

        Each: ``format``, ``sequence`` and ``hash`` of the last event, ``event_at`` and ``sent_at`` (UTC, ISO 8601).
        """
        rows = [
            {
                "format": "srsp-chain-head/1",
                "sequence": head.sequence,
                "hash": head.hash,
                "event_at": iso(head.event_at),
                "sent_at": iso(head.sent_at),
            }
            for head in self._find_heads((read_page(page) - 1) * HEADS_PER_PAGE)
        ]
        headers = {**JSON_HEADERS, "Cache-Control": "public, max-age=600"}
        return request.make_json_response(rows, headers)

    def _find_heads(self, offset):
        return request.env["srsp.chain.head"].search(
            [], limit=HEADS_PER_PAGE, offset=offset
        )
