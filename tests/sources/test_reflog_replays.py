"""Rebases, read whole and in the middle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from patina_sessions.model import Fact, Made, Rebased
from patina_sessions.sources import rewrites
from patina_sessions.system import clock
from tests.repository import Repo
from tests.sources.reader import Reader, left_behind, made, moves, phases, subjects

Clone = Callable[[str, str], Repo]


@pytest.fixture
def topic(past: Repo, reader: Reader) -> Repo:
    return left_behind(past, reader, commits=3)


def by_hand(repo: Repo, *plan: str, onto: str = "main") -> None:
    file = repo.path.parent / "plan"
    file.write_text("".join(f"{line}\n" for line in plan))
    env = {"GIT_SEQUENCE_EDITOR": f"cp '{file}'", "GIT_EDITOR": "sh -c 'echo reworded > \"$1\"' -"}
    repo.git("rebase", "-q", "-i", onto, env=env, check=False)


def counted(facts: list[Fact]) -> dict[str, bool]:
    data = [f.data for f in facts]
    return {
        d.commit.subject: d.counted for d in data if isinstance(d, Rebased | Made) and d.commit is not None
    }


def test_squash_fixup_reword_reorder_and_drop_keep_the_count(topic: Repo, reader: Reader) -> None:
    one, two, three = topic.git("rev-list", "--reverse", "main..topic").split("\n")
    by_hand(topic, f"reword {three}", f"pick {one}", f"fixup {two}")
    facts = reader.read()
    assert phases(facts)[0] == "start"
    assert phases(facts)[-1] == "finish"
    assert all(counted(facts).values())
    tip = [c for c in made(facts) if c.id == topic.git("rev-parse", "HEAD")]
    assert [c.subject for c in tip] == ["topic 0"]


def test_a_commit_at_an_edit_stop_is_an_entry_of_its_own(topic: Repo, reader: Reader) -> None:
    one, two, three = topic.git("rev-list", "--reverse", "main..topic").split("\n")
    by_hand(topic, f"edit {one}", f"pick {two}", f"pick {three}")
    topic.commit("in between", between="1")
    topic.git("commit", "-q", "--amend", "-m", "in between, better")
    topic.git("rebase", "--continue")
    facts = reader.read()
    stops = [(f.data.how, f.data.commit.subject, f.data.branch) for f in facts if isinstance(f.data, Made)]
    assert stops == [("commit", "in between", None), ("amend", "in between, better", None)]
    assert phases(facts) == ["start", "pick", "pick", "pick", "finish"]


def test_a_rebase_read_after_every_step_says_what_it_says_when_read_at_once(
    topic: Repo, reader: Reader
) -> None:
    one, two, three = topic.git("rev-list", "--reverse", "main..topic").split("\n")
    whole = Reader(topic)
    whole.position, whole.counts = reader.position, dict(reader.counts)
    by_hand(topic, f"pick {one}", "break", f"squash {two}", "break", f"pick {three}")
    facts = []
    for _ in range(2):
        found = reader.read()
        assert found
        facts += found
        topic.git("rebase", "--continue", env={"GIT_EDITOR": "true"})
    facts += reader.read()
    assert phases(facts) == ["start", "pick", "pick", "pick", "finish"]
    assert facts == whole.read()


def test_an_aborted_rebase_says_so_and_where_it_returned(topic: Repo, reader: Reader) -> None:
    topic.commit("in the way", past0="here\n")
    topic.git("checkout", "-q", "main")
    topic.commit("in the way", past0="there\n")
    topic.git("checkout", "-q", "topic")
    reader.read()
    topic.git("rebase", "-q", "main", check=False)
    assert phases(reader.read()) == ["start", "pick", "pick", "pick"]
    topic.git("rebase", "--abort")
    facts = reader.read()
    assert [(f.data.phase, f.data.branch) for f in facts if isinstance(f.data, Rebased)] == [
        ("abort", "topic")
    ]


def test_a_rebase_that_was_quit_leaves_its_start_and_picks_alone(topic: Repo, reader: Reader) -> None:
    one, two, _ = topic.git("rev-list", "--reverse", "main..topic").split("\n")
    by_hand(topic, f"edit {one}", f"pick {two}")
    topic.git("rebase", "--quit")
    assert phases(reader.read()) == ["start", "pick"]
    topic.commit("after", after="1")
    assert subjects(reader.read()) == ["after"]


def test_a_detached_rebase_has_no_finish_and_no_branch(topic: Repo, reader: Reader) -> None:
    topic.git("checkout", "-q", "--detach")
    topic.git("rebase", "-q", "main")
    facts = reader.read()
    assert phases(facts)[:4] == ["start", "pick", "pick", "pick"]
    assert {f.data.branch for f in facts if isinstance(f.data, Rebased)} == {None}


def test_a_pull_with_rebase_replays_ours_and_brings_theirs(past: Repo, clone: Clone) -> None:
    mine = clone("Ada Lovelace", "ada@example.org")
    reader = Reader(mine).begin()
    mine.commit("mine", mine="1")
    past.commit("theirs", theirs="1")
    reader.read()
    mine.git("pull", "-q", "--rebase", "origin", "main")
    facts = reader.read()
    assert subjects(facts) == ["mine"]
    replay = [f.data for f in facts if isinstance(f.data, Rebased)]
    assert [(r.phase, r.pull, r.branch) for r in replay] == [
        ("start", True, "main"),
        ("pick", True, "main"),
        ("finish", True, "main"),
    ]
    assert replay[1].counted


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_a_token_in_the_url_of_a_pull_is_in_no_fact(past: Repo, reader: Reader) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    log = past.path / ".git" / "logs" / "HEAD"
    head = past.git("rev-parse", "HEAD")
    new = past.git("commit-tree", "HEAD^{tree}", "-p", head, "-m", f"key {token}")
    stamp = past.git("log", "-1", "--format=%cn <%ce> %cd", "--date=raw", new)
    with log.open("a") as stream:
        stream.write(
            f"{head} {new} {stamp}\tpull https://ada:{token}@example.org/r main: Merge made by the 'ort' strategy.\n"
        )
        stream.write(f"{new} {head} {stamp}\treset: moving to https://ada:{token}@example.org\n")
        stream.write(f"{head} {new} {stamp}\tcheckout: moving from {token} to {token}x\n")
    facts = reader.read()
    assert len(facts) == 3
    assert token not in repr(facts)


def test_a_rebase_of_another_branch_than_the_one_checked_out_counts_what_it_replays(
    topic: Repo, reader: Reader
) -> None:
    topic.git("checkout", "-q", "main")
    reader.read()
    topic.git("rebase", "-q", "main", "topic")
    facts = reader.read()
    assert counted(facts) == {"topic 0": True, "topic 1": True, "topic 2": True}
    assert phases(facts)[-1] == "finish"


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_git_s_own_map_says_what_was_replayed_where_nothing_else_is_alike(
    topic: Repo, reader: Reader
) -> None:
    old = topic.git("rev-parse", "HEAD")
    env = {"GIT_AUTHOR_NAME": "Somebody", "GIT_AUTHOR_EMAIL": "some@example.org"}
    by_hand(
        topic,
        f"pick {old}",
        "exec git commit -q --amend --reset-author -m other --author 'X <x@example.org>'",
    )
    facts = reader.read()
    assert counted(facts)["topic 2"]
    # The same, told by a map that is there before the reading.
    again = Reader(topic)
    again.position, again.counts = reader.position, dict(reader.counts)
    topic.git("reset", "-q", "--hard", old)
    again.read()
    again.counts = {old: True}
    spool = topic.path / "spool"
    spool.mkdir()
    topic.git("checkout", "-q", "-B", "onto", "main~1")
    again.read()
    start = topic.git("rev-parse", "HEAD")
    new = topic.git("commit-tree", f"{old}^{{tree}}", "-p", "HEAD", "-m", "nothing alike", env=env)
    stamp = topic.git("log", "-1", "--format=%cn <%ce> %cd", "--date=raw", new)
    with (topic.path / ".git" / "logs" / "HEAD").open("a") as stream:
        stream.write(f"{start} {start} {stamp}\trebase (start): checkout onto\n")
        stream.write(f"{start} {new} {stamp}\trebase (pick): nothing alike\n")
    (spool / "rewrite-rebase-1.in").write_text(f"{old} {new}\n")
    maps = rewrites.read(spool, now=clock.now())
    assert counted(again.read(rewrites=rewrites.replaced(maps.facts))) == {"nothing alike": True}


def test_what_a_rebase_finds_there_already_was_not_made_by_it(topic: Repo, reader: Reader) -> None:
    reader.counts.clear()  # as if all of it had been made before the start
    one, two, three = topic.git("rev-list", "--reverse", "main~1..topic").split("\n")
    by_hand(topic, f"edit {one}", f"pick {two}", f"pick {three}", onto="main~1")
    topic.git("rebase", "--continue")
    facts = reader.read()
    assert made(facts) == []
    assert moves(facts) == []
    assert phases(facts) == ["start", "pick", "pick", "pick", "finish"]


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_a_pick_that_goes_forward_to_what_nobody_told_of_was_not_made_by_it(
    topic: Repo, reader: Reader
) -> None:
    head, old = topic.git("rev-parse", "main~1", "main~2").split("\n")
    reader.counts.clear()
    stamp = "Ada Lovelace <ada@example.org> 1800000000 +0000"
    with (topic.path / ".git" / "logs" / "HEAD").open("a") as stream:
        stream.write(f"{topic.git('rev-parse', 'HEAD')} {old} {stamp}\trebase (start): checkout main~2\n")
        stream.write(f"{old} {head} {stamp}\trebase: fast-forward\n")
    topic.git("update-ref", "--no-deref", "HEAD", head, check=False)
    assert made(reader.read()) == []


def test_a_replay_by_a_filter_counts_what_counted(past: Repo, reader: Reader) -> None:
    past.commit("counted", counted="1")
    reader.read()
    old = past.git("rev-parse", "HEAD")
    date = past.git("log", "-1", "--format=%ad", "--date=raw")
    new = past.git(
        "commit-tree", "HEAD~1^{tree}", "-p", "HEAD~1", "-m", "counted", env={"GIT_AUTHOR_DATE": date}
    )
    past.git("update-ref", "-m", "filter-branch: rewrite", "HEAD", new, old)
    facts = reader.read()
    assert counted(facts) == {"counted": True}
