"""What `doctor` says of the doorbell: which hooks ring, what does where none can, and whether a recorder answers."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from patina_sessions.paths import Layout
from patina_sessions.session import switch
from patina_sessions.settings import Settings
from patina_sessions.setup import hook_text, hooks
from patina_sessions.setup.check import Check
from patina_sessions.system import clock, files, processes
from patina_sessions.system.repository import Repository

PATIENCE = 8.0  # seconds: for a recorder that was rung to take the ring down
_BY_HAND = (
    "Add this line to your own post-commit, post-merge, post-checkout and post-rewrite: "
    f"{hook_text.BY_HAND}   With pre-commit or prek: the hook patina of Patina's .pre-commit-hooks.yaml"
)


def doorbells(repository: Repository, settings: Settings) -> Iterator[Check]:
    """Tell which hooks ring and which are not ours to write, and where none does what is left."""
    states = hooks.state(repository)
    ringing = [s.event for s in states if s.rings]
    if ringing:
        yield Check(name="hooks", level="ok", words="ring: " + ", ".join(ringing))
    if hooks.configured(repository) and hooks.git_version() < hooks.CONFIG_HOOKS:
        words = "the settings that init made for another git ring with git 2.54 and newer, not with this one"
        yield Check(name="hooks", level="note", words=words)
    where = hooks.folder(repository)
    if not ringing and where.refusal is not None and not where.path.exists():
        words = f"{where.refusal}, so git runs no hook at all; {_left(settings)}"
        yield Check(name="hooks", level="note", words=words, hint=_unset(repository))
        return
    left = "the reflog carries the record" if ringing else _left(settings)
    for why in dict.fromkeys(s.why for s in states if s.shape == "foreign"):
        events = ", ".join(s.event for s in states if s.shape == "foreign" and s.why == why)
        words = f"not ours to write ({why}): {events}; {left}"
        yield Check(name="hooks", level="note", words=words, hint=None if ringing else _BY_HAND)
    for s in states:
        if not s.rings and s.shape != "foreign":
            yield Check(name="hooks", level="wrong", words=f"{s.event} does not ring", hint="patina init")


def _unset(repository: Repository) -> str:
    """Say how hooks come back where git looks for them in a folder that is not there."""
    scope = hooks.ask(repository, "config", "--show-scope", "--get", "core.hooksPath").partition(b"\t")[0]
    where = f"--{scope.decode()} " if scope in (b"global", b"system", b"worktree") else ""
    return f"git config {where}--unset core.hooksPath; or make the folder; then: patina init"


def _left(settings: Settings) -> str:
    """Say what wakes a recorder where no hook does."""
    if settings.flag("watch.enabled"):
        return "git's reflog is read by the watcher while a session runs, else only when you run patina"
    return "git's reflog is read only when you run patina, since files are not watched either"


def locked(layout: Layout) -> list[Path]:
    """Return what of the state this user cannot write: then no recorder that a hook starts can answer either."""
    kept = (layout.common.home, layout.state, layout.events, layout.common.spool)
    return [p for p in kept if p.exists() and not os.access(p, os.W_OK | os.X_OK)]


def bell(repository: Repository, layout: Layout) -> Iterator[Check]:
    """Try the interpreter that the hooks start, then ring, and wait for the ring to be taken down."""
    off = switch.why(layout)
    if off is not None:
        yield Check(name="bell", level="note", words=f"not rung, Patina is {off}")
        return
    if locked(layout):
        words = "not rung: no recorder could write; git's reflog keeps what happens, and is read once one can"
        yield Check(name="bell", level="note", words=words)
        return
    script = files.read(layout.common.bell)
    if script is None:
        words = "the hooks' script is gone: they do nothing"
        yield Check(name="bell", level="wrong", words=words, hint="patina init")
        return
    named = re.search(r"^run=(.+?) d=", script.decode("utf-8", "surrogateescape"), re.MULTILINE)
    python = shlex.split(named[1])[0] if named else ""
    if not python or not os.access(python, os.X_OK):
        what = f"start {python}, which is gone" if python else "name no interpreter"
        words = f"the hooks {what}: they do nothing"
        yield Check(name="bell", level="wrong", words=words, hint="patina init")
        return
    tried = processes.run([python, "-E", "-P", "-c", "import patina_sessions.recorder"], cwd=layout.top)
    if tried.code:
        words = f"{python} has no Patina any more: the hooks do nothing"
        yield Check(name="bell", level="wrong", words=words, hint="patina init")
        return
    yield _rung(repository, layout)


def _rung(repository: Repository, layout: Layout) -> Check:
    states = hooks.state(repository)
    ours = {s.event: s.shape for s in states}["post-commit"] == "ours"
    if ours and hooks.git_version() >= (2, 36):
        argv, how = ["git", "hook", "run", "post-commit"], "git hook run post-commit"
    else:  # somebody else's hook is not run for a check: only our script is
        script = f'event=post-commit git={shlex.quote(str(layout.common.git))}; . "$git/patina/hook.sh"'
        argv, how = ["sh", "-c", script], "the script of the hooks"
    before = files.signature(layout.common.log)
    processes.run(argv, cwd=layout.top)
    deadline = clock.monotonic() + PATIENCE
    while clock.monotonic() < deadline:
        if files.signature(layout.common.log) != before and files.signature(layout.common.rung) is None:
            return _answered(how, rings=any(s.rings for s in states))
        clock.sleep(0.02)
    hint = f"Look at {layout.common.log}; then: patina doctor --fix"
    return Check(name="bell", level="wrong", words=f"rung by {how}, and no recorder answered", hint=hint)


def _answered(how: str, *, rings: bool) -> Check:
    words = f"rung by {how}, and the recorder answered"
    if rings:
        return Check(name="bell", level="ok", words=words)
    return Check(name="bell", level="note", words=f"{words}; but no hook rings it here")
