"""The settings: every key once, with its default, its words for the README's table, and who may set it.

Layers, later ones win: built in, a person's (`~/.config/patina/config.toml`), the project's
(`.patina/config.toml`), this worktree's (`.patina/local/config.toml`), `PATINA_*`. The project's file comes
with a clone and is hostile text too, so what would loosen a guard is never taken from it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, TypeAlias

from patina_sessions.errors import PatinaError
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
        words="how session boundaries are marked; `auto`: not in `refs/tags` where a build reads its version there",
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
    Key(name="redact", default=True, project=False, words="secrets are taken out before anything is written"),
)
_BY_NAME = {key.name: key for key in KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force, and for each the layer it came from."""

    values: Mapping[str, Value] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()  # what a layer may not set or nobody knows, in words

    def text(self, name: str) -> str:
        """Return a setting that is a text."""
        return str(self._of(name))

    def number(self, name: str) -> float:
        """Return a setting that is a number."""
        value = self._of(name)
        assert isinstance(value, int | float)
        return float(value)

    def flag(self, name: str) -> bool:
        """Return a setting that is true or false."""
        return bool(self._of(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a setting that is a list of texts."""
        value = self._of(name)
        assert isinstance(value, tuple)
        return value

    def below(self, name: str) -> dict[str, Value]:
        """Return what was set below a key that takes any names, by those names."""
        start = name + "."
        return {k.removeprefix(start): v for k, v in self.values.items() if k.startswith(start)}

    def _of(self, name: str) -> Value:
        return self.values.get(name, _BY_NAME[name].default)


def person_file(environ: Mapping[str, str]) -> Path | None:
    """Return the path of a person's settings, or None where there is no home."""
    base = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else "")
    return Path(base) / "patina" / "config.toml" if base.startswith("/") else None


def load(top: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read all layers. Raises `PatinaError` naming the file and the key where one holds what it must not."""
    env = os.environ if environ is None else environ
    layers: list[tuple[str, Path | None]] = [("person", person_file(env))]
    if top is not None:
        layers += [("project", top / ".patina/config.toml"), ("worktree", top / ".patina/local/config.toml")]
    values: dict[str, Value] = {}
    origins: dict[str, str] = {}
    ignored: list[str] = []
    for layer, path in layers:
        for name, value in (_read(path) if path else {}).items():
            key = _key_of(name)
            if key is None:
                ignored.append(f"{path}: nobody knows the setting {name}")
            elif layer == "project" and not key.project:
                ignored.append(f"{path}: {name} is not taken from a project's file; set it in {layers[0][1]}")
            else:
                values[name] = _checked(key, value, f"{path}")
                origins[name] = str(path)
    for key in KEYS:
        if key.variable in env and not key.table:
            values[key.name] = _from_variable(key, env[key.variable])
            origins[key.name] = key.variable
    return Settings(values=values, origins=origins, ignored=tuple(ignored))


def _key_of(name: str) -> Key | None:
    if name in _BY_NAME:
        return _BY_NAME[name]
    return next((k for k in KEYS if k.table and name.startswith(k.name + ".")), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise PatinaError(f"cannot read {path}: {error.strerror}", "Check its permissions.") from error
    import tomllib

    try:
        return dict(_flat(tomllib.loads(data.decode("utf-8"))))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PatinaError(
            f"{path} is not valid TOML: {error}", f"Mend the file, or move it away: {path}"
        ) from error


def _flat(table: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        full = f"{above}{name}"
        if isinstance(value, dict):
            found += _flat(value, full + ".")
        else:
            found.append((full, value))
    return found


def _checked(key: Key, value: Any, where: str) -> Value:
    wanted = type(key.default)
    good: Value | None = None
    if key.table or wanted is str:
        good = value if isinstance(value, str) else None
        if key.table and isinstance(value, list) and all(isinstance(v, str) for v in value):
            good = tuple(value)
        elif key.table and isinstance(value, bool | int | float):
            good = value
    elif wanted is bool:
        good = value if isinstance(value, bool) else None
    elif wanted in (int, float):
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
        good = value if number else None
    elif isinstance(value, list) and all(isinstance(v, str) for v in value):
        good = tuple(value)
    if good is None or (key.choices and good not in key.choices):
        raise PatinaError(f"{where}: {key.name} cannot be {value!r}", _wanted(key))
    return good


def _wanted(key: Key) -> str:
    if key.choices:
        return f"{key.name} is one of: {', '.join(key.choices)}"
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        tuple: "a list of texts",
    }
    return f"{key.name} is {kinds[type(key.default)]}, for example {_toml(key.default)}"


def _from_variable(key: Key, text: str) -> Value:
    value: Any = text
    if isinstance(key.default, bool):
        value = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
            text.lower(), text
        )
    elif isinstance(key.default, int | float):
        try:
            value = float(text)
        except ValueError:
            value = text
    elif isinstance(key.default, tuple):
        value = [part.strip() for part in text.split(",") if part.strip()]
    return _checked(key, value, key.variable)


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{v}"' for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def table() -> str:
    """Return the README's table of all settings, in markdown."""
    rows = ["| setting | default | what it does | from the project's file |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{k.name}` | `{_toml(k.default)}` | {k.words} | {'yes' if k.project else 'no'} |" for k in KEYS
    ]
    return "\n".join(rows) + "\n"
