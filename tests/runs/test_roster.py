"""What is asked of the branches of autonomous runs: other people's trees, so it costs no more than it must."""

from __future__ import annotations

import subprocess
import tracemalloc

from patina_sessions.paths import Common, Layout
from patina_sessions.runs.yolo import roster
from tests.repository import Repo


def test_a_difference_of_thousands_of_files_is_never_held_as_a_whole(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    tree = made(repo, "hash-object", "-w", "--stdin", said="a line\n" * 500)
    kind, mode = "blob", "100644"
    for _ in range(4):  # a few objects stand for 10,000 files
        lines = "".join(f"{mode} {kind} {tree}\td{n}\n" for n in range(10))
        tree, kind, mode = made(repo, "mktree", said=lines), "tree", "040000"
    repo.git("update-ref", "refs/heads/yolo/7", repo.git("commit-tree", tree, "-p", "HEAD", "-m", "bomb"))
    git = repo.path / ".git"
    layout = Layout(top=repo.path, git=git, common=Common(git=git), key="")
    row = roster.Row(
        run="7", started="", command="", ended=None, ticket=None, alive=False, branches=("yolo/7",)
    )
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in roster.difference(layout, row))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 30_000_000
    assert most < size / 10


def made(repo: Repo, *args: str, said: str) -> str:
    """Run git with something on its standard input."""
    done = subprocess.run(
        ["git", *args], cwd=repo.path, input=said, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
