"""What is installed is whole: the modules, the hooks beside them, the command, and nothing that is not declared."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

import patina_sessions
from tests import architecture, built
from tests.built import ROOT, run
from tests.repository import Repo

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built.wheel(tmp_path_factory.mktemp("source"))


def test_a_wheel_has_every_module_and_every_file_of_the_hooks_and_nothing_else(wheel: Path) -> None:
    modules = {
        f"patina_sessions/{file.relative_to(ROOT / 'patina_sessions')}" for file in _files("patina_sessions")
    }
    hooks = {f"patina_sessions/hooks/{file.relative_to(ROOT / 'hooks')}" for file in _files("hooks")}
    expected = modules | hooks | {"patina_sessions/hooks/.sample/plugin.json"}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("LICENSE")]
    assert names == expected
    assert {name for name in names if name.endswith(".sh")}
    assert len(licences) == 1


def _files(folder: str) -> list[Path]:
    """Return the files of a folder that are in the repository, or on the way into it."""
    words = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", folder)
    names = run(*words, cwd=ROOT).split("\0")[:-1]
    return [ROOT / name for name in names if (ROOT / name).exists()]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the wheel was installed into, without what it needs."""
    site = tmp_path_factory.mktemp("target") / "site"
    how = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*how, "--target", site, wheel, cwd=site.parent)
    return site


def test_what_a_wheel_installs_starts_and_finds_its_hooks(site: Path, tmp_path: Path) -> None:
    python = (sys.executable, "-P")
    said = f"patina, version {patina_sessions.__version__}\n"
    assert run(*python, "-m", "patina_sessions", "--version", cwd=tmp_path, PYTHONPATH=str(site)) == said
    assert run(*python, site / "bin" / "patina", "--version", cwd=tmp_path, PYTHONPATH=str(site)) == said
    where = "import patina_sessions.hooks as h, importlib.resources as r; print(h.__file__, r.files(h).joinpath('git.sh'))"
    found = run(*python, "-c", where, cwd=tmp_path, PYTHONPATH=str(site)).split()
    assert found == [str(site / "patina_sessions/hooks" / name) for name in ("__init__.py", "git.sh")]
    assert Path(found[1]).read_bytes() == (ROOT / "hooks/git.sh").read_bytes()


def test_one_that_only_pythonpath_finds_sets_nothing_up(repo: Repo, site: Path) -> None:
    """The recorder is started without it: the hooks would do nothing, without a word."""
    python = os.path.realpath(sys.executable)  # behind the virtual environment
    env = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{sysconfig.get_path('purelib')}"}
    argv = [python, "-P", "-m", "patina_sessions", "init"]
    done = subprocess.run(argv, cwd=repo.path, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: this Patina is found by PYTHONPATH alone")
    assert not (repo.path / ".git/patina").exists()


def test_the_installation_under_test_finds_the_hooks_from_any_folder(tmp_path: Path) -> None:
    where = "import patina_sessions as p, patina_sessions.hooks as h; print(p.__file__, h.__file__)"
    found = run(sys.executable, "-P", "-c", where, cwd=tmp_path).split()
    assert found == [str(ROOT / "patina_sessions/__init__.py"), str(ROOT / "hooks/__init__.py")]


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", patina_sessions.__version__)
    assert PROJECT["dynamic"] == ["version"]
    assert importlib.metadata.version("patina-sessions") == patina_sessions.__version__


def test_every_foreign_package_that_is_imported_is_declared() -> None:
    """And none is declared that nobody imports."""
    lines = (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["mcp"])
    declared = {_plain(re.match(r"[\w-]+", line)[0]) for line in lines}  # type: ignore[index]
    sellers = importlib.metadata.packages_distributions()
    imported = {
        name.partition(".")[0]
        for module in architecture.read(ROOT / "patina_sessions")
        for _, name in module.imports
    } - {"patina_sessions", *sys.stdlib_module_names}
    assert {_plain(sellers[name][0]) for name in imported} == declared


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
