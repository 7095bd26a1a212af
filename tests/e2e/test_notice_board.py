"""The two lists and their comparison on paper: every page is whole, every line is on it.

Chromium prints the page that Odoo shows without wkhtmltopdf; where wkhtmltopdf is, its file is read as well.
"""

import io
import re
import shutil
import unicodedata

import pytest
from people import TIMEOUT, Person
from pypdf import PdfReader

A4_LANDSCAPE = (842, 595)  # points
# Fonts share glyphs between characters and radicals; of these, Unicode's own folding does not lead back.
RADICALS = str.maketrans(
    "戶⺠⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻣⻥⻦⻩⻬⻮⻰",
    "户民西见角贝车长门青页风飞食马骨鱼鸟黄齐齿龙",
)
CHINESE = {"lang": "zh_CN"}


@pytest.fixture(scope="module")
def policy(odoo_server):
    return Person(odoo_server, "policy")


@pytest.fixture
def prints(policy, new_page):
    """A function ``prints(report, record_id)``: the document as a list of its pages' texts, by who printed it."""

    def by_browser(address):
        page = new_page()
        page.context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value, "url": policy.url}
                for cookie in policy.session.cookies
            ]
        )
        page.goto(f"{policy.url}/report/html/{address}")
        return page.pdf(prefer_css_page_size=True, print_background=True)

    def by_server(address):
        answer = policy.session.get(
            f"{policy.url}/report/pdf/{address}", timeout=TIMEOUT
        )
        assert answer.status_code == 200, answer.text[:500]
        return answer.content

    def run(report, record_id):
        address = f"srsp_supervision.{report}/{record_id}"
        files = {"browser": by_browser(address)}
        if shutil.which("wkhtmltopdf"):
            files["server"] = by_server(address)
        return {printer: read_pages(data) for printer, data in files.items()}

    return run


def read_pages(data):
    """The letters of each page: a cell breaks its words over lines, a font draws its own quotation marks."""
    pages = PdfReader(io.BytesIO(data)).pages
    for page in pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        assert (round(width), round(height)) == pytest.approx(A4_LANDSCAPE, abs=2)
    return [squeeze(page.extract_text()) for page in pages]


def squeeze(text):
    folded = unicodedata.normalize("NFKC", text).translate(RADICALS)
    return re.sub(r"\W", "", folded)


def find_list(person, kind, in_force=True):
    domain = [("kind", "=", kind), ("is_in_force", "=", in_force)]
    [version] = person.find("srsp.list", domain, [], order="version desc", limit=1)
    return version


@pytest.mark.parametrize("kind", ["item", "duty"])
def test_every_line_of_a_list_stands_on_a_page_with_a_heading(policy, prints, kind):
    version = find_list(policy, kind)
    model = f"srsp.{kind}"
    lines = policy.find(model, [("list_id", "=", version["id"])], [])
    labels = policy.call(
        model, "fields_get", ["name", "legal_basis_ids"], context=CHINESE
    )
    assert lines
    for printer, pages in prints("srsp_list_document", version["id"]).items():
        first = pages[0]
        for words in (version["company_id"][1], version["approval_number"]):
            assert squeeze(words) in first, printer
        for page in pages:
            for label in labels.values():
                assert squeeze(label["string"]) in page, printer
        for line in lines:
            on = [page for page in pages if squeeze(line["code"]) in page]
            assert len(on) == 1, (printer, line["code"])
            assert squeeze(line["name"]) in on[0], printer
        for name in ("content", "standard"):
            for line in lines if kind == "item" else ():
                assert squeeze(line[name] or "") in "".join(pages), printer


def test_the_comparison_shows_each_line_that_differs(policy, prints):
    version = find_list(policy, "item")
    comparison = policy.call("srsp.list", "action_compare", [version["id"]])["res_id"]
    lines = policy.find("srsp.item", [("list_id", "=", version["id"])], [])
    base = policy.find("srsp.list.comparison", [("id", "=", comparison)], ["base_id"])
    assert base[0]["base_id"] is False  # the first version: all of it is new
    for printer, pages in prints("srsp_list_comparison_document", comparison).items():
        for line in lines:
            for name in ("code", "name", "content", "standard"):
                assert squeeze(line[name] or "") in "".join(pages), (printer, name)
