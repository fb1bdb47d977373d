"""The settings in force, read from their layers; `keys` has every one of them, with its default and who may set it.

Layers, later ones win: built in, a person's (`~/.config/patina/config.toml`), the project's
(`.patina/config.toml`), this worktree's (`.patina/local/config.toml`), `PATINA_*`. The project's file comes
with a clone and is hostile text too, so what would loosen a guard is never taken from it; nor from this worktree's
where git tracks that, since it came with the clone as well. `system.configured` reads the files and asks git.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.settings.keys import KEYS, Key, Value

__all__ = ["KEYS", "Key", "Settings", "Value", "load", "person_file", "table"]

_BY_NAME = {key.name: key for key in KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force, and for each the layer it came from."""

    values: Mapping[str, Value] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()  # what a layer may not set or nobody knows, in words
    wrong: tuple[tuple[str, str], ...] = ()  # what stands in a file and cannot be, in words, and what could

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


def load(
    top: Path | None,
    environ: Mapping[str, str] | None,
    *,
    read: Callable[[Path], bytes | None],
    tracked: Callable[[], bool],
) -> Settings:
    """Put all layers together. Raises `PatinaError` for a variable that holds what it must not.

    What a file holds and cannot be is passed over: somebody's slip, which a pull brings to everybody, must not keep a
    commit from being recorded nor a session from being ended.
    `tracked` says whether git tracks this worktree's file; it is asked only where that sets what a project's may not.
    """
    env = os.environ if environ is None else environ
    layers: list[tuple[str, Path | None]] = [("person", person_file(env))]
    if top is not None:
        layers += [("project", top / ".patina/config.toml"), ("worktree", top / ".patina/local/config.toml")]
    values: dict[str, Value] = {}
    origins: dict[str, str] = {}
    ignored: list[str] = []
    wrong: list[tuple[str, str]] = []
    for layer, path in layers:
        try:
            found = _parsed(path, read(path)) if path else {}
        except PatinaError as error:
            wrong.append((error.message, error.hint or ""))
            continue
        loose = {name for name in found if (key := _key_of(name)) and not key.project}
        shared = bool(loose) and (layer == "project" or (layer == "worktree" and tracked()))
        kind = "a project's file" if layer == "project" else "a file that git tracks"
        for name, value in found.items():
            key = _key_of(name)
            if key is None:
                ignored.append(f"{path}: nobody knows the setting {name}")
            elif shared and name in loose:
                ignored.append(f"{path}: {name} is not taken from {kind}; set it in {layers[0][1]}")
            else:
                try:
                    values[name] = _checked(key, value, f"{path}")
                    origins[name] = str(path)
                except PatinaError as error:
                    wrong.append((error.message, error.hint or ""))
    for key in KEYS:
        if key.variable in env and not key.table:
            values[key.name] = _from_variable(key, env[key.variable])
            origins[key.name] = key.variable
    return Settings(values=values, origins=origins, ignored=tuple(ignored), wrong=tuple(wrong))


def _key_of(name: str) -> Key | None:
    if name in _BY_NAME:
        return _BY_NAME[name]
    return next((k for k in KEYS if k.table and name.startswith(k.name + ".")), None)


def _parsed(path: Path, data: bytes | None) -> dict[str, Any]:
    if data is None:
        return {}
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
