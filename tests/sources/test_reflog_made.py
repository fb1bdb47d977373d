"""Which commits were made here, and which of them count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from patina_sessions.model import Made, Rebased
from tests.repository import Repo
from tests.shapes import needs
from tests.sources.reader import Reader, made, moves, phases, subjects

BOB = {
    "GIT_AUTHOR_NAME": "Bob",
    "GIT_AUTHOR_EMAIL": "bob@example.org",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.org",
}
OLD = {"GIT_COMMITTER_DATE": "978307200 +0000", "GIT_AUTHOR_DATE": "978307200 +0000"}
Clone = Callable[[str, str], Repo]


def told(reader: Reader) -> Made:
    """Return the one commit that was made since the last reading."""
    facts = [f.data for f in reader.read() if isinstance(f.data, Made)]
    assert len(facts) == 1, facts
    return facts[0]


def beside(
    repo: Repo, branch: str, *, sets: Mapping[str, str] | None = None, subject: str | None = None
) -> str:
    """Make a commit on a new branch, by somebody, and come back; return it."""
    here = repo.git("branch", "--show-current")
    repo.git("checkout", "-q", "-b", branch)
    repo.write(f"{branch}.txt", branch)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", subject or f"on {branch}", env=sets)
    repo.git("checkout", "-q", here)
    return repo.git("rev-parse", branch)


def test_a_commit_is_told_whole(past: Repo, reader: Reader) -> None:
    head = past.git("rev-parse", "HEAD")
    commit = past.commit("feat: a parser", parser="one\ntwo\n")
    fact = told(reader)
    assert fact == Made(how="commit", commit=fact.commit, old=head, branch="main")
    assert (fact.commit.id, fact.commit.parents, fact.commit.subject) == (commit, (head,), "feat: a parser")
    assert fact.commit.tree == past.git("rev-parse", "HEAD^{tree}")
    assert (fact.commit.author, fact.commit.author_email) == ("Ada Lovelace", "ada@example.org")
    (file,) = fact.commit.files
    assert (file.status, file.path, file.added, file.deleted) == ("A", "parser.txt", 2, 0)
    assert (fact.commit.file_count, fact.commit.added, fact.commit.deleted) == (1, 2, 0)


def test_nothing_from_before_the_first_reading_is_told(past: Repo) -> None:
    reader = Reader(past)
    assert reader.read() == []
    assert reader.read() == []
    past.commit("now", now="1")
    assert subjects(reader.read()) == ["now"]


def test_the_first_commit_of_a_repository_is_told(repo: Repo) -> None:
    reader = Reader(repo).begin()
    repo.commit("first", first="1")
    fact = told(reader)
    assert (fact.how, fact.old, fact.branch) == ("commit", None, "main")


def test_a_commit_is_told_once_however_often_one_reads(past: Repo, reader: Reader) -> None:
    past.commit("one", one="1")
    past.commit("two", two="2")
    assert subjects(reader.read()) == ["one", "two"]
    assert reader.read() == []


def test_an_amend_tells_what_it_replaced(past: Repo, reader: Reader) -> None:
    old = past.commit("one", one="1")
    past.git("commit", "-q", "--amend", "-m", "better")
    first, second = [f.data for f in reader.read() if isinstance(f.data, Made)]
    assert (first.how, second.how, second.old, second.commit.subject) == ("commit", "amend", old, "better")


def test_an_amend_that_changes_nothing_in_the_same_second_is_no_commit(past: Repo, reader: Reader) -> None:
    env = {"GIT_COMMITTER_DATE": "1800000000 +0000", "GIT_AUTHOR_DATE": "1800000000 +0000"}
    past.git("commit", "-q", "--allow-empty", "-m", "one", env=env)
    past.git("commit", "-q", "--amend", "--no-edit", "--allow-empty", env=env)
    assert subjects(reader.read()) == ["one"]


def test_a_merge_is_one_commit_and_what_it_merged_is_told_where_it_was_made(
    past: Repo, reader: Reader
) -> None:
    beside(past, "topic")
    past.commit("meanwhile", meanwhile="1")
    past.git("merge", "-q", "--no-edit", "topic")
    facts = [f.data for f in reader.read() if isinstance(f.data, Made)]
    assert [(f.how, f.commit.subject) for f in facts] == [
        ("commit", "on topic"),
        ("commit", "meanwhile"),
        ("merge", "Merge branch 'topic'"),
    ]


def test_a_merge_of_many_is_told_also_where_head_is_below_one_of_them(past: Repo, reader: Reader) -> None:
    beside(past, "one")
    beside(past, "two")
    reader.read()
    needs("merge-octopus")
    past.git("merge", "-q", "--no-edit", "one", "two")
    fact = told(reader)
    assert (fact.how, len(fact.commit.parents), fact.found) == ("merge", 2, False)


def test_a_merge_finished_by_hand_after_a_conflict_is_a_merge(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "-b", "topic")
    past.commit("theirs", past0="theirs\n")
    past.git("checkout", "-q", "main")
    past.commit("ours", past0="ours\n")
    reader.read()
    past.git("merge", "-q", "topic", check=False)
    past.write("past0.txt", "both\n")
    past.git("commit", "-q", "-a", "--no-edit")
    assert told(reader).how == "merge"


def test_a_pick_of_our_own_counts_and_one_of_another_author_is_told_and_does_not(
    past: Repo, reader: Reader
) -> None:
    mine, theirs = beside(past, "mine"), beside(past, "theirs", sets=BOB)
    past.commit("meanwhile", meanwhile="1")  # else a pick in the same second is the same object
    reader.read()
    past.git("cherry-pick", mine)
    past.git("cherry-pick", theirs)
    first, second = [f.data for f in reader.read() if isinstance(f.data, Made)]
    assert (first.how, first.counted, first.commit.author) == ("cherry-pick", True, "Ada Lovelace")
    assert (second.how, second.counted, second.commit.author) == ("cherry-pick", False, "Bob")


def test_an_amend_of_what_does_not_count_does_not_count(past: Repo, reader: Reader) -> None:
    theirs = beside(past, "theirs", sets=BOB)
    past.commit("meanwhile", meanwhile="1")
    past.git("cherry-pick", theirs)
    past.git("commit", "-q", "--amend", "-m", "theirs, amended")
    past.git("commit", "-q", "--amend", "--reset-author", "-m", "ours now")
    counted = {f.data.commit.subject: f.data.counted for f in reader.read() if isinstance(f.data, Made)}
    assert (counted["on theirs"], counted["theirs, amended"], counted["ours now"]) == (False, False, True)


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_a_step_that_ends_at_somebody_else_s_commit_made_nothing(past: Repo, reader: Reader) -> None:
    head = past.git("rev-parse", "HEAD")
    bob = past.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "bob's", env=BOB)
    with (past.path / ".git" / "logs" / "HEAD").open("a") as stream:
        stream.write(f"{head} {bob} Ada Lovelace <ada@example.org> 1800000000 +0000\trebase (pick): bob's\n")
    facts = reader.read()
    assert made(facts) == []
    assert phases(facts) == ["pick"]


def test_what_was_told_on_another_branch_is_not_told_again_when_head_jumps_to_it(
    past: Repo, reader: Reader
) -> None:
    beside(past, "topic")
    reader.read()
    past.git("update-ref", "HEAD", "topic")
    facts = reader.read()
    assert made(facts) == []
    assert [(m.how, m.brought) for m in moves(facts)] == [("moved", 0)]


def test_a_pick_finished_by_git_commit_is_a_pick(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "-b", "topic")
    past.commit("theirs", past0="theirs\n")
    past.git("checkout", "-q", "main")
    past.commit("ours", past0="ours\n")
    reader.read()
    past.git("cherry-pick", "topic", check=False)
    past.write("past0.txt", "both\n")
    past.git("commit", "-q", "-a", "--no-edit")
    assert told(reader).how == "cherry-pick"


def test_a_pick_that_only_goes_forward_makes_nothing(past: Repo, reader: Reader) -> None:
    commit = beside(past, "topic", sets=OLD)
    reader.position = None
    reader.begin()
    past.git("cherry-pick", "--ff", commit)
    facts = reader.read()
    assert made(facts) == []
    assert [m.how for m in moves(facts)] == ["merge"]


def test_a_revert_is_told_as_one(past: Repo, reader: Reader) -> None:
    past.git("revert", "--no-edit", "HEAD")
    assert told(reader).how == "revert"


def test_mail_of_another_author_is_told_with_its_author_and_does_not_count(
    past: Repo, reader: Reader
) -> None:
    beside(past, "theirs", sets=BOB)
    past.commit("meanwhile", meanwhile="1")
    reader.read()
    past.write("mail", past.git("format-patch", "-1", "--stdout", "theirs") + "\n")
    past.git("am", "-q", "mail")
    fact = told(reader)
    assert (fact.how, fact.commit.author, fact.counted) == ("am", "Bob", False)


def test_a_commit_under_another_author_s_name_was_made_here_and_counts(past: Repo, reader: Reader) -> None:
    past.git(
        "commit", "-q", "--allow-empty", "-m", "by an assistant", "--author", "Assistant <a@example.org>"
    )
    fact = told(reader)
    assert (fact.how, fact.counted, fact.commit.author) == ("commit", True, "Assistant")


@pytest.mark.parametrize(
    "subject",
    [
        "fix (start): checkout main",
        "docs: Fast-forward",
        "x: fast-forward",
        "checkout: moving from a to b",
        "reset: moving to HEAD",
        "rebase (finish): returning to refs/heads/main",
        "rebase (pick): x",
        "push",
        "clone: from https://example.org",
        "Branch: renamed refs/heads/a to refs/heads/b",
        "am --abort",
        "commit (amend): x",
    ],
)
def test_a_subject_that_looks_like_git_s_own_words_is_a_commit_all_the_same(
    past: Repo, reader: Reader, subject: str
) -> None:
    past.commit(subject, subject=subject)
    fact = told(reader)
    assert (fact.how, fact.commit.subject, fact.counted) == ("commit", subject, True)


def test_words_put_before_the_colon_by_another_tool_hide_nothing(past: Repo, reader: Reader) -> None:
    tool = {"GIT_REFLOG_ACTION": "my tool"}
    beside(past, "topic", subject="one")
    past.git("commit", "-q", "--allow-empty", "-m", "two", env=tool)
    past.git("merge", "-q", "--no-edit", "topic", env=tool)
    past.git("commit", "-q", "--amend", "-m", "three", env=tool)
    facts = [f.data for f in reader.read() if isinstance(f.data, Made)]
    assert [(f.how, f.commit.subject) for f in facts] == [
        ("commit", "one"),
        ("commit", "two"),
        ("merge", "Merge branch 'topic'"),
        ("amend", "three"),
    ]


@pytest.mark.files_only("the other program cannot write into a reftable")
def test_a_commit_by_gitpython_that_skips_the_hooks_is_told(past: Repo, reader: Reader) -> None:
    import git

    with git.Repo(past.path) as repo:
        repo.index.commit("by GitPython", skip_hooks=True)
    fact = told(reader)
    assert (fact.how, fact.commit.subject, fact.found) == ("commit", "by GitPython", False)


@pytest.mark.files_only("the other program cannot write into a reftable")
def test_a_commit_that_leaves_no_line_is_found_at_once(past: Repo, reader: Reader) -> None:
    from dulwich import porcelain

    who = b"Ada Lovelace <ada@example.org>"
    porcelain.commit(past.path, message=b"by dulwich", author=who, committer=who)
    facts = reader.read()
    assert subjects(facts) == ["by dulwich"]
    assert [f.data.found for f in facts if isinstance(f.data, Made)] == [True]
    assert [m.how for m in moves(facts)] == ["moved"]
    past.commit("by git", git="1")
    assert subjects(reader.read()) == ["by git"]


@pytest.mark.files_only("the other program cannot write into a reftable")
def test_a_commit_that_leaves_no_line_is_found_from_the_break_in_the_chain(
    past: Repo, reader: Reader
) -> None:
    from dulwich import porcelain

    who = b"Ada Lovelace <ada@example.org>"
    porcelain.commit(past.path, message=b"by dulwich", author=who, committer=who)
    past.commit("by git", git="1")
    assert subjects(reader.read()) == ["by dulwich", "by git"]


@pytest.mark.files_only("the other program cannot write into a reftable")
def test_a_commit_that_leaves_no_line_is_found_though_its_branch_was_renamed_then(
    past: Repo, reader: Reader
) -> None:
    from dulwich import porcelain

    who = b"Ada Lovelace <ada@example.org>"
    porcelain.commit(past.path, message=b"by dulwich", author=who, committer=who)
    past.git("branch", "-m", "trunk")
    assert subjects(reader.read()) == ["by dulwich"]


def test_commits_made_by_plumbing_are_found(past: Repo, reader: Reader) -> None:
    first = past.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "one")
    second = past.git("commit-tree", "HEAD^{tree}", "-p", first, "-m", "two")
    past.git("update-ref", "HEAD", second)
    assert sorted(subjects(reader.read())) == ["one", "two"]


def test_in_a_jump_only_what_our_committer_made_since_the_start_is_found(past: Repo) -> None:
    reader = Reader(past, since=datetime.fromtimestamp(1_750_000_000, UTC)).begin()
    old = past.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "last year", env=OLD)
    bob = past.git("commit-tree", "HEAD^{tree}", "-p", old, "-m", "bob's", env=BOB)
    mine = past.git("commit-tree", "HEAD^{tree}", "-p", bob, "-m", "mine")
    past.git("update-ref", "HEAD", mine)
    facts = reader.read()
    assert subjects(facts) == ["mine"]
    assert [(m.how, m.brought) for m in moves(facts)] == [("moved", 2)]


def test_a_commit_of_2001_is_told_as_any_other(past: Repo, reader: Reader) -> None:
    past.write("old", "1")
    past.git("add", "-A")
    past.git("commit", "-q", "-m", "of 2001", env=OLD)
    assert told(reader).commit.subject == "of 2001"


def test_what_a_pull_brings_is_somebody_else_s(past: Repo, reader: Reader, clone: Clone) -> None:
    bob = clone("Bob", "bob@example.org")
    bob.commit("theirs", theirs="1")
    past.git("pull", "-q", "--ff-only", str(bob.path), "main")
    facts = reader.read()
    assert made(facts) == []
    (move,) = moves(facts)
    assert (move.how, move.pull, move.brought, move.dropped, move.branch) == ("merge", True, 1, 0, "main")


def test_what_my_other_clone_made_was_not_made_here_in_whatever_way_it_comes(
    past: Repo, reader: Reader, clone: Clone
) -> None:
    other = clone("Ada Lovelace", "ada@example.org")
    past.git("remote", "add", "other", str(other.path))
    other.commit("there", there="1")
    past.git("fetch", "-q", "other")
    past.git("update-ref", "HEAD", "other/main")
    facts = reader.read()
    assert made(facts) == []
    assert [(m.how, m.brought) for m in moves(facts)] == [("moved", 1)]


def test_a_push_into_the_checkout_makes_nothing_here(past: Repo, reader: Reader, clone: Clone) -> None:
    past.git("config", "receive.denyCurrentBranch", "updateInstead")
    other = clone("Ada Lovelace", "ada@example.org")
    other.commit("there", there="1")
    other.git("push", "-q", "origin", "HEAD:main")
    facts = reader.read()
    assert made(facts) == []
    assert [(m.how, m.brought) for m in moves(facts)] == [("moved", 1)]


def test_what_another_worktree_made_is_not_made_here(past: Repo, reader: Reader) -> None:
    linked = past.worktree(past.path.parent / "linked", "topic")
    linked.commit("there", there="1")
    past.git("update-ref", "HEAD", "topic")
    assert made(reader.read()) == []


def test_another_worktree_on_the_same_branch_moves_head_and_makes_nothing_here(
    past: Repo, reader: Reader
) -> None:
    linked = past.worktree(past.path.parent / "linked", "topic")
    linked.git("checkout", "-q", "--ignore-other-worktrees", "main")
    linked.commit("there", there="1")
    facts = reader.read()
    assert made(facts) == []
    assert [m.how for m in moves(facts)] == ["moved"]


def test_a_rebase_is_a_start_its_picks_and_a_finish(past: Repo, reader: Reader) -> None:
    beside(past, "topic")
    past.commit("meanwhile", meanwhile="1")
    past.git("checkout", "-q", "topic")
    reader.read()
    past.git("rebase", "-q", "main")
    facts = reader.read()
    assert phases(facts) == ["start", "pick", "finish"]
    assert subjects(facts) == ["on topic"]
    assert [f.data.branch for f in facts if isinstance(f.data, Rebased)] == ["topic", "topic", "topic"]


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
@pytest.mark.parametrize("dates", [(), ("--committer-date-is-author-date",)])
def test_both_backends_of_rebase_are_told_whatever_date_they_stamp(
    past: Repo, reader: Reader, backend: str, dates: tuple[str, ...]
) -> None:
    past.git("checkout", "-q", "-b", "topic")
    past.write("topic", "1")
    past.git("add", "-A")
    past.git("commit", "-q", "-m", "on topic", env=OLD)
    past.git("checkout", "-q", "main")
    past.commit("meanwhile", meanwhile="1")
    past.git("checkout", "-q", "topic")
    reader.read()
    past.git("rebase", "-q", backend, *dates, "main")
    facts = reader.read()
    assert subjects(facts) == ["on topic"]
    assert [f.data.counted for f in facts if isinstance(f.data, Rebased) and f.data.commit is not None] == [
        True
    ]


def test_a_replayed_commit_counts_only_if_its_source_did(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "-b", "topic", "HEAD~1")
    past.write("before", "1")
    past.git("add", "-A")
    past.git("commit", "-q", "-m", "before the start")
    reader.position = None
    reader.begin()
    past.commit("after the start", after="1")
    past.git("rebase", "-q", "main")
    data = [f.data for f in reader.read()]
    counted = {
        d.commit.subject: d.counted for d in data if isinstance(d, Rebased | Made) and d.commit is not None
    }
    assert counted == {"before the start": False, "after the start": True}
