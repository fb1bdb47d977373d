"""Every setting once: its name, its default, its words for the README's table, and who may set it."""

from __future__ import annotations

from typing import TypeAlias

from patina_sessions.frozen import dataclass

Value: TypeAlias = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting. `project` says whether the project's own file may set it; `table` takes any names below it."""

    name: str
    default: Value
    words: str
    project: bool = True
    choices: tuple[str, ...] = ()
    table: bool = False

    @property
    def variable(self) -> str:
        return "PATINA_" + self.name.upper().replace(".", "_")


KEYS: tuple[Key, ...] = (
    Key(
        name="archive",
        default="tree",
        choices=("tree", "local"),
        words="where finished journals go: `tree` also puts them into `layer/sessions`",
    ),
    Key(
        name="tags",
        default="auto",
        choices=("auto", "lightweight", "annotated", "refs", "none"),
        words="how session boundaries are marked; `auto`: not in `refs/tags` where a build reads its version there,"
        " or a service releases what is tagged",
    ),
    Key(
        name="session.idle_hours",
        default=12.0,
        words="after so many hours without an event a session counts as left",
    ),
    Key(name="session.suffix", default="", words="added to ids, 1 to 12 of `[a-z0-9]`, for teams"),
    Key(name="session.commit", default=False, words="`end` commits the archived journal"),
    Key(
        name="session.remind_files",
        default=20,
        words="`update` reminds of uncommitted work from so many files on",
    ),
    Key(name="classify.major_files", default=10, words="more files than this make a `major-feature`"),
    Key(name="classify.feature_commits", default=3, words="fewer commits than this make an `experiment`"),
    Key(name="journal.files", default=12, words="how many files of a commit its entry names"),
    Key(
        name="watch.enabled",
        default=True,
        project=False,
        words="a session has a watcher, which sees the files that are worked on",
    ),
    Key(
        name="watch.backend",
        default="auto",
        choices=("auto", "poll"),
        words="`poll` looks at `git status` now and then, without the kernel's events",
    ),
    Key(name="watch.paths", default=(), words="only these folders are watched; all where it is empty"),
    Key(name="watch.max_folders", default=8192, words="so many folders are watched at most; then it polls"),
    Key(
        name="docker.image", default="", words="the image that `build`, `test` and `exec` run in; else found"
    ),
    Key(name="docker.dockerfile", default="", words="the Dockerfile of that image, below the top folder"),
    Key(name="docker.context", default="", words="what that Dockerfile may copy from; the top folder"),
    Key(name="docker.memory", default="", words="the most memory of a workspace, as `2g`; no limit"),
    Key(name="docker.pids", default=8192, words="the most processes of a workspace"),
    Key(name="docker.junit", default="", words="where a test run writes JUnit's XML, as `reports/*.xml`"),
    Key(
        name="docker.network",
        default="",
        project=False,
        words="the network of a workspace; the engine's default",
    ),
    Key(
        name="docker.build_network",
        default="",
        project=False,
        words="the network in which an image is built; the engine's default",
    ),
    Key(name="docker.idle_hours", default=8.0, words="a workspace unused so long ends itself"),
    Key(
        name="commands",
        default="",
        table=True,
        words="`commands.build`, `.test`, `.setup`: a shell line or a list of words; else found",
    ),
    Key(name="runs.max_log", default=10_000_000, words="bytes of a run's log: its beginning and its end"),
    Key(name="runs.keep", default=100, words="how many runs' logs are kept"),
    Key(name="runs.timeout", default=0, words="seconds after which a run is ended; never"),
    Key(
        name="yolo.image",
        default="",
        project=False,
        words="the image of autonomous runs; else one of ours, built on first use",
    ),
    Key(name="yolo.agent", default="claude", project=False, words="the agent that a task is given to"),
    Key(
        name="yolo.agents",
        default="",
        project=False,
        table=True,
        words="`yolo.agents.NAME.command`, `.hosts`, `.variables`, `.package`: an agent, or how to call one",
    ),
    Key(name="yolo.memory", default="4g", project=False, words="the most memory of an autonomous run"),
    Key(name="yolo.cpus", default=0.0, project=False, words="the most processors of one; all where it is 0"),
    Key(name="yolo.pids", default=1024, project=False, words="the most processes of one"),
    Key(name="yolo.scratch", default="1g", project=False, words="the size of its `/tmp` and of its home"),
    Key(
        name="yolo.timeout",
        default=3600,
        project=False,
        words="seconds after which an autonomous run is ended; 0: never",
    ),
    Key(name="yolo.max_size", default="500m", project=False, words="the most that comes back of one"),
    Key(name="yolo.max_file", default="100m", project=False, words="the largest file that comes back"),
    Key(
        name="agent.auto_start", default=True, project=False, words="an agent's first prompt starts a session"
    ),
    Key(
        name="agent.prompts",
        default="short",
        choices=("none", "title", "short"),
        project=False,
        words="how much of a prompt to an agent is kept",
    ),
    Key(
        name="journal.agent_detail",
        default="turns",
        choices=("none", "turns", "tools"),
        project=False,
        words="what the journal tells of agents: nothing, an entry a turn, or every command too",
    ),
    Key(
        name="gc.run_days",
        default=30.0,
        project=False,
        words="the log of a run is kept for so many days; its entry and its numbers stay",
    ),
    Key(
        name="gc.run_bytes",
        default=1_000_000_000,
        project=False,
        words="bytes of all logs of runs; the oldest go first",
    ),
    Key(
        name="gc.segment_days",
        default=180.0,
        project=False,
        words="events of archived sessions are kept for so many days; journals for ever",
    ),
)
