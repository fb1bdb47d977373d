"""The digest of files: at most a screenful, the most edited first, and nothing that a commit says already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.model import (
    Commit,
    Data,
    Event,
    FileChange,
    FilesChanged,
    FilesGap,
    Made,
    Noted,
    RunStarted,
    Updated,
)
from patina_sessions.recorder import carried, projection, worked

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UPDATE = Updated(number=1, since=NOON.isoformat())


def log(*data: Data) -> list[Event]:
    """Return events a minute apart."""
    return [
        Event(seq=n, id=str(n), time=NOON + timedelta(minutes=n), source="/worktree/x", data=d)
        for n, d in enumerate(data, 1)
    ]


def changed(*names: str, since: datetime = NOON) -> FilesChanged:
    """Return a fact; a name is `M path`, or `M path 3` with its saves."""
    files = []
    for name in names:
        status, path, *saves = name.split(" ")
        files.append(FileChange(status=status, path=path, added=int(saves[0]) if saves else 1))
    return FilesChanged(files=tuple(files), count=len(files), since=since.isoformat())


def commit(*paths: str, count: int | None = None) -> Made:
    files = tuple(FileChange(status="M", path=path) for path in paths)
    made = Commit(id="c" * 40, tree="t" * 40, files=files, file_count=len(files) if count is None else count)
    return Made(how="commit", commit=made)


def told(*data: Data) -> list[str]:
    """Return the digests that these events give, heading and body."""
    _, entries = projection.project(log(*data), files=12)
    return [f"{e.what}\n{e.body}" for e in entries if e.what.startswith("Files worked on")]


def test_the_digest_comes_before_an_update_a_run_a_commit_and_the_end() -> None:
    run = RunStarted(run="r", kind="test", command="make test")
    for what in (UPDATE, run, commit(), FilesChanged(closing=True)):
        _, entries = projection.project(log(changed("M a"), what), files=12)
        assert entries[0].what == "Files worked on since 12:00"
        assert entries[0].seq == 1
        assert entries[0].time == NOON + timedelta(minutes=2)
    assert told(changed("M a"), Noted(text="x")) == []


def test_it_tells_once_the_most_edited_first_with_what_is_new_or_gone_marked() -> None:
    facts = (changed("M z", "A new", "D gone"), changed("M z 5", "M a"), UPDATE, UPDATE)
    assert told(*facts) == [
        "Files worked on since 12:00\n- `z` (6 saves)\n- `a`\n- deleted: `gone`\n- new: `new`"
    ]


def test_what_came_and_went_is_nothing_and_what_came_back_is_a_change() -> None:
    assert told(changed("A x"), changed("D x"), UPDATE) == []
    assert told(changed("D x"), changed("A x"), UPDATE) == ["Files worked on since 12:00\n- `x` (2 saves)"]
    assert told(changed("A x"), changed("M x"), UPDATE) == [
        "Files worked on since 12:00\n- new: `x` (2 saves)"
    ]


def test_a_rename_keeps_where_it_came_from() -> None:
    moved = FilesChanged(files=(FileChange(status="R", path="b", old_path="a", added=1),), count=1)
    assert "renamed: `a` → `b`" in told(changed("M a"), moved, changed("M b"), UPDATE)[0]
    assert "new: `b`" in told(changed("A a"), moved, UPDATE)[0]


def test_a_commit_that_says_all_leaves_no_digest_and_the_rest_is_told_once() -> None:
    assert told(changed("M a", "M b"), commit("a", "b"), UPDATE) == []
    [digest] = told(changed("M a", "M b"), commit("a"), UPDATE)
    assert "`b`" in digest
    assert "`a`" not in digest


def test_a_commit_of_more_files_than_it_names_says_them_all() -> None:
    assert told(changed("M a", "M b"), commit("x", count=60)) == []


def test_git_s_own_work_makes_no_digest_a_stash_and_an_archive_do() -> None:
    for kind in ("checkout", "rebase", "merge", "pull", "reset"):
        assert told(FilesChanged(bulk=kind, count=5000), UPDATE) == []
    assert "- 5,000 files put away" in told(FilesChanged(bulk="stash", count=5000), UPDATE)[0]
    both = (FilesChanged(bulk="archive", count=300), FilesChanged(bulk="archive", count=20), UPDATE)
    assert "- 320 files new at once" in told(*both)[0]
    assert told(FilesChanged(bulk="archive", count=300), commit("a", count=300)) == []


def test_a_gap_is_said_once() -> None:
    gap = FilesGap(reason="the queue\n### overflowed", since=NOON.isoformat())
    [digest] = told(gap, gap, UPDATE, UPDATE)
    assert digest.count("overflowed") == 1
    assert "\n###" not in digest


def test_work_since_yesterday_says_the_day() -> None:
    [digest] = told(changed("M a", since=NOON - timedelta(days=1)), UPDATE)
    assert digest.startswith("Files worked on since 2026-02-28 12:00")


NAMES = st.sampled_from(["a", "b", "c/d", "new\nline", "# x", "`tick`"]) | st.text(min_size=1, max_size=8)
FACTS = st.lists(
    st.lists(
        st.builds(
            FileChange,
            status=st.sampled_from("AMDR"),
            path=NAMES,
            old_path=st.none() | NAMES,
            added=st.integers(1, 9),
        ),
        max_size=40,
    ).map(lambda files: FilesChanged(files=tuple(files), count=len(files), since=NOON.isoformat())),
    max_size=30,
)


@given(FACTS)
def test_the_digest_is_a_screenful_whatever_was_worked_on(facts: list[FilesChanged]) -> None:
    for digest in told(*facts, UPDATE):
        lines = digest.split("\n")
        assert len(lines) <= worked.LINES + 2
        assert all(line.startswith("- ") for line in lines[1:])


@given(FACTS, st.integers(0, 30))
def test_the_fold_goes_on_from_a_snapshot_as_if_it_had_never_stopped(
    facts: list[FilesChanged], cut: int
) -> None:
    events = log(*facts, UPDATE)
    whole = projection.project(events, files=12)
    first, before = projection.project(events[:cut], files=12)
    kept = carried.from_json(carried.to_json(first))
    assert kept == first
    last, after = projection.project(events[cut:], files=12, carry=kept)
    assert (last, before + after) == whole


@given(FACTS, st.lists(NAMES, max_size=5))
def test_no_path_of_the_commit_is_told_beside_it(facts: list[FilesChanged], paths: list[str]) -> None:
    events = log(*facts, commit(*paths))
    carry, _ = projection.project(events[:-1], files=12)
    left = worked._without(carry.work, commit(*paths).commit)
    assert not {change.path for change in left.files} & set(paths)
