"""What `patina doctor` looks at for coding agents: whether each that was set up is heard, once, and everywhere.

A client says nothing of hooks that it does not run, so what keeps it from running them is looked for here. Nothing is
said of agents that were never set up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from patina_sessions.frozen import dataclass
from patina_sessions.recorder.words import plural
from patina_sessions.setup import agent_hooks, agent_places, agents, claude_plugin, codex_trust, hooks, ledger
from patina_sessions.setup.check import Check, Level
from patina_sessions.setup.plan import Plan, Step, shown
from patina_sessions.system import untrusted
from patina_sessions.system.repository import Repository

# What a project's own file does not reach. Codex and OpenCode walk up, and Codex takes a worktree's from the main one.
_ONLY_AT_THE_TOP = ("claude", "gemini")
_NOT_IN_WORKTREES = ("claude", "gemini", "opencode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent's hooks may stand. `raw` is None where there is no file; the plugin's is the client's settings."""

    agent: str
    kind: Literal["plugin", "person", "project"]
    path: Path
    raw: bytes | None
    ours: bool  # our hooks are in it
    listed: bool  # init wrote it, and uninstall has not taken it back

    @property
    def settings(self) -> dict[str, Any] | None:
        return agent_hooks.parsed(self.raw or b"")


def places(repository: Repository, environ: Mapping[str, str]) -> list[Place]:
    """Return every place in which hooks of ours are, or were left by `init`."""
    books = [ledger.load(repository.common.home / "agents.json")]
    mine = agent_places.book(environ)
    books += [ledger.load(mine)] if mine is not None else []
    # Where only the status line was written, hooks are not missed.
    listed = {line.path for book in books for line in book.lines if line.kind != "client"}
    found: list[Place] = []
    for agent in agent_places.AGENTS:
        for kind, path in agent_places.files_of(repository, agent, environ):
            raw = untrusted.read(path, links=True)
            found.append(
                Place(
                    agent=agent,
                    kind=kind,
                    path=path,
                    raw=raw,
                    ours=_ours(agent, raw or b""),
                    listed=bool({str(path), str(path.resolve())} & listed),
                )
            )
    path = agent_places.homes(environ)["claude"]
    plugged = any("plugin install" in line for line in listed)
    on = claude_plugin.installed(environ)
    found.append(
        Place(
            agent="claude",
            kind="plugin",
            path=path,
            raw=untrusted.read(path, links=True),
            ours=on,
            listed=plugged,
        )
    )
    return [p for p in found if p.ours or p.listed]


def _ours(agent: str, raw: bytes) -> bool:
    """Tell whether a file has hooks of ours; one that does not parse has them where it names our script."""
    if agent == "opencode" or agent_hooks.parsed(raw) is None:
        return agent_hooks.SCRIPT.encode() in raw
    return agent_hooks.has_ours(raw)


def examine(repository: Repository, environ: Mapping[str, str]) -> Iterator[Check]:
    """Look at every agent that was set up."""
    known = places(repository, environ)
    for agent in dict.fromkeys(p.agent for p in known):
        mine = [p for p in known if p.agent == agent]
        yield from _broken(repository, mine)
        live = [p for p in mine if p.ours and (agent == "opencode" or p.settings is not None)]
        if not live:
            continue
        where = ", ".join(_named(repository, p) for p in live)
        yield _check("ok", f"{agent_places.NAMES[agent]} is heard by {where}")
        if len(live) > 1 and not _once(agent, live):
            words = f"{agent_places.NAMES[agent]} has Patina's hooks twice, by {where}: what both say is recorded once"
            yield _check("note", words, _single(repository, live))
        yield from _reach(repository, agent, live)
    yield from _left(repository, environ, known)
    yield from _switched_off(repository, known, environ)
    yield from _codex(repository, [p for p in known if p.agent == "codex" and p.ours], environ)


def fix(repository: Repository, environ: Mapping[str, str]) -> list[str]:
    """Write anew what `init` wrote and what is gone or older by now; nothing in which no hook of ours is."""
    steps = tuple(_as_init_leaves(repository, environ, places(repository, environ)))
    if not steps:
        return []
    agents.apply(Plan(repository=repository, steps=steps), environ)
    return ["wrote anew for agents: " + ", ".join(sorted({_what(step) for step in steps}))]


def _check(level: Level, words: str, hint: str | None = None) -> Check:
    return Check(name="agents", level=level, words=words, hint=hint)


def _named(repository: Repository, place: Place) -> str:
    return "the plugin" if place.kind == "plugin" else shown(place.path, repository)


def _command(agent: str, kind: str) -> str:
    return f"patina init --agent {agent}" + (" --project" if kind == "project" else "")


def _broken(repository: Repository, mine: list[Place]) -> Iterator[Check]:
    """Tell of files that do not parse, and of hooks that somebody took out."""
    for place in mine:
        name, said = agent_places.NAMES[place.agent], _named(repository, place)
        if place.agent != "opencode" and place.raw is not None and place.settings is None:
            words = f"{shown(place.path, repository)} does not parse, so that {name} hears none of its hooks"
            yield _check("wrong", words, f"Mend the file, then: {_command(place.agent, place.kind)}")
        elif not place.ours:
            words = f"{name}: Patina's hooks are gone from {said}"
            if place.kind == "plugin":
                words = f"{name}: the plugin was taken out or switched off"
            hint = f"{_command(place.agent, place.kind)}, or patina uninstall if that was meant"
            yield _check("note" if any(p.ours for p in mine) else "wrong", words, hint)


