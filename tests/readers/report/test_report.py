"""`patina report`: one file, offline, with all that the journals and the repository tell."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from bench import history
from tests.cli.test_json import check
from tests.readers import journals
from tests.readers.report.test_prose import unpacked
from tests.repository import Repo

SECRET = "ghp_" + "Zx9Qm2Lr8Tb4Wc7Vn1Kd6Hs3Jf5Gp0Ya2Be"


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository in the middle of its second session."""
    repo.commit("chore: begin", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "Parse <quotes>", "--goal", "Quotes & escapes", "--goal", "Speed")
    repo.commit("feat: parse quotes", {"src/parser.py": "one\ntwo\n"})
    repo.patina("note", "The **offsets** are bytes")
    repo.patina("goal", "--done", "1")
    repo.patina("session", "end")
    repo.patina("session", "start", "Go on")
    repo.commit("fix: an <b>endless</b> loop", {"src/parser.py": "one\nthree\n"})
    return repo


def report(repo: Repo, *options: str) -> str:
    repo.patina("report", "--out", "out.html", *options)
    return (repo.path / "out.html").read_text()


def diffs(page: str) -> str:
    return "\n".join(
        text
        for pack in re.findall(r'<script type="text/plain"[^>]*>(.*?)</script>', page)
        for text in unpacked(pack)
    )


def test_it_is_written_beside_the_active_journal_and_says_where(working: Repo) -> None:
    said = working.patina("report").stdout
    assert said.startswith("Report: .patina/local/report.html (2 sessions, ")
    page = (working.path / ".patina/local/report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert working.git("status", "--porcelain", ".patina") in ("", "?? .patina/")
    assert oct((working.path / ".patina/local/report.html").stat().st_mode)[-3:] == "644"


def test_every_session_is_in_it_with_its_journal_its_goals_and_its_diffs(working: Repo) -> None:
    page = report(working)
    assert page.count('<article class="session"') == 2
    assert "Parse &lt;quotes&gt;" in page
    assert "<strong>offsets</strong>" in page
    assert "fix: an &lt;b&gt;endless&lt;/b&gt; loop" in page
    assert "<b>endless" not in page
    assert "<quotes>" not in page
    assert page.count('<span class="hidden">Done:</span> Quotes &amp; escapes') == 1
    assert page.count('<span class="hidden">Open:</span> Speed') == 2
    assert "under way" in page
    found = diffs(page)
    assert "+++ b/src/parser.py\n@@ -0,0 +1,2 @@\n+one\n+two" in found
    assert "-two\n+three" in found


def test_what_hooks_have_not_recorded_yet_is_in_it(working: Repo) -> None:
    working.git(
        "-c", f"core.hooksPath={os.devnull}", "commit", "--quiet", "--allow-empty", "-m", "feat: unheard of"
    )
    assert "feat: unheard of" in report(working)


def test_only_what_its_policy_names_can_act(working: Repo) -> None:
    page = report(working)
    policy = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode() for inside in found]
        named = " ".join(f"'sha256-{digest}'" for digest in digests)
        assert f"{directive} {named};" in policy
    assert " style=" not in page
    assert not re.search(r"<[^>]+ on[a-z]+=", page)


def test_a_secret_is_in_no_part_of_it(working: Repo) -> None:
    working.commit("fix: the login", {"login.py": f"token = '{SECRET}'\n"})
    journal = working.path / ".patina/local/active-session.md"
    with journal.open("a") as stream:
        stream.write(f"\n### 12:00 - Mine\nIt was {SECRET}\n")
    page = report(working)
    assert "fix: the login" in page
    assert SECRET not in page
    assert SECRET not in diffs(page)
    assert "[redacted:github-token]" in page
    assert "[redacted:github-token]" in diffs(page)


def test_one_session_alone(working: Repo) -> None:
    first = json.loads(working.patina("list", "--json").stdout)["sessions"][-1]["id"]
    page = report(working, "--session", first)
    assert page.count('<article class="session"') == 1
    assert "Parse &lt;quotes&gt;" in page
    assert "Go on" not in page
    assert "-two\n+three" not in diffs(page)


def test_since_leaves_out_what_began_before_it(working: Repo) -> None:
    assert report(working, "--since", "1d").count('<article class="session"') == 2
    assert (
        report(working, "--since", "2099-01-01").count('<article class="session"') == 1
    )  # the one that runs


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "Error: yesterday is no date\nHint: Write it as 2026-03-01, or 2w"),
        (("--session", "1999"), "Error: there is no session '1999'\n"),
        (("--since", "2w", "--session", "2"), "Error: give --since or --session, not both\n"),
        (("--out", "-", "--json"), ""),
        (("--out", "no/such/folder.html"), "Error: cannot write "),
    ],
)
def test_what_cannot_be_done_is_said(working: Repo, options: tuple[str, ...], said: str) -> None:
    done = working.patina("report", *options, check=False)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr
    assert not list(working.path.rglob("*.tmp"))


def test_without_a_session_there_is_nothing_to_show(repo: Repo) -> None:
    repo.patina("init")
    done = repo.patina("report", check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "Error: there is no session to show")


