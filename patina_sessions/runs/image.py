"""The image of a run: one that the engine has, or one that the project's Dockerfile describes, built when that changed.

Nothing is pulled unasked. What counts as a change of a Dockerfile is its text, its arguments, and the files that it
copies by name; `COPY . .` counts for the files that list dependencies, since the tree itself is mounted over it anyway.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from patina_sessions import safe
from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.runs import labels, project
from patina_sessions.runs.plain import cleaned
from patina_sessions.runs.project import Dockerfile, Project
from patina_sessions.system import processes, untrusted
from patina_sessions.system.docker import Engine, words

Say = Callable[[str], None]

LARGE = 100_000_000  # bytes of a build's context that deserve a word
_COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(?!--from)(.+)$", re.IGNORECASE | re.MULTILINE)
_LISTS = (
    "pyproject.toml setup.py setup.cfg requirements.txt requirements-dev.txt package.json package-lock.json yarn.lock"
    " pnpm-lock.yaml Cargo.toml Cargo.lock go.mod go.sum pom.xml build.gradle build.gradle.kts settings.gradle Gemfile"
    " Gemfile.lock composer.json composer.lock"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the user wants the image: pulled where it is missing, built without a cache, with which network."""

    pull: bool = False
    fresh: bool = False
    network: str = ""


Build = Callable[[Say], None]


def ready(
    engine: Engine,
    top: Path,
    key: str,
    found: Project,
    *,
    say: Say,
    wish: Wish,
    around: Callable[[Dockerfile, str, Build], None] | None = None,
) -> tuple[str, str]:
    """Return name and id of the image to run in, built or (only if wished) pulled where it has to be.

    `around` is given a build that is due, with the image's name, and does it.
    """
    name = found.image
    if found.dockerfile is not None:
        name = _tag(top, key, found.dockerfile)
        if wish.fresh or engine.image(name) is None:
            _build(engine, top, key, found.dockerfile, name, say=say, wish=wish, around=around)
    if not name:
        raise PatinaError(
            "this project does not say in which image it is built",
            'Say it in .patina/config.toml: docker.image = "debian:stable-slim", or use --image NAME',
        )
    seen = engine.image(name)
    if seen is None and wish.pull:
        _pull(engine, name, say)
        seen = engine.image(name)
    if seen is None:
        raise PatinaError(
            f"the engine at {engine.endpoint} does not have the image {name}",
            f"Pull it: add --pull, or docker pull {name}. Offline: docker load -i FILE. Or name another: --image NAME",
        )
    return name, str(seen["Id"])


def _pull(engine: Engine, name: str, say: Say) -> None:
    say(f"Pulling {name}")
    layers: dict[str, int] = {}
    for line in engine.pull(name):
        size = (line.get("progressDetail") or {}).get("total")
        if isinstance(size, int) and line.get("status") == "Downloading" and line.get("id") not in layers:
            layers[str(line.get("id"))] = size
            say(f"  {line.get('id')}: {size / 1e6:.1f} MB, {sum(layers.values()) / 1e6:.0f} MB so far")


def _tag(top: Path, key: str, dockerfile: Dockerfile) -> str:
    """Return the name that the Dockerfile's image has as long as nothing that it is made of changes."""
    path = top / dockerfile.path
    data = untrusted.read(path, links=True)
    if data is None:
        raise PatinaError(f"there is no {dockerfile.path} here", "Check docker.dockerfile in the settings.")
    text = data.decode("utf-8", "replace")
    context = top / dockerfile.context
    copied = project.fingerprint(context, tuple(_copied(context, text)))
    whole = f"{text}\0{dockerfile.arguments}\0{dockerfile.context}\0{copied}"
    return f"patina/{key}:{hashlib.sha256(whole.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def _copied(context: Path, text: str) -> set[str]:
    """Return the files, relative to the context, on which the Dockerfile depends by name."""
    found: set[str] = set()
    joined = re.sub(r"\\\r?\n", " ", text)
    for given in _COPY.findall(joined):
        sources = [w.strip('[]",') for w in given.split() if not w.startswith("--")][:-1]
        for source in sources:
            if source.rstrip("/") in ("", "."):
                found |= set(_LISTS)
            elif "$" not in source and "://" not in source and ".." not in source and source[0] != "/":
                found |= {_relative(p, context) for p in _below(context, source)}
    return found


