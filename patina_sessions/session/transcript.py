"""An assistant's own transcript, read into turns: what was asked, which tools ran on which files, what was answered.

A transcript holds whole files, outputs and system prompts; of all that nothing is kept but what the hooks would have
told, redacted in the same way. A line that nobody knows is passed over and counted: these formats change every month.
Pure, and one line at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from patina_sessions.model import AgentEvent, Event
from patina_sessions.recorder import turns
from patina_sessions.sources.agents import keeping, payloads, shapes
from patina_sessions.sources.agents.keeping import Keep, text

MOST = 2000  # turns of one transcript that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one line says. `answer` may be followed by more of it; only the last one of a turn is its answer."""

    events: tuple[AgentEvent, ...] = ()
    answer: str = ""
    over: bool = False  # the turn is
    session: str = ""
    cwd: str = ""
    branch: str = ""
    title: str = ""


Line: TypeAlias = Mapping[str, Any]
# Returns None for a line that it does not know.
Reader: TypeAlias = Callable[[Line, "Transcript"], Said | None]


@dataclass(slots=True, kw_only=True)
class Transcript:
    """What was read so far. `told` has each turn's moment, heading and body."""

    agent: str
    keep: Keep
    session: str = ""
    cwd: str = ""
    branch: str = ""
    title: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    told: list[tuple[datetime, str, str]] = field(default_factory=list)
    more: int = 0  # turns beyond MOST
    files: dict[str, None] = field(default_factory=dict)
    passed: int = 0  # lines that were not understood
    _open: turns.Turns = field(default_factory=turns.Turns)
    _answer: str = ""
    _began: datetime | None = None
    _seq: int = 0

    def take(self, raw: bytes | None, reader: Reader) -> None:
        """Take one line; whatever it holds, nothing is raised."""
        line = _line(raw)
        said = reader(line, self) if line is not None else None
        if line is None or said is None:
            self.passed += raw is None or bool(raw.strip())
            return
        moment = _moment(line)
        if moment is not None:
            self.started = self.started or moment
            self.ended = moment
        self.session = self.session or said.session
        if said.cwd and not self.cwd:
            self.cwd = said.cwd
            if not f"{said.cwd}/".startswith(f"{self.keep.top}/"):
                # Of another machine: paths are told from where it was.
                self.keep = replace(self.keep, top=said.cwd)
        self.branch = self.branch or said.branch
        self.title = said.title or self.title
        for data in said.events:
            if data.what in ("prompt", "interrupted"):
                self._answered(interrupted=data.what == "interrupted")
            self._began = self._began or moment or self.ended
            self._fold(data)
        self._answer = said.answer or self._answer
        if said.over:
            self._answered()

    def close(self) -> None:
        """Tell what is still open: nothing comes any more."""
        self._answered()
        self._open, overs = turns.closed(self._open)
        self._tell(overs)

    def _answered(self, *, interrupted: bool = False) -> None:
        said, self._answer = self._answer, ""
        if said and self._open.open and not interrupted:
            payload = {"session_id": self.session}
            self._fold(shapes.turn(self.agent, payload, turn=str(self._seq), said=said))

    def _fold(self, data: AgentEvent) -> None:
        self._seq += 1
        event = Event(seq=self._seq, id=str(self._seq), time=self.ended or _EPOCH, source="", data=data)
        self._open, overs = turns.taken(self._open, event, data)
        self._tell(overs)

    def _tell(self, overs: Iterable[turns.Over]) -> None:
        for over in overs:
            self.files.update(dict.fromkeys(over.turn.edited))
            if len(self.told) < MOST:
                self.told.append((self._began or _EPOCH, *turns.told(over)))
            else:
                self.more += 1
            self._began = None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(lines: Iterable[bytes | None], *, agent: str, reader: Reader, keep: Keep) -> Transcript:
    """Read a transcript to its end."""
    found = Transcript(agent=agent, keep=keep)
    for raw in lines:
        found.take(raw, reader)
    found.close()
    return found


def _line(raw: bytes | None) -> Line | None:
    return payloads.read(raw) if raw else None


def _moment(line: Line) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text(line, "timestamp"))
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1971 <= moment.year <= 9000 else None


# ------------------------------------------------------------------------------------------------------- Claude Code

# Rows that say nothing of what was done: state of the client, and what it tells the model by itself.
_CLAUDE_OWN = frozenset(
    "api-request api-request-blob api-request-shape atis-latch attachment cost-state file-history-snapshot last-prompt "
    "mode permission-mode pr-link progress queue-operation system tools-used".split()
)
_INTERRUPTED = "[Request interrupted by user"


