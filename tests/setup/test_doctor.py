"""Whatever is wrong here is said with what to do, and the bell is rung for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from patina_sessions.setup import hook_text, hooks
from tests import arrangements
from tests.repository import Repo
from tests.waiting import events, quiet, until


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with a commit and Patina."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    return repo


def examined(repo: Repo, *options: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Return the exit code, and the checks by their names."""
    done = repo.patina("doctor", "--json", *options, check=False)
    found: dict[str, list[dict[str, Any]]] = {}
    for check in json.loads(done.stdout)["checks"]:
        found.setdefault(check["name"], []).append(check)
    return done.returncode, found


def wrong(repo: Repo) -> list[str]:
    _, found = examined(repo)
    return [c["name"] for checks in found.values() for c in checks if c["level"] == "wrong"]


def test_nothing_is_wrong_after_init_and_the_recorder_answers(ready: Repo) -> None:
    code, found = examined(ready)
    assert code == 0
    assert "the recorder answered" in found["bell"][0]["words"]
    assert len(found["hooks"]) == 1


def test_without_init_it_says_what_to_do(repo: Repo) -> None:
    code, found = examined(repo)
    assert code == 1
    assert found["set up"][0]["hint"] == "patina init"


def test_a_hook_that_is_gone_is_found_and_mended(ready: Repo) -> None:
    (ready.path / ".git/hooks/post-commit").unlink()
    assert "set up" in wrong(ready)
    examined(ready, "--fix")
    assert wrong(ready) == []


def test_an_interpreter_that_is_gone_is_named(ready: Repo) -> None:
    script = ready.path / ".git/patina/hook.sh"
    script.write_text(script.read_text().replace("\nrun=", "\nrun=/gone/bin/python d=x\nrun=", 1))
    _, found = examined(ready)
    assert "/gone/bin/python" in found["bell"][0]["words"]
    assert found["bell"][0]["level"] == "wrong"


def test_a_script_of_the_hooks_that_is_gone_or_empty_is_said_and_mended(ready: Repo) -> None:
    script = ready.path / ".git/patina/hook.sh"
    script.write_text("")
    assert examined(ready)[1]["bell"][0]["words"] == "the hooks name no interpreter: they do nothing"
    script.unlink()
    (bell,) = examined(ready)[1]["bell"]
    assert (bell["level"], bell["words"]) == ("wrong", "the hooks' script is gone: they do nothing")
    examined(ready, "--fix")
    assert wrong(ready) == []


