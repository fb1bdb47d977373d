"""An agent's turn, gathered from its events and told as one entry: what was asked, what was done, how it ended. Pure.

A turn begins with a prompt and ends with the agent's answer, an interruption, or the next prompt: a person who presses
Esc, and a client that is killed, say nothing. Its entry has the number of its own last event, which no other turn has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from patina_sessions import model, safe
from patina_sessions.frozen import dataclass
from patina_sessions.model import AgentEvent, Event
from patina_sessions.recorder.words import plural

SEEN = 512  # keys that are remembered: a kill between logging and emptying the spool has them read again
FILES, FAILED, LISTED = 200, 20, 40
SHOWN = 12  # files that an entry names
_HEADING = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn that is not over; `seq` is of the last of its events."""

    agent: str
    session: str
    seq: int
    asked: str = ""
    human: bool = True
    prompted: bool = False
    owner: int = 0
    tools: tuple[tuple[str, int], ...] = ()
    edited: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()  # commands that did not fail, where all are wanted
    compacted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The turns that are not over, and the keys of what was taken, so that a double changes nothing."""

    open: tuple[Turn, ...] = ()
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A turn that is over, and how."""

    turn: Turn
    said: str = ""
    how: str = ""  # nothing: it was answered


def taken(turns: Turns, event: Event, data: AgentEvent) -> tuple[Turns, tuple[Over, ...]]:
    """Return the turns with one more event in them, and those that it ended."""
    if data.key:
        name = f"{data.what[:2]}{data.key}"
        if name in turns.seen:
            return turns, ()
        turns = replace(turns, seen=(*turns.seen, name)[-SEEN:])
    mine = next((t for t in turns.open if (t.agent, t.session) == (data.agent, data.agent_session)), None)
    match data.what:
        case "prompt":
            fresh = Turn(
                agent=data.agent,
                session=data.agent_session,
                seq=event.seq,
                asked=data.text,
                human=data.human,
                prompted=True,
                owner=data.owner,
            )
            return _put(turns, mine, fresh), _over(mine, how="interrupted")
        case "compacted" if mine is None:  # a person asked for it between two turns
            alone = Turn(agent=data.agent, session=data.agent_session, seq=event.seq, compacted=1)
            return turns, (Over(turn=alone),)
        case "tool" | "compacted":
            begun = mine or Turn(agent=data.agent, session=data.agent_session, seq=event.seq)
            return _put(turns, mine, _with(replace(begun, seq=event.seq, owner=data.owner), data)), ()
        case "turn":
            begun = mine or Turn(agent=data.agent, session=data.agent_session, seq=event.seq)
            how = "failed" if data.outcome == "failed" else ""
            return _put(turns, mine, None), _over(replace(begun, seq=event.seq), said=data.text, how=how)
        case "interrupted":
            return _put(turns, mine, None), _over(mine, how="interrupted")
        case "ended":
            how = "cut off" if data.source == GONE else "interrupted"
            return _put(turns, mine, None), _over(mine, how=how)
        case "started":
            # Resumed with a turn that nobody ended: its client was killed. A compaction is in the middle of a turn.
            if data.source == "compact":
                return turns, ()
            return _put(turns, mine, None), _over(mine, how="cut off")


GONE = "gone"  # the reason of an end that no client told: its process was found dead


def carried_over(turns: Turns) -> Turns:
    """Return the turns for a session that starts in the midst of them: they are told if anything of them is in it."""
    return replace(turns, open=tuple(replace(turn, seq=0) for turn in turns.open))


def closed(turns: Turns) -> tuple[Turns, tuple[Over, ...]]:
    """Return no open turn any more, and all that were: the session in whose journal they belong ends."""
    overs = tuple(over for turn in turns.open for over in _over(turn, how="under way"))
    return replace(turns, open=()), overs


def _put(turns: Turns, old: Turn | None, new: Turn | None) -> Turns:
    others = tuple(t for t in turns.open if t is not old)
    return replace(turns, open=(*others, new) if new is not None else others)


