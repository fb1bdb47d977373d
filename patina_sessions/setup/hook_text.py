"""The words of the hooks: what stands in a hook file, in git's configuration, and in the script that both source.

Pure. A hook holds as little as can be, since it may be somebody else's: it names the event and sources
`<git common dir>/patina/hook.sh` in a subshell, and is silent when that is gone. So options, variables, traps, folder,
umask, exit status and input of the hook around it stay what they were.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from patina_sessions import safe
from patina_sessions.paths import FORMAT
from patina_sessions.setup import blocks

EVENTS = ("post-commit", "post-merge", "post-applypatch", "post-checkout", "post-rewrite")
BARE = b"#!/bin/sh\n"  # a hook that is ours alone, when our block is taken out

_WORDS = 'wakes the session recorder; "patina uninstall" takes these lines out'
_SHELLS = frozenset({"sh", "ash", "dash", "bash"})

# `.` ends a shell that does not find its file, hence the subshell; `||` keeps `sh -e` going. A recorder that sits out a
# burst has leased the time ahead: its file is newer than the reflog that git has just written, so this ring is covered,
# and the subshell, most of what a ring costs, is saved for each commit of a rebase. Where the shell has no `-nt` or git
# no reflog, every ring goes the long way.
_STUB = """\
{{ [ "${{0%/*}}/{up}/patina/lease" -nt "${{GIT_DIR:-.git}}/logs/HEAD" ] && [ -f "${{GIT_DIR:-.git}}/logs/HEAD" ] ||
  ( event={event} git=${{0%/*}}/{up}; . "$git/patina/hook.sh" ); }} 2>/dev/null || :"""

# The input is read whole and given back: what follows in this hook finds the same. By a variable and not by a file, so
# that a full disk cannot eat it. `true 9<&0` is false where the input is closed: bash then waits for ever in `$(cat)`,
# whose pipe becomes descriptor 0 (tried, 5.2).
_STUB_WITH_INPUT = """\
{{
  if true 9<&0 && [ ! -t 0 ] && [ -r "${{0%/*}}/{up}/patina/hook.sh" ]; then
    _patina=$(cat) || :
    ( event={event} git=${{0%/*}}/{up}; . "$git/patina/hook.sh" ) || :
    [ -z "$_patina" ] || exec <<_PATINA_
$_patina
_PATINA_
    unset _patina
  fi
}} 2>/dev/null"""

# Git runs it by `sh -c` in the top of the worktree, appends `"$@"`, and does not tell the git directory in a main
# worktree. Nothing absolute: a repository that was copied or moved rings in itself.
_COMMAND = (
    "( event={event} git=${{GIT_DIR:-.git}}",
    'if test -f "$git"; then IFS= read -r git <"$git"; git=${{git#gitdir: }}; fi',
    'if test -f "$git/commondir"; then IFS= read -r up <"$git/commondir"',
    "case $up in /*) git=$up ;; *) git=$git/$up ;; esac; fi",
    '{read}. "$git/patina/hook.sh" ) 2>/dev/null || :',
)

# For a person's own hook into which nothing of ours is written. It stands by itself, wherever that hook lies, and is
# silent in a repository without Patina.
BY_HAND = '( event=${0##*/} git=$(git rev-parse --git-common-dir); . "$git/patina/hook.sh" ) 2>/dev/null || :'


def script(template: str, *, python: str, umask: int) -> bytes:
    """Return `hook.sh`: the template of `hooks/git.sh` with the recorder's interpreter and the state's umask in it."""
    named = {"@VERSION@": str(FORMAT), "@PYTHON@": shlex.quote(python), "@UMASK@": f"{umask:03o}"}
    text = re.sub("@[A-Z]+@", lambda found: named[found[0]], template)
    return text.encode("utf-8", "surrogateescape")


def block(event: str, *, up: str) -> bytes:
    """Return what stands in a hook file. `up` leads from the hook's folder to the git common directory."""
    form = _STUB_WITH_INPUT if event == "post-rewrite" else _STUB
    return blocks.shell(FORMAT, _WORDS, form.format(event=event, up=up))


def section(events: Sequence[str]) -> bytes:
    """Return what stands in git's configuration for hooks whose files are not ours to write (git 2.54)."""
    return blocks.shell(FORMAT, _WORDS, "\n".join(_section(event) for event in events))


def _section(event: str) -> str:
    read = "_patina=$(cat); " if event == "post-rewrite" else ""
    lines = [line.format(event=event, read=read).replace('"', '\\"') for line in _COMMAND]
    command = "; \\\n\t\t".join(lines)
    return f'[hook "patina-{event}"]\n\tevent = {event}\n\tcommand = "{command}"'


def refusal(text: bytes) -> str | None:
    """Return why no line of ours can stand in this hook; None for a script of a shell that we know."""
    first, _, rest = text.partition(b"\n")
    if b"\0" in text:
        return "it is a program, not a script"
    if not first.startswith(b"#!"):
        return None  # git hands it to sh
    if first.endswith(b"\r"):
        return "its first line ends in a carriage return, so it cannot run"
    name = _interpreter(first[2:].decode("utf-8", "replace").split())
    if name not in _SHELLS:
        return f"it is a script for {safe.line(name)}" if name else "its first line names no interpreter"
    # A shell's first lines and then another language: our lines would stand in both.
    if re.search(rb"exec\b[^\n]*\$\{?0", rest):
        return "it hands itself to another program"
    return None


def _interpreter(words: Sequence[str]) -> str:
    """Return the name of the program that a `#!` line starts."""
    names = [word.rpartition("/")[2] for word in words]
    if names[:1] in (["env"], ["busybox"]):
        names = [n for n in names[1:] if not n.startswith("-") and "=" not in n]
    return names[0] if names else ""
