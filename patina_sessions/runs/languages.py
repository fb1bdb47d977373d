"""What a project without settings is built and tested with: the language's usual image and commands. Pure.

A guess, shown by `--dry-run` before anything runs, and replaced by two lines in `.patina/config.toml`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from patina_sessions.frozen import dataclass

Read = Callable[[str], str]  # a file of the project's top folder by name; empty where it is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """A language's image and commands; empty where it has none."""

    language: str
    sign: str  # the file that told
    image: str
    build: str = ""
    test: str = ""
    setup: str = ""  # once, when the workspace is made
    junit: str = ""  # where a report is written, relative to the top
    inputs: tuple[str, ...] = ()  # files that `setup` depends on


def find(names: frozenset[str], read: Read) -> Usual | None:
    """Return what the files in the top folder tell, None where they tell nothing."""
    for language in (_python, _rust, _go, _node, _maven, _gradle, _make):
        found = language(names, read)
        if found is not None:
            return found
    return None


def _python(names: frozenset[str], read: Read) -> Usual | None:
    signs = [n for n in ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt") if n in names]
    if not signs:
        return None
    project = read("pyproject.toml")
    pytest = "pytest.ini" in names or "conftest.py" in names or "pytest" in project + read("setup.cfg")
    needs = [f"-r {n}" for n in ("requirements.txt", "requirements-dev.txt") if n in names]
    if signs[0] != "requirements.txt":
        extra = next((e for e in ("test", "tests", "dev", "testing") if _has_extra(project, e)), "")
        needs.append(f"-e '.[{extra}]'" if extra else "-e .")
    if pytest:
        needs.append("pytest")
    return Usual(
        language="Python",
        sign=signs[0],
        image="python:3-slim",
        build="python3 -m pip wheel --no-deps --wheel-dir dist ." if signs[0] != "requirements.txt" else "",
        test="python3 -m pytest" if pytest else "python3 -m unittest",
        setup="python3 -m pip install --user --quiet " + " ".join(needs),
        inputs=("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "requirements-dev.txt"),
    )


def _has_extra(project: str, extra: str) -> bool:
    import tomllib

    try:
        found = tomllib.loads(project).get("project", {}).get("optional-dependencies", {})
    except (tomllib.TOMLDecodeError, AttributeError):
        return False
    return extra in found


def _rust(names: frozenset[str], _read: Read) -> Usual | None:
    if "Cargo.toml" not in names:
        return None
    return Usual(
        language="Rust", sign="Cargo.toml", image="rust:1-slim", build="cargo build", test="cargo test"
    )


def _go(names: frozenset[str], _read: Read) -> Usual | None:
    if "go.mod" not in names:
        return None
    # -v: without it go does not say how many tests passed.
    return Usual(
        language="Go", sign="go.mod", image="golang:1", build="go build ./...", test="go test -v ./..."
    )


def _node(names: frozenset[str], read: Read) -> Usual | None:
    if "package.json" not in names:
        return None
    try:
        scripts = json.loads(read("package.json")).get("scripts", {})
        scripts = scripts if isinstance(scripts, dict) else {}
    except (ValueError, AttributeError):
        scripts = {}
    if "pnpm-lock.yaml" in names:
        tool, setup = "pnpm", "corepack pnpm install --frozen-lockfile"
    elif "yarn.lock" in names:
        tool, setup = "yarn", "corepack yarn install --immutable"
    else:
        tool, setup = "npm", "npm ci" if "package-lock.json" in names else "npm install"
    run = tool if tool == "npm" else f"corepack {tool}"
    return Usual(
        language="JavaScript",
        sign="package.json",
        image="node:lts-slim",
        build=f"{run} run build" if "build" in scripts else "",
        test=f"{run} test" if "test" in scripts else "",
        setup=setup,
        inputs=("package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"),
    )


def _maven(names: frozenset[str], _read: Read) -> Usual | None:
    if "pom.xml" not in names:
        return None
    return Usual(
        language="Java",
        sign="pom.xml",
        image="maven:3-eclipse-temurin-21",
        build="mvn --batch-mode package -DskipTests",
        test="mvn --batch-mode test",
        junit="**/target/surefire-reports/*.xml",
    )


def _gradle(names: frozenset[str], _read: Read) -> Usual | None:
    sign = next((n for n in ("build.gradle", "build.gradle.kts", "settings.gradle") if n in names), None)
    if sign is None:
        return None
    tool = "./gradlew" if "gradlew" in names else "gradle"
    return Usual(
        language="Java",
        sign=sign,
        image="gradle:jdk21",
        build=f"{tool} --no-daemon assemble",
        test=f"{tool} --no-daemon test",
        junit="**/build/test-results/test/*.xml",
    )


def _make(names: frozenset[str], read: Read) -> Usual | None:
    sign = next((n for n in ("GNUmakefile", "makefile", "Makefile") if n in names), None)
    if sign is None:
        return None
    targets = {line.split(":")[0].strip() for line in read(sign).splitlines() if ":" in line[1:]}
    test = next((t for t in ("test", "check") if t in targets), None)
    return Usual(
        language="Make",
        sign=sign,
        image="gcc:latest",
        build="make",
        test=f"make {test}" if test else "",
    )
