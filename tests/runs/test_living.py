"""A run that was killed is told from one that lives by a lock that the system gives back, and is finished once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.model import RunFinished, RunStarted
from patina_sessions.paths import Common, Layout
from patina_sessions.runs import living

NOW = datetime(2026, 1, 2, 14, 3, tzinfo=UTC)
STARTED = RunStarted(run="20260102-140300-aaaa", kind="test", command="make test", container="c0ffee")

HOLD = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from patina_sessions.model import RunStarted
from patina_sessions.paths import Common, Layout
from patina_sessions.runs import living
top = Path(sys.argv[1])
layout = Layout(top=top, git=top / ".git", common=Common(git=top / ".git"), key="k")
started = RunStarted(run="20260102-140300-aaaa", kind="test", command="make test", container="c0ffee")
with living.alive(layout, started, datetime(2026, 1, 2, 14, 3, tzinfo=timezone.utc)):
    print("alive", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    git = tmp_path / ".git"
    git.mkdir()
    return Layout(top=tmp_path, git=git, common=Common(git=git), key="k")


def _held(layout: Layout) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parent.parent.parent
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(layout.top)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "alive\n"
    return held


def test_a_run_that_lives_is_neither_dead_nor_finished(layout: Layout) -> None:
    with _held(layout) as held:
        assert living.living(layout) == [STARTED]
        assert living.dead(layout) == []
        assert living.ends(layout) == ((), ())
        held.communicate("")
    assert living.living(layout) == []
    assert living.dead(layout) == []
    assert os.listdir(layout.runs) == []


def test_a_run_whose_process_was_killed_is_finished_and_its_container_marked(layout: Layout) -> None:
    with _held(layout) as held:
        held.send_signal(signal.SIGKILL)
        held.wait()
    (layout.runs / f"{STARTED.run}.log").write_text("so far\n")
    facts, used = living.ends(layout)
    (fact,) = facts
    assert isinstance(fact.data, RunFinished)
    assert (fact.data.run, fact.data.outcome, fact.data.exit_code) == (STARTED.run, "interrupted", None)
    assert fact.data.log == f"{STARTED.run}.log"
    assert living.marked(layout) == [(STARTED.run, "c0ffee", layout.runs / f"{STARTED.run}.dead")]
    again, _ = living.ends(layout)
    assert [f.key for f in again] == [fact.key]  # a kill before the file is removed makes no second event
    for path in used:
        path.unlink()
    assert living.ends(layout) == ((), ())


def test_a_file_that_says_nothing_is_no_run(layout: Layout) -> None:
    layout.runs.mkdir(parents=True)
    (layout.runs / "x.lock").write_bytes(b"{half a")
    assert living.dead(layout) == []
    assert os.listdir(layout.runs) == []


def test_a_run_that_fails_while_it_is_told_is_left_for_the_next_command(layout: Layout) -> None:
    def fail() -> None:
        with living.alive(layout, STARTED, NOW) as alive:
            alive.over = False
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [run.started for run in living.dead(layout)] == [STARTED]


def test_an_end_that_the_log_had_no_room_for_is_kept_in_the_run_s_own_file(layout: Layout) -> None:
    names = tuple(
        f"tests/test_{n}.py::test_{'x' * 200}" for n in range(200)
    )  # more than the file has room for
    end = RunFinished(
        run=STARTED.run, kind="test", command="make test", outcome="failed", exit_code=3, failed=200
    )
    for kept, expected in ((end, end), (replace(end, failed_names=names), end)):
        with living.alive(layout, STARTED, NOW) as alive:
            before = (layout.runs / f"{STARTED.run}.lock").stat().st_size
            assert alive.keep(kept)
            assert (layout.runs / f"{STARTED.run}.lock").stat().st_size == before
        (fact,), used = living.ends(layout)
        assert fact.data == expected
        assert living.marked(layout) == []  # it ended by itself: nothing of it is left in the container
        for path in used:
            path.unlink()
