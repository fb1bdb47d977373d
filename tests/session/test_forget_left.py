"""What `forget` cannot take away it names, and what is made of a journal goes with the journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.model import AgentEvent, Commit, Data, Ended, Event, Made, Noted, RunStarted, Started
from patina_sessions.session import forgetting, traces
from tests.repository import Repo
from tests.session.test_forget import forget, holding

WORD = "Zauberwort"
LONG = " ".join(f"{WORD}-{n}" for n in range(40))


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with Patina whose first session says the word and is over."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", f"about {WORD}", "--goal", "x")
    repo.patina("note", f"it is {WORD}")
    repo.patina("session", "end")
    return repo


def session_of(repo: Repo) -> str:
    session: str = json.loads(repo.patina("list", "--json").stdout)["sessions"][0]["id"]
    return session


def in_words(repo: Repo, what: str, *options: str) -> str:
    return repo.patina("forget", "-", *options, input=what).stdout


def test_a_branch_that_was_merged_without_a_trace_still_holds_it(repo: Repo, tmp_path: Path) -> None:
    """And whatever a person likes git to print."""
    session = "20200101-000000"
    repo.commit("first", a="1\n")
    repo.git("switch", "--quiet", "-c", "side")
    repo.commit("add", {f"layer/sessions/{session}.md": f"**ID**: {session}\n{WORD}\n", "side": "1\n"})
    added = repo.git("rev-parse", "HEAD")
    repo.git("rm", "--quiet", "-r", "layer")
    repo.commit("remove", side="2\n")
    repo.git("switch", "--quiet", "main")
    repo.commit("other", b="1\n")
    repo.git("merge", "--quiet", "-m", "merge", "side")
    repo.git("branch", "--quiet", "-D", "side")
    repo.git("clone", "--quiet", "--no-local", str(repo.path), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    for name in ("color.ui", "color.grep"):
        clone.git("config", name, "always")
    for name in ("grep.lineNumber", "grep.column", "grep.fullName", "log.showSignature", "core.quotePath"):
        clone.git("config", name, "true")
    clone.patina("init")
    held = [{"id": added, "path": f"layer/sessions/{session}.md", "name": False}]
    assert forget(clone, WORD, "--dry-run")["commits"] == held
    clone.write(f"layer/sessions/{session}.md", f"**ID**: {session}\n")
    assert forget(clone, session, "--dry-run")["commits"] == held


def test_what_is_staged_in_any_worktree_is_named_with_the_way_out(ready: Repo, tmp_path: Path) -> None:
    linked = ready.worktree(tmp_path / "repo" / "linked", "linked")
    path = f"layer/sessions/{session_of(ready)}.md"
    linked.write("layer/other.md", f"{WORD}\n")
    ready.git("add", "layer")
    linked.git("add", "layer")
    linked.write("layer/other.md", "nothing\n")
    dry = forget(ready, WORD, "--dry-run")
    assert dry["staged"] == [path, "linked/layer/other.md"]
    said = in_words(ready, WORD)
    assert f"when the file is without it: git add {path}\n" in said
    assert f"when the file is without it: git -C {linked.path} add layer/other.md\n" in said
    ready.git("add", path)
    linked.git("add", "layer/other.md")
    assert forget(ready, WORD)["staged"] == []


def test_what_its_watcher_said_last_goes_with_it_and_what_the_next_ones_says_stays(ready: Repo) -> None:
    session = session_of(ready)
    (state,) = (ready.path / ".git/patina/worktrees").iterdir()
    other = state.with_name("00000001")
    other.mkdir()
    (other / "watcher.json").write_text(
        json.dumps({"session": f"{session}-ab", "ended": "the session ended"})
    )
    (state / "watcher.json").write_text(json.dumps({"session": session, "ended": "the session ended"}))
    assert ".git/patina/worktrees/00000001/watcher.json" in holding(ready, session)
    forget(ready, session)
    assert not (state / "watcher.json").exists()
    assert (other / "watcher.json").exists()


def test_an_id_that_no_session_has_is_no_text_unless_it_is_said_to_be_one(ready: Repo) -> None:
    session = session_of(ready)
    ready.patina("session", "start", "the next", env={"PATINA_NOW": "2099-01-01T00:00:00+00:00"})
    ready.patina("note", f"as in {session}")
    forget(ready, session)
    held = holding(ready, session)
    assert ".patina/local/active-session.md" in held
    done = ready.patina("forget", session, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: there is no session {session}\nHint: ")
    assert holding(ready, session) == held
    assert forget(ready, session, "--text")["session"] is None
    assert ".patina/local/active-session.md" not in holding(ready, session)


def test_a_staged_journal_of_a_forgotten_session_is_named(ready: Repo) -> None:
    session = session_of(ready)
    path = f"layer/sessions/{session}.md"
    ready.git("add", "layer")
    assert forget(ready, session)["staged"] == [path]
    ready.git("add", path)
    assert WORD not in ready.git("diff", "--cached")


def test_what_a_cut_has_left_of_a_text_is_found_here_and_in_commits(ready: Repo) -> None:
    ready.patina("session", "start", LONG)
    ready.patina("note", f"so {LONG}")
    ready.patina("session", "end")
    ready.commit("journals", {"layer/cut.md": f"a {LONG[:99]}…\n", "layer/whole.md": f"a {LONG[:99]} and\n"})
    named = [holder["path"] for holder in forget(ready, LONG)["commits"]]
    assert named == ["layer/cut.md"]
    assert holding(ready, f"{WORD}-2") == ["layer/cut.md", "layer/whole.md"]


def test_what_is_made_of_a_journal_goes_with_the_session_in_every_worktree(
    ready: Repo, tmp_path: Path
) -> None:
    linked = ready.worktree(tmp_path / "repo" / "linked", "linked")
    for one in (ready, linked):
        one.patina("hook", "ahead")
        one.patina("report")
    ready.patina("search", WORD)
    assert ".git/patina/start.json" in holding(ready, WORD)
    session = session_of(ready)
    dry = forget(linked, session, "--dry-run")
    done = forget(linked, session)
    assert [row["path"] for row in dry["changes"]] == [row["path"] for row in done["changes"]]
    assert holding(ready, WORD) == []
    assert holding(linked, WORD) == []
    assert not (ready.path / ".patina/local/report.html").exists()
    assert (ready.path / ".git/patina/start.json").exists()


def test_a_report_that_alone_is_left_is_found(ready: Repo) -> None:
    report = ready.write(".patina/local/report.html", "<p>a &lt;b&gt; c</p>")
    assert [row["path"] for row in forget(ready, "a <b> c")["changes"]][:1] == [".patina/local/report.html"]
    assert not report.exists()


def test_a_text_by_which_journals_are_read_is_refused(ready: Repo) -> None:
    session = session_of(ready)
    journal = ready.path / f"layer/sessions/{session}.md"
    before = journal.read_bytes()
    for text in (session[:4], session[:-1], "**Started**", "Activity Log", '"commits"', "- [ ]"):
        done = ready.patina("forget", "-", input=text, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (1, 2), text
    assert journal.read_bytes() == before
    by_hand = before.replace(b"## Prev", b"Password: 2026-like\n\n## About 2026-like things\n\n## Prev", 1)
    journal.write_bytes(by_hand)
    assert forget(ready, "Password: 2026-like")["changes"]
    assert forget(ready, "2026-like")["changes"]


def test_commits_that_a_partial_clone_cannot_look_into_are_not_said_to_be_clean(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit("add", {"layer/x.md": f"{WORD}\n"})
    repo.commit("remove", {"layer/x.md": "clean\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    for one, whole in ((repo, True), (clone, False)):
        one.patina("init")
        assert forget(one, WORD, "--dry-run")["whole"] is whole
    assert "look for it in a whole one" in in_words(clone, WORD, "--dry-run")


def test_it_goes_from_files_as_an_older_patina_kept_them(repo: Repo) -> None:
    repo.patina("init")
    repo.write(".git/patina/originals/0a1b", f"#!/bin/sh\n: {WORD}\n")
    forget(repo, WORD)
    assert holding(repo, WORD) == []


def test_the_packed_work_of_a_run_is_named_and_not_touched(ready: Repo) -> None:
    [state] = (ready.path / ".git/patina/worktrees").iterdir()
    bundle = state / "runs/20260101-000000-abcd.bundle"
    bundle.parent.mkdir()
    bundle.write_bytes(f"PACK{WORD}".encode())
    shown = bundle.relative_to(ready.path).as_posix()
    assert forget(ready, WORD)["packed"] == [shown]
    assert bundle.read_bytes() == f"PACK{WORD}".encode()
    assert f"may hold it: {shown}" in in_words(ready, WORD)


def test_a_session_is_all_of_the_turns_that_were_told_in_it_and_its_runs() -> None:
    def agent(what: str, name: str = "a") -> AgentEvent:
        return AgentEvent(what=what, agent="claude", agent_session=name)  # type: ignore[arg-type]

    def end(session: str) -> Ended:
        return Ended(session=session, sha256="")

    data: list[tuple[Data, bool]] = [
        (Started(session="before", title=""), False),
        (agent("prompt"), False),
        (agent("prompt", "told as under way"), False),
        (end("before"), False),
        (agent("turn"), False),
        (agent("prompt"), True),  # in which the agent calls `session start`
        (agent("tool"), True),
        (Started(session="it", title=""), True),
        (RunStarted(run="r", kind="test", command=""), True),
        (Noted(text=""), True),
        (agent("turn"), True),
        (agent("prompt"), True),
        (agent("prompt", "interrupted"), True),
        (end("it"), True),  # the agent calls `session end`
        (Made(how="commit", commit=Commit(id="0" * 40, tree="0" * 40)), False),
        (agent("turn"), True),
        (agent("prompt"), False),
        (agent("tool"), False),
        (agent("prompt", "interrupted"), False),
        (agent("tool", "interrupted"), False),
        (RunStarted(run="later", kind="test", command=""), False),
        (Started(session="next", title=""), False),
        (agent("turn"), False),
    ]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    events = [Event(seq=n, id=str(n), time=now, source="", data=one) for n, (one, _) in enumerate(data, 1)]
    numbers, runs = traces.events_of(events, "it")
    assert sorted(numbers) == [n for n, (_, its) in enumerate(data, 1) if its]
    assert runs == ["r"]


def test_the_beginning_of_a_text_counts_only_before_a_cut() -> None:
    wanted = forgetting.forms("the whole of the text")
    for data, after in (
        ("so: the whole of…", "so: [forgotten]…"),
        ("the whole of it", "the whole of it"),
        ("the who…", "the who…"),
        ("the whole of the whole of the te…", "the whole of [forgotten]…"),
    ):
        assert forgetting.without(data.encode(), wanted)[0] == after.encode()


def test_a_commit_that_has_it_in_the_name_of_a_file_is_named_and_what_is_not_looked_into_is_said(
    ready: Repo,
) -> None:
    made = ready.commit("quiet words", {f"src/{WORD}.txt": "1\n"})
    ready.commit("more", {f"src/{WORD}.txt": "2\n"})
    ready.git("rm", "--quiet", f"src/{WORD}.txt")
    ready.git("commit", "--quiet", "-m", "away")
    said = in_words(ready, WORD)
    assert said.count("in the name of") == 1
    assert f"still held by commit {made[:10]}, in the name of `src/{WORD}.txt`" in said
    assert "comes into its journal again" in said
    assert "Your own files are not looked into" in said
