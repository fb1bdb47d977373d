"""Takes a picture of a report: python docs/pictures.py NAME REPORT. Needs what `make browser` installs.

The picture is put into docs/pictures, or where --into says.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDE, NARROW = {"width": 1280, "height": 960}, {"width": 400, "height": 860}


def main() -> None:
    """Take the picture that is asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("name", choices=VIEWS)
    asked.add_argument("report", type=Path)
    asked.add_argument("--into", type=Path, default=Path(__file__).with_name("pictures"))
    given = asked.parse_args()
    size, scheme, do = VIEWS[given.name]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
        page.goto(given.report.resolve().as_uri())
        do(page)
        page.screenshot(path=given.into / f"{given.name}.png")
        browser.close()


def _overview(page: Page) -> None:
    page.locator("#overview").wait_for()


def _tests(page: Page) -> None:
    page.evaluate("() => { location.hash = 'tests' }")
    page.locator("#tests").wait_for()
    page.wait_for_timeout(200)  # what was not laid out before is now, and the page stands still


def _session(page: Page) -> None:
    page.locator("#sessions tbody a").nth(1).click()
    page.locator(".session.open .entry.commit .change summary").first.click()
    page.locator(".session.open .diff").first.wait_for()
    page.evaluate("() => window.scrollTo(0, 420)")


def _search(page: Page) -> None:
    page.locator("#words").press_sequentially("tokenizer offsets")
    page.locator("#hits-list li").first.wait_for()


VIEWS = {
    "overview-light": (WIDE, "light", _overview),
    "overview-dark": (WIDE, "dark", _overview),
    "tests-light": (WIDE, "light", _tests),
    "session-dark": (WIDE, "dark", _session),
    "overview-narrow": (NARROW, "light", _overview),
    "search-narrow": (NARROW, "dark", _search),
}


if __name__ == "__main__":
    main()
