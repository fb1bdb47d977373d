"""The door to git: what it gives back for names, histories and clones as hostile as git allows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.errors import PatinaError
from patina_sessions.model import Commit, FileChange
from patina_sessions.system import objects, processes
from patina_sessions.system.git import Git
from tests.repository import Repo

HOSTILE = (
    "with\nnewline",
    "with\ttab",
    'with "quotes"',
    "a -> b",
    "-rf",
    "--option",
    " space ",
    "ünïcode",
    ":100644 100644 aaaaaaa bbbbbbb M",
    "1\t2\tthree",
    "-\t-\tbinary",
    "0" * 40,
    "\\back\\slash",
    "folder/sub/file",
)
NOT_UTF8 = os.fsdecode(b"latin-\xe9\xff")


@pytest.fixture
def git(repo: Repo) -> Iterator[Git]:
    with Git(repo.path / ".git", repo.path) as door:
        yield door


def full(git: Git, commit: str) -> Commit:
    found = git.commit(commit)
    assert found is not None
    return git.with_files([found])[0]


def test_every_file_of_a_commit_is_told_whatever_it_is_called(repo: Repo, git: Git) -> None:
    names = (*HOSTILE, NOT_UTF8)
    for number, name in enumerate(names):
        repo.write(name, "line\n" * (number + 1))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "hostile")
    commit = full(git, repo.git("rev-parse", "HEAD"))
    found = {f.path: (f.status, f.added, f.deleted) for f in commit.files}
    assert found == {name: ("A", n + 1, 0) for n, name in enumerate(names)}
    assert commit.file_count == len(names)
    assert git.files_of([commit.id]) == set(names)


@pytest.mark.parametrize("old", [*HOSTILE, NOT_UTF8], ids=ascii)
def test_a_rename_is_told_with_both_names_whatever_they_are(repo: Repo, git: Git, old: str) -> None:
    new = f"new {old}"
    repo.write(old, "one\ntwo\nthree\nfour\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "before")
    (repo.path / old).unlink()
    repo.write(new, "one\ntwo\nthree\nfour\nfive\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "after")
    commit = full(git, repo.git("rev-parse", "HEAD"))
    assert commit.files == (FileChange(status="R", path=new, old_path=old, added=1, deleted=0),)
    assert git.files_of([commit.id]) == {new}


def test_a_binary_file_has_no_count_of_lines(repo: Repo, git: Git) -> None:
    commit = full(git, repo.commit("binary", {"b": bytes(range(256)), "t": "1\n"}))
    assert [(f.path, f.added) for f in commit.files] == [("b", None), ("t", 1)]
    assert (commit.added, commit.deleted) == (1, 0)


def test_statuses_are_git_s_own(repo: Repo, git: Git) -> None:
    repo.commit("before", {"changed": "1\n", "deleted": "1\n" * 9, "mode": "1\n2\n3\n"})
    repo.write("changed", "2\n")
    (repo.path / "deleted").unlink()
    (repo.path / "mode").unlink()
    (repo.path / "mode").symlink_to("changed")
    repo.write("added", "new\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "after")
    commit = full(git, repo.git("rev-parse", "HEAD"))
    assert {f.path: f.status for f in commit.files} == {
        "added": "A",
        "changed": "M",
        "deleted": "D",
        "mode": "T",
    }


def test_at_most_fifty_files_are_kept_and_all_are_counted(repo: Repo, git: Git) -> None:
    commit = full(git, repo.commit("many", {f"f{n:03}": "1\n2\n" for n in range(120)}))
    assert (len(commit.files), commit.file_count, commit.added) == (50, 120, 240)
    assert len(git.files_of([commit.id])) == 120


def test_a_merge_is_compared_with_its_first_parent_and_touches_only_what_it_changed_itself(
    repo: Repo, git: Git
) -> None:
    repo.commit("base", base="1\n")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("topic", topic="1\n", base="topic\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main", other="1\n", base="main\n")
    repo.git("merge", "-q", "topic", check=False)
    repo.write("base.txt", "both\n")
    repo.git("commit", "-q", "-a", "--no-edit")
    commit = full(git, repo.git("rev-parse", "HEAD"))
    assert {f.path for f in commit.files} == {"base.txt", "topic.txt"}
    assert git.files_of([commit.id]) == {"base.txt"}


def test_one_child_compares_all_commits(repo: Repo, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [repo.commit(f"c{n}", {f"f{n}": f"{n}\n"}) for n in range(5)]
    commits = [c for c in map(git.commit, ids) if c is not None]
    calls: list[object] = []
    run = processes.run

    def counted(argv: Sequence[str], **more: Any) -> processes.Result:
        calls.append(argv)
        return run(argv, **more)

    monkeypatch.setattr(processes, "run", counted)
    found = git.with_files(commits)
    assert [[f.path for f in c.files] for c in found] == [[f"f{n}"] for n in range(5)]
    assert len(calls) == 1
    assert git.with_files([]) == ()


def test_what_is_not_here_is_none_and_no_error(repo: Repo, git: Git) -> None:
    head = repo.commit("one", one="1")
    blob = repo.git("rev-parse", "HEAD:one.txt")
    for name in ("f" * 40, "f" * 64, "HEAD", "", "-x", "main\nHEAD", blob, head[:10]):
        assert git.header(name) is None
        assert git.commit(name) is None
    assert git.commit(head) is not None
    assert git.rev_list(["f" * 40]) == ()
    assert git.rev_list([]) == ()
    assert git.rev_list([head], ["f" * 40]) == (head,)
    assert not git.is_ancestor("f" * 40, head)
    assert git.merge_base(head, "f" * 40) is None
    assert git.reachable(["f" * 40]) == set()
    assert git.patch_ids(["f" * 40, "x"]) == {}
    assert git.files_of(["f" * 40, "x"]) == set()


def test_the_child_that_reads_objects_is_one_and_ends_with_the_door(repo: Repo) -> None:
    ids = [repo.commit(f"c{n}", {f"f{n}": "1"}) for n in range(3)]
    with Git(repo.path / ".git", repo.path) as git:
        assert git.head() == ids[-1]
        before = git._reader
        assert before is None  # for a name there is no need of it
        for commit in ids:
            assert git.header(commit) is not None
        assert git._reader is not None
        pid = git._reader.pid
        assert git.header("f" * 40) is None
        assert git._reader.pid == pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_died_is_replaced(repo: Repo, git: Git) -> None:
    one, two, three = (repo.commit(f"c{n}", {f"f{n}": "1"}) for n in range(3))
    assert git.header(one) is not None
    assert git._reader is not None
    os.kill(git._reader.pid, 9)
    time.sleep(0.05)
    assert git.header(two) is not None
    assert git.header(three) is not None


def test_a_commit_with_a_message_of_megabytes_is_read_and_so_is_the_next(repo: Repo, git: Git) -> None:
    repo.write("message", "subject\n\n" + "x" * 3_000_000)
    repo.git("commit", "-q", "--allow-empty", "-F", "message")
    huge = repo.git("rev-parse", "HEAD")
    small = repo.commit("small", small="1")
    found = [git.commit(i) for i in (huge, small, huge)]
    assert [c and c.subject for c in found] == ["subject", "small", "subject"]


def test_the_subject_is_the_first_paragraph_as_git_shows_it(repo: Repo, git: Git) -> None:
    repo.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", "\n\n  two\nlines  \n\nbody")
    head = repo.git("rev-parse", "HEAD")
    found = git.commit(head)
    assert found is not None
    assert found.subject == repo.git("log", "-1", "--format=%s").strip() == "two lines"


def test_a_subject_in_another_encoding_is_text(repo: Repo, git: Git) -> None:
    repo.write("message", "d\xe9j\xe0 vu".encode("latin-1"))
    repo.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-F", "message")
    found = git.commit(repo.git("rev-parse", "HEAD"))
    assert found is not None
    assert found.subject == "déjà vu"


def test_a_subject_in_no_encoding_at_all_keeps_its_bytes(repo: Repo, git: Git) -> None:
    repo.commit("one", one="1")  # git itself would turn such a message into UTF-8; others do not
    raw = repo.path / "raw"
    head = repo.git("cat-file", "commit", "HEAD").encode().rsplit(b"\n\n", 1)[0]
    raw.write_bytes(head + b"\n\ncaf\xe9 \xff\n")
    found = git.commit(repo.git("hash-object", "-t", "commit", "-w", "raw"))
    assert found is not None
    assert found.subject.encode("utf-8", "surrogateescape") == b"caf\xe9 \xff"


def test_no_secret_leaves_by_way_of_a_commit(repo: Repo, git: Git) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    env = {"GIT_AUTHOR_NAME": token, "GIT_AUTHOR_EMAIL": f"{token}@x"}
    repo.write(f"{token}.txt", "1")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", f"use {token}", env=env)
    commit = full(git, repo.git("rev-parse", "HEAD"))
    assert token not in repr(commit)
    assert commit.file_count == 1


def test_who_committed_is_compared_raw(repo: Repo, git: Git) -> None:
    repo.commit("one", one="1")
    raw = repo.git("cat-file", "commit", "HEAD").encode().split(b"committer ")[0]
    (repo.path / "raw").write_bytes(raw + b"committer J\xe9r\xf4me <J@X> 5 +0130\n\none\n")
    found = git.header(repo.git("hash-object", "-t", "commit", "-w", "raw"))
    assert found is not None
    by = found.committer
    assert by.name.encode("utf-8", "surrogateescape") == b"J\xe9r\xf4me"
    assert (by.email, by.seconds, by.zone) == ("J@X", 5, "+0130")


def test_at_the_edge_of_a_shallow_clone_nothing_fails(repo: Repo, tmp_path: Path) -> None:
    for n in range(4):
        repo.commit(f"c{n}", {f"f{n}": "1\n"})
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.path}", str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow")
    with Git(shallow.path / ".git", shallow.path) as git:
        edge = shallow.git("rev-list", "--max-parents=0", "HEAD")
        found = full(git, edge)
        assert found.parents != ()
        assert git.header(found.parents[0]) is None
        assert len(git.rev_list([shallow.git("rev-parse", "HEAD")])) == 2
        assert git.reachable([edge]) == {edge}
        assert full(git, shallow.git("rev-parse", "HEAD")).file_count == 1


def test_in_a_partial_clone_nothing_is_fetched_and_what_is_here_is_counted(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(processes.QUIET, "GIT_NO_LAZY_FETCH")  # as for a git that does not know it
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit("old", old="1\n" * 5, moved="one\ntwo\nthree\nfour\n")
    repo.git("mv", "moved.txt", "renamed.txt")
    middle = repo.commit("middle", old="1\n", renamed="one\ntwo\nthree\nfour\nfive\n")
    repo.commit("new", old="2\n")
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial")
    packs = sorted((partial.path / ".git" / "objects" / "pack").iterdir())
    mine = partial.commit("mine", mine="1\n2\n")
    with Git(partial.path / ".git", partial.path) as git:
        commits = [c for c in (git.commit(middle), git.commit(mine)) if c is not None]
        there, here = git.with_files(commits)
        assert git.files_of([middle]) >= {"old.txt", "renamed.txt"}
        assert git.header("f" * 40) is None
    assert {f.path for f in there.files} >= {"old.txt", "renamed.txt"}
    assert {(f.added, f.deleted) for f in there.files} == {(None, None)}
    assert [(f.path, f.added) for f in here.files] == [("mine.txt", 2)]
    assert sorted((partial.path / ".git" / "objects" / "pack").iterdir()) == packs


def test_reachable_are_those_below_a_branch_a_remote_branch_or_any_worktree(
    repo: Repo, git: Git, tmp_path: Path
) -> None:
    on_main = repo.commit("main", main="1")
    repo.git("checkout", "-q", "--detach")
    on_remote = repo.commit("remote", remote="1")
    repo.git("update-ref", "refs/remotes/origin/x", on_remote)
    repo.git("checkout", "-q", "--detach", "main")
    tagged = repo.commit("tagged", tagged="1")
    repo.git("tag", "kept", tagged)
    repo.git("update-ref", "refs/patina/tags/x", tagged)
    repo.git("checkout", "-q", "main")
    linked = repo.worktree(tmp_path / "linked", "gone")
    linked.git("checkout", "-q", "--detach")
    in_worktree = linked.commit("worktree", worktree="1")
    old = repo.commit("old", old="1")
    repo.git("commit", "-q", "--amend", "-m", "amended")
    new = repo.git("rev-parse", "HEAD")
    asked = [on_main, on_remote, tagged, in_worktree, old, new]
    assert git.reachable(asked) == {on_main, on_remote, in_worktree, new}
    assert git.reachable([]) == set()


def test_a_patch_id_survives_a_rebase_and_a_merge_has_none(repo: Repo, git: Git) -> None:
    repo.commit("base", base="1\n")
    repo.git("checkout", "-q", "-b", "topic")
    before = repo.commit("topic", topic="1\n")
    repo.git("checkout", "-q", "main")
    repo.commit("meanwhile", meanwhile="1\n")
    repo.git("checkout", "-q", "topic")
    repo.git("rebase", "-q", "main")
    after = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "--no-edit", "topic")
    merge = repo.git("rev-parse", "HEAD")
    empty = repo.commit("empty")
    found = git.patch_ids([before, after, merge, empty])
    assert set(found) == {before, after}
    assert found[before] == found[after]


def test_more_patches_than_fit_at_once_are_all_there(repo: Repo, git: Git) -> None:
    ids = [repo.commit(f"c{n}", {"f": f"{n}\n"}) for n in range(70)]
    assert set(git.patch_ids(ids)) == set(ids)


def test_history_is_told_parents_first(repo: Repo, git: Git) -> None:
    one, two, three = (repo.commit(f"c{n}", {f"f{n}": "1"}) for n in range(3))
    assert git.rev_list([three]) == (one, two, three)
    assert git.rev_list([three], [one]) == (two, three)
    assert git.rev_list([three], limit=2) == (two, three)
    assert git.is_ancestor(one, three)
    assert not git.is_ancestor(three, one)
    assert git.merge_base(one, three) == one
    assert git.head() == three


def test_without_a_commit_there_is_no_head(repo: Repo, git: Git) -> None:
    assert git.head() is None
    assert git.reachable(["f" * 40]) == set()


def test_the_identity_is_what_git_would_stamp(repo: Repo, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git.identity() == ("Ada Lovelace", "ada@example.org")
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    repo.git("config", "user.name", "Grace <i> Hopper")
    repo.git("config", "user.email", "grace@example.org")
    assert git.identity() == ("Grace i Hopper", "grace@example.org")
    repo.git("config", "--unset", "user.name")
    repo.git("config", "user.useConfigOnly", "true")
    assert git.identity()[1] in {"", "grace@example.org"}


def test_files_are_counted_as_git_status_counts_them(repo: Repo, git: Git) -> None:
    repo.commit("base", {"a": "1\n", "b": "1\n2\n3\n4\n", "c": "1\n"})
    assert git.status_counts() == (0, 0, 0)
    repo.write("a", "changed\n")
    repo.git("mv", "b", "b\n -> renamed")
    repo.write("c", "staged\n")
    repo.git("add", "c")
    repo.write("c", "and changed again\n")
    repo.write("new\nfile", "1")
    assert git.status_counts() == (2, 2, 1)


def test_counting_takes_no_lock_and_starts_no_monitor_of_the_user_s(repo: Repo, git: Git) -> None:
    repo.commit("base", base="1\n")
    marker = repo.path / "monitor-ran"
    hook = repo.write(".git/monitor", f"#!/bin/sh\n: > '{marker}'\n")
    hook.chmod(0o755)
    repo.git("config", "core.fsmonitor", str(hook))
    index = repo.path / ".git" / "index"
    os.utime(repo.path / "base.txt", (1, 1))  # git would write the index to remember that it looked
    before = index.read_bytes()
    (repo.path / ".git" / "index.lock").touch()
    assert git.status_counts()[:2] == (0, 0)
    assert index.read_bytes() == before
    assert not marker.exists()


def test_no_program_of_the_user_s_configuration_is_run(repo: Repo, git: Git) -> None:
    marker = repo.path.parent / "ran"
    repo.write(".gitattributes", "*.txt diff=mine\n")
    repo.commit("one", one="1\n")
    repo.git("config", "diff.mine.textconv", f"touch '{marker}' && cat")
    repo.git("config", "diff.mine.command", f"touch '{marker}'")
    repo.git("config", "diff.external", f"touch '{marker}'")
    commit = full(git, repo.commit("two", one="2\n"))
    git.patch_ids([commit.id])
    git.files_of([commit.id])
    assert not marker.exists()


def test_the_version_is_numbers(git: Git) -> None:
    assert git.version() >= (2, 30)
    assert all(isinstance(n, int) for n in git.version())


def test_a_git_directory_apart_from_its_tree_is_read(repo: Repo, tmp_path: Path) -> None:
    head = repo.commit("one", one="1")
    apart = tmp_path / "a part\nof it"
    (repo.path / ".git").rename(apart)
    with Git(apart, repo.path) as git:
        assert git.commit(head) is not None
        assert git.status_counts() == (0, 0, 0)


def test_a_linked_worktree_reads_the_same_objects(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one", one="1")
    linked = repo.worktree(tmp_path / "linked", "topic")
    head = linked.commit("there", there="1")
    with Git(Path(linked.git("rev-parse", "--absolute-git-dir")), linked.path) as git:
        assert git.head() == head
        assert git.commit(head) is not None


def test_variables_of_a_calling_git_do_not_lead_elsewhere(
    repo: Repo, git: Git, new_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repo.commit("one", one="1")
    other = new_repo("other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    processes.forget_git()
    assert git.head() == head
    assert git.commit(head) is not None


def test_the_folder_of_a_repository_that_is_gone_is_an_error_of_one_line(tmp_path: Path) -> None:
    with Git(tmp_path / "gone", tmp_path / "gone") as git, pytest.raises(PatinaError, match="gone"):
        git.head()


def test_what_is_recorded_of_a_commit_is_what_gitpython_reads(repo: Repo) -> None:
    import git as gitpython

    ids = [
        repo.commit("feat: überall\n\nA body.\nOf two lines.", {"a.txt": "1\n2\n", "b/c.txt": "3\n"}),
        repo.commit("fix: less", {"a.txt": "1\n"}),
    ]
    with gitpython.Repo(repo.path) as library, Git(repo.path / ".git", repo.path) as git:
        for commit in git.with_files([found for i in ids if (found := git.commit(i))]):
            theirs = library.commit(commit.id)
            assert commit.subject == theirs.summary
            assert commit.parents == tuple(parent.hexsha for parent in theirs.parents)
            assert commit.author == theirs.author.name
            changed = {change.path: (change.added, change.deleted) for change in commit.files}
            assert changed == {
                str(path): (lines["insertions"], lines["deletions"])
                for path, lines in theirs.stats.files.items()
            }


def test_in_a_repository_of_sha256_objects_are_read(new_repo: Callable[..., Repo]) -> None:
    repo = new_repo("sha256", "--object-format=sha256")
    head = repo.commit("one", one="1\n")
    with Git(repo.path / ".git", repo.path) as git:
        commit = full(git, head)
        assert (commit.subject, [f.path for f in commit.files]) == ("one", ["one.txt"])
        assert set(git.patch_ids([head])) == {head}


@given(st.binary())
def test_no_bytes_make_the_reading_of_a_commit_fail(raw: bytes) -> None:
    found = objects.header("a" * 40, raw)
    assert found is None or objects.is_id(found.tree)


@given(st.binary())
def test_no_bytes_make_the_reading_of_changes_fail(raw: bytes) -> None:
    assert isinstance(objects.changes(raw), dict)
    assert isinstance(objects.paths(raw), set)
