"""The browser of the tests and of the pictures: Chromium, as Playwright drives it, in Chinese and in Fuzhou."""

import contextlib
import shutil

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CONTEXT = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "accept_downloads": True}


@contextlib.contextmanager
def open_browser():
    """Chromium, until the block ends."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, "no Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


def open_page(chromium, **options):
    """A page of somebody's own, with own cookies."""
    return chromium.new_context(**CONTEXT, **options).new_page()
