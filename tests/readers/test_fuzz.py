"""Whatever a journal's file holds, what reads it raises nothing but a `PatinaError`, and mostly not even that."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patina_sessions.errors import PatinaError
from patina_sessions.journal import archive, metadata
from patina_sessions.paths import Common, Layout
from patina_sessions.readers import (
    context,
    explain,
    exporting,
    gather,
    goals,
    index,
    listing,
    search,
    shelf,
    showing,
    ties,
)
from patina_sessions.system.git import Git
from tests import corpus
from tests.readers.journals import HEAD, facts, journal, new_layout
from tests.repository import Repo

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROUNDS = 40
_NAMES = st.sampled_from(
    [
        *(
            "v",
            "kept",
            "author",
            "started",
            "ended",
            "tz",
            "branch",
            "head",
            "commits",
            "files",
            "rewrites",
            "whole",
        ),
        *("runs", "agents", "kind", "outcome", "passed", "failed", "failed_names", "reconstructed"),
    ]
)
_PIECES = (
    b"## ",
    b"### 25:99 - ",
    b"### 10:00 - Note #99999999999999999999\n",
    b"```\n",
    b"- [",
    b"- [ ] \xff\n",
    b"**Started**: 9999-12-31T23:59:59-23:59\n",
    b"**ID**: ../../etc\n",
    b"---\n",
    b"<!-- patina: ",
    b"<!-- patina: {} -->\n",
    b'<!-- patina: {"commits": [[1], "x", [null, {}, []]], "files": {"a": 1}, "started": 1e400, "tz": "+9999"} -->\n',
    b'<!-- patina: {"rewrites": [["a", 2]], "runs": [7, {"kind": "test", "failed_names": "x"}], "branch": []} -->\n',
    b"\0",
    b"\xf0\x9f",
    "\u202e\u2028".encode(),
    b"*" * 400,
)


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a journal in which some pieces were cut, doubled, moved, exchanged or put in."""
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice((0, 1, 8, 200)))
        piece = chance.choice((b"", data[start:end] * 2, chance.randbytes(4), chance.choice(_PIECES)))
        data = data[:start] + piece + data[end:]
    return data if chance.random() < 0.9 else data + b"\n" + chance.choice(_PIECES)


def _readers(layout: Layout) -> list[Callable[[], object]]:
    sources = gather.repository(layout)
    words = "goal decision parser -nothing author:ada file:a commit:8c1d since:2020-01-01"
    return [
        lambda: search.search(sources, "goal decision tests", at=None, limit=10, now=NOW),
        lambda: search.search(sources, words, at=None, limit=10, now=NOW),
        lambda: listing.table(listing.rows(layout, everything=True), width=80),
        lambda: [listing.as_json(row) for row in listing.rows(layout)],
        lambda: context.context(layout, active=True, max_chars=4000),
        lambda: context.of_last(layout, max_words=100),
        lambda: [context.of_file(one.path, max_words=60) for one in archive.all(layout)],
        lambda: [showing.text(showing.find(layout, one.id), color=True) for one in archive.all(layout)],
        lambda: goals.open_goals(layout),
        lambda: json.dumps(list(exporting.sessions(layout)), allow_nan=False).encode(),
    ]


def _read_all(layout: Layout, *, errors: tuple[type[PatinaError], ...] = (PatinaError,)) -> None:
    for read in _readers(layout):
        with contextlib.suppress(*errors):
            read()


def _layout(folder: Path) -> Layout:
    layout = new_layout(folder)
    layout.common.archive.mkdir(parents=True)
    layout.local.mkdir(parents=True)
    return layout


