"""The clone of an autonomous run: one commit and what is below it, in one pack, and its checkout by a shell."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from patina_sessions.errors import GitFailed
from patina_sessions.runs.yolo import checkout, clone, source
from patina_sessions.system.repository import discover
from tests.repository import Repo


def arrived(repo: Repo, tmp_path: Path, **asked: object) -> Repo:
    """Return the clone as it arrives: made, packed as a tar, unpacked elsewhere."""
    repository = discover(repo.path)
    found = source.find(repository, reference="", with_changes=bool(asked.get("with_changes")))
    clone.make(repository, found, tmp_path / "in")
    data = b"".join(clone.packed(tmp_path / "in"))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert {(member.uid, member.gid) for member in tar} == {(1000, 1000)}
    (tmp_path / "out").mkdir(exist_ok=True)
    # The library's own way to unpack safely is younger than Debian's Python.
    subprocess.run(["tar", "-x", "--no-same-owner", "-C", tmp_path / "out"], input=data, check=True)
    return Repo(tmp_path / "out" / "repo")


def checked_out(repo: Repo, tmp_path: Path, **asked: object) -> Repo:
    one = arrived(repo, tmp_path, **asked)
    subprocess.run(["/bin/sh", "-c", checkout.SCRIPT], cwd=one.path, check=True)
    return one


def test_one_commit_and_what_is_below_it_goes_in_and_nothing_else(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1")
    repo.git("tag", "v1")
    repo.git("branch", "other")
    repo.git("switch", "--quiet", "other")
    secret = repo.commit("secret", s="secret")
    repo.git("switch", "--quiet", "main")
    repo.write("a.txt", "stashed")
    repo.git("stash")
    repo.git("remote", "add", "origin", "https://user:password@example.org/x")
    head = repo.commit("second", {"folder/b.txt": "2", "run.sh": "#!/bin/sh\n"})
    one = checked_out(repo, tmp_path)
    assert one.git("rev-parse", "HEAD") == head
    assert one.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert (one.git("status", "--porcelain"), one.git("remote"), one.git("reflog")) == ("", "", "")
    assert (one.path / "folder/b.txt").read_text() == "2"
    assert one.git("cat-file", "-t", secret, check=False) == ""
    assert len(one.git("rev-list", "--objects", "--all").splitlines()) == int(
        one.git("count-objects", "-v").split("in-pack: ")[1].split()[0]
    )
    one.git("fsck", "--strict")
    inodes = {path.stat().st_ino for path in (repo.path / ".git").rglob("*") if path.is_file()}
    assert not inodes & {path.stat().st_ino for path in one.path.rglob("*")}
    assert not (one.path / ".git/objects/info/alternates").exists()
    told = b"".join(path.read_bytes() for path in (one.path / ".git").glob("*") if path.is_file())
    assert b"password" not in told
    assert os.fsencode(repo.path) not in told


def test_no_filter_runs_at_the_checkout(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("first", {".gitattributes": "*.txt filter=x\n", "a.txt": "plain"})
    (tmp_path / "config").write_text(f'[filter "x"]\n\tsmudge = touch {tmp_path}/ran; cat\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    one = checked_out(repo, tmp_path)
    assert (one.path / "a.txt").read_text() == "plain"
    assert not (tmp_path / "ran").exists()


def test_a_checkout_that_fails_is_told_and_leaves_its_mark(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1")
    one = arrived(repo, tmp_path)
    (one.path / ".git/refs/heads/main").write_text("0" * 39 + "1\n")
    done = subprocess.run(["/bin/sh", "-c", checkout.SCRIPT + "echo ran"], cwd=one.path, capture_output=True)
    assert (done.returncode, done.stdout) == (125, b"")
    assert b"the clone could not be checked out" in done.stderr
    assert (one.path / ".git" / checkout.UNREADY).exists()


def test_what_is_done_afterwards_is_not_undone_by_a_second_look(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1")
    one = checked_out(repo, tmp_path)
    one.write("a.txt", "changed")
    subprocess.run(["/bin/sh", "-c", checkout.SCRIPT], cwd=one.path, check=True)
    assert (one.path / "a.txt").read_text() == "changed"


def test_the_clone_of_a_shallow_repository_has_its_boundary(repo: Repo, tmp_path: Path) -> None:
    for number in range(4):
        repo.commit(f"step {number}", a=str(number))
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.path}", str(tmp_path / "shallow"))
    one = checked_out(Repo(tmp_path / "shallow"), tmp_path)
    assert one.git("log", "--format=%s").splitlines() == ["step 3", "step 2"]
    one.git("fsck", "--strict")


def test_what_was_grafted_on_does_not_shorten_the_history(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1")
    head = repo.commit("second", a="2")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/grafts").write_text(f"{head}\n")
    one = checked_out(repo, tmp_path)
    assert one.git("log", "--format=%s").splitlines() == ["second", "first"]


def test_a_repository_of_the_other_hash_is_cloned_in_it(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "sha256", "--object-format=sha256")
    head = repo.commit("first", a="1")
    one = checked_out(repo, tmp_path)
    assert (len(head), one.git("rev-parse", "HEAD"), one.git("status", "--porcelain")) == (64, head, "")


def test_uncommitted_work_goes_along_where_the_path_is_a_strange_one(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / 'a:b "c" \\d')
    repo.commit("first", a="1")
    repo.write("a.txt", "changed")
    repo.write("new.txt", "new")
    one = checked_out(repo, tmp_path, with_changes=True)
    assert (one.path / "a.txt").read_text() + (one.path / "new.txt").read_text() == "changednew"
    assert one.git("log", "--format=%s").splitlines() == [
        "What was not committed when the run began",
        "first",
    ]
    assert one.git("count-objects") == "0 objects, 0 kilobytes"  # all in the pack: a file each takes its time
    one.git("fsck", "--strict")


def test_a_repository_that_lacks_objects_is_an_error_in_words(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1")
    blob = repo.git("rev-parse", "HEAD:a.txt")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(GitFailed, match="the clone cannot be made"):
        arrived(repo, tmp_path)


def test_a_large_pack_is_not_held_in_memory(tmp_path: Path) -> None:
    into = tmp_path / "in/repo/.git/objects/pack"
    into.mkdir(parents=True)
    with open(into / "pack-x.pack", "wb") as pack:
        pack.truncate(10_000_000_000)
    tracemalloc.start()
    try:
        size, pieces = 0, clone.packed(tmp_path / "in")
        while size < 300_000_000:
            size += len(next(pieces))
        _, most = tracemalloc.get_traced_memory()
        pieces.close()  # type: ignore[attr-defined]
    finally:
        tracemalloc.stop()
    assert most < 5_000_000
