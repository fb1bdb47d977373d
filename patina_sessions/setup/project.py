"""What `init` puts into the working tree: settings, the folders of what is known, and what keeps the rest out of git.

Only what is missing is made. A `.patina/` that is there already, a teammate's or the original Patina's, keeps every
file that it has.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from patina_sessions import safe
from patina_sessions.errors import PatinaError
from patina_sessions.paths import FORMAT
from patina_sessions.settings import KEYS
from patina_sessions.setup import blocks
from patina_sessions.setup.plan import Note, Step
from patina_sessions.system import untrusted

# Why `.gitkeep` and no README: every `*.md` below `layer/` is knowledge to search and `explain`, and one in
# `layer/sessions` is a journal; a file that explains the folder would be found as such.
_LAYER = {
    "core": "for what was verified and stays",
    "surface": "for what is in flux",
    "dust": "for what is no longer true",
    "sessions": "for finished journals",
}
_MEMORY = """\
What the last recorded session did here, and what it left open:
@.patina/local/last-session.md"""


def template() -> bytes:
    """Return `.patina/config.toml` as it is first written: every setting that a project may set, commented out."""
    lines = [
        "# Settings of Patina for everybody who works here; they are read from this file in every clone.",
        "# A line is a default until you take its # away. Your own: ~/.config/patina/config.toml",
    ]
    for key in KEYS:
        if key.project and not key.table:
            choices = f" ({', '.join(key.choices)})" if key.choices else ""
            lines += ["", f"# {key.words}{choices}", f"# {key.name} = {json.dumps(key.default)}"]
    return "\n".join(lines).encode() + b"\n"


def steps(top: Path) -> list[Step]:
    """Return what a working tree lacks."""
    home = top / ".patina"
    local = home / "local"
    made = [
        _folder(home, "Patina's folder in the project"),
        _file(home / "config.toml", template(), "the project's settings, all commented out"),
        _file(home / ".gitignore", b"local/\n", "keeps the session in progress out of git"),
        _folder(local, "for the session in progress"),
        # Untracked, and ignoring itself: `.patina/.gitignore` is on one branch only, and after a checkout of another
        # `git add -A` took the active journal (tried).
        _file(local / ".gitignore", b"*\n", "the same on every branch"),
        _folder(top / "layer", "for what the project knows"),
    ]
    for name, words in _LAYER.items():
        made.append(_folder(top / "layer" / name, words))
        if made[-1] is not None:
            made.append(_file(top / "layer" / name / ".gitkeep", b"", "git keeps no empty folder"))
    return [step for step in made if step is not None]


def missed(top: Path) -> list[Step]:
    """Return the steps without which something is wrong here.

    A branch from before `init` has none of the project's files and needs none: sessions are recorded all the same.
    """
    lacked, local = steps(top), top / ".patina" / "local"
    files = (".patina/config.toml", ".patina/.gitignore", *(f"layer/{name}/.gitkeep" for name in _LAYER))
    if any((top / name).exists() for name in files):
        return lacked
    return [s for s in lacked if local in s.path.parents and local.is_dir()]


def memory(top: Path) -> tuple[list[Step], list[Note]]:
    """Return what makes an assistant read the last session: a block in CLAUDE.md or AGENTS.md.

    A link is followed to a file that lies in the tree as any other does: one that came with a clone may lead to git's
    settings, which a block would break, to ours, or out.
    """
    names = ("CLAUDE.md", "AGENTS.md")
    path = next((top / n for n in names if (top / n).is_symlink() or (top / n).exists()), top / names[0])
    real = Path(os.path.realpath(path))
    before = untrusted.read(real)
    if not _is_of_the_project(real, Path(os.path.realpath(top))) or (
        before is None and untrusted.signature(path) is not None
    ):
        return [], [Note(about=path.name, text=f"left alone, it leads to {safe.path(os.fspath(real))}")]
    block = blocks.markdown(FORMAT, _MEMORY)
    old = blocks.find(before or b"")
    if before is None:
        return [
            Step(
                what="create", path=real, why="your assistant reads the last session", after=block, mode=0o644
            )
        ], []
    after = blocks.append(before, block) if old is None else blocks.replace(before, block)
    if after == before or (old is not None and old.version > FORMAT):
        return [], []
    why = "your assistant reads the last session; two lines between marks"
    return [Step(what="change", path=real, why=why, before=before, after=after)], []


def _is_of_the_project(real: Path, top: Path) -> bool:
    """Tell whether a path, its links followed, lies below `top`, in no git directory and not in `.patina`."""
    above = list(real.parents)
    if top not in above:
        return False
    between = above[: above.index(top)]
    if any((folder / "HEAD").exists() and (folder / "objects").exists() for folder in between):
        return False
    names = [name.casefold() for name in real.relative_to(top).parts]
    return ".git" not in names and names[0] != ".patina"


def _folder(path: Path, why: str) -> Step | None:
    return None if path.is_dir() else Step(what="make folder", path=path, why=why)


def _file(path: Path, data: bytes, why: str) -> Step | None:
    if path.is_symlink() or path.exists():
        return None
    return Step(what="create", path=path, why=why, after=data, mode=0o644)


def refuse_strange_folders(layout_top: Path) -> None:
    """Raise where a file or a link stands in the place of a folder of ours, so that nothing is written through it."""
    for path in (layout_top / ".patina", layout_top / ".patina" / "local", layout_top / "layer"):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise PatinaError(f"{path} is not a folder", "Move it away, then run: patina init")
