"""A real browser: Debian's Chromium without a window, with an empty profile, driven by Playwright.

Each test is skipped, loudly, where the browser, its driver or axe-core is missing; PATINA_REQUIRE_BROWSER=1 makes that a
failure. `make browser` installs the latter two.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench import history
from tests.browser.looking import Looking, hostile
from tests.repository import Repo

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AXE = Path(__file__).resolve().parents[2] / ".venv/browser/node_modules/axe-core/axe.min.js"
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()


@functools.cache
def missing() -> str | None:
    """Return what is not there to look with, None where all is."""
    if _chromium() is None:
        return "no chromium on PATH: apt-get install chromium"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "no Playwright: make browser"
    return None if AXE.exists() else "no axe-core: make browser"


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session", autouse=True)
def required() -> None:
    """Skip what cannot be looked at, or fail where the machine is said to have a browser."""
    why = missing()
    if why is not None:
        said = (
            "browser" in os.environ.get("REQUIRE", "").split()
            or os.environ.get("PATINA_REQUIRE_BROWSER") == "1"
        )
        (pytest.fail if said else pytest.skip)(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested on this machine."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "/browser/" in f"/{r.nodeid}"]
    if skipped:
        terminalreporter.write_line(
            f"NOT TESTED: the report in a browser. {len(skipped)} tests were skipped: {missing()}",
            yellow=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def browser(required: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return the browser, with a profile that nobody has used."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Playwright gives each browser an empty --user-data-dir of its own, and removes it.
        started = driver.chromium.launch(executable_path=_chromium(), args=QUIET)
        yield started
        started.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Looking]]:
    """Return an opener of pages: `look(file, width=400, color_scheme="dark")`. At the end nothing may have gone wrong."""
    opened: list[Looking] = []

    def opener(where: Path | str, *, width: int = 1280, height: int = 900, **options: Any) -> Looking:
        url = where if isinstance(where, str) else where.as_uri()
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(30_000)
        opened.append(Looking.at(context.new_page(), url))
        return opened[-1]

    yield opener
    for one in opened:
        one.page.context.close()
    for one in opened:
        assert not one.wrong, "\n".join(one.wrong)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a project of some months."""
    repo = history.write(tmp_path_factory.mktemp("made") / "tessera", 14, 60)
    return _report(repo)


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a project in which somebody has put what acts into everything that has a name."""
    return _report(hostile(tmp_path_factory.mktemp("hostile") / "repo"))


def _report(repo: Repo) -> Path:
    repo.patina("report", "--out", "report.html")
    return repo.path / "report.html"


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core as a script."""
    return AXE.read_text()
