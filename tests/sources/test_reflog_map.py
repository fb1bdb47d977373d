"""What a rebase made of what, found without the map that git gives its hook, and held against that map."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from patina_sessions.model import Rebased
from tests.repository import Repo
from tests.sources.reader import Reader, left_behind

Pairs = set[tuple[str, str]]
DATED = {"GIT_AUTHOR_DATE": "@1800000000 +0000", "GIT_COMMITTER_DATE": "@1800000000 +0000"}


def heard(repo: Repo) -> Path:
    """Have git's own map put aside."""
    told = repo.path.parent / "map"
    hook = repo.write(".git/hooks/post-rewrite", f'#!/bin/sh\n[ "$1" != rebase ] || cat > "{told}"\n')
    hook.chmod(0o755)
    return told


def by_hand(repo: Repo, plan: list[str], *words: str) -> None:
    file = repo.path.parent / "plan"
    file.write_text("".join(f"{line}\n" for line in plan))
    env = {"GIT_SEQUENCE_EDITOR": f"cp '{file}'", "GIT_EDITOR": "sh -c 'echo reworded > \"$1\"' -"}
    repo.git("rebase", "-q", "-i", *words, env=env, check=False)


def said(told: Path) -> Pairs:
    lines = told.read_text().splitlines() if told.exists() else []
    return {(w[0], w[1]) for w in map(str.split, lines) if w[0] != w[1]}


def found(reader: Reader) -> Pairs:
    facts = reader.read()
    return {pair for fact in facts if isinstance(fact.data, Rebased) for pair in fact.data.rewrites}


@pytest.fixture
def topic(past: Repo, reader: Reader) -> Repo:
    return left_behind(past, reader, commits=6)


def ids(repo: Repo) -> list[str]:
    return repo.git("rev-list", "--reverse", "main..topic").split("\n")


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_a_plain_rebase_pairs_each_with_its_own(topic: Repo, reader: Reader, backend: str) -> None:
    told = heard(topic)
    topic.git("rebase", "-q", backend, "main")
    pairs = found(reader)
    assert len(pairs) == 6
    assert pairs == said(told)


def test_where_git_s_map_is_here_nothing_is_found_beside_it(topic: Repo, reader: Reader) -> None:
    old = ids(topic)
    topic.git("rebase", "-q", "main")
    new = ids(topic)
    facts = reader.read(rewrites={n: (o,) for o, n in zip(old, new, strict=True)})
    assert [f.data.rewrites for f in facts if isinstance(f.data, Rebased) and f.data.rewrites] == []


def test_what_is_dropped_has_no_partner_and_what_is_squashed_has_the_whole(
    topic: Repo, reader: Reader
) -> None:
    told = heard(topic)
    one, two, three, four, five, six = ids(topic)
    by_hand(
        topic, [f"reword {six}", f"pick {one}", f"squash {three}", f"fixup {two}", f"drop {four}"], "main"
    )
    reworded, whole = ids(topic)
    assert said(told) == {(six, reworded), (one, whole), (two, whole), (three, whole)}
    assert found(reader) == said(told)
    assert five not in dict(said(told))


def test_commits_alike_in_author_second_and_subject_are_told_apart_by_what_they_change(
    past: Repo, reader: Reader
) -> None:
    told = heard(past)
    past.git("checkout", "-q", "-b", "topic")
    for n in range(4):
        past.write(f"f{n}", f"{n}\n")
        past.git("add", ".")
        past.git("commit", "-q", "-m", "wip", env=DATED)
    old = past.git("rev-list", "--reverse", "main..topic").split("\n")
    past.git("checkout", "-q", "main")
    past.commit("meanwhile", meanwhile="1")
    past.git("checkout", "-q", "topic")
    reader.read()
    by_hand(past, [f"pick {old[3]}", f"pick {old[1]}", f"pick {old[0]}"], "main")
    assert len(said(told)) == 3
    assert found(reader) == said(told)


def test_a_conflict_that_a_person_resolves_keeps_the_pair(topic: Repo, reader: Reader) -> None:
    told = heard(topic)
    topic.git("checkout", "-q", "main")
    topic.commit("in the way", {"topic2.txt": "theirs\n"})
    topic.git("checkout", "-q", "topic")
    reader.read()
    topic.git("rebase", "-q", "main", check=False)
    pairs = found(reader)  # in the middle
    topic.write("topic2.txt", "both\n")
    topic.git("add", "topic2.txt")
    topic.git("rebase", "--continue", env={"GIT_EDITOR": "true"})
    pairs |= found(reader)
    assert len(pairs) == 6
    assert pairs == said(told)


def test_onto_and_another_branch_than_that_checked_out(topic: Repo, reader: Reader) -> None:
    told = heard(topic)
    old = ids(topic)
    topic.git("checkout", "-q", "main")
    reader.read()
    topic.git("rebase", "-q", "--onto", "main", old[2], "topic")
    pairs = found(reader)
    assert {one for one, _ in said(told)} == set(old[3:])
    assert pairs == said(told)


def test_a_rebase_that_replays_nothing_pairs_nothing(topic: Repo, reader: Reader) -> None:
    topic.git("checkout", "-q", "-b", "behind", "main~1")
    reader.read()
    topic.git("rebase", "-q", "main")
    assert found(reader) == set()


@pytest.mark.parametrize("seed", range(4))
def test_any_plan_gives_what_git_says(topic: Repo, reader: Reader, seed: int) -> None:
    chance = random.Random(seed)
    told = heard(topic)
    for _ in range(2):
        told.unlink(missing_ok=True)
        old = ids(topic)
        topic.commit("again", {f"again{chance.random()}": "1"})
        reader.read()
        chance.shuffle(old)
        words = ["pick", *(chance.choice(["pick", "reword", "squash", "fixup", "drop"]) for _ in old[1:])]
        plan = [f"{word} {commit}" for word, commit in zip(words, old, strict=True)]
        by_hand(topic, plan, "main")
        assert found(reader) == said(told), plan
