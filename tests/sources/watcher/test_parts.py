"""The parts of the watcher that a whole one shows too seldom: a full disk, a silent file system, names, mounts."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.errors import PatinaError
from patina_sessions.model import FilesChanged, FilesGap
from patina_sessions.paths import Layout
from patina_sessions.session.active import here
from patina_sessions.sources.watcher import bells, clockwork, names, process, spool
from patina_sessions.sources.watcher.folders import Folders
from patina_sessions.sources.watcher.git import Asked, Shown
from patina_sessions.sources.watcher.kernel import Kernel
from patina_sessions.sources.watcher.look import LEAST, Look
from patina_sessions.sources.watcher.loop import Watcher
from patina_sessions.sources.watcher.pending import MOST, Pending
from patina_sessions.sources.watcher.process import Report
from patina_sessions.sources.watcher.view import View
from patina_sessions.system import clock, files, mounts
from patina_sessions.system.configured import load
from tests.repository import Repo
from tests.waiting import wait_past


@pytest.fixture
def layout(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return the paths of a repository with an active session; no recorder is started from here."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    monkeypatch.setattr(bells.Bells, "_call", lambda self: None)
    return here(repo.path).layout


@pytest.fixture
def watcher(layout: Layout) -> Iterator[Watcher]:
    """Return a watcher that is turned by hand."""
    found = Watcher(layout, load(layout.top))
    found._begin(Report(), None)
    yield found
    found._view.close()


def told(layout: Layout) -> list[object]:
    """Return the data of all facts in the spool."""
    return [fact.data for fact in spool.read(layout)[0]]


def polls(watcher: Watcher) -> str:
    """Say whether the watcher looks at `git status` now and then."""
    return "no" if watcher._clock.look is None else "yes"


def rings(watcher: Watcher) -> bool:
    """Tell whether a recorder is to be called."""
    return watcher._bells.due is not None


def turn(watcher: Watcher) -> None:
    """Take what the kernel says, and have it told."""
    watcher._view.read(watcher._pending)
    watcher._touched()
    watcher._tell_or_wait()


def test_on_a_full_disk_facts_wait_and_are_told_later(
    repo: Repo, layout: Layout, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise PatinaError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(files, "require_room", full)
        began = clock.wall()
        repo.write("a.txt", "2\n")
        turn(watcher)
        for name in ("b.txt", "c.txt", "d.txt"):
            repo.write(name, "2\n")
            turn(watcher)
        assert told(layout) == []
        assert watcher._clock.retry
        assert len(watcher._out._facts) == 1  # only paths grow in number while it lasts
        watcher._say()
        assert process.report(layout).seen < began  # whoever comes after a kill looks from there
    turn(watcher)
    assert process.report(layout).seen > began
    paths = [f.path for data in told(layout) if isinstance(data, FilesChanged) for f in data.files]
    assert paths == ["a.txt", "b.txt", "c.txt", "d.txt"]
    assert not watcher._clock.retry


def test_where_git_does_not_answer_what_is_pending_waits(
    repo: Repo, layout: Layout, watcher: Watcher
) -> None:
    repo.git("switch", "-qc", "other")
    repo.commit("more", {f"f{n}": "1\n" for n in range(3)})
    turn(watcher)
    before = len(told(layout))
    index = repo.path / ".git/index"
    repo.git("switch", "-q", "main")
    repo.write("mine.txt", "2\n")
    good = index.read_bytes()
    index.write_bytes(b"torn")
    turn(watcher)
    repo.write("deep/new.txt", "2\n")
    turn(watcher)
    assert len(told(layout)) == before
    index.write_bytes(good)
    repo.write("deep/more.txt", "2\n")
    turn(watcher)
    facts = [data for data in told(layout)[before:] if isinstance(data, FilesChanged)]
    assert [(f.bulk, f.count) for f in facts if f.bulk] == [("checkout", 3)]
    assert sorted(f.path for data in facts for f in data.files) == [
        "deep/more.txt",
        "deep/new.txt",
        "mine.txt",
    ]


def begun(layout: Layout, before: Report) -> list[str]:
    """Return what a watcher tells that comes after one that left this report."""
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(before, clock.wall())
    watcher._tell_or_wait()
    watcher._view.close()
    paths = [f.path for data in told(layout) if isinstance(data, FilesChanged) for f in data.files]
    return [path for path in paths if path.endswith(".txt")]


def session_of(layout: Layout) -> str:
    return str(json.loads(layout.snapshot.read_bytes())["session"]["id"])


def test_after_a_death_it_looks_from_the_last_moment_of_which_all_was_told(
    repo: Repo, layout: Layout
) -> None:
    repo.write("a.txt", "2\n")
    seen = clock.wall() - 60
    assert begun(layout, Report(seen=seen, session=session_of(layout))) == ["a.txt"]


def test_a_clock_that_was_set_back_meanwhile_hides_nothing(repo: Repo, layout: Layout) -> None:
    repo.write("a.txt", "2\n")
    seen = clock.wall() + 86_400
    assert begun(layout, Report(seen=seen, session=session_of(layout))) == ["a.txt"]


def test_what_was_done_between_two_sessions_is_of_neither(repo: Repo, layout: Layout) -> None:
    repo.write("a.txt", "2\n")
    wait_past(repo.path / "a.txt")
    seen = clock.wall() - 60
    assert begun(layout, Report(seen=seen, session="20200101-000000")) == []
    assert [data for data in told(layout) if isinstance(data, FilesGap)] == []


def test_one_that_is_killed_while_it_begins_hides_nothing_of_the_one_before(
    repo: Repo, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a.txt", "2\n")
    seen = clock.wall() - 60

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(View, "begin", killed)
        with pytest.raises(KeyboardInterrupt):
            begun(layout, Report(seen=seen, session=session_of(layout)))
    assert begun(layout, process.report(layout)) == ["a.txt"]


def test_a_file_system_that_tells_nothing_is_noticed_and_polled(
    repo: Repo, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folders, "begin", lambda self: None)  # as if the kernel knew of no change
    monkeypatch.setattr(clockwork, "QUIET", 0.0)
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(Report(), None)
    watcher._check(0.0)
    assert polls(watcher) == "no"  # nothing was missed
    repo.write("a.txt", "2\n")
    watcher._check(0.0)
    assert polls(watcher) == "yes"
    watcher._tell_or_wait()
    watcher._view.close()
    [gap] = [data for data in told(layout) if isinstance(data, FilesGap)]
    assert "does not tell of changes" in gap.reason
    [changed] = [data for data in told(layout) if isinstance(data, FilesChanged)]
    assert [f.path for f in changed.files] == ["a.txt"]
    assert process.report(layout).backend == "poll"


def test_what_events_told_of_is_not_taken_for_missed(repo: Repo, layout: Layout, watcher: Watcher) -> None:
    repo.write("a.txt", "2\n")
    repo.write("b.txt", "2\n")
    turn(watcher)
    watcher._clock.last = 0.0
    watcher._check(0.0)
    assert polls(watcher) == "no"


def test_its_report_grows_with_nothing_and_its_memory_with_files_not_with_events() -> None:
    pending = Pending()
    for number in range(3 * MOST):
        pending.touch(f"file{number % 100}", 1)
    assert len(pending.saves) == 100
    for number in range(2 * MOST):
        pending.touch(f"other{number}")
    assert len(pending.saves) == MOST
    assert pending.beyond == MOST + 100


def test_without_inotify_it_polls_and_says_why(
    repo: Repo, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import inotify_c

    monkeypatch.setattr(inotify_c, "inotify_init", lambda: -1)
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(Report(), None)
    repo.write("a.txt", "2\n")
    watcher._merge(watcher._look.again())
    watcher._tell_or_wait()
    watcher._view.close()
    assert [type(data) for data in told(layout)] == [FilesGap, FilesChanged]
    assert "no events" in process.report(layout).why


def test_without_inotify_a_commit_without_hooks_rings_at_the_next_look_and_only_once(
    repo: Repo, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import inotify_c

    repo.git("config", "core.hooksPath", os.devnull)
    monkeypatch.setattr(inotify_c, "inotify_init", lambda: -1)
    called: list[int] = []
    monkeypatch.setattr(bells.Bells, "_call", lambda self: called.append(1))
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(Report(), None)

    def look() -> int:
        """Return how many recorders a look starts."""
        called.clear()
        watcher._bells.due, watcher._clock.look = None, 0.0
        watcher._turn()
        if rings(watcher):
            watcher._bells.answer(waiting=False)
        return len(called)

    look()
    assert look() == 0
    repo.commit("feat: unheard of", b="1\n")
    assert look() == 1
    assert look() == 0
    watcher._view.close()


def test_a_look_comes_as_seldom_as_it_is_dear(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    cost, now = 0.01, [0.0]
    look = Look(Asked(layout.top, layout.git), layout.top)

    def slow(self: Asked) -> Shown:
        now[0] += cost
        return Shown()

    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    monkeypatch.setattr(Asked, "changed", slow)
    look.again()
    assert look.pause == LEAST
    cost = 3.0
    look.again()
    assert look.pause == pytest.approx(20 * cost)


def test_a_limit_of_watches_is_said_and_the_rest_is_polled(
    repo: Repo, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Kernel.add
    given: list[str] = []

    def few(self: Kernel, folder: str, mask: int) -> int:
        given.append(folder)
        if len(given) > 6:
            raise OSError(errno.ENOSPC, "no space")
        return add(self, folder, mask)

    for number in range(10):
        repo.write(f"p{number}/a.txt", "1\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "folders")
    monkeypatch.setattr(Kernel, "add", few)
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(Report(), None)
    for number in range(10):
        repo.write(f"p{number}/a.txt", "2\n")
    turn(watcher)
    watcher._merge(watcher._look.again())
    watcher._tell_or_wait()
    watcher._view.close()
    paths = [f.path for data in told(layout) if isinstance(data, FilesChanged) for f in data.files]
    assert sorted(paths) == [f"p{number}/a.txt" for number in range(10)]  # each once, by whichever way
    assert [data.reason for data in told(layout) if isinstance(data, FilesGap)] == [
        "the system has no more watches (fs.inotify.max_user_watches): files are looked at by git status"
    ]


@pytest.mark.parametrize("name", [".a.swp", "x/.a.swx", "a~", ".#a", "#a#", "4913", "x/y/.goutputstream-1A"])
def test_names_of_a_moment_are_known(name: str) -> None:
    assert names.temporary(name)


@pytest.mark.parametrize(
    "name", ["a.py", "Cargo.lock", "swp", "a.swp.txt", "#a", "a#", "4913.txt", "~a", ".env"]
)
def test_names_of_files_are_not_taken_for_those(name: str) -> None:
    assert not names.temporary(name)


TABLE = rb"""22 1 254:0 / / rw,relatime - ext4 /dev/root rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 30 0:41 / /home/ada/my\040work rw - fuse.sshfs ada@host: rw
32 22 0:42 / /home rw - overlay overlay rw
33 22 0:43 / /mnt/c rw - 9p C:\ rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (b"/usr/lib", "ext4"),
        (b"/home/ada", "overlay"),
        (b"/homestead", "ext4"),
        (b"/home/ada/my work/x", "fuse.sshfs"),
        (b"/mnt/c/src", "9p"),
    ],
)
def test_the_mount_that_holds_a_path_is_the_deepest_and_the_latest(path: bytes, kind: str) -> None:
    assert mounts.find(TABLE, path) == kind


