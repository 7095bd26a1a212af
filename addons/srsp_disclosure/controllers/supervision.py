"""The public pages. They read through the record rules of the public user, never through ``sudo``."""

from odoo import http
from odoo.fields import Domain
from odoo.http import request
from odoo.tools.sql import escape_psql

from odoo.addons.srsp_supervision.tools import clock
from odoo.addons.srsp_supervision.tools.uscc import clean

from ..models.publication.srsp_publication import KINDS

PER_PAGE = 20
LATEST = 5
MAX_PATH_LENGTH = (
    1000  # characters; the website's menu fails on a longer number and on `..`
)
PUBLIC = {
    "type": "http",
    "auth": "public",
    "website": True,
    "readonly": True,
    "srsp_limit": 300,  # requests a minute of one address
}
KIND_PATH = f"/supervision/<any({','.join(dict(KINDS))}):kind>"


def storable(text):
    """Return ``text`` without the character 0, which PostgreSQL cannot store: a search for it finds nothing."""
    return text.replace("\0", "\ufffd")


def read_page(text):
    """Return the page number in ``text``, from its first seven digits; 1 when it is not a number."""
    return max(int(text[:7]), 1) if text.isascii() and text.isdecimal() else 1


def in_force(kind):
    """Return the domain of the publications of a kind that are in force."""
    return Domain("kind", "=", kind) & Domain("state", "=", "published")


def find_publication(number):
    """Return the publication with this number, or none."""
    return request.env["srsp.publication"].search([("number", "=", storable(number))])


def not_found(sought=""):
    """Return a page with status 404 that leads back to the lists."""
    path = request.httprequest.path
    if len(path) > MAX_PATH_LENGTH or ".." in path.split("/"):
        return request.make_response("404 Not Found", status=404)
    response = request.render("srsp_disclosure.not_found", {"sought": sought})
    response.status_code = 404
    return response


class Supervision(http.Controller):
    @http.route("/supervision", sitemap=True, **PUBLIC)
    def landing(self):
        publications = request.env["srsp.publication"]
        return request.render(
            "srsp_disclosure.landing",
            {
                "counts": self._count_by_kind(),
                "draws": publications.search(in_force("draw"), limit=LATEST),
                "results": publications.search(in_force("result"), limit=LATEST),
                **self._get_key_numbers(),
            },
        )

    @http.route([KIND_PATH, f"{KIND_PATH}/page/<string:page>"], sitemap=False, **PUBLIC)
    def publications(self, kind, page="1", q="", year="", division="", **_other):
        if len(page) > 7:
            return not_found()
        publications = request.env["srsp.publication"]
        q, division = storable(q.strip()[:100]), storable(division[:100])
        terms = {"q": q, "year": year[:4], "division": division}
        # The versions in force, and those whose effective date is still to come.
        shown = Domain("kind", "=", kind) & Domain("state", "!=", "superseded")
        domain = shown & self._get_search_domain(**terms)
        total = publications.search_count(domain)
        pager = request.website.pager(
            url=f"/supervision/{kind}",
            total=total,
            page=read_page(page),
            step=PER_PAGE,
            url_args={key: value for key, value in terms.items() if value},
        )
        years = publications._read_group(shown, ["year"], order="year desc")
        divisions = publications._read_group(
            shown & Domain("division_name", "!=", False), ["division_name"]
        )
        return request.render(
            "srsp_disclosure.publications",
            {
                "kind": kind,
                "changes": self._count_changes() if kind == "draw" else {},
                "counts": self._count_by_kind(),
                "publications": publications.search(
                    domain, limit=PER_PAGE, offset=pager["offset"]
                ),
                "total": total,
                "pager": pager,
                "years": [str(value) for [value] in years],
                "divisions": [value for [value] in divisions],
                **terms,
            },
        )

    @http.route("/supervision/publication/<string:number>", sitemap=False, **PUBLIC)
    def publication(self, number):
        publication = find_publication(number)
        if not publication:
            return not_found(number)
        others = publication.search(
            [
                ("company_id", "=", publication.company_id.id),
                ("kind", "=", publication.kind),
                ("reference", "=", publication.reference),
                ("id", "!=", publication.id),
            ],
            order="version desc",
        )
        return request.render(
            "srsp_disclosure.publication",
            {
                "others": others,
                "kin": publication._get_kin(),
                **publication._get_page_values(),
            },
        )

    @http.route("/supervision/<path:anything>", sitemap=False, **PUBLIC)
    def nothing(self, anything):
        return not_found()

    def _count_changes(self):
        """Return ``{year: {kind: number}}``: how many draws were held, changed and voided."""
        return request.env["srsp.draw"]._count_changes(request.website.company_id)

    def _get_search_domain(self, q, year, division):
        """Return the domain of a search by a company's name, its credit code or a number; each has an index.

        Whatever is typed stands for itself, also ``%`` and ``_``, in any spelling.
        """
        domain = Domain.TRUE
        if q:
            domain &= (
                Domain("entity_code", "=", clean(q))
                | Domain("title", "ilike", escape_psql(q))
                | Domain("number", "=", clean(q))
                | Domain("reference", "=ilike", f"{escape_psql(clean(q))}%")
            )
        if year.isdecimal():
            domain &= Domain("year", "=", int(year))
        if division:
            domain &= Domain("division_name", "=", division)
        return domain

    def _count_by_kind(self):
        counts = request.env["srsp.publication"]._read_group(
            [("state", "!=", "superseded")], ["kind"], ["__count"]
        )
        return dict.fromkeys(dict(KINDS), 0) | dict(counts)

    def _get_key_numbers(self):
        """Return this year's draws and results, and the percentage of the results disclosed that were on time."""
        count = request.env["srsp.publication"].search_count
        this_year = Domain("year", "=", clock.today().year)
        results = this_year & in_force("result")
        disclosed = count(results & Domain("disclosed_on", "!=", False))
        late = count(results & Domain("was_late", "=", True))
        return {
            "draw_count": count(this_year & in_force("draw")),
            "result_count": count(results),
            "on_time": 100 * (disclosed - late) // disclosed if disclosed else None,
        }
