"""The session before: which one it is, what it left open, and what the next one is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from patina_sessions import redact
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive, grammar
from patina_sessions.journal.grammar import Journal
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.readers import brief as briefs
from patina_sessions.readers import facts, shelf
from patina_sessions.readers.facts import Facts

_ASKED = 40  # ends of sessions that git is asked about, a process each


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """A finished session that another one follows."""

    id: str
    journal: Journal
    facts: Facts

    @property
    def head(self) -> Id | None:
        """Where HEAD was at its end."""
        return self.facts.head

    @property
    def author(self) -> str | None:
        return self.facts.author


def find(layout: Layout, *, author: str, is_ancestor: Callable[[Id], bool]) -> Previous | None:
    """Return the session that a new one of this author follows, or None where there is none.

    The author's latest whose end lies below HEAD, else the author's latest, else the latest of anybody. One that was
    recorded comes before all that were reconstructed: those hold no goal that could be carried over.
    """
    known = sorted(finished(layout), key=order, reverse=True)
    every = [one for one in known if one.author is not None and same_author(one.author, author)]
    own = [one for one in every if not one.reconstructed] or every
    below = (one for one in own[:_ASKED] if one.head is not None and is_ancestor(one.head))
    chosen = next(below, None) or next(iter(own), None) or next(iter(known), None)
    data = archive.read(layout, chosen.id) if chosen else None
    if chosen is None or data is None:
        return None
    return Previous(id=chosen.id, journal=grammar.parse(data), facts=chosen)


def finished(layout: Layout) -> Iterator[Facts]:
    """Yield the facts of each finished session in which something happened."""
    for one, found in shelf.all_facts(layout):
        if found.kept or one.tree:
            yield found


def order(given: Facts) -> tuple[float, str]:
    """Return what finished sessions are ordered by: their start in UTC (ids hold a local time), those without first."""
    return given.started.timestamp() if given.started else 0.0, given.id


def same_author(one: str, other: str) -> bool:
    """Say whether two authors are one: by address, whatever the name's spelling, else by name."""
    (name, mail), (other_name, other_mail) = _parted(one), _parted(other)
    return mail == other_mail if mail and other_mail else name == other_name


def _parted(author: str) -> tuple[str, str]:
    """Return name and address of `Name <address>`, or of one of the two alone."""
    found = re.fullmatch(r"([^<]*)<([^>]*)>\s*", author.casefold())
    if found:
        return found[1].strip(), found[2].strip()
    alone = author.casefold().strip()
    return ("", alone) if "@" in alone else (alone, "")


def open_goals(journal: Journal) -> list[str]:
    """Return the goals that are not done, each once, in their order, without secrets that somebody wrote down."""
    return [redact.redact(goal) for goal in briefs.open_goals(journal)]


def context_section(previous: Previous, *, between: str = "", author: str = "") -> str:
    """Return the text of `## Previous Session Context` for a session of `author` that follows this one.

    `between` says what happened since then.
    """
    whose = previous.author if previous.author and not same_author(previous.author, author) else None
    return briefs.brief(previous.journal, previous.facts, whose=whose, between=between, carried=True)


def brief(journal: Journal) -> str:
    """Return what a finished session came to: its numbers, what was said in it, what it left open."""
    return briefs.brief(journal, facts.of_journal(journal.field("ID", "id") or "", journal))
