"""Take a picture of every screen that somebody of the demo sees, in Chinese, from a server that is running.

For each login: the page after signing in, every menu, and the first record behind it. With --public, the public pages
too. It reads and never saves. It ends with 1 when a screen shows an error or does not come up, and takes the others.
"""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

from browser import open_browser, open_page
from desk import sign_in
from forms import REFUSED, Walk
from playwright.sync_api import Error
from playwright.sync_api import TimeoutError as Timeout

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = (
    "",
    *(f"/{kind}" for kind in "list plan announcement roster draw result chain".split()),
)
RECORD = (
    ".o_data_row .o_data_cell:visible, .o_kanban_record:not(.o_kanban_ghost):visible"
)
# The client loads nothing and every picture is there. (Its websocket keeps the network busy for good.)
QUIET = """() => !document.querySelector('.o_loading_indicator, .o_view_sample_data .o_loading')
    && [...document.images].every(image => image.complete)"""
OPENS = 5_000  # milliseconds in which a record comes up, if a click opens one
FORM = ".o_form_view .o_form_renderer"


class Album:
    """Pictures of one person's screens in a folder; ``failures`` names those that could not be taken as they should."""

    count = 0  # pictures of this run, of everybody

    def __init__(self, page, folder):
        self.page, self.folder, self.failures = page, folder, []
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, name, show):
        """Bring a screen up with ``show()`` and take its picture, also of what went wrong."""
        try:
            show()
            self.page.wait_for_load_state("load")
            self.page.wait_for_function(QUIET)
            said = self.page.locator(REFUSED).all_inner_texts()
        except (Error, AssertionError) as error:
            said = [str(error).splitlines()[0]]
        path = self.folder / f"{name}.png"
        try:
            self.page.screenshot(path=path, animations="disabled", timeout=OPENS)
            Album.count += 1
        except Error:  # there is no page at all: ``said`` tells why
            said = said or ["no picture of it could be taken"]
        if said:
            self.failures.append(f"{path}: {' '.join(' '.join(said).split())[:200]}")


def take_back_office(page, server, login, folder):
    """Pictures of what ``login`` sees; returns the failures."""
    try:
        sign_in(page, server, login)
    except (Error, AssertionError) as error:
        return [str(error).splitlines()[0]]
    album = Album(page, folder)
    album.take("00_home", lambda: page.wait_for_selector(".o_action_manager > *"))
    walk = Walk(page, server)
    for number, place in enumerate(walk.menus, 1):
        name = (
            f"{number:02}_{place[1]['xmlid'].partition('.')[2].removesuffix('_menu')}"
        )
        album.take(name, lambda place=place: walk.open(*place))
        record = page.locator(RECORD).first
        if record.count():
            if opens(page, record):
                album.take(f"{name}_form", lambda: None)
            walk.at_home = False
    return album.failures


def opens(page, record):
    """Open the first record; False where a list is edited in place or opens nothing."""
    record.click()
    try:
        page.wait_for_selector(FORM, timeout=OPENS)
    except Timeout:
        return False
    return True


def take_public_pages(page, server, folder):
    """Pictures of the public pages and of the newest publication of each kind; returns the failures."""
    album = Album(page, folder)

    def visit(address):
        answer = page.goto(server.url + address)
        assert answer.ok, f"{address} answers {answer.status}"

    for path in PUBLIC:
        name = path.strip("/") or "landing"
        album.take(name, lambda path=path: visit(f"/supervision{path}"))
        link = page.locator("a[href*='/supervision/publication/']").first
        if path and link.count():
            address = link.get_attribute("href")
            album.take(f"{name}_page", lambda address=address: visit(address))
    return album.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "logins", nargs="*", help="people of the demo, e.g. survey_manager policy"
    )
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--out", type=Path, default=ROOT / ".local/screenshots")
    parser.add_argument("--public", action="store_true", help="the public pages too")
    parser.add_argument("--phone", action="store_true", help="as wide as a phone")
    given = parser.parse_args()
    if not given.logins and not given.public:
        parser.error("name a login, or give --public")
    server = SimpleNamespace(url=given.url.rstrip("/"))
    size = (
        {"width": 390, "height": 844} if given.phone else {"width": 1440, "height": 900}
    )
    failures = []
    with open_browser() as chromium:
        for login in given.logins:
            page = open_page(chromium, viewport=size)
            failures += take_back_office(page, server, login, given.out / login)
        if given.public:
            page = open_page(chromium, viewport=size)
            failures += take_public_pages(page, server, given.out / "public")
    print(f"{Album.count} pictures in {given.out}")
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
