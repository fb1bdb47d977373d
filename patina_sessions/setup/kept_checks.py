"""What `patina doctor` says of what is kept: journals, sizes and ages, settings, last words of hooks and of logs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator

from patina_sessions import safe
from patina_sessions.events import log
from patina_sessions.model import Made
from patina_sessions.paths import Common, Layout
from patina_sessions.recorder.words import plural, size
from patina_sessions.settings import Settings
from patina_sessions.setup import hooks
from patina_sessions.setup.check import Check
from patina_sessions.sources import agent_spool, rewrites
from patina_sessions.system import clock, files, ignored
from patina_sessions.system.repository import Repository

_NAMED = 5  # files that are told of
_SILENCES = 3
# What `hooks/git.sh` leaves in `silent-…`, in words, and what to do about it.
_SILENT = {
    "environment": ("PATINA=0 was set in its environment", "unset PATINA"),
    "off": ("Patina was switched off", "patina on"),
    "interpreter": ("the interpreter that it starts was gone", "patina init"),
}


def archive(repository: Repository, layout: Layout, settings: Settings) -> Iterator[Check]:
    """Look whether finished journals can be committed, and name those that are in no commit."""
    if settings.text("archive") != "tree":
        return
    rule = ignored.by_rule(repository.git_dir, repository.top, "layer/sessions/x.md")
    if rule is not None:
        words = f"git ignores layer/sessions ({rule.words})"
        yield Check(name="archive", level="wrong", words=words, hint=rule.advice)
    lost = hooks.ask(repository, "ls-files", "--others", "--exclude-standard", "-z", "--", "layer/sessions")
    names = [name for name in lost.split(b"\0") if name.endswith(b".md")]
    if names:
        words = (
            f"in no commit: {plural(len(names), 'finished journal')} (copies are in {layout.common.archive})"
        )
        yield Check(name="archive", level="note", words=words, hint="git add layer/sessions")


def tracked(repository: Repository) -> Iterator[Check]:
    """Name what git tracks of the folder that is each worktree's own: it is written over by every pull and checkout."""
    said = hooks.ask(repository, "ls-files", "-z", "--", ".patina/local")
    for name in [safe.visible(os.fsdecode(name)) for name in said.split(b"\0") if name][:_NAMED]:
        words = f"git tracks {name}, which is for this worktree alone: a pull or a checkout writes over it"
        hint = f"git rm --cached {shlex.quote(name)}, and commit that"
        yield Check(name="worktree", level="wrong", words=words, hint=hint)


def chosen(settings: Settings) -> Iterator[Check]:
    """Tell each setting that is not as built in, where it came from, and what was not taken."""
    for words, hint in settings.wrong:
        yield Check(name="settings", level="wrong", words=f"{words}: it is passed over", hint=hint)
    for words in settings.ignored:
        yield Check(name="settings", level="note", words=words)
    for name, origin in sorted(settings.origins.items()):
        yield Check(name="settings", level="ok", words=f"{name} = {settings.values[name]} (from {origin})")


def torn(layout: Layout) -> Iterator[Check]:
    """Tell of lines of the event log that nobody can read: a kill or a full disk left half of one."""
    count = log.read(layout)[2]
    if count:
        words = f"event log: {plural(count, 'line')} that a kill or a full disk cut off: passed over, the rest is whole"
        yield Check(
            name="state", level="note", words=words, hint="Nothing: what comes from git is read again."
        )


def sizes(layout: Layout) -> Iterator[Check]:
    """Tell how much is kept of what, since when, and when what is too old was last removed."""
    common = layout.common
    folders = (("event log", layout.events), ("archive", common.archive), ("run logs", layout.runs))
    for name, folder in (
        *folders,
        ("set aside", common.discarded),
        ("waiting for the recorder", common.spool),
    ):
        seen = [s for n in files.names(folder) if (s := files.signature(folder / n)) is not None]
        if seen:
            oldest = clock.local(min(s[3] for s in seen) // 10**9).strftime("%Y-%m-%d")
            words = f"{name}: {plural(len(seen), 'file')}, {size(sum(s[2] for s in seen))}, the oldest of {oldest}"
            yield Check(name="size", level="ok", words=words)
    last = files.signature(common.collected)
    said = "never yet" if last is None else clock.local(last[3] // 10**9).strftime("%Y-%m-%d %H:%M")
    yield Check(name="size", level="ok", words=f"what is too old was last removed: {said} (patina gc)")


def strange(common: Common) -> Iterator[Check]:
    """Name what lies where hooks set things aside and is of no hook: nobody takes it, and every command looks again."""
    for name in files.names(common.spool):
        path = common.spool / name
        ours = agent_spool.NAME.match(name) or rewrites.NAME.match(name)
        if not (ours and path.is_file() and not path.is_symlink()):
            words = f"{safe.line(name)} in {common.spool} is of no hook: nobody reads it"
            hint = f"Look at it, then: rm -r {shlex.quote(str(path))}"
            yield Check(name="spool", level="note", words=words, hint=hint)


def silences(layout: Layout) -> Iterator[Check]:
    """Tell the last reasons why hooks did nothing: they say so nowhere else. What is over needs nothing done."""
    found = [(seen[3] // 10**9, path) for path in layout.common.silent if (seen := files.signature(path))]
    heard = _last_made(layout) if found else 0.0
    for second, path in sorted(found)[-_SILENCES:]:
        said = (files.read(path) or b"").decode("ascii", "replace").strip()
        event, _, why = said.partition(" ")
        if why not in _SILENT:
            continue
        words, hint = _SILENT[why]
        when = clock.local(second).strftime("%Y-%m-%d %H:%M")
        words = f"at {when} {safe.line(event)} did nothing: {words}"
        if heard > second:
            yield Check(name="hooks", level="ok", words=f"{words}; commits have been recorded since")
        else:
            yield Check(name="hooks", level="note", words=words, hint=hint)


def _last_made(layout: Layout) -> float:
    """Return the second in which the last recorded commit was made here; 0 where there is none."""
    made = (event for event in log.events(layout, newest_first=True) if isinstance(event.data, Made))
    last = next(made, None)
    return 0.0 if last is None else last.time.timestamp()


def troubles(common: Common) -> Iterator[Check]:
    """Tell the last lines of the log in which the recorder gave up on something."""
    text = (files.read(common.log) or b"").decode("utf-8", "replace")
    bad = [line for line in text.splitlines() if re.match(r"\S+ \S+ (WARNING|ERROR) ", line)][-3:]
    for line in bad:
        yield Check(name="log", level="note", words=line[:200])
    for name in files.names(common.crashes):
        if name.startswith("crash-"):
            yield Check(name="log", level="note", words=f"crash report: {common.crashes / name}")
