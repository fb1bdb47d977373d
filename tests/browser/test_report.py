"""The report as a person meets it: in a browser, with a mouse, with the keyboard alone, in the dark, on a phone, on paper."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.looking import ATTACKS, Looking
from tests.repository import Repo
from tests.waiting import until

pytestmark = pytest.mark.browser

Look = Callable[..., Looking]
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"width": 400, "height": 800},
}


def sessions(one: Looking) -> list[str]:
    """Return the anchors of the sessions, the latest first."""
    found: list[str] = one.page.eval_on_selector_all(
        ".chapter, article.session", "(all) => all.map((e) => e.dataset.id || e.id)"
    )
    return found


def busiest(one: Looking) -> str:
    """Return the anchor of the session with the most diffs."""
    found: str = one.page.evaluate(
        "() => [...document.querySelectorAll('.chapter')].sort((a, b) =>"
        " b.textContent.split('class=\"change\"').length - a.textContent.split('class=\"change\"').length)[0].dataset.id"
    )
    return found


def test_it_opens_on_the_overview_without_an_error_or_a_request(look: Look, made: Path) -> None:
    one = look(made)
    assert one.page.title() == "tessera · Patina Sessions"
    assert one.page.locator("#overview").is_visible()
    assert one.page.locator("article.session:visible").count() == 0
    for anchor in sessions(one):
        one.go(anchor)
        assert one.page.locator("article.session:visible").count() == 1
        assert one.page.locator(f"#{anchor} h1").is_visible()
        assert not one.page.locator("#overview").is_visible()
        assert one.page.title().startswith(one.page.locator(f"#{anchor} h1").inner_text())
    one.page.go_back()
    one.settle()
    assert one.page.locator("article.session.open").get_attribute("id") == sessions(one)[-2]


def test_a_link_to_a_session_or_an_entry_opens_there(look: Look, made: Path) -> None:
    anchor = sessions(look(made))[3]
    entry = look(f"{made.as_uri()}#{anchor}-e2")
    assert entry.page.locator(f"#{anchor}").is_visible()
    assert entry.page.locator(f"#{anchor}-e2").evaluate("(e) => e.getBoundingClientRect().top < innerHeight")
    nowhere = look(f"{made.as_uri()}#%E0%A4%A")
    assert nowhere.page.locator("#overview").is_visible()


def test_every_link_leads_where_it_says(look: Look, made: Path) -> None:
    one = look(made)
    one.page.evaluate("() => document.querySelectorAll('details.month').forEach((e) => { e.open = true })")
    followed: set[str] = set()
    for place in ("overview", *sessions(one)):
        one.go(place)
        targets = one.page.eval_on_selector_all(
            "a[href]", "(all) => all.filter((e) => e.checkVisibility()).map((e) => e.getAttribute('href'))"
        )
        for target in dict.fromkeys(targets):
            assert target.startswith("#"), f"{target} leads out of a page of which nobody said so"
            if target not in followed:
                followed.add(target)
                _follow(one, place, target)
    assert len(followed) > 20


def _follow(one: Looking, place: str, target: str) -> None:
    one.go(place)
    one.page.locator(f'a[href="{target}"]:visible').first.focus()
    one.page.keyboard.press("Enter")
    one.settle()
    assert one.page.evaluate("() => location.hash") == target
    where = one.page.locator(f'[id="{target[1:]}"]')
    assert where.is_visible(), target
    top = where.evaluate("(e) => e.getBoundingClientRect().top")
    size = one.page.viewport_size
    assert size is not None
    assert -2000 < top < size["height"], target


def test_a_session_of_the_timeline_is_opened_by_a_click(look: Look, made: Path) -> None:
    one = look(made)
    link = one.page.locator(".timeline a").first
    link.click()
    one.settle()
    assert (
        one.page.locator("article.session.open").get_attribute("id") == (link.get_attribute("href") or "")[1:]
    )


def test_a_diff_is_unpacked_when_it_is_opened(look: Look, made: Path) -> None:
    one = look(made)
    one.go(busiest(one))
    change = one.page.locator(".session.open details.change").first
    assert change.locator("pre").count() == 0
    change.locator("summary").click()
    change.locator(".diff").wait_for()
    assert change.locator("pre").first.inner_text().startswith("diff --git a/")
    assert change.locator(".added").count() > 0
    colours = {
        kind: change.locator(f".{kind}").first.evaluate("(e) => getComputedStyle(e).backgroundColor")
        for kind in ("added", "head")
    }
    assert colours["added"] != colours["head"]
    unfold = one.page.locator(".session.open button.unfold")
    unfold.click()
    every = one.page.locator(".session.open details.change")
    one.page.wait_for_function(
        "() => [...document.querySelectorAll('.session.open details.change')].every((e) => e.open && e.querySelector('pre'))"
    )
    assert "no room" not in one.page.locator(".session.open").inner_text()
    unfold.click()
    assert not any(every.nth(n).evaluate("(e) => e.open") for n in range(every.count()))


def test_the_search_finds_words_of_a_session_and_leads_to_the_entry(look: Look, made: Path) -> None:
    one = look(made)
    one.go(busiest(one))
    entry = one.page.locator(".entry.commit h3").nth(3).text_content() or ""
    one.go("overview")
    subject = entry.partition(": ")[2]
    one.page.locator("#words").press_sequentially(subject)
    one.page.locator("#hits-list li").first.wait_for()
    assert re.match(r"\d+ sessions?$", one.page.locator("#hits-count").inner_text())
    assert one.page.locator("#hits-list mark").count() > 0
    assert not one.page.locator("#overview").is_visible()
    said = one.page.locator("#hits-list li p").all_inner_texts()
    assert any(subject in line for line in said)
    one.page.locator("#hits-list a").first.click()
    one.settle()
    assert one.page.locator("article.session.open").count() == 1
    assert not one.page.locator("#hits").is_visible()
    one.page.fill("#words", "nowhere-to-be-found")
    one.page.wait_for_function("() => document.querySelector('#hits-count').textContent === '0 sessions'")
    one.page.keyboard.press("Escape")
    assert one.page.locator("article.session.open").is_visible()
    assert one.focused().startswith("INPUT")


def test_the_theme_is_the_system_s_until_one_is_chosen_and_the_choice_stays(look: Look, made: Path) -> None:
    one = look(made, color_scheme="dark")

    def paper() -> str:
        colour: str = one.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        return colour

    dark, button = paper(), one.page.locator("#theme")
    assert button.inner_text() == "Theme: system"
    button.click()
    assert button.inner_text() == "Theme: light"
    light = paper()
    assert light != dark

    def again() -> str:
        one.page.reload()
        return paper()

    # A busy browser writes the choice down a moment after the click.
    until(lambda: again() == light, "the choice to be kept")
    button.click()
    assert (button.inner_text(), paper()) == ("Theme: dark", dark)
    button.click()
    assert (button.inner_text(), paper()) == ("Theme: system", dark)


@pytest.mark.parametrize("view", ["light", "narrow"])
def test_the_keyboard_alone_reaches_all_of_it_and_sees_where_it_is(look: Look, made: Path, view: str) -> None:
    one = look(made, **VIEWS[view])
    assert set(one.tabbed()) >= one.reachable()
    one.go(busiest(one))
    found = one.tabbed()
    assert set(found) >= one.reachable()
    assert len(found) > 5


def test_the_keyboard_alone_does_all_of_it(look: Look, made: Path) -> None:
    one = look(made)
    press = one.page.keyboard.press
    press("Tab")
    assert one.focused() == "A Skip to the content"
    press("Enter")
    assert one.page.evaluate("() => document.activeElement.id") == "content"
    one.page.locator("details.month summary").nth(0).focus()
    press("Space")
    assert not one.page.locator("details.month").nth(0).evaluate("(e) => e.open")
    press("Enter")
    assert one.page.locator("details.month").nth(0).evaluate("(e) => e.open")
    press("Tab")
    press("Tab")
    assert one.page.evaluate("() => document.activeElement.closest('.timeline') !== null")
    press("Enter")
    one.settle()
    assert one.focused().startswith("H1 "), "a reader is told which page is open now"
    one.go(busiest(one))
    one.page.locator(".session.open details.change summary").first.focus()
    press("Space")
    one.page.locator(".session.open details.change .diff").first.wait_for()


@pytest.mark.parametrize("view", list(VIEWS))
def test_axe_finds_nothing_wrong(look: Look, made: Path, axe: str, view: str) -> None:
    one = look(made, **VIEWS[view])
    one.page.evaluate("() => document.querySelectorAll('details').forEach((e) => { e.open = true })")
    assert one.violations(axe) == []
    one.go(busiest(one))
    one.page.evaluate(
        "() => document.querySelectorAll('.session.open details').forEach((e) => { e.open = true })"
    )
    one.page.locator(".session.open .diff .added").first.wait_for(state="attached")
    assert one.violations(axe) == []
    one.page.fill("#words", "tokenizer")
    one.page.locator("#hits-list li").first.wait_for()
    assert one.violations(axe) == []


def test_a_narrow_screen_is_never_scrolled_sideways(look: Look, made: Path) -> None:
    one = look(made, **VIEWS["narrow"])
    one.page.evaluate("() => document.querySelectorAll('details').forEach((e) => { e.open = true })")
    for place in ("overview", *sessions(one)[:4], busiest(one)):
        one.go(place)
        assert one.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), place


def test_without_scripts_it_is_one_long_document(look: Look, made: Path) -> None:
    one = look(made, java_script_enabled=False)
    everything = one.page.locator("article.session")
    assert everything.count() == 14
    assert all(everything.nth(n).is_visible() for n in range(14))
    assert one.page.locator("#overview").is_visible()
    assert not one.page.locator("#theme").is_visible()
    assert not one.page.locator("#words").is_visible()
    assert one.page.locator("#overview a").count() > 20
    for href in one.page.locator("#sessions a").evaluate_all(
        "(all) => all.map((e) => e.getAttribute('href'))"
    ):
        assert one.page.locator(f"article{href}").count() == 1


def test_on_paper_stands_what_is_read_and_no_control(look: Look, made: Path) -> None:
    one = look(made, color_scheme="dark")
    one.go(busiest(one))
    one.page.emulate_media(media="print")
    assert not one.page.locator("#theme").is_visible()
    assert not one.page.locator(".beside:visible").count()
    assert one.page.locator(".session.open h1").is_visible()
    assert one.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(one.page.pdf()) > 5000


def test_one_session_s_page_stands_alone(look: Look, made: Path, axe: str, tmp_path: Path) -> None:
    session = busiest(look(made))[2:]
    Repo(made.parent).patina("report", "--session", session, "--out", str(tmp_path / "one.html"))
    one = look(tmp_path / "one.html")
    assert one.page.locator("article.session").is_visible()
    assert one.page.locator(".tiles").count() == 0
    assert set(one.tabbed()) >= one.reachable()
    one.page.locator("button.unfold").click()
    one.page.locator(".diff").first.wait_for()
    assert one.violations(axe) == []


# -------------------------------------------------------------------------------------------------- hostile journals


def test_a_hostile_memory_runs_nothing_fetches_nothing_and_forges_nothing(
    look: Look, hostile_report: Path, axe: str
) -> None:
    one = look(hostile_report)
    anchors = sessions(one)
    assert len(anchors) == len(ATTACKS) + 2
    assert one.page.locator("#overview h1").count() == 1
    assert one.page.locator("style").count() == 1
    assert one.page.locator("script:not([type])").count() == 2
    assert (
        one.page.locator("base, iframe, img, object, embed, meta[http-equiv=refresh], template").count() == 0
    )
    assert one.page.locator("[onload], [onerror], [onclick], [onfocus], [onbegin], [style]").count() == 0
    for anchor in anchors:
        one.go(anchor)
        assert one.page.locator("article.session:visible").count() == 1
        assert one.page.locator(f"#{anchor} h1").count() == 1
        one.page.evaluate(
            "() => document.querySelectorAll('.session.open details').forEach((e) => { e.open = true })"
        )
        one.settle()
        for link in one.page.locator(f"#{anchor} .prose a").all():
            href = link.get_attribute("href") or ""
            assert re.match(r"https?://|mailto:", href), href
    one.page.wait_for_function(
        "() => [...document.querySelectorAll('.session.open details.change')].every((e) => e.querySelector('pre'))"
    )
    shown = "\n".join(one.page.locator("main").all_text_contents())
    assert "<script>window.ran=1</script>" in shown
    assert "{{ 7*7 }}" in shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    for words in ("window.ran", "<script>", "</article>", "forged"):
        one.page.fill("#words", words)
        one.page.wait_for_timeout(200)
        one.settle()
    assert one.page.locator("#hits-list script, #hits-list h1").count() == 0
    assert one.page.evaluate("() => window.ran") is None
    assert one.violations(axe) == []


def test_what_gets_into_the_page_all_the_same_is_held_by_its_policy(
    look: Look, made: Path, tmp_path: Path
) -> None:
    """The policy is the second wall: with the first one torn down by hand, nothing runs either."""
    page = made.read_text()
    inside = "".join(attack for attack in ATTACKS if "refresh" not in attack and "autofocus" not in attack)
    torn = page.replace('<main id="content"', f'{inside}<main id="content"', 1)
    assert torn != page
    (tmp_path / "torn.html").write_text(torn)
    one = look(tmp_path / "torn.html")
    one.settle()
    assert one.page.evaluate("() => window.ran") is None
    refused = [said for said in one.wrong if "Content Security Policy" in said]
    assert refused, "the browser said nothing: was the attack there at all?"
    assert not [said for said in one.wrong if said.startswith(("dialog", "a window"))]
    one.wrong.clear()


# ------------------------------------------------------------------------------------------------------------- live


def test_a_page_that_is_served_shows_what_happens_by_itself(
    look: Look, new_repo: Callable[..., Repo]
) -> None:
    repo = new_repo("live")
    repo.commit("chore: begin", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "While it runs")
    command = [sys.executable, "-P", "-u", "-m", "patina_sessions", "report", "--serve"]
    with subprocess.Popen(command, cwd=repo.path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[1]
        one = look(url)
        one.go(sessions(one)[0])
        repo.patina("note", "Seen without a key")
        one.page.get_by_text("Seen without a key").wait_for()
        assert one.page.locator("article.session.open").count() == 1, "the same session is open still"
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0
        one.page.wait_for_function("() => document.documentElement.classList.contains('gone')")
    one.wrong = [said for said in one.wrong if "ERR_CONNECTION_REFUSED" not in said]
