"""Makes the journal agree with the event log: what is due is appended once, and what a person saved is not touched.

The rule that decides (simulated with 22,000 kills; layer/core/two-authors.md): an entry that is missing while a later
one of ours still stands was taken out by a person and stays out; when nothing of ours stands after it, an old buffer
was saved, and it is put again. One `O_APPEND` write at the end of the file can only lose our bytes, and those are in
the log; a rename or a truncation could lose the person's. The worktree's lock must be held.
"""

from __future__ import annotations

from collections.abc import Sequence

from patina_sessions import model
from patina_sessions.errors import PatinaError
from patina_sessions.events import log
from patina_sessions.frozen import dataclass
from patina_sessions.journal import render
from patina_sessions.model import Entry, Session
from patina_sessions.paths import Layout
from patina_sessions.recorder import state as states
from patina_sessions.recorder import strange
from patina_sessions.recorder.state import Signature, State
from patina_sessions.system import clock, files, processes, untrusted

FRESH = (
    0.2  # seconds: a file saved so recently may be half written (editors that save in place truncate first)
)
AWAY = 1.0  # seconds: vim takes the file away for a moment
TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The journal as it was when two looks agreed; `data` is None where it is missing or empty for good."""

    data: bytes | None
    signature: Signature | None


def look(layout: Layout) -> Look:
    """Return the journal's bytes once nobody seems to be in the middle of saving it."""
    deadline = clock.monotonic() + AWAY
    before = untrusted.signature(layout.journal)
    while True:
        if before is not None and not untrusted.is_plain(layout.journal):
            return Look(data=None, signature=before)  # put there just now
        if before is not None and before[2] and abs(clock.wall() - before[3] / 1e9) > FRESH:
            data = untrusted.read(layout.journal)
            after = untrusted.signature(layout.journal)
            if data and after == before:
                return Look(data=data, signature=after)
        elif before is None or not before[2]:
            if clock.monotonic() > deadline:
                return Look(data=None, signature=before)
        else:
            settled = _twice_alike(layout, before)
            if settled is not None:
                return settled
        clock.sleep(0.02)
        before = untrusted.signature(layout.journal)


def _twice_alike(layout: Layout, before: Signature) -> Look | None:
    data = untrusted.read(layout.journal)
    clock.sleep(0.05)
    if data and untrusted.signature(layout.journal) == before and untrusted.read(layout.journal) == data:
        return Look(data=data, signature=before)
    return None


def begin(layout: Layout, state: State) -> None:
    """Write the journal of a session that has just begun, where there is none."""
    _refuse_strangers(layout)
    files.make_folder(layout.local, 0o755)
    files.create(layout.local / ".gitignore", b"*\n", mode=0o644)
    if files.publish(layout.journal, _head(layout, state)):
        state.signature = untrusted.signature(layout.journal)
        _mirror(layout, state.signature)


def _refuse_strangers(layout: Layout) -> None:
    if not files.is_inside(layout.local, layout.top):
        raise PatinaError(f"{layout.local} leads out of the repository", "Move that link away.")


def settle(layout: Layout, state: State) -> bool:
    """Bring the journal up to the log; return False where it had to be left for later (stashed away by the user)."""
    assert state.session is not None
    _remember(layout, state)
    for _ in range(TRIES):
        if untrusted.signature(layout.journal) == state.signature and state.signature is not None:
            if not state.due:
                return True
            if _append_known(layout, state):
                return True
        elif not _reconcile(layout, state):
            return False
        elif not state.due and untrusted.signature(layout.journal) == state.signature:
            return True
    raise PatinaError(
        f"{layout.journal} is being saved again and again",
        "Close the program that writes it, then: patina record",
    )


def _append_known(layout: Layout, state: State) -> bool:
    """Append what is due to a journal that nobody has touched since our last pass; return whether that held."""
    assert state.signature is not None
    due = sorted(state.due.values(), key=lambda e: e.seq)
    blob = render.entries(due).encode("utf-8", "surrogateescape")
    if files.read_from(layout.journal, state.signature[2] - 1) != b"\n":
        blob = b"\n" + blob
    size = state.signature[2]
    if not files.append_existing(layout.journal, blob):
        return False
    after = untrusted.signature(layout.journal)
    tail = files.read_from(layout.journal, size)
    same = after is not None and after[:2] == state.signature[:2] and after[2] == size + len(blob)
    if not same or tail != blob or untrusted.signature(layout.journal) != after:
        state.signature = None  # somebody saved in between: look at the whole
        return False
    _record(layout, state, found=[e.seq for e in due], gone=[])
    state.signature = after
    _mirror(layout, after)
    return True


def _remember(layout: Layout, state: State) -> None:
    """Make due again what an old buffer took away; its words come from the whole log, which is seldom needed."""
    assert state.session is not None
    if state.lost.keys() <= state.due.keys():
        return
    entries = states.all_entries(layout, state.session.seq, named_files=state.named_files)
    state.due.update({n: entries[n] for n in state.lost if n in entries})
    for n in [n for n in state.lost if n not in entries]:
        del state.lost[n]  # a number that was never ours: a person wrote it


def _mirror(layout: Layout, seen: Signature | None) -> None:
    data = untrusted.read(layout.journal)
    # Another one: somebody saves just now, and the next wake mirrors that.
    if data and untrusted.signature(layout.journal) == seen:
        files.write(layout.mirror, data)


