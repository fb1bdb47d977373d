"""Sessions without typing: the first prompt of an attended agent starts one where none is active.

It starts with the prompt, not when we come to it: what the agent has committed since belongs to it. A person's `start`
takes such a session over while nobody has written into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from patina_sessions import redact
from patina_sessions.model import AgentEvent, Fact, Id, Made, Moved, Rebased
from patina_sessions.recorder import opening
from patina_sessions.recorder.drain import Recording, recording
from patina_sessions.session import start
from patina_sessions.session.active import Here
from patina_sessions.sources.agents import NAMES, keeping
from patina_sessions.system import registry
from patina_sessions.system import repository as repositories


def open_session(here: Here, now: datetime) -> str | None:
    """Record what is unrecorded, with a session around it from the first prompt on.

    Return the session's id, None where none began.
    """
    with recording(here.layout, here.settings, now) as r:
        before = r.state.session
        if before is not None or not opening.wanted(here.settings):
            r.take()
            return None
        r.take(opening=lambda facts: _opened(here, r, facts))
        session = r.state.session
    if session is None:
        return None
    _tell_parent(here, session.id, now)
    return session.id


def _opened(here: Here, r: Recording, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    asked = opening.first_prompt(facts)
    if asked is None:
        return facts
    assert isinstance(asked.data, AgentEvent)
    at = facts.index(asked)
    name = NAMES.get(asked.data.agent, asked.data.agent)
    title = keeping.cut(asked.data.text, keeping.TITLE) or f"Work with {name}"
    head = _head_before(facts[at:], here.repository.head)
    then = replace(here, repository=replace(here.repository, head=head))
    data = start.opening(then, r, title, asked.time, (), asked.data.agent)
    registry.add(here.layout.common.git, here.layout.top)
    began = Fact(time=asked.time, data=replace(data, by="agent"), key=f"started {data.session}")
    return (*facts[:at], began, *facts[at:])


def _head_before(later: Sequence[Fact], head: Id | None) -> Id | None:
    """Return where HEAD stood before what came after the prompt moved it."""
    for fact in later:
        if isinstance(fact.data, Made | Moved | Rebased):
            return fact.data.old
    return head


def _tell_parent(here: Here, session: str, now: datetime) -> None:
    """Name the session of a linked worktree in that of the main one, where there is one."""
    common = here.layout.common
    if here.layout.git == common.git:
        return
    key, top = repositories.key(common.git, make=False), repositories.top_of(common.git, common.git)
    if key is None or top is None:
        return
    main = replace(here.layout, top=top, git=common.git, key=key)
    with recording(main, here.settings, now) as r:
        if r.state.session is not None:
            name, branch = redact.redact(here.layout.top.name), here.branch or ""
            told = AgentEvent(
                what="started", agent="", agent_session=session, source="worktree", text=branch, target=name
            )
            r.take(told)
