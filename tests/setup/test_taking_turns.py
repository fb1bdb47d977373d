"""`init` and `uninstall` beside everything else that may be at work: whoever comes too late leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.errors import NotSetUp
from patina_sessions.model import Noted
from patina_sessions.paths import Layout
from patina_sessions.recorder import __main__ as recorder
from patina_sessions.recorder import drain
from patina_sessions.setup import agents, claude_plugin, init, turn, uninstall
from patina_sessions.setup import plan as plans
from patina_sessions.setup.plan import Done, Plan
from patina_sessions.system import configured, files
from patina_sessions.system import repository as repositories
from tests.crashes import dies_at
from tests.repository import Repo
from tests.twins import snapshot
from tests.waiting import until

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def planned(repo: Repo) -> Plan:
    return init.plan(repositories.discover(repo.path), python="/nonexistent/python")


def set_up(repo: Repo) -> Layout:
    init.apply(planned(repo), NOW)
    layout = repositories.layout(repositories.discover(repo.path))
    assert layout is not None
    return layout


def take_out(repo: Repo, *, purge: bool = True) -> Done:
    return uninstall.apply(uninstall.plan(repositories.discover(repo.path), purge=purge))


def hear(repo: Repo, *names: str) -> Plan:
    return agents.apply(agents.plan(repositories.discover(repo.path), names, os.environ), os.environ)


def recording(layout: Layout) -> AbstractContextManager[drain.Recording]:
    return drain.recording(layout, configured.load(layout.top), NOW)


def found(folder: Path) -> list[str]:
    return [path for path, held in snapshot(folder).items() if held[0] != "folder"]


def waiting(count: int) -> None:
    """Wait until so many threads of this process wait for a lock."""
    mine = f"-> FLOCK  ADVISORY  WRITE {os.getpid()} "
    until(lambda: Path("/proc/locks").read_text().count(mine) >= count, f"{count} to wait")


def after_waiting(lock: Path, *works: Callable[[], object]) -> None:
    """Have these come to a lock one after the other, and let them go on when all wait there; what they raise is raised."""
    with ThreadPoolExecutor() as threads:
        with files.locked(lock):
            begun = []
            for number, work in enumerate(works, start=1):
                begun.append(threads.submit(work))
                waiting(number)
        for one in begun:
            one.result()


# ------------------------------------------------------------------------------------------- commands and the recorder


def test_uninstall_waits_for_a_command_that_records(repo: Repo) -> None:
    before = snapshot(repo.path)
    layout = set_up(repo)
    with ThreadPoolExecutor() as threads:
        with recording(layout) as r:
            taking = threads.submit(take_out, repo)
            waiting(1)
            r.add(Noted(text="slow", branch=None, commit=None))
            assert layout.common.consent.exists()
        taking.result()
    assert snapshot(repo.path) == before


@pytest.mark.parametrize("purge", [True, False])
@pytest.mark.parametrize("late", ["before it looks", "before its lock"])
def test_a_command_that_comes_after_uninstall_says_so_and_leaves_nothing(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, late: str, purge: bool
) -> None:
    layout = set_up(repo)
    shutil.rmtree(layout.state)
    if not purge:
        files.make_folder(layout.common.archive)
        files.create(layout.common.archive / "20261125-090000.md")
    after: list[str] = []

    def taken_out_first(path: Path) -> None:
        monkeypatch.undo()
        take_out(repo, purge=purge)
        after.extend(found(repo.path))
        files.make_folder(path)

    if late == "before it looks":
        take_out(repo, purge=purge)
        after.extend(found(repo.path))
    else:
        monkeypatch.setattr(files, "make_folder", taken_out_first)
    with pytest.raises(NotSetUp), recording(layout):
        pass
    assert after
    assert found(repo.path) == after


@pytest.mark.parametrize("purge", [True, False])
def test_a_recorder_that_looked_before_uninstall_leaves_nothing(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, purge: bool
) -> None:
    layout = set_up(repo)
    if not purge:
        files.make_folder(layout.common.archive)
        files.create(layout.common.archive / "20261125-090000.md")

    def allowed(_: object) -> bool:
        take_out(repo, purge=purge)
        return True

    monkeypatch.setattr(recorder, "_detach", lambda: None)
    monkeypatch.setattr(recorder, "_allowed", allowed)
    recorder.main([str(layout.common.home), str(repo.path)])
    assert not layout.common.lock.exists()
    assert not layout.common.log.parent.exists()
    assert layout.common.home.exists() is not purge


# --------------------------------------------------------------------------------------------------- init and uninstall


@pytest.mark.parametrize("first", ["init", "uninstall"])
def test_init_and_uninstall_at_the_same_moment_leave_all_or_nothing(repo: Repo, first: str) -> None:
    before = snapshot(repo.path)
    layout = set_up(repo)
    renewed = init.plan(repositories.discover(repo.path), python="/another/python")
    works = [lambda: init.apply(renewed, NOW), lambda: take_out(repo)]
    after_waiting(layout.common.lock, *(works if first == "init" else reversed(works)))
    hook = repo.path / ".git/hooks/post-commit"
    there = {path.exists() for path in (hook, layout.common.bell, layout.common.consent, layout.common.spool)}
    assert len(there) == 1
    take_out(repo)
    assert snapshot(repo.path) == before


def test_who_waited_for_a_lock_that_is_gone_holds_the_one_that_stands_there_then(tmp_path: Path) -> None:
    lock = tmp_path / "state/lock"

    def held() -> None:
        with turn.alone(lock, lambda: files.make_folder(lock.parent)):
            assert files.try_lock(lock) is None

    with ThreadPoolExecutor() as threads:
        with turn.alone(lock, lambda: files.make_folder(lock.parent)):
            waits = threads.submit(held)
            waiting(1)
            shutil.rmtree(lock.parent)
        waits.result()


def test_what_was_set_up_anew_since_uninstall_looked_is_taken_out_too(repo: Repo) -> None:
    before = snapshot(repo.path)
    set_up(repo)
    hook = repo.path / ".git/hooks/post-commit"
    hook.unlink()
    looked = uninstall.plan(repositories.discover(repo.path), purge=True)
    set_up(repo)
    assert hook.exists()
    uninstall.apply(looked)
    assert snapshot(repo.path) == before


def test_tags_of_sessions_stay_and_it_is_said_how_they_go(repo: Repo) -> None:
    commit = repo.commit("first")
    set_up(repo)
    for ref in ("refs/tags/session-20261125-090000-start", "refs/patina/tags/session-20261125-090000-ab-end"):
        repo.git("update-ref", ref, commit)
    repo.git("tag", "session-mine")
    [note] = take_out(repo).plan.notes
    assert "(2)" in note.text
    refs = repo.git("for-each-ref", "--format=%(refname)")
    assert refs.count("20261125") == 2
    subprocess.run(["sh", "-c", note.text.partition("without them: ")[2]], cwd=repo.path, check=True)
    assert repo.git("for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/main",
        "refs/tags/session-mine",
    ]


def test_agents_set_up_in_two_repositories_at_once_are_both_in_the_list(repo: Repo, tmp_path: Path) -> None:
    other = Repo.create(tmp_path / "other")
    for one in (repo, other):
        set_up(one)
    data = Path.home() / ".local/share/patina"
    data.mkdir(parents=True)
    after_waiting(data / "agents.lock", lambda: hear(repo, "codex"), lambda: hear(other, "codex", "gemini"))
    listed = json.loads((data / "agents.json").read_text())["repositories"]
    assert sorted(listed) == sorted(str(one.path / ".git") for one in (repo, other))
    take_out(repo)
    assert (Path.home() / ".codex/hooks.json").exists()
    take_out(other)
    assert [p for p in Path.home().rglob("*") if p.is_file()] == []


@pytest.mark.parametrize("purge", [True, False])
def test_agents_are_not_set_up_where_patina_was_taken_out_meanwhile(repo: Repo, purge: bool) -> None:
    home = snapshot(Path.home())
    layout = set_up(repo)
    if not purge:
        files.make_folder(layout.common.archive)
        files.create(layout.common.archive / "20261125-090000.md")
    looked = agents.plan(repositories.discover(repo.path), ["codex"], os.environ)
    take_out(repo, purge=purge)
    after = snapshot(repo.path)
    with pytest.raises(NotSetUp):
        agents.apply(looked, os.environ)
    assert snapshot(repo.path) == after
    assert snapshot(Path.home()) == home


# ------------------------------------------------------------------------------------------------ programs of others

CLAUDE = """\
#!/bin/sh
case $* in
"plugin marketplace add"*)
  mkdir -p "$HOME/.claude/plugins"
  printf '{"patina-sessions":{"source":{"path":"%s"}}}' "$4" >"$HOME/.claude/plugins/known_marketplaces.json" ;;