def _over(turn: Turn | None, *, said: str = "", how: str = "") -> tuple[Over, ...]:
    """Return the turn as one that is over, where it has anything to tell."""
    if turn is None or not turn.seq or not (turn.prompted or turn.tools or said):
        return ()
    if not turn.human and not (turn.tools or said):
        return ()
    return (Over(turn=turn, said=said, how=how),)


def _with(turn: Turn, data: AgentEvent) -> Turn:
    from patina_sessions.sources.agents import shapes

    if data.what == "compacted":
        return replace(turn, compacted=turn.compacted + 1)
    counts = dict(turn.tools)
    counts[data.tool] = counts.get(data.tool, 0) + 1
    turn = replace(turn, tools=tuple(counts.items())[:LISTED])
    targets = tuple(t for t in data.target.split("\n") if t)
    if data.tool in shapes.EDITS:
        edited = turn.edited if data.outcome == "failed" else tuple(dict.fromkeys((*turn.edited, *targets)))
        return replace(turn, edited=edited[:FILES])
    if data.outcome == "failed":
        words = (targets[0] if targets else data.tool) + (f"\n{data.text}" if data.text else "")
        return replace(turn, failed=(*turn.failed, words)[:FAILED])
    return replace(turn, ran=(*turn.ran, *targets)[:LISTED])


def told(over: Over) -> tuple[str, str]:
    """Return heading and body of a turn."""
    from patina_sessions.sources.agents import NAMES, keeping

    turn = over.turn
    name = NAMES.get(turn.agent) or safe.line(turn.agent, limit=20)
    if turn.asked:
        asked = safe.line(keeping.cut(turn.asked, _HEADING), limit=_HEADING + 20)
    elif turn.compacted and not (over.said or turn.tools or turn.prompted):
        return f"{name}: its context was compacted", ""
    else:
        asked = "a turn" if turn.human else "a task in the background ended"
    long = len(" ".join(turn.asked.split())) > _HEADING
    parts = [
        f"Asked: {safe.line(turn.asked, limit=320)}" if long else "",
        f"Answered: {safe.line(over.said, limit=420)}" if over.said else "",
        _ENDS[over.how],
        _tools(turn),
        *_files(turn),
        *(f"- failed: {_command(words)}" for words in turn.failed),
        *(f"- ran: {safe.code(words)}" for words in turn.ran),
        "Its context was compacted" if turn.compacted else "",
    ]
    return f"{name}: {asked}", "\n".join(part for part in parts if part)


_ENDS = {
    "": "",
    "failed": "The model gave no answer",
    "interrupted": "Interrupted before an answer",
    "cut off": "Cut off: its client was gone before an answer",
    "under way": "Still at it when the session ended",
}


def _tools(turn: Turn) -> str:
    if not turn.tools:
        return ""
    total = sum(count for _, count in turn.tools)
    each = ", ".join(f"{safe.line(name, limit=60)} {count}" for name, count in turn.tools)
    return f"{plural(total, 'tool call')}: {each}"


def _files(turn: Turn) -> Iterable[str]:
    yield from (f"- edited: {safe.path(name)}" for name in turn.edited[:SHOWN])
    if len(turn.edited) > SHOWN:
        yield f"- … and {plural(len(turn.edited) - SHOWN, 'more file')}"


def _command(words: str) -> str:
    line, _, how = words.partition("\n")
    return safe.code(line) + (f" ({safe.line(how, limit=40)})" if how else "")


def is_worktree(data: AgentEvent) -> bool:
    """Tell whether this says that a session began in a linked worktree; no agent's payload can say so."""
    return data.what == "started" and data.source == "worktree" and not data.agent


def worktree(data: AgentEvent) -> tuple[str, str]:
    """Return heading and body of a session that an agent began in a worktree of its own."""
    where = f"On {safe.code(data.text)}" if data.text else ""
    return (
        f"Agent in worktree {safe.code(data.target)}: session {safe.line(data.agent_session, limit=60)}",
        where,
    )


def tells(data: model.Data) -> bool:
    """Tell whether an event is the last moment at which open turns can be told: the session ends."""
    return isinstance(data, model.Ended | model.Discarded) or (
        isinstance(data, model.FilesChanged) and data.closing
    )
