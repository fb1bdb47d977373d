"""Promises 1 and 6 over the product of shapes and arrangements of hooks.

In each: `init`, `init` again, a commit, an amend, a checkout and a commit that cannot be made, in two repositories made
alike, one of them with Patina. Git says and returns the same in both; the person's own hooks get the same arguments and
input; each commit is recorded; a hook edited meanwhile keeps the edit; and after `uninstall` every byte is as it is in
the other. A run of the tests takes each shape and each arrangement several times, and a few of the other pairs by chance;
`make soak` every pair.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.model import Made
from patina_sessions.recorder import drain
from patina_sessions.setup import hooks, init, uninstall
from patina_sessions.system import repository as repositories
from patina_sessions.system.configured import load
from patina_sessions.system.repository import Repository
from tests import arrangements
from tests.bells import fake_recorder
from tests.repository import Repo
from tests.shapes import SHAPES, Shape
from tests.twins import FIXED, Said, difference

NOW = datetime(
    2026, 9, 1, 9, 0, tzinfo=UTC
)  # before the commits: without a reflog one older than consent is nobody's
PAIRS = [(shape, arrangement) for shape in SHAPES for arrangement in arrangements.ALL]
EVERY = 8  # coprime to the number of arrangements, so that each shape meets others
FEW = PAIRS[::EVERY]
SOME = 8  # of the others
WORK = (
    ("commit", "--allow-empty", "-m", "second"),
    ("commit", "--allow-empty", "--amend", "-m", "second, better"),
    ("checkout", "-b", "topic"),
    ("commit", "-uno", "-m", "nothing to commit"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its shape, the top of its worktree, and the folder around all of it."""

    shape: Shape
    top: Path
    folder: Path

    @classmethod
    def make(cls, folder: Path, shape: str, arrangement: str) -> Side:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in FIXED.items():
                patch.setenv(name, value)
            made = SHAPES[shape](folder)
        top = Path(made.tree.git(*made.options, "rev-parse", "--show-toplevel"))
        arrangements.ALL[arrangement](Repo(top))
        return cls(made, top, folder)

    def git(self, *args: str) -> Said:
        done = subprocess.run(
            ["git", *self.shape.options, *args],
            cwd=self.shape.tree.path,
            env={**os.environ, **FIXED, "KEPT": f"{self.folder}.kept"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        root = os.fsencode(self.folder)
        out, err = (said.replace(root, b"<top>") for said in (done.stdout, done.stderr))
        return Said(argv=args, code=done.returncode, out=out, err=err)

    @property
    def repository(self) -> Repository:
        told = (word.partition("=")[2] for word in self.shape.options if word.startswith("--git-dir="))
        return repositories.discover(self.shape.tree.path, next(told, None))

    @property
    def kept(self) -> bytes:
        path = Path(f"{self.folder}.kept")
        return path.read_bytes().replace(os.fsencode(self.folder), b"<top>") if path.exists() else b""


def recorded(side: Side) -> set[str]:
    """Return the commits that the recorder finds, whether or not a hook has called it."""
    layout = repositories.layout(side.repository)
    assert layout is not None
    events = drain.drain(layout, load(layout.top), datetime.now(UTC))
    return {event.data.commit.id for event in events if isinstance(event.data, Made)}


def edit_a_hook(side: Side) -> None:
    """Add a line to a hook of the person's that is there, as its owner does after `init`."""
    path = side.shape.common / "hooks" / "post-merge"
    if path.is_file() and not path.is_symlink() and b"KEPT" in path.read_bytes():
        path.write_bytes(path.read_bytes() + b"# and a line of its owner's\n")


def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, arrangement: str) -> None:
    one = Side.make(tmp_path / "one", shape, arrangement)
    other = Side.make(tmp_path / "other", shape, arrangement)
    recorder = str(fake_recorder(tmp_path / "recorder", tmp_path / "calls"))
    # Every other time as a git with hook settings has it: what is written into the configuration goes as well.
    version = [(2, 39), (2, 54)][PAIRS.index((shape, arrangement)) // EVERY % 2]
    monkeypatch.setattr(hooks, "git_version", lambda: version)
    init.apply(init.plan(one.repository, python=recorder), NOW)
    init.apply(init.plan(one.repository, python=recorder), NOW)

    said = [one.git(*words) for words in WORK]
    assert said == [other.git(*words) for words in WORK]
    assert one.kept == other.kept
    tip = one.git("rev-parse", "HEAD").out.decode().strip()
    # Without a reflog an amend is told by what it left: the commit that took the place of the other.
    assert tip in recorded(one)

    for side in (one, other):
        edit_a_hook(side)
    uninstall.apply(uninstall.plan(one.repository))
    assert difference(one.folder, other.folder) == []
    assert one.git("commit", "--allow-empty", "-m", "on") == other.git("commit", "--allow-empty", "-m", "on")
    assert one.kept == other.kept


@pytest.mark.parametrize(("shape", "arrangement"), FEW)
def test_in_every_shape_and_arrangement_nothing_is_felt_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, arrangement: str
) -> None:
    check(tmp_path, monkeypatch, shape, arrangement)


def test_in_some_of_the_others_chosen_anew_in_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The seed is in what a failing test shows: SEED=… takes the same pairs again.
    seed = int(os.environ.get("SEED") or (0 if os.environ.get("CI") else time.time_ns()))
    chosen = random.Random(seed).sample([pair for pair in PAIRS if pair not in FEW], SOME)
    for number, (shape, arrangement) in enumerate(chosen):
        print(f"SEED={seed}: {shape}, {arrangement}")
        check(tmp_path / str(number), monkeypatch, shape, arrangement)


@pytest.mark.soak
@pytest.mark.parametrize(("shape", "arrangement"), [pair for pair in PAIRS if pair not in FEW])
def test_in_all_others_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, arrangement: str
) -> None:
    check(tmp_path, monkeypatch, shape, arrangement)


def test_each_shape_and_each_arrangement_is_among_the_few() -> None:
    assert {shape for shape, _ in FEW} == set(SHAPES)
    assert {arrangement for _, arrangement in FEW} == set(arrangements.ALL)
