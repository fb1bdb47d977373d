"""The image of autonomous runs: one that the user names, or ours, built on first use from a Dockerfile of ours."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.runs import labels
from patina_sessions.runs.plain import cleaned
from patina_sessions.runs.yolo.sandbox import HOME, WORK
from patina_sessions.runs.yolo.source import GID, UID
from patina_sessions.system import files
from patina_sessions.system.docker import Engine

Say = Callable[[str], None]

BASE = f"""FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends \\
    ca-certificates curl git less make patch procps python3 ripgrep \\
 && rm -rf /var/lib/apt/lists/*
RUN grep -q :{UID}: /etc/passwd || echo 'agent:x:{UID}:{GID}:agent:{HOME}:/bin/sh' >> /etc/passwd; \\
    mkdir -p {HOME} {WORK} && chown {UID}:{GID} {HOME} {WORK}
"""

SHELLS = ("/bin/sh",)
GITS = ("/usr/bin/git", "/bin/git", "/usr/local/bin/git")


def named(engine: Engine, name: str) -> str:
    """Return the image of this name. Raises where the engine has it not: nothing is pulled unasked."""
    if engine.image(name) is None:
        raise PatinaError(
            f"the engine at {engine.endpoint} does not have the image {name}",
            f"Pull it: docker pull {name}. Offline: docker load -i FILE. Or leave it out: one of ours is built",
        )
    return name


def ours(engine: Engine, scratch: Path, *, text: str, network: str, say: Say) -> str:
    """Return the image that a Dockerfile of ours makes, built where the engine does not have it."""
    name = f"patina/yolo:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if engine.image(name) is not None:
        return name
    base = text.split("\n", 1)[0].removeprefix("FROM ")
    say(f"Building the image of autonomous runs, once: {name}, from {base}")
    files.remove_tree(scratch)
    files.make_folder(scratch)
    try:
        files.write(scratch / "Dockerfile", text.encode(), durable=False)
        lines = engine.build(
            scratch,
            dockerfile="Dockerfile",
            tag=name,
            labels={labels.VERSION: "1", labels.KIND: "image", labels.HOST: os.uname().nodename},
            fresh=False,
            arguments={},
            network=network,
        )
        for line in lines:
            said = cleaned(str(line.get("stream") or line.get("status") or ""))
            for words in said.splitlines():
                if words.strip() and not words.startswith("(Reading database"):
                    say(f"  {words.strip()}")
    finally:
        files.remove_tree(scratch)
    return name
