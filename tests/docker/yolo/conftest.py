"""A repository for autonomous runs, an image with git in it, and what shows that nothing of the host has changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from tests import conftest
from tests.docker.conftest import Bench
from tests.repository import Repo
from tests.waiting import until

DEBIAN = "debian:bookworm-slim"


@pytest.fixture(scope="session")
def git_image() -> str:
    """Return an image that has git and Python: Debian's where it was made with them, as `.ci/engine` does; else ours."""
    if conftest.engine_silence() is not None:
        return DEBIAN  # the tests are skipped, or fail, by themselves
    asked = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        DEBIAN,
        "sh",
        "-c",
        "git --version && python3 --version",
    ]
    if shutil.which("docker") and subprocess.run(asked, capture_output=True).returncode == 0:
        return DEBIAN
    return ""


def tree_of(git: Path) -> dict[str, str]:
    """Return a hash of every file in a git directory but for objects, what Patina keeps, and the branches of runs."""
    found = {}
    for path in sorted(git.rglob("*")):
        name = path.relative_to(git).as_posix()
        if (
            name.startswith(("objects/", "patina/", "refs/heads/yolo", "logs/refs/heads/yolo"))
            or path.is_dir()
        ):
            continue
        data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        found[name] = hashlib.sha256(data).hexdigest()
    return found


@dataclass
class Yolo(Bench):
    """A repository in mid-session, in which autonomous runs are begun."""

    image: str

    def go(self, script: str, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a shell script as the agent."""
        return self.run("yolo", "run", *self.words(script, *options), **more)

    def words(self, script: str, *options: str) -> list[str]:
        image = ["--image", self.image] if self.image and "--image" not in options else []
        return [*image, *options, "--", "sh", "-c", script]

    def branches(self) -> list[str]:
        return self.repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads/yolo/").split()

    def branch(self) -> str:
        (one,) = self.branches()
        return one

    def entry(self) -> str:
        """Return the journal from the last entry of a run on."""
        return self.journal[self.journal.rindex("- YOLO run") :]

    def inside(self, *argv: str) -> bool:
        """Run a command in the container of the only run, and return whether it succeeded."""
        client = docker.from_env()
        try:
            (name,) = self.left()["containers"]
            made = client.api.exec_create(name.removeprefix("/"), list(argv))
            client.api.exec_start(made["Id"])
            # The engine notes the code a moment after the end.
            until(lambda: client.api.exec_inspect(made["Id"])["ExitCode"] is not None, "an exit code")
            return bool(client.api.exec_inspect(made["Id"])["ExitCode"] == 0)
        finally:
            client.close()

    def left(self) -> dict[str, list[str]]:
        """Return what the engine still has of this worktree."""
        key = (self.repo.path / ".git/patina-id").read_text().split()[0]
        label = {"label": f"dev.patina.worktree={key}"}
        client = docker.from_env()
        try:
            found = {
                "containers": [c["Names"][0] for c in client.api.containers(all=True, filters=label)],
                "volumes": [v["Name"] for v in client.api.volumes(filters=label)["Volumes"] or ()],
                "networks": [n["Name"] for n in client.api.networks(filters=label)],
            }
        finally:
            client.close()
        return {kind: names for kind, names in found.items() if names}


@pytest.fixture
def yolo(repo: Repo, git_image: str, images: None) -> Iterator[Yolo]:
    """Return a repository for autonomous runs; what is left of them in the engine is gone afterwards."""
    one = Yolo(repo, git_image)
    one.set_up()
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "-m", "Patina")
    yield one
    repo.patina("clean", "--force", "--lose-work", check=False)
    assert one.left() == {}


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a command printed as JSON."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def gateway() -> str:
    """Return the address at which containers of the usual network find this machine."""
    client = docker.from_env()
    try:
        networks = client.api.networks(names=["bridge"])
        if not networks:
            pytest.skip("this engine has no bridge")
        known = networks[0]["IPAM"]["Config"][0]
        # An engine that made its bridge just now names no gateway: it has the first address.
        return str(known.get("Gateway") or known["Subnet"].rpartition(".")[0] + ".1")
    finally:
        client.close()
