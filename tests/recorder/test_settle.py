"""The two authors of a journal: Patina, which may be killed at any step, and a person with an editor, in random play.

What the recorder does to files is real; a kill is an exception at a random call of the door to the disk, after which
everything in memory is gone. The person saves fresh and stale buffers, in place, by rename and as vim does; writes
lines; takes entries out.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patina_sessions.events import log
from patina_sessions.journal import render
from patina_sessions.model import Fact, Noted, Started
from patina_sessions.paths import Common, Layout
from patina_sessions.recorder import settle
from patina_sessions.recorder import state as states
from patina_sessions.system import clock, files

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Killed(BaseException):
    """What `kill -9` looks like from inside."""


class Desk:
    """A worktree with an active session, the recorder's memory, and a person at an editor."""

    def __init__(self, root: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.layout = Layout(top=root, git=root / ".git", common=Common(git=root / ".git"), key="00000000")
        files.make_folder(self.layout.state)
        self.expected: dict[int, str] = {}  # number -> text, of what must stand
        self.removed: set[int] = set()
        self.lines: set[str] = set()  # what the person wrote
        self.buffer = b""
        self.count = 0
        self.state = states.load(self.layout, named_files=12)
        self.log(Started(session="20260301-090000", title="play"))
        settle.begin(self.layout, self.state)
        self.wake()

    def log(self, data: Started | Noted) -> int:
        fact = Fact(time=NOW + timedelta(seconds=self.count), data=data, key=str(self.count))
        self.count += 1
        [event] = log.number_facts("00000000", [fact], after=self.state.seq, seen=set())
        self.state.mark = log.append(self.layout, self.state.mark, [event], ())
        self.state.apply(log.Line(event=event, record=None))
        return event.seq

    def reload(self) -> None:
        self.state = states.load(self.layout, named_files=12)

    def wake(self) -> None:
        self.reload()
        settle.settle(self.layout, self.state)
        states.save(self.layout, self.state)

    @property
    def journal(self) -> Path:
        return self.layout.journal

    def read(self) -> bytes:
        return self.journal.read_bytes() if self.journal.exists() else b""

    # ---- what happens

    def something_happens(self) -> None:
        self.reload()
        text = f"note {self.count}"
        self.expected[self.log(Noted(text=text))] = text
        if self.random.random() < 0.7:
            self.wake()

    def person_loads(self) -> None:
        self.buffer = self.read()

    def person_writes_and_saves(self) -> None:
        self.buffer = self.buffer or self.read()
        line = f"person {self.random.getrandbits(60):x}"
        at = self.random.choice(
            [m for m in range(len(self.buffer) + 1) if self.buffer[:m].endswith(b"\n")] or [0]
        )
        self.buffer = self.buffer[:at] + line.encode() + b"\n" + self.buffer[at:]
        self.save()
        # A save of an old buffer takes the person's own later lines back; that is the person's doing.
        self.lines = {known for known in (*self.lines, line) if known.encode() in self.buffer}

    def person_takes_an_entry_out(self) -> None:
        self.wake()
        self.buffer = self.read()
        numbers = render.numbers(self.buffer)
        if len(numbers) < 2:
            return
        victim = self.random.choice(
            numbers[:-1]
        )  # the very last one comes back: the price that the README names
        start = self.buffer.index(f"<!-- {victim} -->".encode())
        start = self.buffer.rindex(b"\n### ", 0, start)
        end = self.buffer.find(b"\n### ", start + 1)
        kept = [ln for ln in self.buffer[start : end + 1].splitlines(True) if ln.startswith(b"person ")]
        self.buffer = self.buffer[:start] + b"\n" + b"".join(kept) + self.buffer[end + 1 :]
        self.save()
        self.wake()
        if victim in self.expected:
            self.removed.add(victim)

    def save(self) -> None:
        way = self.random.choice(("place", "rename", "vim"))
        if way == "place":
            with open(self.journal, "wb") as stream:
                stream.write(self.buffer)
        elif way == "rename":
            beside = self.journal.with_name("editor.tmp")
            beside.write_bytes(self.buffer)
            os.replace(beside, self.journal)
        else:
            if self.journal.exists():
                os.replace(self.journal, self.journal.with_name("backup~"))
            self.journal.write_bytes(self.buffer)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "FRESH", -1.0)
    monkeypatch.setattr(settle, "AWAY", 0.0)
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int | None], None]]:
    """Give a switch: after so many more steps of the recorder at the disk, it dies."""
    left: list[int | None] = [None]

    def dying(real: Callable[..., object], torn: bool) -> Callable[..., object]:
        def call(path: Path, data: bytes, **more: object) -> object:
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    if torn and len(data) > 1:
                        cut = random.Random(len(data)).randrange(1, len(data))
                        real(path, data[:cut], **more)
                    raise Killed
            return real(path, data, **more)

        return call

    for name, torn in (("append", True), ("append_existing", True), ("write", False), ("publish", False)):
        monkeypatch.setattr(files, name, dying(getattr(files, name), torn))
    yield lambda steps: left.__setitem__(0, steps)
    left[0] = None