def _switched_off(repository: Repository, known: list[Place], environ: Mapping[str, str]) -> Iterator[Check]:
    """Tell of settings of Claude Code by which it runs no hook of anybody's."""
    if not any(p.agent == "claude" and p.ours for p in known):
        return
    theirs = [path for _, path in agent_places.files_of(repository, "claude", environ)]
    for path in (*theirs, repository.top / ".claude" / "settings.local.json"):
        if (agent_hooks.parsed(untrusted.read(path, links=True) or b"") or {}).get("disableAllHooks") is True:
            words = f"Claude Code: all hooks are switched off in {shown(path, repository)}"
            yield _check("wrong", words, 'Take "disableAllHooks" out of it')


def _once(agent: str, live: list[Place]) -> bool:
    """Tell whether a client runs hooks that stand in several files only once: Claude Code does, but for the plugin."""
    return agent == "claude" and all(p.kind != "plugin" for p in live)


def _single(repository: Repository, live: list[Place]) -> str:
    if any(p.kind == "plugin" for p in live):
        return f"Keep the plugin, and take Patina's hooks out of {_named(repository, live[0])}"
    return f"Take Patina's hooks out of {_named(repository, live[-1])}"


def _reach(repository: Repository, agent: str, live: list[Place]) -> Iterator[Check]:
    """Tell of folders below and of other worktrees in which hooks of the project alone are not heard."""
    if any(p.kind != "project" for p in live):
        return
    name, hint = agent_places.NAMES[agent], f"For everywhere: {_command(agent, 'person')}"
    if agent in _ONLY_AT_THE_TOP:
        where = ", ".join(_named(repository, p) for p in live)
        words = f"{name} reads {where} only where it is started: in a folder below it is not heard"
        yield _check("note", words, hint)
    if agent not in _NOT_IN_WORKTREES:
        return
    for place in live:
        name_in_tree = shown(place.path, repository)
        if not hooks.ask(repository, "ls-files", "-z", "--", name_in_tree):
            words = f"{name}: {name_in_tree} is in no commit, so that a new worktree does not have it"
            yield _check("note", words, f"git add {name_in_tree}; or, for everywhere: {_command(agent, '')}")
    for tree in _other_worktrees(repository):
        paths = [tree / p.path.relative_to(repository.top) for p in live]
        if not any(_ours(agent, untrusted.read(p, links=True) or b"") for p in paths):
            yield _check("note", f"{name} is not heard in the worktree {tree}", hint)


def _other_worktrees(repository: Repository) -> list[Path]:
    """Return the tops of the other worktrees that are there. Git 2.36 knows `-z`; a newline in a path is let go."""
    said = hooks.ask(repository, "worktree", "list", "--porcelain")
    tops = [Path(os.fsdecode(line[9:])) for line in said.split(b"\n") if line.startswith(b"worktree ")]
    return [top for top in tops if top != repository.top and top.is_dir()]


def _as_init_leaves(repository: Repository, environ: Mapping[str, str], known: list[Place]) -> Iterator[Step]:
    """Yield what `init` would do for the places that have hooks of ours already."""
    seen: set[Path] = set()
    for agent, project in sorted({(p.agent, p.kind == "project") for p in known if p.ours}):
        mine = [p for p in known if p.ours and p.agent == agent and (p.kind == "project") == project]
        if agent == "claude" and not project and mine[0].kind != "plugin":
            continue
        for step in agents.plan(repository, [agent], environ, project=project).steps:
            if agent == "claude" and not project and step.path.suffix == ".json":
                continue  # the status line: whoever took it out meant it
            if step.what == "run" or step.path not in seen:
                seen.add(step.path)
                yield step


def _left(repository: Repository, environ: Mapping[str, str], known: list[Place]) -> Iterator[Check]:
    """Tell of files that the hooks call and that are gone or older."""
    for step in _as_init_leaves(repository, environ, known):
        if step.what in ("create", "run"):
            words = f"gone: {_what(step)}; hooks of agents that call it do nothing"
            yield _check("wrong", words, "patina doctor --fix")
        elif step.what == "change":
            yield _check("wrong", f"not as this Patina writes it: {_what(step)}", "patina doctor --fix")


def _what(step: Step) -> str:
    return "the folder of the plugin" if step.what == "run" else os.fspath(step.path)


def _codex(repository: Repository, live: list[Place], environ: Mapping[str, str]) -> Iterator[Check]:
    """Tell of hooks that Codex skips without a word."""
    path = agent_places.homes(environ)["codex"].parent / "config.toml"
    config = codex_trust.parsed(untrusted.read(path, links=True) or b"") if live else None
    if live and config is None:
        yield _check("wrong", f"{path} does not parse, so that Codex does not start", "Mend the file")
    for place in live if config is not None else ():
        settings = place.settings
        if settings is None or config is None:
            continue
        if place.kind == "project" and not codex_trust.allowed(config, str(repository.top)):
            words = "Codex reads the project's hooks only where the folder is trusted, and it is not"
            yield _check("wrong", words, "Start codex here once and trust the folder")
            continue
        names = dict.fromkeys((str(place.path), str(place.path.resolve())))
        yield from _trust(_named(repository, place), codex_trust.states(config, names, settings))


def _trust(said: str, states: Iterator[tuple[str, codex_trust.Trust]]) -> Iterator[Check]:
    """Yield one check for all hooks of a file that have the same trouble."""
    found: dict[codex_trust.Trust, list[str]] = {}
    for event, state in states:
        found.setdefault(state, []).append(event)
    said_of: tuple[tuple[codex_trust.Trust, str], ...] = (
        ("untrusted", "not trusted, and skipped without a word"),
        ("changed", "changed since they were trusted, and skipped without a word"),
        ("off", "switched off"),
    )
    for state, words in said_of:
        if events := found.get(state):
            what = f"Codex: {plural(len(events), 'hook')} in {said} {words}: {', '.join(events)}"
            yield _check("wrong", what, "Start codex, type /hooks, and trust them")
