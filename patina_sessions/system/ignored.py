"""Whether the rules of a repository keep journals out: `git add` refuses them then.

Source: git, Documentation/git-check-ignore.txt and gitignore.txt. With `--verbose` it names the rule that decides, also
one that begins with `!` and takes the file in, and then succeeds all the same (2.39). What lies in a folder that is
kept out is brought back by no rule but one for the folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from patina_sessions import safe
from patina_sessions.frozen import dataclass
from patina_sessions.system import processes
from patina_sessions.system.objects import text

_FOLDERS = ("layer", "layer/sessions")
# Journals, and nothing else of `layer`.
_BACK = ("!/layer/", "/layer/*", "!/layer/sessions/", "/layer/sessions/*", "!/layer/sessions/*.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule that keeps a journal out, in words, and the lines that take journals in again where they stand last."""

    words: str
    lines: tuple[str, ...]

    @property
    def advice(self) -> str:
        """Return what to do about it, in a sentence."""
        if not self.lines:
            return "Take that rule out"
        where = "at the end of .gitignore"
        return (
            f"Add {where}: {self.lines[0]}"
            if len(self.lines) == 1
            else f"Add lines {where}: {' '.join(self.lines)}"
        )


def by_rule(git_dir: Path, top: Path, path: str) -> Rule | None:
    """Return the rule that keeps this journal of `layer/sessions` out; None where none does, or git tracks it."""
    argv = ["git", f"--git-dir={git_dir}", f"--work-tree={top}", "check-ignore", "--verbose", "-z", "--stdin"]
    asked = b"".join(os.fsencode(name) + b"\0" for name in (*_FOLDERS, path))
    fields = iter(processes.run(argv, cwd=top, data=asked).out.split(b"\0"))
    found = {
        text(d): tuple(map(text, (a, b, c)))
        for a, b, c, d in zip(fields, fields, fields, fields, strict=False)
    }
    kept_out = {name: rule for name, rule in found.items() if not rule[2].startswith("!")}
    if path not in kept_out:
        return None
    source, line, pattern = kept_out[path]
    first = next((n for n, name in ((0, "layer"), (2, "layer/sessions")) if name in kept_out), 4)
    # A rule in a folder below is stronger than any above it.
    lines = () if source.startswith("layer/") else _BACK[first:]
    return Rule(words=safe.line(f"{source}:{line}:{pattern}"), lines=lines)
