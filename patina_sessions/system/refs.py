"""Where HEAD stands, read from the files in which git keeps it: without a process, for those who ask at every wake.

Only to see that nothing happened, and as a hint where git wrote no line: what did happen is read from reflogs.
"""

from __future__ import annotations

from pathlib import Path

from patina_sessions.model import Id
from patina_sessions.system import files
from patina_sessions.system.objects import is_id, text


def head(git_dir: Path, common_dir: Path) -> tuple[str | None, Id | None]:
    """Return the branch that is checked out (None on a detached head) and its commit (None where it has none)."""
    content = text((files.read(git_dir / "HEAD") or b"").strip())
    if not content.startswith("ref: "):
        return None, content if is_id(content) else None
    ref = content[5:].strip()
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
    return branch, value(common_dir, ref)


def value(common_dir: Path, ref: str) -> Id | None:
    """Return the commit that a ref of the common directory names, None where there is none."""
    if not is_plain(ref):
        return None
    path = common_dir / ref
    loose = text((files.read(path) or b"").strip()) if path.is_file() else ""
    return loose if is_id(loose) else _packed(common_dir, ref)


def is_plain(ref: str) -> bool:
    """Tell whether the name may be used as a path below a git directory."""
    return bool(ref) and not ref.startswith("/") and ".." not in ref and "\0" not in ref and "\n" not in ref


def _packed(common_dir: Path, ref: str) -> Id | None:
    # A repository may have tens of thousands of packed refs: looked for as bytes, not line by line.
    packed = files.read(common_dir / "packed-refs") or b""
    end = packed.find(f" {ref}\n".encode("utf-8", "surrogateescape"))
    if end < 0:
        return None
    name = text(packed[packed.rfind(b"\n", 0, end) + 1 : end])
    return name if is_id(name) else None


def has_reftable(git_dir: Path) -> bool:
    """Tell whether this worktree's refs, and so its reflog, are in reftables."""
    return (git_dir / "reftable").is_dir()
