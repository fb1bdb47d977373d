"""A page that is looked at, and everything about it that must not be: errors, requests, dialogs, what an intruder did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.repository import Repo

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

# What a person can reach; what is in a closed part, or not shown, cannot be.
_REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input, summary, [tabindex="0"]')].filter((e) => e.checkVisibility({visibilityProperty: true})
    ).map((e) => [...document.querySelectorAll('*')].indexOf(e))"""
_FOCUSED = "() => [...document.querySelectorAll('*')].indexOf(document.activeElement)"
_SHOWN = """() => {
  if (document.activeElement.matches('.skip')) return document.activeElement.getBoundingClientRect().left >= 0;
  const focused = document.activeElement.getBoundingClientRect();
  const top = document.querySelector('.top').getBoundingClientRect();
  return focused.bottom > 0 && focused.top < innerHeight && focused.width > 0 &&
    (getComputedStyle(document.querySelector('.top')).position !== 'sticky'
      || document.activeElement.closest('.top') || focused.bottom > top.bottom);
}"""


@dataclass
class Looking:
    """A page, and what was wrong so far."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, page: Page, url: str) -> Looking:
        """Open a page and listen to all that it says."""
        one = cls(page, url)
        here = url.partition("#")[0]
        page.on("console", lambda said: one.wrong.append(f"console {said.type}: {said.text}"))
        page.on("pageerror", lambda error: one.wrong.append(f"error: {error}"))
        page.on("dialog", one.dismiss)
        page.on("popup", lambda _: one.wrong.append("a window was opened"))
        page.on(
            "request",
            lambda asked: None if _is_of(asked.url, here) else one.wrong.append(f"asked for {asked.url}"),
        )
        page.goto(url)
        return one

    def dismiss(self, dialog: Dialog) -> None:
        """Note that somebody asked, and answer no."""
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, hash_: str) -> None:
        """Follow a link within the page by its hash, as the address bar does."""
        self.page.evaluate("(hash) => { location.hash = hash }", hash_)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has handled what was done to it."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))")

    def reachable(self) -> set[int]:
        """Return which elements a person can reach, by their place in the document."""
        return set(self.page.evaluate(_REACHABLE))

    def tabbed(self) -> list[int]:
        """Press Tab until all has been passed, and return what had the focus, by its place in the document.

        What has the focus must be in sight.
        """
        found: list[int] = []
        self.page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges(); }")
        for _ in range(2000):
            self.page.keyboard.press("Tab")
            at = self.page.evaluate(_FOCUSED)
            if at in found or at <= 3:  # html, head and body: the browser's own parts come next
                return found
            assert self.page.evaluate(_SHOWN), f"what has the focus is not in sight: {self.focused()}"
            found.append(at)
        raise AssertionError("Tab never came to an end")

    def focused(self) -> str:
        """Return the element that has the focus, as its tag and its words."""
        words: str = self.page.evaluate(
            "() => `${document.activeElement.tagName} ${document.activeElement.textContent.trim().slice(0, 80)}`"
        )
        return words

    def violations(self, axe: str) -> list[str]:
        """Return what axe-core says is wrong."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(axe)
        found: dict[str, Any] = self.page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        assert len(found["passes"]) > 10, "axe looked at nothing"
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in found["violations"]
            for node in one["nodes"][:3]
        ]


def _is_of(url: str, here: str) -> bool:
    if here.startswith("http") and url == f"{here}version":
        return True
    return url.partition("#")[0] == here or url.startswith("data:image/svg+xml,")


ATTACKS = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg onload=window.ran=1><script>window.ran=1</script><animate onbegin=window.ran=1 attributeName=x dur=1s></svg>",
    "</title></style></script></template></textarea><script>window.ran=1</script>",
    "</article></main><h1 id=overview>forged</h1>",
    "<!--<script>",
    "</noscript><script>window.ran=1</script><noscript>",
    "[here](javascript:window.ran=1) [there](JAVASCRIPT:window.ran=1) <javascript:window.ran=1>",
    "[data](data:text/html;base64,PHNjcmlwdD53aW5kb3cucmFuPTE8L3NjcmlwdD4=)",
    "![x](http://evil.example/x.png) <iframe src=http://evil.example/></iframe>",
    "{{ 7*7 }}{% for x in y %}${7*7}#{7*7}<%= 7*7 %>",
    "'\"><input autofocus onfocus=window.ran=1>",
    "<style>@import 'http://evil.example/x.css'; *{display:none}</style>",
    "<base href=http://evil.example/><meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<a id=overview name=words></a><form id=search><input id=words></form>",
    "\u202egnp.exe\u2066 \x1b[2J",
)


def hostile(path: Path) -> Repo:
    """Return a repository in which a stranger wrote journals, commits, paths and branches."""
    repo = Repo.create(path)
    repo.commit("chore: begin", a="1\n")
    repo.patina("init")
    for number, attack in enumerate(ATTACKS):
        _archived(repo, f"20260301-1200{number:02}", attack)
    _archived(repo, 'x"><script>window.ran=1<', "named")
    repo.patina("session", "start", ATTACKS[0], "--goal", ATTACKS[1])
    for number, attack in enumerate(ATTACKS):
        name = attack.replace("/", "∕").replace("\0", "")[:60]
        text = attack.replace("\x1b", "")
        repo.commit(attack.replace("\0", ""), {f"d{number}/{name}.py": f"{attack}\n{text}\n"})
    repo.patina("note", "\n".join(ATTACKS))
    return repo


def _archived(repo: Repo, session: str, attack: str) -> None:
    """Put a finished journal into the working tree, as a clone may bring it: nothing in it has passed `safe`."""
    everywhere = "\n\n".join(
        (attack, f"`{attack}`", f"- {attack}", f"```{attack}\n{attack}\n```", f"    {attack}")
    )
    text = f"""# Session: {attack}
**ID**: {session}
**Started**: 2026-03-01T12:00:00Z
**LLM**: {attack}
**Git Branch**: {attack}
**{attack}**: {attack}

## Previous Session Context
{everywhere}

## Goals
- [ ] {attack}

## {attack}
{everywhere}

## Activity Log
### 12:10 - {attack}
{everywhere}

### 12:20 - Test failed
Command: `{attack}`
Tests: 1 passed, 1 failed
Failed:
- `{attack}`

### 12:30 - Note
{chr(10).join(ATTACKS)}

## Session Classification
- Work Type: {attack}
"""
    folder = repo.path / "layer" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{session}.md").write_text(text)