def _below(context: Path, source: str) -> list[Path]:
    matches = sorted(context.glob(source.rstrip("/"))) if source.rstrip("/") else []
    return [f for m in matches for f in ([m] if m.is_file() else sorted(m.rglob("*")))][:5000]


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _build(
    engine: Engine,
    top: Path,
    key: str,
    dockerfile: Dockerfile,
    name: str,
    *,
    say: Say,
    wish: Wish,
    around: Callable[[Dockerfile, str, Build], None] | None,
) -> None:
    """Build the image, with the engine's words as progress: by the docker command (BuildKit) where it is there."""
    context = top / dockerfile.context
    say(f"Building the image of {dockerfile.path}: it is new here, or has changed")
    size = _size(context)
    if size > LARGE:
        say(f"  {size / 1e6:.0f} MB are sent to the engine; a .dockerignore keeps what is not needed at home")
    marks = {**labels.common(top, key), labels.KIND: "image"}

    def work(say: Say) -> None:
        if shutil.which("docker"):
            _by_command(top, dockerfile, name, marks, say=say, wish=wish)
        else:
            _by_engine(engine, top, dockerfile, name, marks, say=say, wish=wish)

    if around is None:
        work(say)
    else:
        around(dockerfile, name, work)


def _by_command(
    top: Path, dockerfile: Dockerfile, name: str, marks: Mapping[str, str], *, say: Say, wish: Wish
) -> None:
    argv = ["docker", "build", "--file", str(top / dockerfile.path), "--tag", name]
    for option, pairs in (("--label", marks.items()), ("--build-arg", dockerfile.arguments)):
        for left, right in pairs:
            argv += [option, f"{left}={right}"]
    argv += ["--force-rm"]  # else a build that fails leaves its containers, without our label
    argv += ["--no-cache"] if wish.fresh else []
    argv += ["--network", wish.network] if wish.network else []
    last = ""

    def hear(line: str) -> None:
        nonlocal last
        plain = cleaned(line)
        last = plain if plain.strip() else last
        say(f"  {plain}")

    code = processes.follow([*argv, str(top / dockerfile.context)], hear)
    if code:
        raise _unbuilt(dockerfile, last or f"exit code {code}")


def _unbuilt(dockerfile: Dockerfile, why: str) -> PatinaError:
    return PatinaError(
        f"the image of {dockerfile.path} cannot be built: {safe.line(cleaned(why), limit=400)}",
        words.advice(why) or "The builder's words are above. Without its cache: patina build --no-cache",
    )


def _by_engine(
    engine: Engine,
    top: Path,
    dockerfile: Dockerfile,
    name: str,
    marks: Mapping[str, str],
    *,
    say: Say,
    wish: Wish,
) -> None:
    context = top / dockerfile.context
    lines = engine.build(
        context,
        dockerfile=str(top / dockerfile.path),
        tag=name,
        labels=marks,
        fresh=wish.fresh,
        arguments=dict(dockerfile.arguments),
        network=wish.network,
    )
    try:
        for line in lines:
            said = cleaned(str(line.get("stream") or line.get("status") or "")).rstrip()
            if said:
                say(f"  {said}")
    except EngineUnavailable:
        raise
    except PatinaError as error:
        raise _unbuilt(dockerfile, error.message) from error


def _size(context: Path) -> int:
    """Return roughly how much a build would send; the walk ends when that is a lot."""
    total = 0
    for folder, folders, names in os.walk(context):
        folders[:] = [f for f in folders if f not in (".git", "node_modules", ".venv", "target")]
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue
        if total > 20 * LARGE:
            break
    return total
