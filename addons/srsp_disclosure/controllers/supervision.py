"""The public pages. They read through the record rules of the public user, never through ``sudo``."""

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.srsp_supervision.tools import clock

PER_PAGE = 20
LATEST = 5
LONGEST_PATH = (
    1000  # characters; the website's menu cannot read a longer number in it, nor `..`
)
KINDS = ("list", "plan", "announcement", "roster", "draw", "result")
PUBLIC = {
    "type": "http",
    "auth": "public",
    "website": True,
    "readonly": True,
    "srsp_limit": 300,  # requests a minute of one address
}


def storable(text):
    """``text`` without the character 0, which PostgreSQL knows not: a search for it finds nothing."""
    return text.replace("\0", "\ufffd")


def read_page(text):
    """The number of the page that was asked for, of its first seven digits; 1 when it is none."""
    return max(int(text[:7]), 1) if text.isascii() and text.isdecimal() else 1


def not_found(sought=""):
    """A page with status 404 that leads back to the lists."""
    path = request.httprequest.path
    if len(path) > LONGEST_PATH or ".." in path.split("/"):
        return request.make_response("404 Not Found", status=404)
    response = request.render("srsp_disclosure.not_found", {"sought": sought})
    response.status_code = 404
    return response


class Supervision(http.Controller):
    @http.route("/supervision", sitemap=True, **PUBLIC)
    def landing(self):
        publications = request.env["srsp.publication"]
        year = clock.today().year
        return request.render(
            "srsp_disclosure.landing",
            {
                "counts": self._count_by_kind(),
                "draws": publications.search(self._in_force("draw"), limit=LATEST),
                "results": publications.search(self._in_force("result"), limit=LATEST),
                **self._get_key_numbers(year),
            },
        )

    @http.route(
        [
            "/supervision/<any(list,plan,announcement,roster,draw,result):kind>",
            "/supervision/<any(list,plan,announcement,roster,draw,result):kind>/page/<string:page>",
        ],
        sitemap=False,
        **PUBLIC,
    )
    def publications(self, kind, page="1", q="", year="", division="", **_other):
        if len(page) > 7:
            return not_found()
        publications = request.env["srsp.publication"]
        q, division = storable(q.strip()[:100]), storable(division[:100])
        terms = {"q": q, "year": year[:4], "division": division}
        domain = self._shown(kind) & self._get_search_domain(**terms)
        total = publications.search_count(domain)
        pager = request.website.pager(
            url=f"/supervision/{kind}",
            total=total,
            page=read_page(page),
            step=PER_PAGE,
            url_args={key: value for key, value in terms.items() if value},
        )
        years = publications._read_group(self._shown(kind), ["year"], order="year desc")
        divisions = publications._read_group(
            self._shown(kind) & Domain("division_name", "!=", False),
            ["division_name"],
        )
        return request.render(
            "srsp_disclosure.publications",
            {
                "kind": kind,
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
        publication = request.env["srsp.publication"].search(
            [("number", "=", storable(number))]
        )
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

    def _shown(self, kind):
        """What a list of publications shows: the versions in force, and those that wait for their day."""
        return Domain("kind", "=", kind) & Domain("state", "!=", "superseded")

    def _in_force(self, kind):
        return Domain("kind", "=", kind) & Domain("state", "=", "published")

    def _get_search_domain(self, q, year, division):
        """Whoever looks for a company types its name, its credit code or a number. Each way has its index."""
        domain = Domain.TRUE
        if q:
            domain &= Domain.OR(
                [
                    Domain("entity_code", "=", q.upper()),
                    Domain("title", "ilike", q),
                    Domain("number", "=", q.upper()),
                    Domain("reference", "=ilike", f"{q}%"),
                ]
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
        return {kind: dict(counts).get(kind, 0) for kind in KINDS}

    def _get_key_numbers(self, year):
        """Of this year: draws, results, and how many of the results reached every channel in time."""
        publications = request.env["srsp.publication"]
        this_year = Domain("year", "=", year)
        results = this_year & self._in_force("result")
        disclosed = publications.search_count(
            results & Domain("disclosed_on", "!=", False)
        )
        late = publications.search_count(results & Domain("was_late", "=", True))
        return {
            "draw_count": publications.search_count(this_year & self._in_force("draw")),
            "result_count": publications.search_count(results),
            "on_time": 100 * (disclosed - late) // disclosed if disclosed else None,
        }
