"""Histories of other projects, read where Debian's packages lay them: who committed what when, and what was released.

`/usr/share/doc/PACKAGE` holds a project's own log of commits, and often its `NEWS`, in which the same people told users
of a release. Nothing of it is copied here.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

DOC = Path("/usr/share/doc")

_COMMIT = re.compile(
    r"^(?:commit [0-9a-f]{40}\n)?(?:Merge: .*\n)?Author: +(.*?) *<(.*)>\nDate: +(.+)\n", re.MULTILINE
)
_STAT = re.compile(r"^ (\S.*?) +\|", re.MULTILINE)
_DAY = re.compile(r"^(\d{4}-\d\d-\d\d)\s+(.*?)\s*<(.*)>.*\n", re.MULTILINE)
_RELEASE = re.compile(r"\W*(?:(?:Noteworthy|Major) changes in|Version\b.*\(released)\b.*?(\d{4}-\d\d-\d\d).*")
_ITEM = re.compile(r"(\s*)(?:\*+|-|\+) +(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit as its author told of it."""

    at: datetime
    name: str
    mail: str
    subject: str
    body: str = ""
    files: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return hashlib.sha1(f"{self.at}{self.subject}{self.body}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What users were told of a release, item by item."""

    day: date
    items: tuple[str, ...]


def text(package: str, name: str) -> str | None:
    """Return a file of a package's documentation, or None where the package is not here."""
    path = DOC / package / name
    return gzip.decompress(path.read_bytes()).decode("utf-8", "replace") if path.exists() else None


def git_log(log: str) -> list[Commit]:
    """Return the commits of what `git log --stat` printed, the earliest first."""
    heads = list(_COMMIT.finditer(log))
    ends = [head.start() for head in heads[1:]] + [len(log)]
    found = [_commit(head, log[head.end() : end]) for head, end in zip(heads, ends, strict=True)]
    return found[::-1]


def _commit(head: re.Match[str], rest: str) -> Commit:
    message = re.findall(r"^    (.*)$|^()$", rest, re.MULTILINE)
    lines = [line for line, _ in message]
    subject, _, body = "\n".join(lines).strip().partition("\n")
    return Commit(
        at=datetime.strptime(head[3], "%a %b %d %H:%M:%S %Y %z"),
        name=head[1],
        mail=head[2],
        subject=subject.strip(),
        body=body.strip(),
        files=tuple(_STAT.findall(rest)),
    )


def gnu_log(log: str) -> list[Commit]:
    """Return the commits of a ChangeLog as GNU wants it, one a paragraph or more, the earliest first."""
    heads = list(_DAY.finditer(log))
    ends = [head.start() for head in heads[1:]] + [len(log)]
    found: list[Commit] = []
    for head, end in zip(heads, ends, strict=True):
        told = re.split(r"\n\s*\n(?=\s*[^\s*+(])", log[head.end() : end].strip())
        at = datetime.fromisoformat(f"{head[1]}T12:00:00+00:00")
        for one in told:
            lines = [
                line.strip() for line in one.strip().split("\n") if not line.strip().startswith("+ commit")
            ]
            if any(lines):
                found.append(
                    Commit(at=at, name=head[2], mail=head[3], subject=lines[0], body="\n".join(lines[1:]))
                )
    return found[::-1]


def releases(news: str) -> list[Release]:
    """Return the releases that a NEWS gives a day for, the earliest first."""
    found: list[Release] = []
    day = ""
    told: list[str] = []
    for line in [*news.split("\n"), "Version (released 9999-12-31)"]:
        named = _RELEASE.match(line)
        if named:
            if day:
                found.append(Release(day=date.fromisoformat(day), items=tuple(_items(told))))
            day, told = named[1], []
        else:
            told.append(line)
    return sorted(found, key=lambda one: one.day)


def _items(lines: Iterable[str]) -> Iterator[str]:
    """Yield bullets and paragraphs, each as one line."""
    open_: list[str] = []
    for line in lines:
        if (not line.strip() or _ITEM.match(line)) and open_:
            yield " ".join(open_)
            open_ = []
        if line.strip() and not re.fullmatch(r"[-=*~\s]+", line):
            open_.append(_ITEM.sub("", line).strip())
    if open_:
        yield " ".join(open_)


def repository_stream(commits: Sequence[Commit]) -> Iterator[bytes]:
    """Yield what `git fast-import` makes the history of: messages are their subjects, files hold a number."""
    for number, commit in enumerate(commits):
        when = f"{int(commit.at.timestamp())} {commit.at:%z}"
        message = commit.subject.encode()
        who = f"{_bare(commit.name)} <{_bare(commit.mail)}> {when}".encode()
        yield b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata %d\n%s\n" % (
            who,
            who,
            len(message),
            message,
        )
        for path in commit.files:
            if re.fullmatch(r"[\w./+-]+", path) and not path.startswith(("/", ".")) and ".." not in path:
                yield b"M 100644 inline %s\ndata %d\n%d\n\n" % (path.encode(), len(str(number)) + 1, number)


def _bare(said: str) -> str:
    return re.sub(r"[<>\n]", "", said)
