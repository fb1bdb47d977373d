"""The autonomous runs of a worktree: those that go on, those whose work waits, and those that are over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id, RunFinished
from patina_sessions.paths import Layout
from patina_sessions.runs import history, named
from patina_sessions.runs.yolo import ticket
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.system import files, processes
from patina_sessions.system.objects import first_words, text

MANY = 100
_ENDLESS = 1_000_000  # bytes of a line
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run. `ticket` is there as long as its work is not home."""

    run: str
    started: str
    command: str
    ended: RunFinished | None
    ticket: Ticket | None
    alive: bool
    branches: tuple[str, ...]
    name: str = ""  # what its user calls it by

    @property
    def state(self) -> str:
        if self.alive:
            return "running"
        if self.ticket is not None and self.ticket.running:
            return "a rest waits" if self.ticket.rest else "its work waits"
        return self.ended.outcome if self.ended else "interrupted"


def rows(layout: Layout) -> Iterator[Row]:
    """Return the runs of this worktree, the newest first."""
    kept = {one.run: (one, lives) for one, lives in ticket.looked_at(layout)}
    made = _branches(layout)
    for run in history.runs(layout):
        known = run.ended or run.begun
        assert known is not None
        if known.kind != "yolo":
            continue
        one, lives = kept.pop(run.id, (None, False))
        yield Row(
            run=run.id,
            started=run.started.isoformat(),
            command=known.command,
            ended=run.ended,
            ticket=one,
            alive=lives or (one is None and ticket.alive(layout, run.id)),
            branches=_of(run.id, made),
            name=run.begun.name if run.begun is not None else "",
        )
    for one, lives in kept.values():  # killed before its beginning was told
        yield Row(
            run=one.run,
            started=one.began,
            command=one.command,
            ended=None,
            ticket=one,
            alive=lives,
            branches=_of(one.run, made),
            name=one.name,
        )


def one(layout: Layout, name: str) -> Row:
    """Return the run of this id or name, of an id that begins or ends so, or the last one for `last`."""
    nothing = PatinaError(f"there is no autonomous run {name} here", "See: patina yolo list")
    newest = islice(rows(layout), MANY)
    return named.chosen(name, newest, names=lambda row: (row.run, row.name or row.run), nothing=nothing)


def _branches(layout: Layout) -> list[str]:
    argv = ["git", f"--git-dir={layout.common.git}", "for-each-ref", "--format=%(refname:short)"]
    said = processes.run([*argv, "refs/heads/yolo/", "refs/heads/yolo-*"])
    return text(said.out).splitlines() if said.code == 0 else []


def _of(run: str, names: list[str]) -> tuple[str, ...]:
    """Return those of the branches that were made for a run: a person may have made others that begin so."""
    ours = re.compile(rf"yolo[/-]{re.escape(run)}(-[0-9]+(-[a-z0-9-]*)?)?")
    return tuple(name for name in names if ours.fullmatch(name))


def log(layout: Layout, run: str, offset: int) -> bytes:
    """Return what stands in a run's log from this byte on."""
    return files.read_from(layout.runs / f"{run}.log", offset)


def difference(layout: Layout, row: Row, *, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield what a run's branch changed since it left what is checked out here, as text that is not escaped yet.

    In pieces, whole lines where they are not endless: a few trees can stand for more files than there is memory.
    """
    if not row.branches:
        raise PatinaError(f"the run {row.run} has no branch", "See: patina yolo show, or patina yolo recover")
    tip = _id(layout, f"refs/heads/{row.branches[0]}")
    base = _base(layout, tip)
    argv = ["git", f"--git-dir={layout.git}", "diff", *_PLAIN, *words, base, tip, "--"]
    rest = b""
    for block in processes.blocks(argv, cwd=layout.git):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if len(rest) > _ENDLESS:
            whole, newline, rest = whole + newline + rest, b"", b""
        yield text(whole + newline)
    yield text(rest)


def _id(layout: Layout, ref: str) -> Id:
    said = processes.run(["git", f"--git-dir={layout.git}", "rev-parse", "--verify", "--end-of-options", ref])
    return text(said.out).strip()


def _base(layout: Layout, tip: Id) -> Id:
    said = processes.run(["git", f"--git-dir={layout.git}", "merge-base", "HEAD", tip])
    if said.code == 0 and said.out.strip():
        return text(said.out).split()[0]
    empty = processes.run(
        ["git", f"--git-dir={layout.git}", "hash-object", "-t", "tree", "--stdin"], data=b""
    )
    return text(empty.out).strip()


def stop(layout: Layout, run: str) -> None:
    """Note that the user wants this run to stop, so that whoever watches over it knows why it ended."""
    files.write(layout.runs / f"{run}.stop", b"", durable=False)


def drop_branches(layout: Layout, row: Row) -> tuple[tuple[str, Id], ...]:
    """Remove the branches of a run; return their names, and where they stood. Raises where one is checked out."""
    dropped = []
    for name in row.branches:
        stood = _id(layout, f"refs/heads/{name}")
        argv = ["git", f"--git-dir={layout.common.git}", "-c", "core.hooksPath=/dev/null", "branch"]
        said = processes.run([*argv, "--quiet", "-D", "--", name])
        if said.code:
            raise PatinaError(f"the branch {name} stays: {first_words(said.err)}", "See: git worktree list")
        dropped.append((name, stood))
    return tuple(dropped)