@given(st.binary(), st.binary())
def test_any_table_of_mounts_is_read_without_a_fault(table: bytes, path: bytes) -> None:
    mounts.find(table, path)


@pytest.mark.parametrize(
    ("kind", "silent"),
    [
        ("ext4", False),
        ("overlay", False),
        ("fuseblk", False),
        ("nfs4", True),
        ("fakeowner", True),
        ("fuse.x", True),
    ],
)
def test_a_file_system_is_silent_where_others_may_write(
    kind: str, silent: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mounts, "kind_of", lambda _: kind)
    assert mounts.silent(tmp_path) == (kind if silent else "")


def test_silent_file_systems_are_polled(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "kind_of", lambda _: "fuse.sshfs")
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(Report(), None)
    watcher._view.close()
    assert polls(watcher) == "yes"
    assert "fuse.sshfs" in process.report(layout).why


def test_a_report_that_is_torn_is_no_report(layout: Layout) -> None:
    for raw in (b"", b"{", b"[]", b'{"pid":', b"\xff"):
        (layout.state / "watcher.json").write_bytes(raw)
        assert process.report(layout) == Report()


def test_batches_of_nonsense_are_dropped_and_the_others_are_taken(layout: Layout) -> None:
    layout.watched.mkdir()
    (layout.watched / "0.in").write_bytes(b"\x00nonsense\n")
    (layout.watched / "1.in").write_bytes(b'{"type":"session.ended","time":"2026-01-01T00:00:00+00:00"}\n')
    (layout.watched / ".2.in.9.tmp").write_bytes(b"half")
    facts, used = spool.read(layout)
    assert facts == ()
    assert [path.name for path in used] == ["0.in", "1.in"]


