"""The warm workspace of a worktree: one container, made once, found again by its labels, that waits for commands.

The tree is mounted at its own path, so that paths in messages are the user's, and the links in a linked worktree's or
a submodule's `.git` file lead somewhere. Where the engine does not see this file system, the tree is copied in instead.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.paths import Layout
from patina_sessions.runs import labels, living, project
from patina_sessions.runs.project import Project
from patina_sessions.settings import Settings
from patina_sessions.system import files
from patina_sessions.system.docker import Engine

log = logging.getLogger(__name__)

HOME = "/patina/home"  # of a user who is not root
UNREADY = "-unready"  # the end of a name whose container is still being furnished


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who runs commands in a workspace: the owner of the tree, so that what is written there is theirs."""

    uid: int
    gid: int

    @property
    def words(self) -> str:
        return f"{self.uid}:{self.gid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A container that is ready. `copied`: the tree is no mount, and has to be brought up to date before each run."""

    container: str
    name: str
    image: str
    user: User
    copied: bool
    fresh: bool = False

    @property
    def where(self) -> str:
        return f"workspace {self.name}, the tree {'copied' if self.copied else 'mounted'}"


def owner(top: Path, *, rootless: bool = False) -> User:
    """Return whose files the tree's are: root who works in somebody's tree works for them.

    In a rootless engine root is the user on the outside, and anybody else would own files that the user cannot touch.
    """
    if rootless:
        return User(uid=0, gid=0)
    if os.geteuid() != 0:
        return User(uid=os.geteuid(), gid=os.getegid())
    seen = os.stat(top)
    return User(uid=seen.st_uid, gid=seen.st_gid)


def find(engine: Engine, layout: Layout, *, running: bool = False) -> list[dict[str, object]]:
    """Return the containers of this worktree's workspaces."""
    marks = (labels.ANY, f"{labels.WORKTREE}={layout.key}", f"{labels.KIND}=workspace")
    return list(engine.containers(marks, running=running))


def configuration(found: Project, image_id: str, top: Path, settings: Settings, user: User) -> str:
    """Return a hash of everything that a workspace is made of: when it changes, a new one is made."""
    parts = (
        "1",
        image_id,
        str(top),
        repr(found.setup),
        project.fingerprint(top, found.inputs),
        repr(sorted(found.environment.items())),
        user.words,
        *(settings.text(f"docker.{k}") for k in ("memory", "pids", "network", "idle_hours")),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a workspace shall be: `image` by name, `identity` by id."""

    layout: Layout
    settings: Settings
    project: Project
    image: str
    identity: str
    user: User

    @property
    def configuration(self) -> str:
        return configuration(self.project, self.identity, self.layout.top, self.settings, self.user)


def ready(engine: Engine, wanted: Wanted, make: Callable[[str], Workspace]) -> Workspace:
    """Return the worktree's workspace, woken where it sleeps; `make` is given the configuration where there is none."""
    configured = wanted.configuration
    found = _matching(engine, wanted, configured)
    if found is not None:
        return found
    files.make_folder(wanted.layout.runs)
    with files.locked(wanted.layout.runs / "workspace"):  # two commands at once make one
        found = _matching(engine, wanted, configured)
        if found is not None:
            return found
        _remove_old(engine, wanted, configured)
        return make(configured)


def _matching(engine: Engine, wanted: Wanted, configured: str) -> Workspace | None:
    for seen in find(engine, wanted.layout):
        marks, names = seen.get("Labels"), seen.get("Names")
        assert isinstance(marks, dict)
        assert isinstance(names, list)
        name = str(names[0]).removeprefix("/") if names else ""
        if marks.get(labels.CONFIGURATION) != configured or name.endswith(UNREADY):
            continue
        container = str(seen["Id"])
        if seen.get("State") != "running":
            engine.start(container)
        return Workspace(
            container=container,
            name=name,
            image=wanted.image,
            user=wanted.user,
            copied=marks.get(labels.TREE) == "copied",
        )
    return None


def _remove_old(engine: Engine, wanted: Wanted, configured: str) -> None:
    """Remove this worktree's workspaces of another configuration, and half-made ones; a run in one keeps it.

    A command in another image for once (`--image`) leaves the project's workspace warm, and the other way round.
    """
    busy = {run.container for run in living.living(wanted.layout)}
    for seen in find(engine, wanted.layout):
        marks = seen.get("Labels")
        assert isinstance(marks, dict)
        if marks.get(labels.ASKED, "") == wanted.project.asked and str(seen["Id"]) not in busy:
            log.info("workspace %s is of another configuration than %s", str(seen["Id"])[:12], configured)
            engine.remove(str(seen["Id"]))
