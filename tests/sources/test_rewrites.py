"""The spool of rewrite maps: what git's hook put there, and what else may lie there."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.model import Rebased
from patina_sessions.sources import rewrites
from patina_sessions.system import clock
from tests.repository import Repo

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


def maps(spool: Path) -> list[tuple[tuple[str, str], ...]]:
    facts = rewrites.read(spool, now=clock.now()).facts
    return [f.data.rewrites for f in facts if isinstance(f.data, Rebased) and f.data.phase == "map"]


def test_what_git_s_hook_sets_aside_becomes_one_fact(repo: Repo, spool: Path) -> None:
    hook = repo.write(".git/hooks/post-rewrite", f'#!/bin/sh\ncat > "{spool}/rewrite-$1-$$.in"\n')
    hook.chmod(0o755)
    repo.commit("base", base="1")
    repo.git("checkout", "-q", "-b", "topic")
    olds = [repo.commit(f"c{n}", {f"f{n}": "1"}) for n in range(2)]
    repo.git("checkout", "-q", "main")
    repo.commit("meanwhile", meanwhile="1")
    repo.git("checkout", "-q", "topic")
    repo.git("rebase", "-q", "main")
    repo.git("commit", "-q", "--amend", "-m", "amended")
    news = repo.git("rev-list", "--reverse", "HEAD@{1}", "^main").split("\n")
    spooled = rewrites.read(spool, now=clock.now())
    (fact,) = spooled.facts
    assert fact.data == Rebased(phase="map", rewrites=tuple(zip(olds, news, strict=True)))
    assert fact.time <= clock.now()
    assert sorted(p.name.split("-")[1] for p in spooled.files) == ["amend", "rebase"]
    assert rewrites.replaced(spooled.facts) == {new: (old,) for old, new in zip(olds, news, strict=True)}


def test_several_commits_squashed_into_one_are_all_its_sources(spool: Path) -> None:
    (spool / "rewrite-rebase-1.in").write_text(f"{A} {C}\n{B} {C}\n")
    assert rewrites.replaced(rewrites.read(spool, now=clock.now()).facts) == {C: (A, B)}


def test_a_map_read_twice_is_one_fact_and_an_equal_one_another(spool: Path) -> None:
    (spool / "rewrite-rebase-1.in").write_text(f"{A} {B}\n")
    first = rewrites.read(spool, now=clock.now()).facts
    assert rewrites.read(spool, now=clock.now()).facts == first
    (spool / "rewrite-rebase-1-.in").write_text(f"{A} {B}\n")
    os.utime(spool / "rewrite-rebase-1-.in", (1_700_000_000, 1_700_000_000))
    keys = {f.key for f in rewrites.read(spool, now=clock.now()).facts}
    assert len(keys) == 2


def test_maps_come_in_the_order_in_which_they_were_written(spool: Path) -> None:
    for number, second in ((3, 30), (1, 10), (2, 20)):
        file = spool / f"rewrite-rebase-{number}.in"
        file.write_text(f"{A} {str(number) * 40}\n")
        os.utime(file, (1_700_000_000 + second,) * 2)
    assert [pairs[0][1][0] for pairs in maps(spool)] == ["1", "2", "3"]


def test_torn_and_foreign_lines_are_passed_over_and_their_file_is_used_up(spool: Path) -> None:
    (spool / "rewrite-rebase-1.in").write_bytes(
        f"{A} {B}\nrubbish\n{A}\n{A} {B[:20]}\n{C} {D} more words\n".encode()
        + b"\xff\x00\n"
        + f"{C} {A}".encode()[:60]
    )
    (spool / "rewrite-rebase-2.in").write_bytes(b"")
    spooled = rewrites.read(spool, now=clock.now())
    assert maps(spool) == [((A, B), (C, D))]
    assert {p.name for p in spooled.files} == {"rewrite-rebase-1.in", "rewrite-rebase-2.in"}


def test_a_huge_file_costs_what_is_read_of_it(spool: Path) -> None:
    with (spool / "rewrite-rebase-1.in").open("wb") as stream:
        stream.write(f"{A} {B}\n".encode())
        stream.truncate(1 << 34)  # a hole: sixteen gigabytes that nobody has written
    begun = time.monotonic()
    assert maps(spool) == [((A, B),)]
    assert time.monotonic() - begun < 20


def test_what_a_hook_is_still_writing_is_left_alone_until_it_is_surely_dead(spool: Path) -> None:
    half = spool / "rewrite-rebase-1.tmp"
    half.write_text(f"{A} {B}\n")
    assert rewrites.read(spool, now=clock.now()).files == ()
    os.utime(half, (clock.wall() - 7200,) * 2)
    spooled = rewrites.read(spool, now=clock.now())
    assert (spooled.files, spooled.facts) == ((half,), ())


def test_other_files_links_pipes_and_folders_are_nobody_s(spool: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{A} {B}\n")
    (spool / "push-1.in").write_text(f"{A} {B}\n")
    (spool / "rewrite-rebase-x.in").write_text(f"{A} {B}\n")
    (spool / "rewrite-rebase-1.in").symlink_to(secret)
    (spool / "rewrite-rebase-2.in").mkdir()
    os.mkfifo(spool / "rewrite-rebase-3.in")
    spooled = rewrites.read(spool, now=clock.now())
    assert (spooled.facts, spooled.files) == ((), ())


def test_a_map_of_tomorrow_is_of_now(spool: Path) -> None:
    file = spool / "rewrite-rebase-1.in"
    file.write_text(f"{A} {B}\n")
    later = clock.wall() + 86400
    os.utime(file, (later, later))
    now = clock.now()
    (fact,) = rewrites.read(spool, now=now).facts
    assert now - timedelta(seconds=1) <= fact.time <= now


def test_without_a_spool_there_is_nothing(tmp_path: Path) -> None:
    assert rewrites.read(tmp_path / "none", now=clock.now()) == rewrites.Spooled()


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reading_of_a_map_fail(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    (folder / "rewrite-rebase-1.in").write_bytes(raw)
    assert len(rewrites.read(folder, now=clock.now()).files) == 1