def claude(line: Line, so_far: Transcript) -> Said | None:
    """Return what a line of Claude Code's transcript says."""
    kind = text(line, "type")
    if kind in _CLAUDE_OWN or line.get("isSidechain") is True:
        return Said()
    if kind in ("summary", "ai-title", "custom-title"):
        return Said(title=text(line, "summary") or text(line, "aiTitle") or text(line, "customTitle"))
    message = keeping.table(line, "message")
    if kind not in ("user", "assistant") or not message:
        return None
    session = so_far.session or text(line, "sessionId")
    where = Said(session=session, cwd=text(line, "cwd"), branch=text(line, "gitBranch"))
    if kind == "assistant":
        tools = tuple(_claude_tools(message, session, so_far.keep))
        return replace(where, events=tools, answer=_texts(message.get("content"), "text"))
    if line.get("isMeta") is True or line.get("isCompactSummary") is True:
        return where
    asked = _texts(message.get("content"), "text")
    if asked.startswith(_INTERRUPTED):
        key = keeping.key(session, "interrupted", text(line, "uuid"))
        data = AgentEvent(what="interrupted", agent="claude", agent_session=session, key=key)
        return replace(where, events=(data,))
    return replace(where, events=_asked("claude", session, asked, text(line, "uuid"), so_far.keep))


def _claude_tools(message: Line, session: str, keep: Keep) -> Iterator[AgentEvent]:
    for block in _blocks(message.get("content")):
        if text(block, "type") == "tool_use":
            payload = {"session_id": session, "tool_input": keeping.table(block, "input")}
            name, call = text(block, "name"), text(block, "id")
            yield shapes.tool("claude", payload, keep, name=name, call=call, outcome="unknown")


# ------------------------------------------------------------------------------------------------------------- Codex

_CODEX_OWN = frozenset("compacted token_usage_record turn_context world_state".split())
_CALLS = {"function_call": "arguments", "custom_tool_call": "input", "local_shell_call": "action"}


def codex(line: Line, so_far: Transcript) -> Said | None:
    """Return what a line of Codex' rollout says, which tells a turn twice: taken are events and the calls of tools."""
    kind, payload = text(line, "type"), keeping.table(line, "payload")
    match kind:
        case "session_meta":
            git = keeping.table(payload, "git")
            return Said(session=text(payload, "id"), cwd=text(payload, "cwd"), branch=text(git, "branch"))
        case "event_msg":
            return _codex_event(payload, text(line, "timestamp"), so_far)
        case "response_item":
            return Said(events=tuple(_codex_call(payload, so_far)))
        case _:
            return Said() if kind in _CODEX_OWN else None


def _codex_event(payload: Line, at: str, so_far: Transcript) -> Said:
    session, item = so_far.session, keeping.table(payload, "item")
    match text(payload, "type"), text(item, "type"):
        case "user_message", _:
            return Said(events=_asked("codex", session, text(payload, "message"), at, so_far.keep))
        case "item_completed", "UserMessage":
            asked = _texts(item.get("content"), "text")
            return Said(events=_asked("codex", session, asked, text(item, "id") or at, so_far.keep))
        case "agent_message", _:
            return Said(answer=text(payload, "message"))
        case "item_completed", "AgentMessage":
            return Said(answer=_texts(item.get("content"), "Text"))
        case "item_completed", "FileChange":
            names = list(keeping.table(item, "changes"))
            return Said(events=(_codex_edit(names, text(item, "id"), so_far),)) if names else Said()
        case "task_complete" | "turn_complete", _:
            return Said(answer=text(payload, "last_agent_message"), over=True)
        case "turn_aborted", _:
            key = keeping.key(session, "interrupted", at)
            return Said(
                events=(AgentEvent(what="interrupted", agent="codex", agent_session=session, key=key),)
            )
        case _:
            return Said()


def _codex_edit(names: Iterable[str], call: str, so_far: Transcript) -> AgentEvent:
    """Return an edit as a call of the tool for patches: where a shell made it, the shell's call is told beside it."""
    patch = "\n".join(f"*** Update File: {' '.join(name.split())}" for name in names)
    payload = {"session_id": so_far.session, "tool_input": {"command": patch}}
    call = f"edit {call}"
    return shapes.tool("codex", payload, so_far.keep, name="apply_patch", call=call, outcome="unknown")


def _codex_call(payload: Line, so_far: Transcript) -> Iterator[AgentEvent]:
    """Yield the call of a tool; one of `apply_patch` is told by the change that it made, or by its patch."""
    kind = text(payload, "type")
    if kind not in _CALLS:
        return
    given = text(payload, _CALLS[kind])
    name = text(payload, "name") or "shell"
    call = text(payload, "call_id")
    if name == "apply_patch":
        given, call = given.replace("\\n", "\n"), f"edit {call}"
    tool = {"session_id": so_far.session, "tool_input": {"command": given} if name == "apply_patch" else {}}
    yield shapes.tool("codex", tool, so_far.keep, name=name, call=call, outcome="unknown")


# -------------------------------------------------------------------------------------------------------------- both


def _asked(agent: str, session: str, asked: str, turn: str, keep: Keep) -> tuple[AgentEvent, ...]:
    """Return the prompt, nothing for one that no person wrote."""
    if not asked.strip() or keeping.is_machine(asked):
        return ()
    return (shapes.prompt(agent, {"session_id": session, "prompt": asked}, keep, turn=turn),)


def _blocks(content: object) -> Iterator[Line]:
    yield from (b for b in content if isinstance(b, dict)) if isinstance(content, list) else ()


def _texts(content: object, kind: str) -> str:
    """Return the texts of a message, which is one text or a list of blocks."""
    if isinstance(content, str):
        return content
    return "\n\n".join(text(b, "text") for b in _blocks(content) if text(b, "type") == kind)
