"""The few kinds of error that Patina raises on purpose, each one line for the user and one hint of what to do.

Nothing here prints or exits: the boundaries (`cli`, `recorder`) turn these into words and exit codes.
"""

from __future__ import annotations


class PatinaError(Exception):
    """A condition that a user can cause or mend; `hint` says how, `code` is what the command line leaves with."""

    code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotARepository(PatinaError):
    """The folder belongs to no git repository."""


class NotSetUp(PatinaError):
    """The repository has not been given to Patina on this machine (`patina init`)."""


class NoSession(PatinaError):
    """A command needs an active session and there is none."""


class Busy(PatinaError):
    """Git is in the middle of something (rebase, merge, a foreign lock) that we must not disturb."""


class NewerData(PatinaError):
    """The data was written by a newer Patina; it is left alone."""


class EngineUnavailable(PatinaError):
    """No Docker engine answers."""


class GitFailed(PatinaError):
    """A git command that should have worked did not; `message` carries git's own words."""
