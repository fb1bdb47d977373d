"""Commits that are asked for by their ids: whose they are, what they touch, their patches."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.system import history
from patina_sessions.system.git import Git
from tests.repository import Repo

GONE = "0123456789" * 4


@pytest.fixture
def git(repo: Repo) -> Git:
    return Git(repo.path / ".git", repo.path)


def test_commits_are_told_in_the_order_asked_and_what_is_not_here_is_passed_over(
    repo: Repo, git: Git
) -> None:
    one = repo.commit("feat: one", {"a.py": "1\n", "with blank.py": "1\n"})
    two = repo.commit("fix: two", {"a.py": "2\n"})
    found = history.known(git, [two, GONE, one, "no id"])
    assert list(found) == [two, one]
    assert (found[one].subject, found[one].author) == ("feat: one", "Ada Lovelace")
    assert found[one].paths == ("a.py", "with blank.py")
    patches = list(history.patches(git, [two, GONE, one], most=10_000))
    assert [patch.id for patch in patches] == [two, one]
    assert patches[0].text.endswith(b"@@ -1 +1 @@\n-1\n+2\n")
    assert [patch.left_out for patch in patches] == [0, 0]


def test_an_empty_commit_and_a_merge_are_told(repo: Repo, git: Git) -> None:
    repo.commit("base", a="1\n")
    empty = repo.commit("empty")
    repo.git("switch", "--quiet", "-c", "side", "HEAD~1")
    repo.commit("side", b="1\n")
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    merge = repo.git("rev-parse", "HEAD")
    found = history.known(git, [empty, merge])
    assert (found[empty].paths, found[merge].paths) == ((), ("b.txt",))
    texts = {patch.id: patch.text for patch in history.patches(git, [empty, merge], most=1000)}
    assert texts[empty] == b""
    assert b"+++ b/b.txt" in texts[merge]


def test_what_the_user_has_set_up_changes_nothing(repo: Repo, git: Git, tmp_path: Path) -> None:
    # Where there is no working tree to read attributes from, git reads these.
    repo.write(".git/info/attributes", "*.py diff=odd\n")
    commit = repo.commit("feat: one", {"a.py": "1\n", ".gitattributes": "*.py diff=odd\n"})
    before = list(history.patches(git, [commit], most=1000))
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\necho other words\n")
    trap.chmod(0o755)
    for name, value in {
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": str(trap),
        "diff.odd.textconv": str(trap),
        "diff.odd.command": str(trap),
        "diff.context": "9",
        "log.showSignature": "true",
        "log.diffMerges": "off",
        "log.follow": "true",
        "format.pretty": "oneline",
        "core.pager": str(trap),
    }.items():
        repo.git("config", name, value)
    assert list(history.patches(git, [commit], most=1000)) == before
    assert history.known(git, [commit])[commit].paths == (".gitattributes", "a.py")
    assert not (tmp_path / "sprung").exists()


def test_a_long_patch_is_cut_and_its_rest_counted(repo: Repo, git: Git) -> None:
    long = repo.commit("long", {"a.txt": "".join(f"line {n}\n" for n in range(200_000))})
    after = repo.commit("after", {"b.txt": "x\n"})
    first, second = history.patches(git, [long, after], most=5000)
    assert 5000 <= len(first.text) < 5200
    assert len(first.text) + first.left_out > 2_000_000
    assert second.text.endswith(b"+x\n")
    assert second.left_out == 0


def test_a_commit_that_git_falls_over_hides_no_other(repo: Repo, git: Git) -> None:
    one = repo.commit("one", a="1\n")
    two = repo.commit("two", a="2\n")
    three = repo.commit("three", b="3\n")
    blob = repo.git("rev-parse", f"{two}:a.txt")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    found = {patch.id: patch.text for patch in history.patches(git, [one, two, three], most=1000)}
    assert b"+1" in found[one]
    assert b"+3" in found[three]


def test_more_commits_than_one_command_line_takes(
    repo: Repo, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [repo.commit(f"feat: {n}", {f"f{n}": "x\n"}) for n in range(5)]
    monkeypatch.setattr(history, "_AT_ONCE", 2)
    assert [patch.id for patch in history.patches(git, ids, most=1000)] == ids
    assert list(history.known(git, ids)) == ids


def test_a_secret_in_a_subject_or_a_path_is_taken_out(repo: Repo, git: Git) -> None:
    secret = "ghp_" + "Zx9Qm2Lr8Tb4Wc7Vn1Kd6Hs3Jf5Gp0Ya2Be"
    plain = repo.commit("plain", {"a": "1\n"})
    bad = repo.commit(f"feat: {secret}", {f"keys/{secret}.txt": "1\n"})
    found = history.known(git, [plain, bad])
    assert found[plain].subject == "plain"
    assert found[bad].subject == "feat: [redacted:github-token]"
    assert found[bad].paths == ("keys/[redacted:github-token].txt",)


def test_the_beginning_of_an_id_names_a_commit_and_nothing_else(repo: Repo, git: Git) -> None:
    commit = repo.commit("one", a="1\n")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    found = history.full_ids(git, [commit[:10], tree[:10], "ffffffffff", "--all", "HEAD~1"])
    assert found == {commit[:10]: commit}


MARK = b"<mark>"


@given(
    st.lists(st.binary(max_size=30).filter(lambda part: MARK not in part), max_size=6),
    st.lists(st.integers(1, 9), min_size=1, max_size=40),
    st.integers(1, 40),
)
def test_wherever_blocks_end_the_parts_are_the_same(parts: list[bytes], sizes: list[int], most: int) -> None:
    whole = b"".join(MARK + part for part in parts)
    if whole.count(MARK) != len(parts):
        return  # two parts made a mark between them
    blocks, at, turn = [], 0, 0
    while at < len(whole):
        size = sizes[turn % len(sizes)]
        blocks.append(whole[at : at + size])
        at, turn = at + size, turn + 1
    found = list(history._cut(iter(blocks), MARK, most))
    assert found == [(part[:most], max(0, len(part) - most)) for part in parts]
