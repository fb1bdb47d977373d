"""The bundle is looked at in a throw-away repository, and then a branch of its own is made for it. Nothing else moves.

The user's repository gets objects that were checked one by one, and refs below `refs/heads/yolo/` that were not there
before; no hook runs, nothing is checked out, no other ref, no configuration and no index is touched.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patina_sessions.errors import GitFailed
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.runs.yolo.harvest import NotHome, bounded
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Harvest, Tip
from patina_sessions.system import files, processes
from patina_sessions.system.objects import first_words, text
from patina_sessions.system.quarantine import Quarantine, advice

REFS = "refs/patina/"
ROOM = 1_000_000  # bytes of the disk beside those of the objects: their index, the branches, the journal
_QUIET = (
    *(
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
    ),
    *("-c", "protocol.allow=never", "-c", "protocol.file.allow=always", "-c", "fetch.fsckObjects=true"),
    *("-c", "fetch.prune=false", "-c", "fetch.writeCommitGraph=false", "-c", "fetch.parallel=1"),
)


@contextmanager
def looked_at(
    layout: Layout, ticket: Ticket, bundle: Path, harvest: Harvest
) -> Iterator[tuple[Quarantine, dict[str, Id]]]:
    """Give the throw-away repository with what the bundle brought, and its tips. Raises `NotHome` where git refuses."""
    folder = layout.runs / f"{ticket.run}.check"
    quarantine = Quarantine.make(
        folder, objects=layout.common.git / "objects", object_format=ticket.object_format
    )
    try:
        found = quarantine.take(bundle, REFS)
        wanted = {f"other-{n}": other.id for n, other in enumerate(harvest.others, start=1)}
        if harvest.result is not None:
            wanted["result"] = harvest.result
        if found != wanted:
            raise NotHome("what came out of the container is not what was packed there", None)
        # Once more, and here: the image that packed it is the user's choice, and may be anybody's.
        measured = quarantine.measure(found.values(), without=ticket.start)
        bounded(ticket, size=measured.size, largest=measured.largest)
        yield quarantine, found
    except GitFailed as error:
        raise NotHome(error.message, error.hint) from error
    finally:
        quarantine.remove()


def deliver(layout: Layout, ticket: Ticket, quarantine: Quarantine, harvest: Harvest) -> tuple[Tip, ...]:
    """Make the branches, each of them new, and return them. One that stands there already with this commit is ours."""
    tips = _names(layout, ticket, harvest)
    # A git that finds no room leaves the half of a pack behind, which nobody but `git gc` knows of (tried on 2.39).
    files.require_room(layout.common.git / "objects" / "pack", quarantine.room(), ROOM)
    argv = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-prune"]
    said = _git(layout, *argv, str(quarantine.folder), *(f"{REFS}{name}" for name, _ in tips))
    if said.code:
        raise NotHome(
            f"git does not take it in: {first_words(said.err)}", advice(said.err) or "Ask git: git fsck"
        )
    for _, tip in tips:
        order = f"create {tip.ref} {tip.id}\n".encode()
        made = _git(
            layout, "update-ref", "--create-reflog", "-m", f"yolo: {ticket.run}", "--stdin", data=order
        )
        if made.code and _at(layout, tip.ref) != tip.id:
            raise NotHome(
                f"the branch {tip.ref.removeprefix('refs/heads/')} cannot be made: {first_words(made.err)}",
                None,
            )
    return tuple(tip for _, tip in tips)


def branch(layout: Layout, run: str) -> str:
    """Return the full name of a run's branch: below `yolo/`, but where a branch `yolo` leaves no room for that."""
    taken = processes.run(
        ["git", f"--git-dir={layout.common.git}", "show-ref", "--verify", "--quiet", "refs/heads/yolo"]
    )
    return f"refs/heads/yolo-{run}" if taken.code == 0 else f"refs/heads/yolo/{run}"


def _names(layout: Layout, ticket: Ticket, harvest: Harvest) -> list[tuple[str, Tip]]:
    ref = branch(layout, ticket.run)
    found = []
    if harvest.result is not None:
        free = _free(layout, ref, harvest.result)
        found.append(("result", Tip(id=harvest.result, ref=free, name=harvest.head)))
    for number, other in enumerate(harvest.others, start=1):
        plain = re.sub(r"[^A-Za-z0-9]+", "-", other.name.removeprefix("refs/heads/")).strip("-")[:40].lower()
        name = f"{ref}-{number}" + (f"-{plain}" if plain else "")
        name = _free(layout, name, other.id)
        found.append((f"other-{number}", Tip(id=other.id, ref=name, name=other.name)))
    return found


def _free(layout: Layout, ref: str, tip: Id) -> str:
    """Return a name for work that may be brought a second time: this one, or the next where other work stands there."""
    names = itertools.chain((ref,), (f"{ref}-0-again-{number}" for number in itertools.count(1)))
    return next(name for name in names if _at(layout, name) in (None, tip))


def _at(layout: Layout, ref: str) -> Id | None:
    said = _git(layout, "rev-parse", "--quiet", "--verify", "--end-of-options", ref)
    return text(said.out).strip() if said.code == 0 else None


def _git(layout: Layout, *args: str, data: bytes | None = None) -> processes.Result:
    """Run git on the user's repository, with the hooks off; in no folder that somebody else wrote."""
    return processes.run(
        ["git", f"--git-dir={layout.common.git}", *_QUIET, *args], cwd=layout.common.git, data=data
    )


def abandon(layout: Layout, run: str) -> None:
    """Remove the files that a run leaves while it is brought home."""
    for end in (".in", ".check"):
        files.remove_tree(layout.runs / f"{run}{end}")
    files.remove(layout.runs / f"{run}.bundle")
