"""A bell without a git around it: the state folder as `init` leaves it, and a recorder that only says it was called."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patina_sessions.setup import blocks, hook_text

ROOT = Path(__file__).resolve().parent.parent

SHELLS: dict[str, tuple[str, ...]] = {
    "dash": ("dash",),
    "busybox": ("busybox", "sh"),
    "bash": ("bash", "--posix"),
}
# What a hook may use beside builtins; `ln -s` of these is the whole PATH.
UTILITIES = ("cat", "mv")


def found(program: str) -> str:
    """Return where a program is. A machine without it fails the test: a skip would hide a shell that breaks."""
    path = shutil.which(program)
    assert path is not None, f"{program} is missing here: apt-get install dash busybox bash"
    return path


def narrow_path(folder: Path) -> Path:
    """Return a folder to use as PATH, in which there are POSIX utilities and nothing else."""
    folder.mkdir()
    for name in UTILITIES:
        (folder / name).symlink_to(found(name))
    return folder


def fake_recorder(path: Path, calls: Path, *, also: str = "") -> Path:
    """Write a recorder that adds its arguments to a file, one a line, and an empty line, in one write."""
    path.write_text(f"#!/bin/sh\n{also}\nprintf '%s\\n' \"$@\" '' >> '{calls}'\n")
    path.chmod(0o755)
    return path


@dataclass(frozen=True, slots=True)
class Bell:
    """A git directory with hooks and state, under one shell."""

    git: Path
    shell: tuple[str, ...]
    calls: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.git / "patina"

    @classmethod
    def hang(cls, folder: Path, shell: Sequence[str], *, python: Path | None = None, also: str = "") -> Bell:
        """Make the state folder and the script in it."""
        git = folder / "a repository" / ".git"
        for part in ("hooks", "patina/spool"):
            (git / part).mkdir(parents=True)
        calls = folder / "calls"
        recorder = python or fake_recorder(folder / "the recorder's", calls, also=also)
        template = (ROOT / "hooks" / "git.sh").read_text()
        (git / "patina" / "hook.sh").write_bytes(
            hook_text.script(template, python=str(recorder), umask=0o077)
        )
        (git / "patina" / "repo.json").write_text("{}")
        env = {"PATH": str(narrow_path(folder / "bin")), "LC_ALL": "C"}
        return cls(git=git, shell=(found(shell[0]), *shell[1:]), calls=calls, env=env)

    @property
    def top(self) -> Path:
        return self.git.parent

    def hook(self, event: str, text: str = "#!/bin/sh\n") -> Path:
        """Write a hook of this text with our block in it."""
        path = self.git / "hooks" / event
        path.write_bytes(blocks.insert(text.encode(), hook_text.block(event, up="..")))
        return path

    def argv(self, hook: Path, *args: str, options: Sequence[str] = ()) -> list[str]:
        """Return how git would start the hook, with its `#!` line's options, relative to the top."""
        return [*self.shell, *options, os.path.relpath(hook, self.top), *args]

    def run(
        self,
        hook: Path,
        *args: str,
        stdin: bytes = b"",
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the hook as git does."""
        return subprocess.run(
            self.argv(hook, *args, options=options),
            cwd=self.top,
            input=stdin,
            capture_output=True,
            env={**self.env, **(env or {})},
        )

    def called(self) -> list[list[str]]:
        """Return the arguments of every call of the recorder so far."""
        if not self.calls.exists():
            return []
        lines = self.calls.read_text().split("\n")[:-1]
        found: list[list[str]] = [[]]
        for line in lines:
            # `GIT_DIR` may be empty, so a call is told by its first word.
            if line == "-P":
                found.append([])
            found[-1].append(line)
        return [call[:-1] for call in found[1:]]
