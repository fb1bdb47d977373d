"""`patina explain`: why a line, a file, a commit or a range is as it is.

Which session made it, what was asked and decided at that time, which runs proved it, what came after.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from patina_sessions import safe
from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import grammar
from patina_sessions.journal.grammar import Entry, Journal
from patina_sessions.model import Commit, Id
from patina_sessions.readers import index, points, ties
from patina_sessions.readers.index import Source
from patina_sessions.readers.ties import Tie
from patina_sessions.system import untrusted
from patina_sessions.system.git import Git

MOST = 20  # commits of a file or a range


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The active session, whose commits are in no archive yet."""

    session: str
    path: Path
    made: frozenset[Id]


_LINE = re.compile(r"(.+):([1-9][0-9]{0,7})\Z")
_RUN = re.compile(r"(Build|Test|Exec|YOLO run) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of one commit. Without a tie only the commit itself is known."""

    commit: Commit
    tie: Tie | None = None
    title: str = ""
    author: str = ""
    goals: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    reverted_by: tuple[str, ...] = ()  # titles of entries that took it back
    later: tuple[tuple[str, str], ...] = ()  # later sessions on the same files: id, title


def commits(git: Git, text: str, *, top: Path, folder: Path) -> list[Id]:
    """Return the commits that a COMMIT, a RANGE, a FILE or a FILE:LINE names, the latest first.

    Raises `PatinaError` where it names none.
    """
    line = _LINE.match(text)
    nothing = PatinaError(
        f"{safe.visible(text[:200])} is no commit, range or file here",
        "Name one: patina explain HEAD~3, or: patina explain src/x.py:14",
    )
    if "\0" in text:
        raise nothing
    if ".." in text and not os.path.lexists(folder / text):
        found = git.ask("rev-list", f"--max-count={MOST}", "--end-of-options", text, "--")
        if found.code == 0:
            return _ids(found.out)
    if line and os.path.isfile(folder / line[1]):
        return _blamed(git, _name(folder / line[1], top), int(line[2]))
    if os.path.lexists(folder / text):
        name = _name(folder / text, top)
        found = git.ask("log", "--follow", f"--max-count={MOST}", "--format=%H", "--", name, here=True)
        if _ids(found.out):
            return _ids(found.out)
    one = git.ask("rev-parse", "--quiet", "--verify", "--end-of-options", f"{text}^{{commit}}")
    if one.code == 0:
        return _ids(one.out)
    raise nothing


def _name(path: Path, top: Path) -> str:
    """Return what git calls a file; of a link its own name. Raises `PatinaError` where it is outside of the tree."""
    whole = Path(os.path.normpath(path.parent.resolve() / path.name))
    if not whole.is_relative_to(top.resolve()):
        raise PatinaError(f"{path} is not in this working tree", f"Name a file in {top}.")
    return whole.relative_to(top.resolve()).as_posix()


def _ids(out: bytes) -> list[Id]:
    return out.decode("ascii", "replace").split()


def _blamed(git: Git, name: str, line: int) -> list[Id]:
    asked = ("blame", "--porcelain", "--no-textconv", "-w", f"-L{line},{line}", "--", name)
    found = git.ask(*asked, here=True)
    if found.code:
        raise PatinaError(
            f"{name} has no line {line} that git knows", "Commit the file first, or name another line."
        )
    commit = found.out[:40].decode("ascii", "replace")
    if not commit.strip("0"):
        raise PatinaError(f"line {line} of {name} is not committed yet", "Ask again once it is.")
    return [commit]


def explain(
    git: Git, wanted: Sequence[Id], sources: Sequence[Source], *, active: Active | None, at: Path | None
) -> list[Told]:
    """Return what is known of each of these commits."""
    return index.ask(at, lambda db: [_told(db, git, commit, active) for commit in wanted], sources)


def _told(db: sqlite3.Connection, git: Git, wanted: Id, active: Active | None) -> Told:
    found = git.commit(wanted)
    if found is None:
        raise PatinaError(
            f"git does not have commit {wanted[:10]}", "A shallow clone lacks it: git fetch --unshallow"
        )
    [commit] = git.with_files([found])
    if active is not None and wanted in active.made:
        tie: Tie | None = Tie(session=active.session, path=str(active.path), how="id", commit=wanted)
    else:
        tie = ties.of(db, wanted, patch=lambda: git.patch_ids([wanted]).get(wanted), tree=commit.tree)
    data = untrusted.read(Path(tie.path)) if tie else None
    if tie is None or data is None:
        return Told(commit=commit)
    journal = grammar.parse(data)
    here, update = _around(journal, tie.commit)
    return Told(
        commit=commit,
        tie=tie,
        title=journal.title,
        author=str((journal.archived or {}).get("author") or ""),
        goals=tuple(g.text for g in journal.goals),
        decisions=tuple(_decided(journal, update)),
        notes=tuple(e.body.strip() for e in here if e.what.startswith("Note") and e.body.strip()),
        runs=tuple(_run(e) for e in journal.entries[_place(journal, tie.commit) + 1 :] if _RUN.match(e.what))[
            :5
        ],
        reverted_by=tuple(e.what for e in journal.entries if f'Revert "{commit.subject}"' in e.what),
        later=tuple(_later(db, tie, [c.path for c in commit.files])),
    )


def _place(journal: Journal, commit: Id) -> int:
    """Return which entry tells of the commit; the last one where none does."""
    name = commit[:10]
    for number, entry in enumerate(journal.entries):
        if name in entry.what or (entry.what.startswith(("Rebase", "Pull")) and name in entry.body):
            return number
    return len(journal.entries) - 1


def _around(journal: Journal, commit: Id) -> tuple[list[Entry], Entry | None]:
    """Return the entries from the update before the commit to the one after it, and that one."""
    place = _place(journal, commit)
    updates = [
        n for n, e in enumerate(journal.entries) if "Update" in e.what or e.what.startswith("Session End")
    ]
    before = max((n for n in updates if n < place), default=-1)
    after = min((n for n in updates if n > place), default=None)
    return list(journal.entries[before + 1 : after]), None if after is None else journal.entries[after]


def _decided(journal: Journal, update: Entry | None) -> list[str]:
    """Return the decisions of the update that followed; of the whole session where that one says none."""
    decisions = [p for p in points.of(journal) if p.kind == "decision"]
    if update is not None:
        offset = next((n for n, part in enumerate(journal.parts) if part.offset == update.offset), -1)
        own = [p.text for p in decisions if p.place == offset]
        if own:
            return own
    return [p.text for p in decisions]


def _run(entry: Entry) -> str:
    first = next((line for line in entry.body.split("\n") if line.strip()), "")
    return f"{entry.time or ''} {entry.what}: {first}".strip(" :")


def _later(db: sqlite3.Connection, tie: Tie, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return later sessions that touched one of the files, the next ones first.

    Starts are whole seconds, so that of two within one the id decides, as it does wherever sessions are put in order.
    """
    started = db.execute("SELECT started FROM journal WHERE path = ?", (index.named(tie.path),)).fetchone()
    asked = "SELECT id, title, files FROM journal WHERE (started, id) > (?, ?) ORDER BY started, id"
    wanted = set(paths)
    rows = db.execute(asked, (started[0] if started else 0.0, tie.session))
    return [(i, title) for i, title, touched in rows if wanted & set(touched.split("\n"))][:5]


def moment(seconds: int) -> datetime:
    """Return when a commit was made, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
