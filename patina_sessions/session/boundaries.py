"""The refs that mark where a session began, was updated and ended.

Lightweight tags, so that `git push --follow-tags` and plain `git describe` pass them over; but where a build takes its
version from tags, the same names under `refs/patina/tags/`: a session tag makes setuptools-scm end in a ValueError. So
too where a service releases whatever is tagged: the first `git push --tags` would release every session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from patina_sessions.errors import PatinaError
from patina_sessions.model import Id
from patina_sessions.session.active import Here
from patina_sessions.system import files, processes, untrusted

_Sign: TypeAlias = tuple[list[bytes], str]

# Words of which one stands in all that is meant, to be looked for first since that is quick, and what is meant. Each
# repetition has an end: what is searched may be made to take long.
_READS: _Sign = (
    (
        b"scm|vcs|git-version|gitversion|dynamic-version|versioneer|versioningit|dunamai|pbr|axion-release|jgitver"
        b"|minver|nerdbank|describe|git tag"
    ).split(b"|"),
    (
        "(?i)setuptools[-_]scm|hatch-vcs|versioneer|dunamai|versioningit|setuptools-git-versioning|jgitver|pbr\\b"
        "|poetry-dynamic-versioning|flit[-_]scm|git-version|gitversion|axion-release|minver|nerdbank|use_scm_version"
        r"|source\s{0,9}=\s{0,9}[\"'](vcs|scm)[\"']|git tag (-l|--list|--sort)\b"
        r"|describe\b([^\n]{0,60}|[\s\"',\\]{1,80})--(tags|all)\b"
    ),
)
# What releases whatever tag is pushed, as by `git push --tags`. GitLab's `tags:` names machines.
_RELEASES: _Sign = (
    [b"tags", b"github.ref"],
    r"\btags(-ignore)?[\"']?[ \t]{0,9}:|refs/tags|github\.ref_(type|name)\b",
)
_GITLAB: _Sign = (
    [b"ci_commit_tag", b"tags"],
    (
        r"(?m)CI_COMMIT_TAG|^[ \t]{0,40}-[ \t]{1,9}[\"']?tags[\"']?[ \t\r]{0,9}(#|$)"
        r"|\bonly:[ \t]{0,9}\[[^\]\n]{0,200}\btags\b"
    ),
)
_FILES = (
    "pyproject.toml setup.py setup.cfg Makefile GNUmakefile CMakeLists.txt meson.build build.gradle build.gradle.kts "
    "pom.xml build.rs Cargo.toml package.json justfile Taskfile.yml GitVersion.yml configure.ac Dockerfile"
).split()
_ALONE = (".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml", "versioneer.py")
_SCRIPTS = ("scripts", "script", "tools", "bin", "ci", ".ci")
_OF_SHELLS = (".sh", ".bash", ".zsh", ".ps1")
_SERVICES = {
    ".gitlab-ci.yml": _GITLAB,
    **dict.fromkeys((".circleci/config.yml", ".travis.yml", "azure-pipelines.yml"), _RELEASES),
}
_WORKFLOWS = ".github/workflows"
_MOST = 100  # files of a folder
_LARGEST = 65_536  # bytes of a file that are looked at
_ENOUGH = 500_000  # bytes of all of them


def build_by_tags(top: Path) -> str | None:
    """Return the name of a file by which this repository reads its version from tags, or releases what is tagged."""
    for name in _ALONE:
        if untrusted.signature(top / name) is not None:
            return name
    left = _ENOUGH
    for name, sign in _read_by_builds(top):
        data = _beginning(top / name)
        if _bears(data, sign):
            return name
        left -= len(data)
        if left < 0:
            return None
    return None


def _read_by_builds(top: Path) -> Iterator[tuple[str, _Sign]]:
    yield from ((name, _READS) for name in _FILES)
    yield from _SERVICES.items()
    yield from ((name, _RELEASES) for name in _within(top, _WORKFLOWS, (".yml", ".yaml")))
    yield from ((name, _READS) for name in _within(top, "", _OF_SHELLS))
    for folder in _SCRIPTS:
        yield from ((name, _READS) for name in _within(top, folder, ("",)))


def _within(top: Path, folder: str, ends: tuple[str, ...]) -> list[str]:
    """Return the names in a folder of the project's, from its top; none of one that a link leads elsewhere."""
    try:
        names = files.names(top / folder) if files.is_inside(top / folder, top) else []
    except PatinaError:
        return []
    return [f"{folder}/{name}".removeprefix("/") for name in names if name.endswith(ends)][:_MOST]


def _bears(data: bytes, sign: _Sign) -> bool:
    words, pattern = sign
    low = data.lower()
    return (
        any(word in low for word in words) and re.search(pattern, data.decode("utf-8", "replace")) is not None
    )


def _beginning(path: Path) -> bytes:
    """Return the beginning of a text, nothing of a program."""
    try:
        data = untrusted.start(path, _LARGEST, links=True) or b""
    except PatinaError:  # it is not ours to read, and no reason to begin no session
        return b""
    return b"" if b"\0" in data else data


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
