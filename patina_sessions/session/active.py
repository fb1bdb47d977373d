"""The way in for every command that needs a repository, consent and perhaps an active session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from patina_sessions.errors import NoSession
from patina_sessions.frozen import dataclass
from patina_sessions.model import Session
from patina_sessions.paths import Layout
from patina_sessions.settings import Settings
from patina_sessions.system import configured, consent, files
from patina_sessions.system import repository as repositories
from patina_sessions.system.repository import Repository

if TYPE_CHECKING:  # readers come this way, and what records is half of what a command would load
    from patina_sessions.recorder.drain import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Where a command runs: the repository as git describes it, our paths in it, and the settings in force."""

    repository: Repository
    layout: Layout
    settings: Settings

    @property
    def branch(self) -> str | None:
        """The branch that is checked out, as it is recorded: a name can carry a secret. Git is not asked by it."""
        from patina_sessions.redact import redact

        name = self.repository.branch
        return None if name is None else redact(name)


def here(cwd: Path, git_dir: str | None = None, tree: str | None = None) -> Here:
    """Return where we are. Raises `NotARepository`, `NotSetUp` without consent, `NewerData`."""
    repository = repositories.discover(cwd, git_dir, tree)
    consent.require(repository.common)
    layout = repositories.layout(repository)
    assert layout is not None
    return Here(
        repository=repository, layout=layout, settings=configured.load(repository.top, git=repository.git_dir)
    )


def heard(place: Here) -> None:
    """Have the session started that an agent's waiting prompt asks for: who records first must not eat it."""
    if not any(name.startswith("agent-") for name in files.names(place.layout.common.spool)):
        return
    from patina_sessions.recorder import opening

    if opening.due(place.layout, place.settings):
        opening.open_session(place.layout)


@contextmanager
def active(place: Here, now: datetime) -> Iterator[tuple[Recording, Session]]:
    """Hold the worktree's recording with everything recorded up to now. Raises `NoSession` where none is active."""
    from patina_sessions.recorder.drain import recording

    heard(place)
    with recording(place.layout, place.settings, now) as r:
        r.take()
        session = r.state.current()
        if session is None:
            raise NoSession("no session is active", 'Start one: patina session start "what you want to do"')
        yield r, session