"plugin install"*) printf '{"enabledPlugins":{"patina@patina-sessions":true}}' >"$HOME/.claude/settings.json" ;;
*) echo "not this time" >&2
   [ -z "$HANGS" ] || exec sleep 600
   exit 1 ;;
esac
"""


@pytest.mark.parametrize("hangs", ["", "1"])
def test_a_program_that_fails_or_does_not_end_keeps_nothing_else_back(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    before = snapshot(repo.path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/claude").write_text(CLAUDE)
    (tmp_path / "bin/claude").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("HANGS", hangs)
    set_up(repo)
    hear(repo, "claude")
    assert claude_plugin.installed(os.environ)
    monkeypatch.setattr(plans, "PATIENCE", 0.3 if hangs else 60)
    done = take_out(repo)
    assert snapshot(repo.path) == before
    assert not (Path.home() / ".local/share/patina").exists()
    said = [note.text for note in done.plan.notes]
    assert [("not this time" in text, "too long" in text) for text in said] == [(not hangs, bool(hangs))] * 2
    assert "claude plugin uninstall patina@patina-sessions" in said[0]
    assert take_out(repo).plan.steps == ()


# -------------------------------------------------------------------------------------------------------------- a kill

PLACES = (".gemini", ".config", ".local", "patina/agents")


def test_agents_can_be_taken_out_after_a_kill_at_any_change(repo: Repo) -> None:
    """Of what sets them up, and of what takes them out."""
    settings = Path.home() / ".gemini/settings.json"
    settings.parent.mkdir()
    settings.write_text('{ "theme": "mine" }')
    before = snapshot(settings.parent)
    common = set_up(repo).common

    def hearing() -> object:
        return hear(repo, "gemini", "opencode")

    def taking_out() -> object:
        return agents.take_out(common, os.environ)

    for ready, work in ((taking_out, hearing), (hearing, taking_out)):
        at, killed = 0, True
        while killed:
            ready()
            killed = dies_at(at, work, below=PLACES)
            taking_out()
            assert snapshot(settings.parent) == before, at
            assert found(Path.home()) == [".gemini/settings.json"], at
            assert not (Path.home() / ".config").exists(), at
            at += 1
        assert at > 8