@pytest.mark.parametrize("seed", range(3))
def test_mutated_journals_of_all_generations_can_be_read(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "FEW", 5)
    chance = random.Random(seed)
    layout = _layout(tmp_path)
    given_ = [path.read_bytes() for path in corpus.own()]
    given_ += [journal(goals=["- [ ] it runs"], meta=facts(runs=[{"kind": "test", "failed_names": ["t"]}]))]
    with contextlib.suppress(pytest.skip.Exception):  # more of them where there are more
        given_ += [path.read_bytes() for path in chance.sample(corpus.journals(), 20)]
    for number in range(ROUNDS):
        name = f"202603{number % 28 + 1:02}-1200{number:02}"
        (layout.common.archive / f"{name}.md").write_bytes(_mutated(chance.choice(given_), chance))
    layout.journal.write_bytes(_mutated(journal(), chance))
    _read_all(layout)
    assert len(shelf_ids(layout)) == ROUNDS


def shelf_ids(layout: Layout) -> set[str]:
    """Return the ids of what a list is made of: a journal that cannot be understood is there all the same."""
    return {one.id for one, _ in shelf.all_facts(layout)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), meta=st.binary(max_size=80))
def test_any_bytes_can_be_read(tmp_path_factory: pytest.TempPathFactory, data: bytes, meta: bytes) -> None:
    layout = _layout(tmp_path_factory.mktemp("any"))
    (layout.common.archive / "20260301-120000.md").write_bytes(data)
    (layout.common.archive / "20260302-120000.md").write_bytes(data + b"\n<!-- patina: " + meta + b" -->\n")
    layout.journal.write_bytes(data)
    _read_all(layout)
    with index.opened(None) as db:
        assert index.follow(db, gather.repository(layout)) >= 2


_SAID = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just(HEAD),
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(_NAMES, deeper, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(meta=st.dictionaries(_NAMES, _SAID, max_size=6))
def test_whatever_the_archives_comment_says_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, meta: dict[str, object]
) -> None:
    layout = _layout(tmp_path_factory.mktemp("meta"))
    (layout.common.archive / "20260301-120000.md").write_bytes(journal(goals=["- [ ] a"]) + _comment(meta))
    _read_all(layout, errors=())
    with index.opened(None) as db:
        index.follow(db, gather.repository(layout))
        for name in (HEAD, "a"):
            ties.of(db, name, patch=lambda: "p", tree="t")


def _comment(meta: dict[str, object]) -> bytes:
    return f"\n{metadata.comment(meta)}\n".encode()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.booleans())
def test_whatever_is_to_be_explained_is_explained_or_refused(explained: Repo, text: str, line: bool) -> None:
    layout = Layout(
        top=explained.path, git=explained.path / ".git", common=Common(git=explained.path / ".git"), key=""
    )
    asked = f"{text}:{len(text)}" if line else text
    with Git(layout.git, layout.top) as git, contextlib.suppress(PatinaError):
        wanted = explain.commits(git, asked, top=layout.top, folder=layout.top)
        explain.explain(git, wanted, gather.repository(layout), active=None, at=None)


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a repository with two commits."""
    made = Repo.create(tmp_path_factory.mktemp("explained") / "repo")
    made.commit("one", a="1\n")
    made.commit("two", {"b:1": "2\n", "-x": "3\n"})
    return made


def test_mutated_journals_come_in_and_are_explained(repo: Repo, tmp_path: Path) -> None:
    head = repo.commit("feat: the parser", a="1\n")
    repo.patina("init")
    chance = random.Random(4)
    folder = tmp_path / "old"
    folder.mkdir()
    made = journal(meta=facts(commits=[[head, "p", "t"]], rewrites=[["a" * 40, head]]))
    for number in range(20):
        data = _mutated(made, chance) if number else made
        (folder / f"20260301-1200{number:02}.md").write_bytes(data)
    assert repo.patina("import", str(folder)).stdout == "20 journals came in\n"
    assert head[:7] in repo.patina("explain", "HEAD").stdout
    for words in (("explain", "a.txt:1"), ("search", "parser"), ("list",), ("context",), ("goals",)):
        said = repo.patina(*words, check=False)
        assert said.returncode in (0, 1), said.stderr
        assert "fault of Patina" not in said.stderr
