"""What a user installs: a wheel of this very checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*argv: str | Path, cwd: Path, **env: str) -> str:
    """Run a program, return what it printed, and fail with all that it said."""
    done = subprocess.run(
        argv, cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wheel(source: Path) -> Path:
    """Build a wheel from a copy of the sources, since a build leaves folders behind, and without the network."""
    litter = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
    for name in ("patina_sessions", "hooks"):
        shutil.copytree(ROOT / name, source / name, ignore=litter)
    for name in ("pyproject.toml", "setup.py", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, source / name)
    (source / "hooks/.sample").mkdir()  # an agent's plugin lives in a hidden folder, which globs pass over
    (source / "hooks/.sample/plugin.json").write_text("{}")
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"),
        *("--wheel-dir", "dist", "."),
        cwd=source,
    )
    (built,) = (source / "dist").glob("*.whl")
    return built
