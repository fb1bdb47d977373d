"""What Patina made in an engine, found by its labels: looked at, stopped, removed. Nothing else is ever touched."""

from __future__ import annotations

import os
from typing import Any, Literal

from patina_sessions.frozen import dataclass
from patina_sessions.paths import Layout
from patina_sessions.runs import labels, living, workspace
from patina_sessions.runs.yolo import ticket
from patina_sessions.system.docker import Engine, words

_LIMITS = (
    ("MemoryLimit", "memory"),
    ("SwapLimit", "swap"),
    ("PidsLimit", "processes"),
    ("CpuCfsQuota", "processor time"),
)
# What the kernel really holds the container to; v2 first, then v1.
_INSIDE = r"""
first() { for f in "$@"; do [ -r "$f" ] && { IFS= read -r v < "$f"; echo "$v"; return; }; done; echo none; }
first /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes
first /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A container, an image, a volume or a network of ours. `run` is of the autonomous run that it was made for."""

    kind: str
    id: str
    name: str
    state: str
    top: str
    worktree: str
    tree: str = ""
    run: str = ""
    what: Literal["container", "image", "volume", "network"] = "container"


def workspaces(engine: Engine, layout: Layout) -> list[Thing]:
    """Return the workspaces of this worktree."""
    return [_container(seen) for seen in workspace.find(engine, layout)]


def everything(engine: Engine) -> list[Thing]:
    """Return what carries our label and was made from this machine, in an order in which it can be removed."""
    marks = (labels.ANY, f"{labels.HOST}={os.uname().nodename}")
    containers = [_container(seen) for seen in engine.containers(marks)]
    images = []
    for seen in engine.images(marks):
        given = seen.get("Labels") or {}
        images.append(
            Thing(
                kind=given.get(labels.KIND, "image"),
                id=str(seen["Id"]),
                name=(seen.get("RepoTags") or [str(seen["Id"])[7:19]])[0],
                state=f"{(seen.get('Size') or 0) / 1e6:.0f} MB",
                top=given.get(labels.TOP, ""),
                worktree=given.get(labels.WORKTREE, ""),
                what="image",
            )
        )
    volumes = [_made("volume", seen, "Name") for seen in engine.volumes(marks)]
    networks = [_made("network", seen, "Id") for seen in engine.networks(marks)]
    return [*containers, *volumes, *networks, *images]


def _made(what: Literal["volume", "network"], seen: dict[str, Any], key: str) -> Thing:
    given = seen.get("Labels") or {}
    return Thing(
        kind=f"{given.get(labels.KIND, '')} {what}".strip(),
        id=str(seen[key]),
        name=str(seen["Name"]),
        state="there",
        top=given.get(labels.TOP, ""),
        worktree=given.get(labels.WORKTREE, ""),
        run=given.get(labels.RUN, ""),
        what=what,
    )


def _container(seen: dict[str, object]) -> Thing:
    given, names = seen.get("Labels") or {}, seen.get("Names") or []
    assert isinstance(given, dict)
    assert isinstance(names, list)
    return Thing(
        kind=str(given.get(labels.KIND, "container")),
        id=str(seen["Id"]),
        name=str(names[0]).removeprefix("/") if names else str(seen["Id"])[:12],
        state=str(seen.get("State")),
        top=str(given.get(labels.TOP, "")),
        worktree=str(given.get(labels.WORKTREE, "")),
        tree=str(given.get(labels.TREE, "")),
        run=str(given.get(labels.RUN, "")),
    )


def remove(engine: Engine, thing: Thing) -> None:
    """Remove one thing of ours."""
    match thing.what:
        case "image":
            engine.remove_image(thing.id)
        case "volume":
            engine.remove_volume(thing.id)
        case "network":
            engine.remove_network(thing.id)
        case "container":
            engine.remove(thing.id)


def holds_work(layout: Layout, thing: Thing) -> bool:
    """Return whether a thing belongs to an autonomous run whose work may not be home.

    What is home leaves nothing behind, so all that is still there counts, unless this worktree knows that the run
    never began.
    """
    if not thing.run or thing.what == "image":
        return False
    known = next((seen for seen in ticket.looked_at(layout) if seen[0].run == thing.run), None)
    return known is None or known[1] or known[0].running


def busy(layout: Layout) -> set[str]:
    """Return the containers in which a run of this worktree is going on."""
    return {run.container for run in living.living(layout) if run.container}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `doctor` says of the engine."""

    endpoint: str
    version: str
    api: str
    rootless: bool
    enforced: tuple[str, ...]
    not_enforced: tuple[str, ...]
    product: str = "Docker"
    inside: tuple[str, ...] = ()  # what a running workspace is really held to


def engine_report(engine: Engine, layout: Layout | None = None) -> Report:
    """Return what the engine is and which limits it enforces, looked at inside a workspace where one runs."""
    info, version = engine.info(), engine.version()
    given = [name for key, name in _LIMITS if info.get(key) and not words.powerless(info)]
    inside: tuple[str, ...] = ()
    for thing in workspaces(engine, layout) if layout is not None else ():
        if thing.state == "running":
            said = engine.ask(thing.id, ["/bin/sh", "-c", _INSIDE], user="0")
            answers = said.out.decode("utf-8", "replace").split()
            inside = tuple(
                f"{n} {_held(n, v)}" for n, v in zip(("memory", "processes"), answers, strict=False)
            )
    return Report(
        endpoint=engine.endpoint,
        version=str(version.get("Version", "unknown")),
        api=str(version.get("ApiVersion", "unknown")),
        rootless=words.rootless(info),
        product=words.product(version),
        enforced=tuple(given),
        not_enforced=tuple(name for _, name in _LIMITS if name not in given),
        inside=inside,
    )


def _held(name: str, value: str) -> str:
    """Return a limit of the kernel in words."""
    if value in ("none", "max") or (value.isdigit() and int(value) > 2**62):
        return "without a limit"
    return f"{int(value) / 1e6:.0f} MB" if name == "memory" and value.isdigit() else value