def test_a_link_out_of_the_repository_is_not_followed(working: Repo, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (working.path / ".patina/local").rename(other)
    (working.path / ".patina/local").symlink_to(other)
    done = working.patina("report", check=False)
    assert done.returncode == 1
    assert "leads out of the repository" in done.stderr
    assert not (other / "report.html").exists()


def test_open_starts_the_browser_with_it(working: Repo, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "xdg-open").write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/opened\n')
    (programs / "xdg-open").chmod(0o755)
    working.patina("report", "--open", env={"PATH": f"{programs}:{os.environ['PATH']}"})
    opened = (tmp_path / "opened").read_text().strip().removeprefix("file://")
    assert Path(opened) == working.path / ".patina/local/report.html"


def test_what_it_says_as_json_keeps_its_fields(working: Repo) -> None:
    told = check(working.patina("report", "--json").stdout)
    assert told["path"] == ".patina/local/report.html"
    assert told["bytes"] == (working.path / told["path"]).stat().st_size
    assert told["sessions"] == 2


def test_it_can_go_to_standard_output(working: Repo) -> None:
    assert working.patina("report", "--out", "-").stdout.rstrip().endswith("</html>")


def test_uninstall_takes_it_away(working: Repo) -> None:
    working.patina("report")
    working.patina("session", "end", "--discard")
    working.patina("uninstall")
    assert not (working.path / ".patina").exists()


def test_a_memory_of_months_is_told_in_numbers(tmp_path: Path) -> None:
    repo = history.write(tmp_path / "parser", 30, 160)
    page = report(repo)
    made = history.works(30, 160)
    assert page.count('<article class="session"') == 30
    tiles = re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)", page)
    assert ("Sessions", "30") in tiles
    assert ("Commits", "160") in tiles
    assert ("Days worked", str(len({work.began.date() for work in made}))) in tiles
    assert ("Runs", str(sum(len(work.runs) for work in made))) in tiles
    for kind in ("feature", "exploration", "experiment"):
        assert f'<th scope="row">{kind}</th>' in page
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page, anchor
    most = max(
        (sum(path in c.files for w in made for c in w.made), path)
        for w in made
        for c in w.made
        for path in c.files
    )
    assert f'<code>{most[1]}</code></th><td class="number">{most[0]}</td>' in page
    tests = [run for work in made for run in work.runs if run["kind"] == "test"]
    assert page.count("still fails") == len(tests[-1]["failed_names"])
    assert len(re.findall(r'<details class="change"', page)) == 160
    assert diffs(page).count("diff --git ") >= 160


def test_the_same_memory_gives_the_same_report(tmp_path: Path) -> None:
    repo = history.write(tmp_path / "parser", 6, 20)
    env = {"PATINA_NOW": "2026-11-21T12:00:00+01:00"}
    pages = []
    for _ in range(2):
        repo.patina("report", "--out", "out.html", env=env)
        pages.append((repo.path / "out.html").read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("first", "began"),
    [("07:00", "07:00"), ("16:31", "16:30"), ("22:45", "22:45"), ("11:40", "11:00")],
)
def test_a_journal_that_names_no_zone_is_read_by_the_clock_of_its_first_entry(
    repo: Repo, first: str, began: str
) -> None:
    """It began at 11:00 in UTC; 40 minutes later than that is no zone, but a first entry that came late."""
    repo.patina("init")
    text = journals.journal("20260301-110000", log="").decode().replace("### 12:00", f"### {first}")
    folder = repo.path / "layer" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "20260301-110000.md").write_text(text)
    page = report(repo)
    assert re.search(rf"<dt>When</dt><dd>Sunday, 01 March 2026, {began}", page)
    assert '<p class="day">' not in page, "the first entry is of the day on which it began"


def test_what_a_report_may_weigh(tmp_path: Path) -> None:
    """500 sessions with 5,000 commits are under 20 MB, any one of them under 1 MB, with every diff."""
    repo = history.write(tmp_path / "parser", 500, 5000)
    page = report(repo)
    assert page.count('<article class="session"') == 500
    assert page.count('<details class="change"') == 5000
    assert len(page.encode()) < 20_000_000
    packs = re.findall(r'<script type="text/plain"', page)
    assert len(packs) == len({work.id for work in history.works(500, 5000) if work.made}), (
        "no diff was left out"
    )
    busiest = max(history.works(500, 5000), key=lambda work: len(work.made))
    assert len(report(repo, "--session", busiest.id).encode()) < 1_000_000


def test_one_session_s_page_stays_under_a_megabyte_whatever_it_holds(repo: Repo) -> None:
    repo.commit("begin", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "Everything at once")
    noise = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(60_000)]
    for number in range(40):
        part = "\n".join(noise[number * 1500 : number * 1500 + 1500])
        repo.commit(f"feat: {number}", {f"f{number}.txt": part})
    journal = repo.path / ".patina/local/active-session.md"
    with journal.open("a") as stream:
        stream.write("".join(f"\n### 12:00 - Mine {n}\n{'many words ' * 900}\n" for n in range(300)))
    session = json.loads(repo.patina("session", "status", "--json").stdout)["session"]["id"]
    page = report(repo, "--session", session)
    assert len(page.encode()) < 1_000_000
    assert re.search(r"… and [\d,]+ more entries: patina show", page)
    assert "more bytes: git show" in diffs(page)
