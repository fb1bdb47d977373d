"""The refs that mark where a session began, was updated and ended.

Lightweight tags, so that `git push --follow-tags` and plain `git describe` pass them over; but where a build takes its
version from tags, the same names under `refs/patina/tags/`: a session tag makes setuptools-scm end in a ValueError. So
too where a service builds whatever is tagged: the first `git push --tags` would release every session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.model import Id
from patina_sessions.session.active import Here
from patina_sessions.system import files, processes, untrusted

_READS = re.compile(
    "setuptools[-_]scm|hatch-vcs|versioneer|dunamai|versioningit|setuptools-git-versioning|poetry-dynamic-versioning"
    r"|flit[-_]scm|pbr\b|git-version|gitversion|axion-release|jgitver|minver|nerdbank|use_scm_version"
    r"|source\s*=\s*[\"'](vcs|scm)[\"']|describe\b[^\n]{0,200}--(tags|all)\b|git tag (-l|--list|--sort)\b",
    re.IGNORECASE,
)
_FILES = (
    "pyproject.toml setup.py setup.cfg Makefile GNUmakefile CMakeLists.txt meson.build build.gradle build.gradle.kts "
    "pom.xml build.rs Cargo.toml package.json justfile Taskfile.yml GitVersion.yml configure.ac Dockerfile"
).split()
_ALONE = (".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml", "versioneer.py")
_SCRIPTS = ("scripts", "script", "tools", "bin", "ci", ".ci", "build")
_OF_SHELLS = (".sh", ".bash", ".zsh", ".ps1")
# What begins where a tag is pushed, as by `git push --tags`. GitLab's `tags:` names machines.
_BEGINS = re.compile(r"\btags(-ignore)?[\"']?\s*:")
_GITLAB = re.compile(r"CI_COMMIT_TAG|^\s*-\s*tags\s*$", re.MULTILINE)
_SERVICES = {
    ".gitlab-ci.yml": _GITLAB,
    **dict.fromkeys((".circleci/config.yml", ".travis.yml", "azure-pipelines.yml"), _BEGINS),
}
_WORKFLOWS = ".github/workflows"
_MOST = 100  # files of a folder
_LARGEST = 1_000_000  # bytes of a file


def build_by_tags(top: Path) -> str | None:
    """Return the name of a file by which this repository reads its version from tags, or begins a build for each."""
    for name in _ALONE:
        if files.signature(top / name) is not None:
            return name
    return next((name for name, pattern in _read_by_builds(top) if _says(top / name, pattern)), None)


def _read_by_builds(top: Path) -> Iterator[tuple[str, re.Pattern[str]]]:
    yield from ((name, _READS) for name in _FILES)
    yield from ((name, _READS) for name in _within(top, "") if name.endswith(_OF_SHELLS))
    for folder in _SCRIPTS:
        yield from ((name, _READS) for name in _within(top, folder))
    yield from _SERVICES.items()
    yield from ((name, _BEGINS) for name in _within(top, _WORKFLOWS))


def _within(top: Path, folder: str) -> list[str]:
    """Return the names in a folder of the project's, from its top; none of one that a link leads elsewhere."""
    try:
        names = files.names(top / folder)[:_MOST] if files.is_inside(top / folder, top) else []
    except PatinaError:
        return []
    return [f"{folder}/{name}".removeprefix("/") for name in names]


def _says(path: Path, pattern: re.Pattern[str]) -> bool:
    try:
        data = untrusted.start(path, _LARGEST, links=True)
    except PatinaError:  # it is not ours to read, and no reason to begin no session
        return False
    return data is not None and pattern.search(data.decode("utf-8", "replace")) is not None


def namespace(place: Here) -> tuple[str | None, bool]:
    """Return where boundaries go (None: nowhere) and whether as annotated tags."""
    mode = place.settings.text("tags")
    if mode == "auto":
        mode = "refs" if build_by_tags(place.layout.top) else "lightweight"
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
