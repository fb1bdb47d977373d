"""What an agent can ask for, and the command line that answers it. Pure.

A text from outside is never a word of the command line that could be taken for an option: it stands behind `--`, or
goes to standard input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.server import answers
from patina_sessions.server.answers import Answer

INSTRUCTIONS = (
    "Patina keeps this repository's session journals: what was done, decided and left open, by whom and when."
    " `search` finds why something is as it is before it is changed; `note` keeps one fact for the next session."
)
_TEXT = {"type": "string"}

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command line of Patina's without its first word, and what it is given on standard input."""

    words: tuple[str, ...]
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something an agent can ask for. `needs` are the names in `takes` that have to be given."""

    name: str
    title: str
    description: str
    takes: Mapping[str, Mapping[str, Any]]
    call: Callable[[Arguments], Call]
    needs: tuple[str, ...] = ()
    reads: bool = True
    answer: Callable[[int, str, str], Answer] = answers.told

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of what it takes."""
        takes = {name: dict(kind) for name, kind in self.takes.items()}
        return {
            "type": "object",
            "properties": takes,
            "required": list(self.needs),
            "additionalProperties": False,
        }


def _text(given: Arguments, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise PatinaError(f"{name} is missing, or no text", f'Give it as a text: {{"{name}": "…"}}')
    return value


def _search(given: Arguments) -> Call:
    limit = given.get("limit", 10)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 50:
        raise PatinaError("limit is no number from 1 to 50", 'Give it as a number: {"limit": 10}')
    return Call(words=("search", "--limit", str(limit), "--", _text(given, "query")))


def _show(given: Arguments) -> Call:
    return show(_text(given, "session") if given.get("session") is not None else None)


def show(session: str | None) -> Call:
    """Return what prints a journal's own bytes: the active one's, or the last one's, where none is named."""
    return Call(words=("show", "--raw", *(("--", session) if session is not None else ())))


def listed() -> Call:
    """Return what lists all journals as JSON."""
    return Call(words=("list", "--all", "--json"))


def _note(given: Arguments) -> Call:
    return Call(words=("note", "-"), data=_text(given, "text").encode("utf-8", "surrogateescape"))


def _test(given: Arguments) -> Call:
    extra = given.get("extra", [])
    if not isinstance(extra, list) or not all(isinstance(w, str) and "\0" not in w for w in extra):
        raise PatinaError("extra is no list of texts", 'Give it as a list: {"extra": ["-k", "parser"]}')
    return Call(words=("test", "--json", "--", *extra))


TOOLS = (
    Tool(
        name="search",
        title="Search past sessions",
        description="Search the journals of past sessions, the best first, with the lines that match. Words,"
        ' "phrases", -without, begin*, and file: commit: branch: author: since: (as in since:2w) narrow it.',
        takes={"query": _TEXT, "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}},
        needs=("query",),
        call=_search,
    ),
    Tool(
        name="show",
        title="Show a session",
        description="Show one session's journal; the beginning of an id is enough. Without one: the active session,"
        " else the last.",
        takes={"session": _TEXT},
        call=_show,
    ),
    Tool(
        name="goals",
        title="Read open goals",
        description="List the goals that are open, of all sessions, the oldest first.",
        takes={},
        call=lambda _: Call(words=("goals",)),
    ),
    Tool(
        name="note",
        title="Add a note",
        description="Add a note to the active session's journal: one fact that the next session would otherwise"
        " have to find out again. It keeps the branch and the commit it was made at.",
        takes={"text": _TEXT},
        needs=("text",),
        call=_note,
        reads=False,
    ),
    Tool(
        name="test",
        title="Run the project's tests",
        description="Run the project's tests in its container and return the counts, what failed, what began to fail"
        " since the run before, and the end of the output. `extra` goes to the test runner.",
        takes={"extra": {"type": "array", "items": _TEXT}},
        call=_test,
        reads=False,
        answer=answers.tested,
    ),
)
NAMED = {tool.name: tool for tool in TOOLS}
