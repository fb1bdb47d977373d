"""The ways in which hooks stand in people's repositories, each as a function that makes them so."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.repository import Repo

EVENTS = ("post-commit", "post-merge", "post-applypatch", "post-checkout", "post-rewrite")
# A hook that keeps what it was given. Its exit status shows: that of post-checkout becomes git's.
KEEPS = """\
{ echo "${0##*/} $# $*"; case $0 in *post-rewrite*) cat ;; esac; } >> "${KEPT:-$(git rev-parse --git-common-dir)/../../kept}"
exit 3
"""


def _hooks(folder: Path, text: str, *, mode: int = 0o755) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for event in EVENTS:
        (folder / event).write_text(text)
        (folder / event).chmod(mode)


def _git(repo: Repo) -> Path:
    """Return the git common directory, where hooks stand; a folder without `.git` lies beside one called `cfg`."""
    found = repo.path / ".git"
    if found.is_dir():
        return found
    said = repo.git("rev-parse", "--path-format=absolute", "--git-common-dir", check=False)
    return Path(said) if said else repo.path.parent / "cfg"


def _set(repo: Repo, name: str, value: str) -> None:
    repo.git("config", "--file", str(_git(repo) / "config"), name, value)


def none(repo: Repo) -> None:
    """No hook but git's samples."""


def no_folder(repo: Repo) -> None:
    """No hooks folder at all, as with an empty template."""
    folder = _git(repo) / "hooks"
    for sample in folder.iterdir():
        sample.unlink()
    folder.rmdir()


def shell(repo: Repo) -> None:
    """A hook in sh for each event."""
    _hooks(_git(repo) / "hooks", "#!/bin/sh\n" + KEEPS)


def strict_bash(repo: Repo) -> None:
    """Hooks that end at the first thing that fails, with a mode of their own."""
    _hooks(_git(repo) / "hooks", "#!/usr/bin/env -S bash -eu\nset -o pipefail\n" + KEEPS, mode=0o711)


def no_interpreter(repo: Repo) -> None:
    """Hooks without a `#!` line: git gives them to sh."""
    _hooks(_git(repo) / "hooks", KEEPS)


def no_newline(repo: Repo) -> None:
    """Hooks whose last line does not end."""
    _hooks(_git(repo) / "hooks", "#!/bin/sh\n" + KEEPS.removesuffix("\n"))


def only_a_first_line(repo: Repo) -> None:
    """Hooks that do nothing, and would be ours if they were not there before."""
    _hooks(_git(repo) / "hooks", "#!/bin/sh\n")


def no_newline_at_all(repo: Repo) -> None:
    """The same, without the newline."""
    _hooks(_git(repo) / "hooks", "#!/bin/sh")


def switched_off(repo: Repo) -> None:
    """Hooks that git passes over, since they are not executable."""
    _hooks(_git(repo) / "hooks", "#!/bin/sh\n" + KEEPS, mode=0o644)


def python(repo: Repo) -> None:
    """Hooks in another language."""
    text = f"#!{sys.executable}\nimport sys\nopen('../kept', 'a').write(' '.join(sys.argv[1:]) + '\\n')\nsys.exit(3)\n"
    _hooks(_git(repo) / "hooks", text)


def two_languages(repo: Repo) -> None:
    """Hooks that are sh in their first lines and Python in all of them."""
    text = f"#!/bin/sh\n''':'\nexec {sys.executable} \"$0\" \"$@\"\n'''\nopen('../kept', 'a').write('python\\n')\n"
    _hooks(_git(repo) / "hooks", text)


def links(repo: Repo) -> None:
    """Hooks that are links to files in the tree."""
    _hooks(repo.path / "scripts", "#!/bin/sh\n" + KEEPS)
    for event in EVENTS:
        (_git(repo) / "hooks" / event).symlink_to(
            os.path.relpath(repo.path / "scripts" / event, _git(repo) / "hooks")
        )


def linked_folder(repo: Repo) -> None:
    """A hooks folder that is a link to one in the tree."""
    no_folder(repo)
    _hooks(repo.path / "scripts", "#!/bin/sh\n" + KEEPS)
    (_git(repo) / "hooks").symlink_to(os.path.relpath(repo.path / "scripts", _git(repo)))


def linked_within_git(repo: Repo) -> None:
    """A hooks folder that is a link to another in the git directory."""
    no_folder(repo)
    _hooks(_git(repo) / "own", "#!/bin/sh\n" + KEEPS)
    (_git(repo) / "hooks").symlink_to("own")


def in_the_tree(repo: Repo) -> None:
    """`core.hooksPath` in the project, as husky has it."""
    _hooks(repo.path / ".husky/_", "#!/bin/sh\n" + KEEPS)
    _set(repo, "core.hooksPath", ".husky/_")


def in_git(repo: Repo) -> None:
    """`core.hooksPath` in the git directory, deeper than usual."""
    _hooks(_git(repo) / "my/hooks", "#!/bin/sh\n" + KEEPS)
    ours = (repo.path / ".git").is_dir()
    _set(repo, "core.hooksPath", ".git/my/hooks" if ours else str(_git(repo) / "my/hooks"))


def outside(repo: Repo) -> None:
    """`core.hooksPath` in a folder that several repositories share."""
    _hooks(repo.path.parent / "shared hooks", "#!/bin/sh\n" + KEEPS)
    _set(repo, "core.hooksPath", "../shared hooks")


def nowhere(repo: Repo) -> None:
    """`core.hooksPath` that leads to nothing."""
    _set(repo, "core.hooksPath", "/nonexistent/hooks")


def switched_off_by_config(repo: Repo) -> None:
    """`core.hooksPath=/dev/null`, a common way to have no hooks."""
    _set(repo, "core.hooksPath", "/dev/null")


def mixed(repo: Repo) -> None:
    """One of ours to write, one of sh, one of Python, one link, one switched off."""
    hooks = _git(repo) / "hooks"
    python(repo)
    for event in EVENTS[:4]:
        (hooks / event).unlink()
    (hooks / "post-merge").write_text("#!/bin/sh\n" + KEEPS)
    (hooks / "post-merge").chmod(0o755)
    (hooks / "post-applypatch").symlink_to("/bin/true")
    (hooks / "post-checkout").write_text("#!/bin/sh\n" + KEEPS)
    (hooks / "post-checkout").chmod(0o600)


def unfinished_settings(repo: Repo) -> None:
    """Hooks that are not ours, and a `.git/config` whose last line does not end."""
    in_the_tree(repo)
    config = _git(repo) / "config"
    config.write_text(config.read_text() + "[user]\n\tname = Ada")


ALL: dict[str, Callable[[Repo], None]] = {
    f.__name__: f
    for f in (
        none,
        no_folder,
        shell,
        strict_bash,
        no_interpreter,
        no_newline,
        only_a_first_line,
        no_newline_at_all,
        switched_off,
        python,
        two_languages,
        links,
        linked_folder,
        linked_within_git,
        in_the_tree,
        in_git,
        outside,
        nowhere,
        switched_off_by_config,
        mixed,
        unfinished_settings,
    )
}
