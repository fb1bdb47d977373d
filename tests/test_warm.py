"""A command that was forked from a warm interpreter says, does and ends as one that was started."""

from __future__ import annotations

import os

import pytest

from tests import warm
from tests.repository import Repo


@pytest.fixture
def ready(repo: Repo) -> Repo:
    repo.commit("first", a="1")
    repo.patina("init")
    repo.patina("session", "start", "Compare", env={"PATINA_NOW": "2026-01-02T14:03:00+00:00"})
    return repo


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("--version",), ""),
        (("session", "status", "--json"), ""),
        (("list",), ""),
        (("session", "show", "nothing"), ""),
        (("--no-such-option",), ""),
        (("session", "update", "--work", "-"), "from standard input: \udc80 é\n"),
        (("show", "20990101-000000"), ""),
    ],
    ids=str,
)
def test_words_and_exit_code_are_those_of_one_that_was_started(
    ready: Repo, words: tuple[str, ...], given: str
) -> None:
    env = {"PATINA_NOW": "2026-01-02T14:05:00+00:00", "NO_COLOR": "1"}
    forked = warm.run(words, cwd=ready.path, env={**os.environ, **env}, given=given)
    assert forked is not None
    started = ready.patina(*words, check=False, input=given, env={**env, "TEST_COLD": "1"})
    assert (forked.returncode, forked.stderr) == (started.returncode, started.stderr)
    if words[:2] != ("session", "update"):  # which counts itself
        assert forked.stdout == started.stdout


def test_it_runs_where_and_with_what_it_was_told(ready: Repo) -> None:
    before, folder = os.umask(0o027), ready.path / "below"
    folder.mkdir()
    env = {**os.environ, "HOME": str(ready.path / "nobody"), "PATINA_JOURNAL_FILES": "7"}
    try:
        done = warm.run(["doctor", "--json"], cwd=folder, env=env, given="")
        out = warm.run(["report", "--out", "here.html"], cwd=folder, env=env, given="")
    finally:
        os.umask(before)
    assert done is not None
    assert "PATINA_JOURNAL_FILES" in done.stdout
    assert out is not None
    assert out.returncode == 0, out.stderr
    assert (folder / "here.html").stat().st_mode & 0o777 == 0o640


def test_what_is_said_to_the_interpreter_starts_one(ready: Repo) -> None:
    for name in ("PYTHONPATH", "LD_PRELOAD", "LC_ALL", "TEST_COLD"):
        assert warm.run(["--version"], cwd=ready.path, env={**os.environ, name: "C"}, given="") is None
