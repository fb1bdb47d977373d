"""Every path that Patina uses, once. Nothing here asks the disk: `system.repository` has asked git already."""

from __future__ import annotations

from pathlib import Path

from patina_sessions.frozen import dataclass

FORMAT = 1  # of repo.json, the event log and the hooks; a newer one is refused and left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """`<git common dir>/patina`: what all worktrees of a repository share."""

    git: Path  # the git common directory

    @property
    def home(self) -> Path:
        return self.git / "patina"

    @property
    def consent(self) -> Path:
        return self.home / "repo.json"

    @property
    def off(self) -> Path:
        """There while a person has switched Patina off in all worktrees; hooks look for it too."""
        return self.home / "off"

    @property
    def manifest(self) -> Path:
        return self.home / "manifest.json"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def discarded(self) -> Path:
        return self.home / "discarded"

    @property
    def ids(self) -> Path:
        """One file a session id, made exclusively; it holds the key of the worktree whose log has its events."""
        return self.home / "ids"

    @property
    def index(self) -> Path:
        return self.home / "index.db"

    @property
    def log(self) -> Path:
        return self.home / "log" / "patina.log"

    @property
    def crashes(self) -> Path:
        return self.home / "log"

    @property
    def bell(self) -> Path:
        """The script that every hook of git sources; it makes `rung`."""
        return self.home / "hook.sh"

    @property
    def rung(self) -> Path:
        return self.home / "rung"

    @property
    def marks(self) -> Path:
        return self.home / "marks"

    @property
    def lease(self) -> Path:
        """Its time of change lies ahead: until then a recorder sits out the burst, and hooks need not ring."""
        return self.home / "lease"

    @property
    def lock(self) -> Path:
        """Held by the recorder from before it takes the ring down until it has drained."""
        return self.home / "lock"

    @property
    def silent(self) -> tuple[Path, ...]:
        """The event and the reason of hooks that did nothing: a file a reason; the last, as older hooks do, for all."""
        return tuple(self.home / f"silent{why}" for why in ("-environment", "-off", "-interpreter", ""))

    @property
    def collected(self) -> Path:
        """Its time of change is when `gc` was last done."""
        return self.home / "collected"

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def start(self) -> Path:
        """What an agent's start hook hands over in a worktree that has no state yet."""
        return self.home / "start.json"

    @property
    def worktrees(self) -> Path:
        return self.home / "worktrees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The paths of one worktree: its working files, its git directory, and its state in the common directory."""

    top: Path  # the top level of the working tree
    git: Path  # this worktree's git directory
    common: Common
    key: str  # the nonce in <git>/patina-id

    @property
    def off(self) -> Path:
        """There while a person has switched Patina off in this worktree; hooks look for it too."""
        return off_file(self.git)

    @property
    def state(self) -> Path:
        return self.common.worktrees / self.key

    @property
    def events(self) -> Path:
        return self.state / "events"

    @property
    def snapshot(self) -> Path:
        return self.state / "state.json"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def mirror(self) -> Path:
        return self.state / "journal.md"

    @property
    def retired(self) -> Path:
        """Where `end` moves the journal file, so that an editor's late save can be noticed."""
        return self.state / "retired"

    @property
    def runs(self) -> Path:
        return self.state / "runs"

    @property
    def start(self) -> Path:
        """What an agent's start hook hands over, written ahead so that the hook is a `cat`."""
        return self.state / "start.json"

    @property
    def line(self) -> Path:
        """What a statusline shows, written ahead as well."""
        return self.state / "statusline"

    @property
    def watched(self) -> Path:
        """Where the watcher sets aside what it saw, for the recorder to take."""
        return self.state / "watched"

    @property
    def local(self) -> Path:
        return self.top / ".patina" / "local"

    @property
    def journal(self) -> Path:
        return self.local / "active-session.md"

    @property
    def last(self) -> Path:
        return self.local / "last-session.md"

    @property
    def sessions(self) -> Path:
        return self.top / "layer" / "sessions"

    @property
    def project_settings(self) -> Path:
        return self.top / ".patina" / "config.toml"

    @property
    def local_settings(self) -> Path:
        return self.local / "config.toml"


def shown(path: Path, top: Path) -> str:
    """Return a path as a person knows it: from the top of the working tree where it lies below."""
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)


def key_file(git_dir: Path) -> Path:
    """Return the file in a worktree's own git directory that holds its nonce.

    Git reuses the names of removed worktrees (tried), so the name of the folder tells nothing.
    """
    return git_dir / "patina-id"


def off_file(git_dir: Path) -> Path:
    """Return the file in a worktree's own git directory that switches Patina off there; it goes with the worktree."""
    return git_dir / "patina-off"
