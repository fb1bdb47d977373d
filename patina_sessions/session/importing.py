"""`patina import`: journals from elsewhere, and journals of the past out of git's history and of transcripts.

What comes in goes into the archive in the git directory alone: a memory on the first day must not flood the repository.
Nothing that is there is written over, but what an earlier call made of a transcript that has grown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from patina_sessions import redact
from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive
from patina_sessions.recorder.words import plural
from patina_sessions.session import history
from patina_sessions.session.active import Here
from patina_sessions.system import files, processes, streams
from patina_sessions.system.git import Git

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\Z")
LONGEST = 16 * 2**20  # bytes of a line: a transcript's can hold a picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One journal: under which id, from where, and whether it is there already."""

    id: str
    source: str
    known: bool = False
    passed: int = 0  # lines of a transcript that were not understood


def journals(place: Here, paths: Iterable[Path], *, dry_run: bool) -> Iterator[Taken]:
    """Take journals of any generation, files or folders of them, as they are; secrets in them are redacted.

    Raises `PatinaError` where a path leads to none.
    """
    for path in paths:
        for file in _files(path):
            data = redact.redact((files.read(file) or b"").decode("utf-8", "surrogateescape"))
            yield _put(place, file.stem, data.encode("utf-8", "surrogateescape"), str(file), dry_run=dry_run)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = [
            path / name for name in files.names(path) if name.endswith(".md") and name.lower() != "readme.md"
        ]
        if found:
            return found
    elif path.is_file():
        return [path]
    raise PatinaError(
        f"{path} holds no journal", "Name a journal, or a folder of them, such as layer/sessions."
    )


def transcripts(place: Here, agent: str, paths: Iterable[Path], *, dry_run: bool) -> Iterator[Taken]:
    """Make journals of an assistant's own transcripts; of a folder, of those that worked in this working tree.

    One that has grown since takes the place of what it was. Raises `PatinaError` where a path leads to none.
    """
    from patina_sessions.recorder import drain
    from patina_sessions.session import retold, transcript

    reader = {"claude": transcript.claude, "codex": transcript.codex}[agent]
    keep = drain.keeping(place.layout, place.settings)
    for path in paths:
        for file in _transcripts(path):
            lines = streams.lines(file, longest=LONGEST)
            found = transcript.read(lines, agent=agent, reader=reader, keep=keep)
            if found.told and found.started and (file == path or _is_here(place, found.cwd)):
                session = retold.name(found)
                data = retold.journal(session, found).encode("utf-8", "surrogateescape")
                taken = _put(place, session, data, str(file), dry_run=dry_run, owner=[agent, found.session])
                yield replace(taken, passed=found.passed)


def _transcripts(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*.jsonl") if file.is_file() and not file.is_symlink())
        if found:
            return found
    elif path.is_file():
        return [path]
    where = "Claude Code keeps them in ~/.claude/projects, Codex in ~/.codex/sessions."
    raise PatinaError(f"{path} holds no transcript", where)


def _is_here(place: Here, cwd: str) -> bool:
    """Tell whether a folder is of this working tree; one whose name only begins so is not."""
    return cwd.startswith("/") and Path(cwd).is_relative_to(place.layout.top)


def _put(
    place: Here, wanted: str, data: bytes, source: str, *, dry_run: bool, owner: list[str] | None = None
) -> Taken:
    """Put a journal into the archive under its id, or a free one beside it where another has that.

    `owner` is the assistant's session that it was made of: what was made of that before is renewed.
    """
    stem = (
        wanted
        if _ID.match(wanted)
        else hashlib.sha256(wanted.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    )
    name, number = stem, 1
    while (there := archive.read(place.layout, name)) is not None:
        if there == data:
            return Taken(id=name, source=source, known=True)
        if owner is not None and (archive.metadata_of(there) or {}).get("agents") == [owner]:
            break
        number += 1
        name = f"{stem}-{number}"
    if not dry_run:
        files.make_folder(place.layout.common.archive)
        path = place.layout.common.archive / f"{name}.md"
        if there is None:
            files.publish(path, data, mode=0o600)
        else:
            files.write(path, data)
    return Taken(id=name, source=source)


def from_history(place: Here, *, gap: float, dry_run: bool) -> Iterator[Taken]:
    """Make journals of the past: the commits of one author within `gap` hours are a session.

    What a recorded session tells of is no past to be guessed. A second run adds what was committed since.
    """
    from patina_sessions.session.recorded import Recorded

    if place.repository.head is None:
        raise PatinaError("there is no commit yet", "Commit something first.")
    with Git(place.layout.git, place.layout.top) as git:
        counted = not git.is_partial()  # lines are counted of contents, and those are not all here
        argv = ["git", f"--git-dir={place.layout.git}", *history.CONFIG, "log", "--reverse", "-z"]
        argv += [
            *history.OPTIONS,
            "--numstat" if counted else "--name-only",
            f"--format={history.FORMAT}",
            "HEAD",
        ]
        taken: dict[str, int] = {}
        past = history.commits(processes.records(argv, cwd=place.layout.top), counted=counted)
        for group in history.sessions(Recorded(place).others(past, git), gap=gap):
            base = f"{history.moment(group[0]):%Y%m%d-%H%M%S}"
            taken[base] = taken.get(base, 0) + 1
            session = f"{base}-git" if taken[base] == 1 else f"{base}-git{taken[base]}"
            yield _put_past(place, session, group, dry_run=dry_run)


def _put_past(place: Here, session: str, group: list[history.Past], *, dry_run: bool) -> Taken:
    """Put the journal of a group where it belongs; one of an earlier call, which the group outgrew, is renewed.

    One that is not, byte for byte, what was made of its commits, as after `patina rename`, stays as it is.
    """

    def told(commits: list[history.Past]) -> bytes:
        text = history.journal(
            session,
            commits,
            major_files=place.settings.number("classify.major_files"),
            feature_commits=place.settings.number("classify.feature_commits"),
        )
        return text.encode("utf-8", "surrogateescape")

    source = plural(len(group), "commit")
    there = archive.read(place.layout, session)
    made = (archive.metadata_of(there) or {}).get("commits") if there is not None else None
    count = len(made) if isinstance(made, list) else 0
    if made == [[one.id, "", one.tree] for one in group[:count]] and count:
        grown = count < len(group) and there == told(group[:count])
        if grown and not dry_run:
            files.write(place.layout.common.archive / f"{session}.md", told(group))
        return Taken(id=session, source=source, known=not grown)
    return _put(place, session, told(group), source, dry_run=dry_run)