def test_a_process_of_another_is_never_spoken_to(layout: Layout) -> None:
    process.write_report(layout, Report(pid=os.getpid(), backend="kernel"))
    assert not process.ask(layout)  # nobody holds the lock: the number is of a process that is not a watcher
    assert process.stop(layout.state)


def test_no_pattern_of_a_moment_s_name_is_slow() -> None:
    assert not names.temporary("." * 50_000 + "x")


def test_a_repository_that_appears_between_the_look_and_the_watch_is_not_ours(
    repo: Repo, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", a="1\n")
    Repo.create(repo.path / "cloned").write("x.txt", "theirs\n")
    # The look was before its `.git` was there.
    monkeypatch.setattr(Folders, "_ours", lambda _, folders: folders)
    watcher = Watcher(layout, load(layout.top))
    watcher._begin(Report(), None)
    repo.write("cloned/y.txt", "2\n")
    repo.write("seen.txt", "2\n")
    turn(watcher)
    watcher._tell_or_wait()
    watcher._view.close()
    paths = [f.path for data in told(layout) if isinstance(data, FilesChanged) for f in data.files]
    assert paths == ["seen.txt"]


def test_a_stash_that_is_seen_before_it_empties_the_tree_is_a_stash_and_the_next_reset_a_reset(
    watcher: Watcher, layout: Layout
) -> None:
    """As a table rings: git keeps what there is, and a process of its own takes it out of the tree."""
    repo = Repo(layout.top)
    repo.write("a.txt", "2\n")
    kept = repo.git("stash", "create")
    watcher._git.moved()
    repo.git("stash", "store", "-m", "kept", kept)
    assert watcher._git.moved() is None
    repo.git("reset", "--quiet", "--hard")
    assert watcher._git.moved() == "stash"
    repo.write("a.txt", "3\n")
    repo.git("reset", "--quiet", "--hard")
    assert watcher._git.moved() == "reset"
