"""What it costs to look at a memory of 500 sessions with 5,000 commits: to write the report, to keep it, to open it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from bench import ground, history
from bench.pairs import Bench, Measure, cpu
from tests.repository import Repo

SESSIONS, COMMITS = 500, 5000
_LONG_TASK = 200  # milliseconds: a page that is longer at something is felt to hang
_ROOM = 20  # megabytes
# Told by the browser of every task that took 50 ms or more, from the first one on.
_LISTEN = """() => { window.longest = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())
  window.longest = Math.max(window.longest, entry.duration) }).observe({ type: 'longtask', buffered: true }) }"""


def _memory(folder: Path) -> Repo:
    return history.write(folder / "repo", SESSIONS, COMMITS)


def _write(folder: Path) -> tuple[Measure, Measure]:
    repo = _memory(folder)
    log = cpu(["git", "log", "-p"], cwd=repo.path)
    return log, ground.python("-m", "patina_sessions", "report", "--out", "out.html", cwd=repo.path)


def _keep(folder: Path) -> tuple[Measure, Measure]:
    repo = _memory(folder)
    repo.patina("report", "--out", "out.html")
    size = (repo.path / "out.html").stat().st_size / 1e6
    return lambda: float(_ROOM), lambda: size


def _open(folder: Path) -> tuple[Measure, Measure]:
    repo = _memory(folder)
    repo.patina("report", "--out", "out.html")
    return lambda: float(_LONG_TASK), lambda: max(1.0, _longest(repo.path / "out.html"))


def _longest(page: Path) -> float:
    """Open the page in a browser, scroll it to its end, read a session, search; return its longest task."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page()
        tab.add_init_script(f"({_LISTEN})()")
        tab.goto(page.as_uri())
        for month in tab.locator("details.month:not([open]) summary").all()[:6]:
            month.click()
        for _ in range(40):
            tab.mouse.wheel(0, 800)
            tab.wait_for_timeout(16)
        tab.evaluate("() => { location.hash = document.querySelectorAll('.chapter')[250].dataset.id }")
        tab.locator(".session.open .unfold").click()
        tab.locator("#words").press_sequentially("tokenizer offsets")
        tab.locator("#hits-list li").first.wait_for()
        longest: float = tab.evaluate("() => window.longest")
        browser.close()
    return longest


BENCHES = (
    Bench(
        name="report",
        a=f"CPU seconds of git log -p of {COMMITS:,} commits",
        b=f"of patina report of them in {SESSIONS} sessions",
        bar=5,
        prepare=_write,
        rounds=5,
    ),
    Bench(
        name="report-size",
        a=f"{_ROOM} megabytes",
        b=f"the report of {SESSIONS} sessions with {COMMITS:,} commits",
        bar=1,
        prepare=_keep,
        rounds=1,
        counts="megabytes",
    ),
    *(
        (
            Bench(
                name="report-open",
                a=f"{_LONG_TASK} milliseconds",
                b="the longest task of Chromium that opens it, scrolls, reads a session and searches",
                bar=1,
                prepare=_open,
                rounds=5,
                counts="milliseconds",
            ),
        )
        if importlib.util.find_spec("playwright") and shutil.which("chromium")
        else ()  # this machine cannot look: make browser
    ),
)
