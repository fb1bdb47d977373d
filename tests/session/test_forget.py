"""What is forgotten is in no byte that Patina keeps; what stands beside it stays, and git's own is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.session import forgetting
from tests.repository import Repo
from tests.waiting import events, quiet

SECRET = 'the "Zauberwort" <!-- of\\ours'
PARTS = ("Zauberwort",)


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with Patina and one finished session before."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "before")
    repo.patina("note", "harmless")
    repo.patina("session", "end")
    return repo


def forget(repo: Repo, what: str, *options: str) -> dict[str, Any]:
    done = repo.patina("forget", "-", "--json", *options, input=what)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def holding(repo: Repo, word: str) -> list[str]:
    """Return the files below the top that hold a word, git's own objects and reflogs aside."""
    found = []
    for path in repo.path.rglob("*"):
        inside = path.relative_to(repo.path).as_posix()
        git = inside.startswith(".git/") and not inside.startswith(".git/patina/")
        if path.is_file() and not git and word.encode() in path.read_bytes():
            found.append(inside)
    return sorted(found)


def say_it_everywhere(repo: Repo) -> None:
    """Have the words in a title, a goal, a note, a commit, an update, a log, and in the search's index."""
    repo.patina("session", "start", f"about {SECRET}", "--goal", f"find {SECRET}")
    repo.patina("note", f"it is {SECRET}, really")
    repo.git("commit", "--quiet", "--allow-empty", "-m", f"use {SECRET}")
    repo.patina("session", "update", "--work", f"had {SECRET}")
    repo.patina("record")
    repo.patina("search", "Zauberwort")
    quiet(repo)


def test_a_text_is_in_no_byte_of_the_session_in_progress(ready: Repo) -> None:
    say_it_everywhere(ready)
    before = holding(ready, "Zauberwort")
    assert ".patina/local/active-session.md" in before
    dry = forget(ready, SECRET, "--dry-run")
    assert holding(ready, "Zauberwort") == before
    done = forget(ready, SECRET)
    assert holding(ready, "Zauberwort") == []
    assert [row["path"] for row in dry["changes"]] == [row["path"] for row in done["changes"]]
    head = ready.git("rev-parse", "HEAD")
    assert done["commits"] == [{"id": head, "path": None, "name": False}]


def test_afterwards_the_session_goes_on_and_nothing_brings_it_back(ready: Repo) -> None:
    say_it_everywhere(ready)
    forget(ready, SECRET)
    (ready.path / ".patina/local/active-session.md").unlink()  # from the mirror, and the rest from the log
    ready.patina("note", "later")
    ready.commit("more", b="1\n")
    ready.patina("record")
    session = json.loads(ready.patina("session", "end", "--json").stdout)["id"]
    ready.patina("rebuild", session)
    ready.patina("search", "really")
    text = (ready.path / f"layer/sessions/{session}.md").read_text()
    assert text.count("it is [forgotten], really") == 1
    assert text.count(" - Note") == 2
    assert "more" in text
    assert holding(ready, "Zauberwort") == []


def test_a_text_in_finished_journals_goes_from_both_and_the_commit_that_holds_one_is_named(
    ready: Repo,
) -> None:
    say_it_everywhere(ready)
    session = json.loads(ready.patina("session", "end", "--json").stdout)["id"]
    ready.git("add", "layer")
    ready.git("commit", "--quiet", "-m", "the journal")
    head = ready.git("rev-parse", "HEAD")
    done = forget(ready, "Zauberwort")
    assert holding(ready, "Zauberwort") == []
    assert {"id": head, "path": f"layer/sessions/{session}.md", "name": False} in done["commits"]
    assert json.loads(ready.patina("search", "Zauberwort", "--json").stdout)["hits"] == []
    assert "still held by commit" in ready.patina("forget", "Zauberwort").stdout