def play(desk: Desk, kill: Callable[[int | None], None], steps: int) -> None:
    acts = [desk.something_happens] * 5 + [desk.wake] * 2 + [desk.person_loads, desk.person_writes_and_saves]
    for _ in range(steps):
        if desk.random.random() < 0.3:
            kill(desk.random.randrange(0, 6))
        try:
            desk.random.choice(acts)()
        except Killed:
            pass
        kill(None)
        if desk.random.random() < 0.1:
            desk.person_takes_an_entry_out()
    desk.wake()
    desk.wake()


@pytest.mark.parametrize("seed", range(int(os.environ.get("PATINA_TEST_SEEDS", "60"))))
def test_nothing_is_lost_or_doubled_whatever_two_authors_and_kills_do(
    seed: int, tmp_path: Path, no_waiting: None, kills: Callable[[int | None], None]
) -> None:
    desk = Desk(tmp_path, seed)
    play(desk, kills, 60)
    data = desk.read()
    numbers = render.numbers(data)
    assert len(numbers) == len(set(numbers)), "an entry stands twice"
    assert data.count(b"<!-- ") == len(numbers)
    logged = {e.seq: e.data.text for e in log.events(desk.layout) if isinstance(e.data, Noted)}
    lost = [n for n in logged if n not in numbers and n not in desk.removed]
    assert not lost, f"entries that nobody removed are missing: {lost}"
    for line in desk.lines:
        assert line.encode() in data, "a line that the person saved is gone"


@pytest.mark.parametrize("cut", range(2, 52, 3))
def test_an_entry_that_a_kill_cut_off_in_mid_write_is_completed(
    cut: int, tmp_path: Path, no_waiting: None
) -> None:
    desk = Desk(tmp_path, 0)
    desk.something_happens()
    desk.wake()
    before = desk.read()
    for text in ("first", "second"):
        desk.log(Noted(text=text))
    entries = sorted(desk.state.due.values(), key=lambda e: e.seq)
    blob = render.entries(entries).encode()
    desk.journal.write_bytes(before + blob[:cut])
    desk.wake()
    assert desk.read().endswith(b"first\n\n### 09:00 - Note <!-- 4 -->\nsecond\n")
    assert sorted(render.numbers(desk.read())) == [2, 3, 4]


def test_an_old_buffer_saved_once_and_twice_loses_no_entry(tmp_path: Path, no_waiting: None) -> None:
    desk = Desk(tmp_path, 0)
    desk.something_happens()
    desk.person_loads()
    for _ in range(3):
        desk.something_happens()
    desk.wake()
    for _ in range(2):
        desk.save()
        desk.wake()
        assert sorted(render.numbers(desk.read())) == sorted(desk.expected)


def test_the_very_last_entry_comes_back_until_a_later_one_stands_after_it(
    tmp_path: Path, no_waiting: None
) -> None:
    desk = Desk(tmp_path, 0)
    desk.something_happens()
    desk.something_happens()
    desk.wake()
    first, last = sorted(desk.expected)
    desk.buffer = desk.read()[: desk.read().rindex(b"\n### ")]
    desk.save()
    desk.wake()
    assert render.numbers(desk.read()) == [first, last]


def test_a_file_that_is_gone_comes_back_with_all_entries(tmp_path: Path, no_waiting: None) -> None:
    desk = Desk(tmp_path, 0)
    for _ in range(3):
        desk.something_happens()
    desk.wake()
    before = desk.read()
    desk.journal.unlink()
    desk.wake()
    assert desk.read() == before
    desk.journal.unlink()
    desk.layout.mirror.unlink()
    desk.wake()
    assert sorted(render.numbers(desk.read())) == sorted(desk.expected)


def test_a_fence_that_a_person_left_open_hides_no_entry_from_the_recorder(
    tmp_path: Path, no_waiting: None
) -> None:
    desk = Desk(tmp_path, 0)
    desk.something_happens()
    desk.wake()
    desk.buffer = desk.read() + b"```\nhalf a thought\n"
    desk.save()
    for _ in range(3):
        desk.something_happens()
        desk.wake()
    desk.buffer = desk.read() + b"```\n"
    desk.save()
    desk.something_happens()
    desk.wake()
    desk.wake()
    for number in desk.expected:
        assert desk.read().count(f"<!-- {number} -->".encode()) == 1
