"""The refs that mark where a session began, was updated and ended.

Lightweight tags, so that `git push --follow-tags` and plain `git describe` pass them over; but where a build takes its
version from tags, the same names under `refs/patina/tags/`: a session tag makes setuptools-scm end in a ValueError.
"""

from __future__ import annotations

import re
from pathlib import Path

from patina_sessions.model import Id
from patina_sessions.session.active import Here
from patina_sessions.system import files, processes, untrusted

_PATTERNS = (
    "setuptools[-_]scm|hatch-vcs|versioneer|dunamai|versioningit|setuptools-git-versioning|poetry-dynamic-versioning"
    r"|flit[-_]scm|pbr\b|git-version|gitversion|axion-release|jgitver|minver|nerdbank|describe[\s\"',]+--(tags|all)"
    r"|source\s*=\s*[\"'](vcs|scm)[\"']"
)
_FILES = (
    "pyproject.toml setup.py setup.cfg Makefile GNUmakefile CMakeLists.txt meson.build build.gradle build.gradle.kts "
    "pom.xml build.rs Cargo.toml package.json justfile Taskfile.yml GitVersion.yml configure.ac Dockerfile"
).split()
_ALONE = (".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml", "versioneer.py")


def version_from_tags(top: Path) -> str | None:
    """Return the name of a build file by which this repository takes its version from tags, if there is one."""
    for name in _ALONE:
        if files.signature(top / name) is not None:
            return name
    pattern = re.compile(_PATTERNS, re.IGNORECASE)
    for name in _FILES:
        data = untrusted.start(top / name, 1_000_000, links=True)
        if data and pattern.search(data.decode("utf-8", "replace")):
            return name
    return None


def namespace(place: Here) -> tuple[str | None, bool]:
    """Return where boundaries go (None: nowhere) and whether as annotated tags."""
    mode = place.settings.text("tags")
    if mode == "auto":
        mode = "refs" if version_from_tags(place.layout.top) else "lightweight"
    if mode == "none":
        return None, False
    return ("refs/patina/tags/" if mode == "refs" else "refs/tags/"), mode == "annotated"


def name_of(session: str, what: str) -> str:
    """Return the name of a boundary: `session-<id>-start`."""
    return f"session-{session}-{what}"


def taken(place: Here, session: str) -> bool:
    """Tell whether a boundary of that session id is there already, of ours or of another clone."""
    start = name_of(session, "start")
    asked = [
        "git",
        f"--git-dir={place.layout.git}",
        "for-each-ref",
        f"refs/tags/{start}",
        f"refs/patina/tags/{start}",
    ]
    return bool(processes.run(asked, cwd=place.layout.top).out)


def mark(place: Here, session: str, what: str, commit: Id | None) -> str | None:
    """Make the boundary at that commit and return its name; None where there is no commit or none is wanted.

    A boundary that is there already, and a repository that refuses the ref, are no reason to fail a session.
    """
    where, annotated = namespace(place)
    if where is None or commit is None:
        return None
    name = name_of(session, what)
    git = ["git", f"--git-dir={place.layout.git}"]
    if annotated:
        asked = [
            *git,
            "-c",
            "tag.gpgSign=false",
            "tag",
            "-a",
            "--no-sign",
            "-m",
            f"Patina: {name}",
            name,
            commit,
        ]
    else:
        asked = [*git, "update-ref", where + name, commit, ""]
    result = processes.run(asked, cwd=place.layout.top)
    return name if result.code == 0 else None
