"""What git's plumbing prints about commits, read into values. Pure: no process is started here, and no text is trusted.

Bytes become text by surrogateescape, so that what is not UTF-8 comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from patina_sessions.model import Commit, FileChange, Id
from patina_sessions.redact import redact

FILES_KEPT = 50
_SUBJECT_KEPT = 1000  # characters; a subject of a megabyte is nobody's subject
_IS_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_IDENT = re.compile(rb"(.*?) ?<([^>]*)> ?(-?\d{1,18}) ([+-]\d{4})\Z", re.DOTALL)
_COUNTS = re.compile(rb"(\d+|-)\t(\d+|-)\t", re.DOTALL)


def is_id(text: str) -> bool:
    """Tell whether this is a full object id (sha1 or sha256): nothing else is ever given to git as one."""
    return _IS_ID.match(text) is not None


def text(raw: bytes) -> str:
    """Return bytes of git's as text, whatever they are."""
    return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ident:
    """Who and when, as git stamps it into a commit and into a reflog: compared raw, so never redacted or written."""

    name: str = ""
    email: str = ""
    seconds: int = 0
    zone: str = ""

    @property
    def who(self) -> tuple[str, str]:
        """The person without the moment."""
        return (self.name, self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A commit object as it is, for comparing; `Git.commit` gives the form that may be recorded."""

    id: Id
    tree: Id
    parents: tuple[Id, ...]
    author: Ident
    committer: Ident
    subject: str


def ident(raw: bytes) -> Ident:
    """Read `Name <mail> seconds zone`; what is not of that form is nobody."""
    match = _IDENT.match(raw)
    if match is None:
        return Ident()
    name, email, seconds, zone = match.groups()
    return Ident(name=text(name), email=text(email), seconds=int(seconds), zone=text(zone))


def header(commit: Id, raw: bytes) -> Header | None:
    """Read a commit object; None where it is none."""
    head, _, message = raw.partition(b"\n\n")
    tree, parents, people, encoding = "", [], {b"author": b"", b"committer": b""}, "utf-8"
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree":
            tree = text(value)
        elif key == b"parent":
            parents.append(text(value))
        elif key in people and not people[key]:
            people[key] = value
        elif key == b"encoding":
            encoding = text(value)
    if not is_id(tree):
        return None
    return Header(
        id=commit,
        tree=tree,
        parents=tuple(p for p in parents if is_id(p)),
        author=ident(people[b"author"]),
        committer=ident(people[b"committer"]),
        subject=_subject(message, encoding),
    )


def _subject(message: bytes, encoding: str) -> str:
    """Return the first paragraph as one line, as `%s` does."""
    paragraph = message.lstrip(b"\n")[: 8 * _SUBJECT_KEPT].split(b"\n\n", 1)[0]
    try:
        words = paragraph.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        words = text(paragraph)
    return " ".join(line.strip() for line in words.split("\n")).strip()


def record(found: Header) -> Commit:
    """Return the form of a commit that may be recorded: redacted, without its files."""
    return Commit(
        id=found.id,
        tree=found.tree,
        parents=found.parents,
        author=redact(found.author.name),
        author_email=redact(found.author.email),
        authored=found.author.seconds,
        committed=found.committer.seconds,
        subject=redact(found.subject)[:_SUBJECT_KEPT],
    )


@dataclass(slots=True)
class Changes:
    """What one commit did to the tree: the first files in full, and the sums over all."""

    files: list[FileChange] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)  # path -> its place in `files`
    count: int = 0
    added: int = 0
    deleted: int = 0

    def touch(self, status: str, path: str, old_path: str | None) -> None:
        """Take one line of the raw part."""
        self.count += 1
        if len(self.files) < FILES_KEPT:
            self.place[path] = len(self.files)
            self.files.append(FileChange(status=status, path=path, old_path=old_path))

    def lines(self, path: str, added: int, deleted: int) -> None:
        """Take one line of the part with the numbers."""
        self.added += added
        self.deleted += deleted
        if path in self.place:
            place = self.place[path]
            self.files[place] = replace(self.files[place], added=added, deleted=deleted)

    def on(self, commit: Commit) -> Commit:
        """Return the commit with these changes, redacted."""
        kept = tuple(
            replace(f, path=redact(f.path), old_path=None if f.old_path is None else redact(f.old_path))
            for f in self.files
        )
        return replace(commit, files=kept, file_count=self.count, added=self.added, deleted=self.deleted)


def changes(raw: bytes) -> dict[Id, Changes]:
    """Read what `diff-tree --stdin -z --raw --numstat` printed, by commit.

    The order of the fields decides what each is, never its look: a path may hold anything but NUL.
    """
    found: dict[Id, Changes] = {}
    current = Changes()
    fields = iter(raw.split(b"\0"))
    for item in fields:
        if item.startswith(b":"):
            _touch(current, item, fields)
        elif counts := _COUNTS.match(item):
            _lines(current, counts, item, fields)
        elif is_id(name := text(item)):
            current = found.setdefault(name, Changes())
    return found


def _touch(current: Changes, item: bytes, fields: Iterator[bytes]) -> None:
    status = text(item.rsplit(b" ", 1)[-1])[:1]
    path, old = text(next(fields, b"")), None
    if status in {"R", "C"}:
        old, path = path, text(next(fields, b""))
    current.touch(status, path, old)


def _lines(current: Changes, counts: re.Match[bytes], item: bytes, fields: Iterator[bytes]) -> None:
    path = item[counts.end() :]
    if not path:  # a rename: its two names follow
        next(fields, b"")
        path = next(fields, b"")
    if b"-" not in counts.groups():
        current.lines(text(path), int(counts[1]), int(counts[2]))


def paths(raw: bytes) -> set[str]:
    """Read what `diff-tree --stdin -z -c --raw` printed: the paths as they are called after the commits."""
    found: set[str] = set()
    fields = iter(raw.split(b"\0"))
    for item in fields:
        if not item.startswith(b":"):
            continue
        path = next(fields, b"")
        if not item.startswith(b"::") and item.rsplit(b" ", 1)[-1][:1] in {b"R", b"C"}:
            path = next(fields, b"")
        found.add(text(path))
    return found


def first_words(said: bytes) -> str:
    """Return what says most of git's words on standard error: the line that begins with `fatal` or `error`."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("error:", "fatal:"))]
    return (telling or lines or ["git gave no reason"])[0][:300]