def _record(layout: Layout, state: State, *, found: Sequence[int], gone: Sequence[int]) -> None:
    if found or gone:
        write(layout, state, [{"record": "put", "in": list(found), "gone": list(gone)}])


def write(layout: Layout, state: State, records: Sequence[log.Record]) -> None:
    """Append records to the log and take them into the state."""
    state.mark = log.append(layout, state.mark, (), records)
    for record in records:
        state.apply(log.Line(event=None, record=record))


def _reconcile(layout: Layout, state: State) -> bool:
    """Look at the whole journal and find out what in it is ours, what a person took out, and what an editor lost."""
    assert state.session is not None
    seen = _look_for_ours(layout, state.session)
    if seen.data is None:
        if not _bring_back(layout, state):
            return False
        seen = look(layout)
        if seen.data is None:
            return True  # taken away again: the caller tries anew
    there = render.numbers(seen.data)
    standing = set(there)
    found = [n for n in there if n not in state.put and _is_ours(n, state)]
    missing = [n for n in state.put if n not in standing]
    gone, back = _sort_missing(list(state.put), standing, missing)
    if back:
        write(layout, state, [{"record": "out", "seqs": back}])
        _remember(layout, state)
    torn = _torn(seen.data, sorted(state.due.values(), key=lambda e: e.seq), standing)
    if torn and files.append_existing(layout.journal, torn):
        return True  # the next look sees it whole
    _record(layout, state, found=found, gone=gone)
    files.write(layout.mirror, seen.data)
    state.signature = seen.signature
    return True


def _look_for_ours(layout: Layout, session: Session) -> Look:
    """Look at the journal; what is not this session's goes aside first, and its place counts as empty."""
    _refuse_strangers(layout)
    nothing = Look(data=None, signature=None)
    if not untrusted.is_plain(layout.journal):
        moved = strange.linked(layout, session)
        if moved is not None:
            files.write(layout.mirror, moved)
        if strange.clear(layout, clock.now()):
            return nothing
    seen = look(layout)
    named = None if seen.data is None else strange.foreign(layout, session, seen.data)
    if named is not None:
        strange.set_aside(layout, named, clock.now())
        return nothing
    return seen


def _is_ours(number: int, state: State) -> bool:
    assert state.session is not None
    return state.session.seq < number <= state.seq


def _sort_missing(
    put: Sequence[int], standing: set[int], missing: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Divide what is missing into what a person took out and what an old buffer took away."""
    last = max((i for i, n in enumerate(put) if n in standing), default=-1)
    places = {n: i for i, n in enumerate(put)}
    gone = [n for n in missing if places[n] < last]
    return gone, [n for n in missing if places[n] > last]


def _torn(data: bytes, due: Sequence[Entry], standing: set[int]) -> bytes:
    """Return what is missing of an entry that a kill cut off in mid-write, or nothing.

    It can only be the file's end, and what was to be written there is known.
    """
    start = data.rfind(b"\n### ") + 1
    tail = data[start:]
    if not start or len(tail) < 5:
        return b""
    for first, entry in enumerate(due):
        if (entry.seq in standing) != (render.NUMBER.format(entry.seq).encode() in tail):
            continue  # two notes begin alike: one that stands whole is not the one that is torn
        blob = render.entries(due[first:]).encode("utf-8", "surrogateescape").lstrip(b"\n")
        if len(blob) > len(tail) and blob.startswith(tail) and not _whole(tail, entry):
            return blob[len(tail) :]
    return b""


def _whole(tail: bytes, entry: Entry) -> bool:
    return tail == render.entry(entry).encode("utf-8", "surrogateescape").lstrip(b"\n")


def _bring_back(layout: Layout, state: State) -> bool:
    """Write a journal that is gone anew: from its mirror, else from the session's start.

    A user who has stashed it away with `git stash -a` wants it back by `git stash pop`, which refuses to write over a
    file; so then it is left to them, and the log goes on.
    """
    if _stashed(layout):
        return False
    _refuse_strangers(layout)
    assert state.session is not None
    data = files.read(layout.mirror)
    if not data or strange.anothers(data, state.session):
        data = _head(layout, state)
    files.make_folder(layout.local, 0o755)
    files.create(layout.local / ".gitignore", b"*\n", mode=0o644)
    empty = untrusted.signature(layout.journal)
    if empty is not None and not empty[2]:
        files.append_existing(layout.journal, data)
    else:
        files.publish(layout.journal, data)
    return True


def _head(layout: Layout, state: State) -> bytes:
    assert state.session is not None
    for event in log.events(layout, newest_first=True):
        if event.seq == state.session.seq and isinstance(event.data, model.Started):
            return render.head(event.data, event.time).encode("utf-8", "surrogateescape")
    raise PatinaError(
        "the event log has lost the session's start", "Keep what you have of it: patina session end --discard"
    )


def _stashed(layout: Layout) -> bool:
    inside = layout.journal.relative_to(layout.top).as_posix()
    asked = ["git", f"--git-dir={layout.git}", "rev-parse", "-q", "--verify", f"stash@{{0}}^3:{inside}"]
    return processes.run(asked, cwd=layout.top).code == 0
