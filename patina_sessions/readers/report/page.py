"""The report as one file of HTML, in pieces: head and overview, a piece a session, then the diffs.

Templates are Jinja2's with everything escaped; style and scripts are in the file, and their hashes are all that its
Content-Security-Policy lets in. Nothing is fetched. The pieces that are made wait in memory, the diffs do not.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from patina_sessions import __version__
from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.readers.columns import length
from patina_sessions.readers.report import chapters, charts, diffs, overview, plots, prose, told
from patina_sessions.readers.report.told import Told
from patina_sessions.system import files, history
from patina_sessions.system.git import Git

_HERE = Path(__file__).with_name("templates")
MOST_DIFFS = 9_000_000  # characters of packed diffs in a whole report
MOST_OF_ONE = 500_000  # and in the report of one session
_SAFE_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{early}' '{script}'; img-src data:; {connect}"
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types patina"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the report shall show. `live` is what a page that is served asks to learn that there is a newer one."""

    since: datetime | None = None
    session: str | None = None
    live: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report: how many sessions it shows, and its text, which is made as the pieces are taken."""

    sessions: int
    pieces: Iterator[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """All that the templates print from."""

    sessions: list[Told]
    known: dict[Id, history.Known]
    full: dict[str, dict[str, Id]]
    places: dict[Id, diffs.Place]


def of(layout: Layout, asked: Asked, now: datetime) -> Report:
    """Return the report. Raises `PatinaError` where there is nothing to show."""
    if asked.session is not None:
        sessions = [told.one(layout, asked.session, now)]
    else:
        sessions = told.all_of_them(layout, now, since=asked.since)
    if not sessions:
        hint = (
            "Start one: patina session start TITLE" if asked.since is None else "Go further back: --since 1y"
        )
        raise PatinaError("there is no session to show", hint)
    return Report(sessions=len(sessions), pieces=_pieces(layout, asked, sessions, now))


def _pieces(layout: Layout, asked: Asked, sessions: Sequence[Told], now: datetime) -> Iterator[str]:
    with Git(layout.git, layout.top) as git:
        book = _book(git, sessions)
        found = overview.of(book.sessions, book.known, now)
        yield _head(layout, asked, book, found, now)
        for number in reversed(range(len(sessions))):
            yield _chapter(book, number, found.worked, single=asked.session is not None)
        most = MOST_OF_ONE if asked.session is not None else MOST_DIFFS
        yield from _packs(git, book, most)
    yield (
        _environment()
        .get_template("tail.html")
        .render(
            script=Markup(_script()),  # noqa: S704 - ours
            now=now,
            version=__version__,
        )
    )


def _book(git: Git, sessions: Sequence[Told]) -> _Book:
    whole = [_with_full_ids(git, one) for one in sessions]
    ids = list(dict.fromkeys(i for one in reversed(whole) for i in one.commits))
    known = history.known(git, ids)
    named = [(f"d-{one.anchor}", [i for i in one.commits if i in known]) for one in reversed(whole)]
    full = {one.facts.id: chapters.full(one.commits, one.moments) for one in whole}
    return _Book(sessions=whole, known=known, full=full, places=diffs.places(named))


def _with_full_ids(git: Git, one: Told) -> Told:
    """Return a session with full ids, which an active one's headings do not have."""
    short = [name for name in one.commits if len(name) < 40]
    if not short:
        return one
    found = history.full_ids(git, short)
    return told.with_commits(one, tuple(dict.fromkeys(found.get(name, name) for name in one.commits)))


def _head(layout: Layout, asked: Asked, book: _Book, found: overview.Overview, now: datetime) -> str:
    connect = "connect-src 'self'; " if asked.live else ""
    policy = _SAFE_POLICY.format(
        style=_hash(_style()), early=_hash(_early()), script=_hash(_script()), connect=connect
    )
    return (
        _environment()
        .get_template("head.html")
        .render(
            policy=Markup(policy),  # noqa: S704 - our words and three hashes: an escaped quote would be another policy
            style=Markup(_style()),  # noqa: S704 - ours
            early=Markup(_early()),  # noqa: S704 - ours
            name=layout.top.name or "repository",
            all=found,
            sessions=list(reversed(book.sessions)),
            single=asked.session is not None,
            live=asked.live,
            legend=plots.legend(),
            now=now,
            version=__version__,
        )
    )


def _chapter(book: _Book, number: int, worked: Mapping[str, int], *, single: bool) -> str:
    one = book.sessions[number]
    chapter = chapters.of(
        one,
        before=book.sessions[number - 1] if number else None,
        after=book.sessions[number + 1] if number + 1 < len(book.sessions) else None,
        known=book.known,
        places=book.places,
        full=book.full[one.facts.id],
        worked=worked[one.facts.id],
    )
    text = _environment().get_template("session.html").render(chapter=chapter, single=single)
    # To a browser that runs scripts this is one piece of text, until the session is opened; to another it is the page.
    return text if single else f'<noscript class="chapter" data-id="{one.anchor}">\n{text}</noscript>\n'


def _packs(git: Git, book: _Book, most: int) -> Iterator[str]:
    patches = history.patches(git, list(book.places), most=diffs.MOST)
    for pack in diffs.packs(patches, book.places, most=most):
        yield f'<script type="text/plain" id="{pack.name}">{pack.data}</script>\n'


# ---------------------------------------------------------------------------------------------------------- templates


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "length_of": length,
        "long": _long,
        "shown": _shown,
        "line": prose.line,
        "when": chapters.when,
        "bar": charts.bar,
    }
    return made


def _shown(text: object) -> str:
    """Return text from outside with nothing hidden in it; the template escapes it after that."""
    return prose.visible(" ".join(str(text).split())).encode("utf-8", "replace").decode()


def _long(seconds: int) -> str:
    """Return how long something stood: in days from two of them on."""
    return f"{seconds // 86400:,} days" if seconds >= 2 * 86400 else length(seconds)


@cache
def _style() -> str:
    return _asset("report.css")


@cache
def _early() -> str:
    return _asset("early.js")


@cache
def _script() -> str:
    return _asset("report.js")


def _asset(name: str) -> str:
    data = files.read(_HERE / name)
    assert data is not None, f"{name} belongs to the package"
    return data.decode()


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