def test_an_interpreter_without_patina_is_named(ready: Repo, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    script = ready.path / ".git/patina/hook.sh"
    script.write_text(script.read_text().replace("\nrun=", f"\nrun={python} d=x\nrun=", 1))
    _, found = examined(ready)
    assert "has no Patina any more" in found["bell"][0]["words"]


def test_a_ring_that_nobody_answers_is_found_and_taken_down(ready: Repo) -> None:
    rung = ready.path / ".git/patina/rung"
    rung.touch()
    os.utime(rung, (1, 1))
    assert "ring" in wrong(ready)
    examined(ready, "--fix")
    assert not rung.exists()
    assert wrong(ready) == []


def test_a_lease_that_a_clock_set_back_left_far_ahead_is_found_and_taken_away(ready: Repo) -> None:
    lease = ready.path / ".git/patina/lease"
    lease.touch()
    os.utime(lease, (time.time() + 3600,) * 2)
    assert "ring" in wrong(ready)
    examined(ready, "--fix")
    assert not lease.exists()
    assert wrong(ready) == []


def test_a_hook_of_somebody_else_is_a_note_and_is_not_run(repo: Repo) -> None:
    hook = repo.path / ".git/hooks/post-commit"
    hook.write_text("#!/usr/bin/env python3\nopen('ran', 'w')\n")
    hook.chmod(0o755)
    repo.commit("first", a="1\n")
    (repo.path / "ran").unlink()
    repo.patina("init")
    code, found = examined(repo)
    assert code == 0
    if hooks.git_version() < hooks.CONFIG_HOOKS:
        (note,) = [c for c in found["hooks"] if "not ours to write" in c["words"]]
        assert "python" in note["words"]
        assert note["words"].endswith(": post-commit; the reflog carries the record")
    else:  # git's own settings ring beside it
        assert any(c["words"].startswith("ring: post-commit") for c in found["hooks"])
    assert not (repo.path / "ran").exists()


def test_a_new_worktree_is_as_good_as_the_others_also_on_a_branch_without_the_projects_files(
    ready: Repo,
) -> None:
    linked = ready.worktree(ready.path.parent / "linked", "side")
    quiet(ready)
    for key in ready.path.glob(".git/worktrees/*/patina-id"):
        key.unlink()  # as where no hook ran when it was added
    code, found = examined(linked)
    assert (code, wrong(linked)) == (0, [])
    assert "none in this worktree yet" in found["state"][0]["words"]
    assert "the recorder answered" in found["bell"][0]["words"]
    assert {"reflog", "size", "engine"} <= set(found)  # what needs no key is looked at as everywhere
    assert not examined(linked, "--fix")[0]
    linked.patina("record")
    assert wrong(linked) == []
    linked.patina("session", "start", "the work")
    linked.commit("worked")
    quiet(ready)
    assert wrong(linked) == []
    linked.patina("session", "end")
    assert wrong(linked) == []
    assert not (linked.path / ".patina/config.toml").exists()
    (linked.path / ".patina/local/.gitignore").unlink()
    assert wrong(linked) == ["set up"]


def test_of_the_projects_files_none_may_be_missing_where_there_are_some(ready: Repo) -> None:
    (ready.path / ".patina/.gitignore").unlink()
    assert wrong(ready) == ["set up"]
    examined(ready, "--fix")
    assert wrong(ready) == []


@pytest.fixture
def unheard(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository with Patina whose hooks lie in a folder of somebody else's, under a git without settings."""
    another_git(repo, monkeypatch, "2.39.5")
    arrangements.outside(repo)
    repo.commit("first", a="1\n")
    repo.patina("init")
    return repo


def another_git(repo: Repo, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """Let git say that it is another one."""
    real, folder = shutil.which("git"), repo.path.parent / f"git-{version}"
    folder.mkdir()
    (folder / "git").write_text(
        f'#!/bin/sh\n[ "$1" != version ] || {{ echo git version {version}; exit; }}\nexec {real} "$@"\n'
    )
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("watch", "left"),
    [
        ("true", "by the watcher while a session runs, else only when you run patina"),
        ("false", "only when you run patina, since files are not watched either"),
    ],
)
def test_where_no_hook_rings_it_is_said_what_does_and_what_would(
    unheard: Repo, monkeypatch: pytest.MonkeyPatch, watch: str, left: str
) -> None:
    monkeypatch.setenv("PATINA_WATCH_ENABLED", watch)
    code, found = examined(unheard)
    assert code == 0
    (note,) = [c for c in found["hooks"] if "not ours to write" in c["words"]]
    assert note["words"].endswith(left)
    assert hook_text.BY_HAND in note["hint"]
    assert ".pre-commit-hooks.yaml" in note["hint"]
    assert (found["bell"][0]["level"], "no hook rings" in found["bell"][0]["words"]) == ("note", True)


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_a_hooks_folder_that_is_not_there_is_said_with_what_brings_hooks_back(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    another_git(repo, monkeypatch, "2.39.5")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(repo.path.parent / "gitconfig"))
    repo.git("config", scope, "core.hooksPath", "/nonexistent/hooks")
    repo.patina("init")
    code, found = examined(repo)
    (note,) = found["hooks"]
    assert (code, note["level"]) == (0, "note")
    assert "/nonexistent/hooks`: there is no such folder, so git runs no hook at all" in note["words"]
    repo.git(*note["hint"].partition(";")[0].split()[1:])
    repo.patina("init")
    assert examined(repo)[1]["hooks"][0]["words"].startswith("ring: post-commit")


def test_settings_ring_only_with_a_git_that_reads_them_and_stay_for_one_that_does(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrangements.outside(repo)
    another_git(repo, monkeypatch, "2.55.0")
    repo.patina("init")
    assert [c["level"] for c in examined(repo)[1]["hooks"]] == ["ok"]
    settings = (repo.path / ".git/config").read_bytes()
    another_git(repo, monkeypatch, "2.39.5")
    code, found = examined(repo)
    assert (code, found["bell"][0]["level"]) == (0, "note")
    assert {c["level"] for c in found["hooks"]} == {"note"}
    assert "ring with git 2.54 and newer, not with this one" in found["hooks"][0]["words"]
    repo.patina("init")
    assert (repo.path / ".git/config").read_bytes() == settings


def _recorded(repo: Repo, made: str) -> bool:
    return made in str(events(repo))


def test_the_line_that_is_told_for_a_hook_of_ones_own_rings_in_any_worktree(unheard: Repo) -> None:
    for hook in (unheard.path.parent / "shared hooks").iterdir():
        hook.write_text(f"#!/bin/sh\n{hook_text.BY_HAND}\n")
    for tree in (unheard, unheard.worktree(unheard.path.parent / "linked", "side")):
        until(partial(_recorded, unheard, tree.commit("rung")), "the commit to be recorded")
    quiet(unheard)


def test_what_lies_in_the_spool_and_is_of_no_hook_is_named_and_left(ready: Repo) -> None:
    spool = ready.path / ".git/patina/spool"
    (spool / "agent-claude-1.in").mkdir()
    (spool / "rewrite-amend-2.in").symlink_to(ready.path / "readme.txt")
    (spool / "a file").write_text("?")
    (spool / "agent-claude-3.in").write_text("half of one")
    _, found = examined(ready)
    named = [check["words"].partition(" in /")[0] for check in found["spool"]]
    assert sorted(named) == ["a file", "agent-claude-1.in", "rewrite-amend-2.in"]
    assert all(check["level"] == "note" and "rm -r " in check["hint"] for check in found["spool"])
    assert (spool / "a file").exists()


def test_before_the_first_commit_no_reflog_is_missed(repo: Repo) -> None:
    repo.patina("init")
    (check,) = examined(repo)[1]["reflog"]
    assert (check["level"], check["words"]) == ("ok", "git begins one with the first commit")
    repo.git("config", "core.logAllRefUpdates", "false")
    (check,) = examined(repo)[1]["reflog"]
    assert check["level"] == "note"


def test_an_ignored_archive_and_journals_in_no_commit_are_said(ready: Repo) -> None:
    ready.patina("session", "start", "the work")
    ready.patina("note", "kept")
    ready.patina("session", "end")
    _, found = examined(ready)
    assert "in no commit" in found["archive"][0]["words"]
    ready.write(".gitignore", "sessions/\n")
    assert "archive" in wrong(ready)


def test_a_rule_that_takes_journals_in_is_none_that_ignores_them(ready: Repo) -> None:
    ready.write(".gitignore", "*.md\n!layer/sessions/*.md\n")
    assert "archive" not in wrong(ready)
    ready.patina("session", "start", "the work")
    ready.commit("feat: one", one="1\n")
    said = json.loads(ready.patina("session", "end", "--commit", "--json").stdout)
    assert said["committed"]


def test_an_ignored_archive_is_said_with_the_rule_and_what_takes_journals_in(ready: Repo) -> None:
    ready.write(".gitignore", "*.md\n")
    _, found = examined(ready)
    (said,) = (check for check in found["archive"] if check["level"] == "wrong")
    assert said["words"] == "git ignores layer/sessions (.gitignore:1:*.md)"
    ready.write(".gitignore", f"*.md\n{said['hint'].rpartition(': ')[2]}\n")
    assert "archive" not in wrong(ready)


def test_settings_say_where_they_come_from_and_what_is_ignored(ready: Repo) -> None:
    ready.write(".patina/config.toml", 'tags = "none"\nagent.auto_start = false\nnonsense = 1\n')
    _, found = examined(ready)
    words = " | ".join(c["words"] for c in found["settings"])
    assert "tags = none (from" in words
    assert "agent.auto_start is not taken from a project's file" in words
    assert "nobody knows the setting nonsense" in words


def test_commits_that_nobody_recorded_are_recorded_by_fix(ready: Repo) -> None:
    ready.patina("session", "start", "the work")
    shutil.rmtree(ready.path / ".git/hooks")
    made = ready.commit("unheard", b="1\n")
    examined(ready, "--fix")
    quiet(ready)
    assert f"Commit {made[:10]}: unheard" in (ready.path / ".patina/local/active-session.md").read_text()


def test_the_last_reason_why_a_hook_did_nothing_is_told(ready: Repo) -> None:
    assert len(examined(ready)[1]["hooks"]) == 1
    ready.git("commit", "--quiet", "--allow-empty", "-m", "unheard", env={"PATINA": "0"})
    note = examined(ready)[1]["hooks"][-1]
    assert "post-commit did nothing: PATINA=0 was set" in note["words"]
    assert (note["level"], note["hint"]) == ("note", "unset PATINA")


def test_each_reason_is_told_with_its_own_time_and_the_older_file_for_all_of_them_is_read(
    ready: Repo,
) -> None:
    state = ready.path / ".git/patina"
    said = {"": "off", "-environment": "environment", "-off": "off", "-interpreter": "interpreter"}
    for n, (name, why) in enumerate(said.items()):
        (state / f"silent{name}").write_text(f"post-commit {why}\n")
        os.utime(state / f"silent{name}", (4_000_000_000 + n * 86400,) * 2)
    told = examined(ready)[1]["hooks"][1:]
    assert [check["words"][:13] for check in told] == ["at 2096-10-03", "at 2096-10-04", "at 2096-10-05"]
    assert [check["hint"] for check in told] == ["unset PATINA", "patina on", "patina init"]
    for name in list(said)[1:]:
        (state / f"silent{name}").unlink()
    (old,) = examined(ready)[1]["hooks"][1:]
    assert (old["words"][:13], old["hint"]) == ("at 2096-10-02", "patina on")


def test_a_reason_is_no_work_for_anybody_once_a_commit_was_recorded_after_it(ready: Repo) -> None:
    ready.patina("session", "start", "the work")
    ready.git("commit", "--quiet", "--allow-empty", "-m", "unheard", env={"PATINA": "0"})
    ready.patina("record")  # the silent commit itself is no sign that the cause is over
    assert examined(ready)[1]["hooks"][-1]["hint"] == "unset PATINA"
    left = ready.path / ".git/patina/silent-environment"
    os.utime(left, (time.time() - 60,) * 2)
    ready.commit("heard", b="1\n")
    ready.patina("record")
    told = examined(ready)[1]["hooks"][-1]
    assert (told["level"], told["hint"]) == ("ok", None)
    assert told["words"].endswith("commits have been recorded since")


def test_sizes_and_ages_are_told_and_when_what_is_old_was_removed(ready: Repo) -> None:
    ready.patina("session", "start", "the work")
    ready.patina("note", "kept")
    words = " | ".join(check["words"] for check in examined(ready)[1]["size"])
    assert re.search(r"event log: 1 file, [1-9]\d* kB, the oldest of 20", words)
    assert "last removed: never yet" in words
    ready.patina("session", "end")
    words = " | ".join(check["words"] for check in examined(ready)[1]["size"])
    assert "archive: 1 file" in words
    assert "never yet" not in words


def test_of_data_of_a_newer_patina_only_the_upgrade_is_advised(ready: Repo) -> None:
    consent = ready.path / ".git/patina/repo.json"
    consent.write_text(json.dumps({**json.loads(consent.read_text()), "format": 99}))
    code, found = examined(ready)
    assert code == 1
    assert {c["hint"] for checks in found.values() for c in checks if c["level"] != "ok"} == {
        "Upgrade: pip install --upgrade patina-sessions"
    }


def test_half_a_line_in_the_event_log_is_told_and_is_nothing_wrong(ready: Repo) -> None:
    ready.patina("session", "start", "the work")
    quiet(ready)
    (segment,) = ready.path.glob(".git/patina/worktrees/*/events/000001.jsonl")
    with segment.open("ab") as stream:
        stream.write(b'{"seq": 99, "ty')
    code, found = examined(ready)
    assert code == 0
    assert any("1 line that" in c["words"] and c["level"] == "note" for c in found["state"])
    ready.patina("note", "goes on")
    assert "goes on" in (ready.path / ".patina/local/active-session.md").read_text()