def test_other_worktrees_forget_it_too(ready: Repo, tmp_path: Path) -> None:
    linked = ready.worktree(tmp_path / "repo" / "linked", "linked")
    say_it_everywhere(linked)
    forget(ready, SECRET)
    assert holding(ready, "Zauberwort") == []
    assert holding(linked, "Zauberwort") == []


def test_a_text_that_stands_everywhere_is_refused(ready: Repo) -> None:
    for short in ("", "a", "two\nlines"):
        done = ready.patina("forget", "-", input=short, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (1, 2)


def test_a_session_is_forgotten_and_the_others_are_as_they_were(ready: Repo) -> None:
    say_it_everywhere(ready)
    session = json.loads(ready.patina("session", "end", "--json").stdout)["id"]
    quiet(ready)
    numbers = [e["seq"] for e in events(ready)]
    kept = {p: p.read_bytes() for p in (ready.path / "layer/sessions").glob("*.md") if session not in p.name}
    done = forget(ready, session)
    assert holding(ready, "really") == []
    assert done["session"] == session
    assert [e["seq"] for e in events(ready)] == numbers
    assert all(path.read_bytes() == data for path, data in kept.items())
    assert done["mentions"] == []
    ids = [row["id"] for row in json.loads(ready.patina("list", "--all", "--json").stdout)["sessions"]]
    assert session not in ids
    assert len(ids) == 1
    ready.patina("session", "start", "after")
    ready.patina("note", "and on")
    ready.patina("session", "end")
    assert holding(ready, "really") == []


def test_a_session_in_progress_is_not_forgotten(ready: Repo) -> None:
    ready.patina("session", "start", "the work")
    session = json.loads(ready.patina("session", "status", "--json").stdout)["session"]["id"]
    done = ready.patina("forget", session, check=False)
    assert done.returncode == 1
    assert "is in progress" in done.stderr


def test_the_tags_of_a_forgotten_session_and_journals_that_name_it_are_said(ready: Repo) -> None:
    session = json.loads(ready.patina("list", "--json").stdout)["sessions"][0]["id"]
    ready.patina("session", "start", "after")
    ready.patina("note", "x")
    dry = forget(ready, session, "--dry-run")
    assert dry["mentions"] == [".patina/local/active-session.md"]
    ready.patina("session", "end")
    done = forget(ready, session)
    assert done["tags"] == [f"session-{session}-end", f"session-{session}-start"]
    assert len(done["mentions"]) == 1


def test_what_another_session_of_the_same_second_has_is_not_told_of(ready: Repo) -> None:
    now = {"PATINA_NOW": "2030-01-01T00:00:00+00:00"}
    for title in ("one", "two"):
        ready.patina("session", "start", title, env=now)
        ready.patina("note", title)
        ready.patina("session", "end", env=now)
    done = forget(ready, "20300101-000000")
    assert done["tags"] == ["session-20300101-000000-end", "session-20300101-000000-start"]
    left = [path.name for path in (ready.path / "layer/sessions").glob("2030*.md")]
    assert left == ["20300101-000000-2.md"]


@given(text=st.text(min_size=4).filter(lambda t: t.strip()), around=st.text(), other=st.text())
def test_a_line_of_the_log_stays_one_and_says_the_rest(text: str, around: str, other: str) -> None:
    """Whatever the text is: a bracket, a quote or `"seq":` in it does not break the line."""
    data = {"text": f"{around}{text}{around}", "other": other, "n": 17, "how": text}
    line = json.dumps({"type": "session.noted", "id": text, "seq": 1, "data": data}).encode() + b"\n"
    after, count = forgetting.log_without(line, forgetting.forms(text))
    said = json.loads(after)
    assert count
    assert (said["id"], said["seq"], said["data"]["n"], said["data"]["how"]) == (text, 1, 17, text)
    if "[forgotten]" not in text and text not in "[forgotten]":
        assert text not in said["data"]["text"].replace("[forgotten]", "\0")
