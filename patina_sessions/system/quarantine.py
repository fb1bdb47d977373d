"""A throw-away repository in which what a stranger made is looked at: no configuration but ours, no hook, no network.

Git in here reads neither the user's nor the machine's configuration, may speak to no one but files, checks every object
that comes in, and is ended when it takes too long, too much memory, or says too much: sixteen small trees can stand for
more files than there are atoms.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from patina_sessions.errors import GitFailed
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.system import disk, files, processes
from patina_sessions.system.objects import first_words, is_id, text

SECONDS = 120.0
SAID = 64_000_000  # bytes
MEMORY = 4_000_000  # kB of address space
# Objects above bigFileThreshold are streamed and never held; packs are mapped in small windows, so that the bound on
# the address space is one on strangers' objects and not on the user's packs.
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tfsmonitor = false
\tbigFileThreshold = 1m
\tpackedGitWindowSize = 32m
\tpackedGitLimit = 256m
\tlogAllRefUpdates = false
[fetch]
\tfsckObjects = true
[transfer]
\tfsckObjects = true
[protocol]
\tallow = never
[protocol "file"]
\tallow = always
[gc]
\tauto = 0
[maintenance]
\tauto = false
[submodule]
\trecurse = false
[pack]
\tthreads = 1
[diff]
\trenameLimit = 400
{extensions}"""
# Said of objects and not of what is packed: a small pack may hold much. Where one of the three dies, nothing is said.
_MEASURE = """
{ git --git-dir="$1" rev-list --objects --no-object-names --ignore-missing --stdin || echo broken; } \\
  | { git --git-dir="$1" cat-file --batch-check='%(objectsize)' || echo broken; } \\
  | awk '/^[0-9]+$/ { sum += $1; if ($1 + 0 > most) most = $1 + 0; next } { broken = 1 }
      END { if (broken) exit 1; printf "%.0f %.0f\\n", sum, most }'
"""
_LIMITED = 'ulimit -v "$1" 2>/dev/null; ulimit -c 0 2>/dev/null; shift; exec "$@"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What objects come to once they are unpacked, in bytes: all of them, and the largest."""

    size: int
    largest: int


def advice(said: bytes) -> str | None:
    """Return what to do about a git that failed with these words, None where the disk is not to blame."""
    return disk.FULL if b"No space left" in said else None


def environment(home: Path) -> dict[str, str]:
    """Return the whole environment of a git that shall know nothing of the user."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": "file",
    }


class Quarantine:
    """A bare repository of its own. It sees the objects of `objects`, and writes nothing there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, folder: Path, *, objects: Path, object_format: str) -> Quarantine:
        """Make an empty one in a fresh folder."""
        files.remove_tree(folder)
        files.make_folder(folder)
        one = cls(folder)
        said = one.git(
            "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", ".", bare=False
        )
        if said.code:
            raise GitFailed(f"git cannot make a repository: {first_words(said.err)}", "Ask git: git version")
        sha256 = object_format != "sha1"
        extensions = f"[extensions]\n\tobjectFormat = {object_format}\n" if sha256 else ""
        config = _CONFIG.format(version=int(sha256), extensions=extensions)
        files.write(folder / "config", config.encode(), durable=False)
        files.make_folder(folder / "objects" / "info")
        files.write(folder / "objects" / "info" / "alternates", os.fsencode(objects) + b"\n", durable=False)
        return one

    def git(
        self, *args: str, data: bytes = b"", seconds: float = SECONDS, most: int = SAID, bare: bool = True
    ) -> processes.Result:
        """Run git in here; its exit status is a value, -9 where it took or said too much."""
        where = [f"--git-dir={self.folder}"] if bare else []
        return self._alone("git", *where, *args, data=data, seconds=seconds, most=most)

    def _alone(
        self, *words: str, data: bytes, seconds: float = SECONDS, most: int = SAID
    ) -> processes.Result:
        argv = ["/bin/sh", "-c", _LIMITED, "sh", str(MEMORY), *words]
        return processes.alone(
            argv, cwd=self.folder, env=environment(self.folder), seconds=seconds, most=most, data=data
        )

    def measure(self, tips: Iterable[Id], *, without: Id) -> Measure:
        """Measure the objects of these tips that are not below another commit. Raises `GitFailed`."""
        walk = "".join(f"{tip}\n" for tip in (*tips, f"^{without}"))
        said = self._alone("/bin/sh", "-c", _MEASURE, "sh", str(self.folder), data=walk.encode())
        words = text(said.out).split()
        if said.code or len(words) != 2:
            raise GitFailed("what came out cannot be measured: git took too long, or failed", None)
        return Measure(size=int(words[0]), largest=int(words[1]))

    def room(self) -> int:
        """Return the bytes that its own objects take on the disk."""
        return sum(p.stat().st_size for p in (self.folder / "objects").rglob("*") if p.is_file())

    def take(self, bundle: Path, refs: str) -> dict[str, Id]:
        """Take a bundle's refs below `refs` in, each object checked, and return what they name. Raises `GitFailed`."""
        spec = f"{refs}*:{refs}*"
        said = self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(bundle), spec)
        if said.code:
            why = "it took too long, or too much memory" if said.code == -9 else first_words(said.err)
            raise GitFailed(f"git refuses what came out: {why}", advice(said.err))
        listed = self.git("for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", refs)
        found: dict[str, Id] = {}
        for line in text(listed.out).splitlines():
            words = line.split(" ", 2)
            if len(words) == 3 and words[1] == "commit" and is_id(words[0]):
                found[words[2].removeprefix(refs)] = words[0]
        return found

    def remove(self) -> None:
        """Remove it with all that is in it."""
        files.remove_tree(self.folder)
