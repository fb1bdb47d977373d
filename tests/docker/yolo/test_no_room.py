"""A disk that fills while a run's work comes home: nothing half-made stays in the repository, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.conftest import small_disk
from tests.docker.yolo.conftest import Yolo
from tests.repository import Repo

WORK = """
head -c 2000000 /dev/urandom > large; git add large; git commit --quiet -m large
head -c 500000 /dev/urandom > loose; echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done
"""


@pytest.fixture
def small(tmp_path: Path, git_image: str, images: None) -> Iterator[Yolo]:
    """Return a repository for autonomous runs on a disk of sixteen megabytes."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        one = Yolo(Repo.create(disk / "repo"), git_image)
        one.set_up()
        yield one
        one.run("clean", "--force", "--lose-work")
        assert one.left() == {}


def _fill(small: Yolo, *, leave: int) -> None:
    filler = small.repo.path / "filler"
    filler.unlink(missing_ok=True)
    free = os.statvfs(small.repo.path)
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - leave))


def _objects(small: Yolo) -> set[str]:
    return {str(path) for path in (small.repo.path / ".git/objects").rglob("*")}


def test_a_disk_that_is_full_when_the_work_comes_home_loses_none_of_it(small: Yolo) -> None:
    before, git = _objects(small), small.repo.git
    refs = git("for-each-ref")
    with small.start("yolo", "run", *small.words(WORK)) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        _fill(small, leave=40_000)
        assert small.inside("touch", "/tmp/go")
        _, err = running.communicate()
    assert (running.returncode, b"How it ended is not recorded yet: cannot write" in err) == (125, True), err
    # No room for the bundle; for what is looked at; for the objects in the repository.
    for leave in (1_000_000, 4_800_000, 7_000_000):
        _fill(small, leave=leave)
        refused = small.run("yolo", "recover")
        assert refused.returncode == 125
        error, hint = refused.stderr.splitlines()[-2:]
        assert (error[:7], "No space left" in error) == ("Error: ", True), refused.stderr
        assert hint.startswith("Hint: The disk is full"), refused.stderr
        assert (_objects(small), git("for-each-ref"), git("fsck", "--full")) == (before, refs, "")
        assert sorted((small.repo.path / ".git/patina").rglob("*.bundle")) == []
        assert sorted((small.repo.path / ".git/patina").rglob("*.check")) == []
    assert "What it did is kept: patina yolo recover" in small.entry()
    (small.repo.path / "filler").unlink()
    done = small.run("yolo", "recover")
    assert done.returncode == 0, done.stderr
    assert git("cat-file", "-s", f"{small.branch()}:large") == "2000000"
    assert git("cat-file", "-s", f"{small.branch()}:loose") == "500000"
    assert small.left() == {}
