"""The house stands: the package keeps to its own list of rooms, and the checks that say so can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import architecture

ROOT = Path(__file__).resolve().parent.parent / "patina_sessions"


def test_the_package_keeps_to_its_plan() -> None:
    """All checks in one test, since they read the same three hundred modules: told apart, each worker reads them."""
    found = [f"{check.__name__}: {breach}" for check in architecture.CHECKS for breach in sorted(check(ROOT))]
    assert not found, "\n".join(found)


def test_the_list_of_rooms_is_read_from_the_package_s_docstring() -> None:
    floors = architecture.rooms(ROOT)
    assert floors["model"] == floors["paths"] == 0
    assert (
        list(floors)[7:]
        == "system events sources runs journal recorder readers session setup server cli".split()
    )


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Return a small package with a file in every room and no breach in any."""
    root = tmp_path / "patina_sessions"
    rooms = architecture.rooms(ROOT)
    for room, floor in rooms.items():
        file = root / (f"{room}.py" if floor == 0 else f"{room}/__init__.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'"""{room}."""\n')
    files = {
        "__init__.py": (ROOT / "__init__.py").read_text(),
        "__main__.py": '"""Start."""\nfrom patina_sessions.cli import main\nmain()\n',
        "system/files.py": '"""Disk."""\nimport os\nfrom pathlib import Path\nos.replace("a", "b")\nopen("a", "wb")\n'
        'try:\n    pass\nexcept BaseException:\n    os.unlink("a")\n    raise\n',
        "system/clock.py": '"""Time."""\nimport time\nfrom datetime import datetime\ndatetime.now()\n',
        "system/processes.py": '"""Children."""\nimport subprocess\n',
        "system/docker.py": '"""Engine."""\nimport docker\n',
        "system/git.py": '"""Git."""\nfrom patina_sessions.system import processes\n',
        "events/log.py": '"""Log."""\nfrom patina_sessions import model\nfrom patina_sessions.system import files\n'
        'files.append(b"")\nfiles.remove("a")\nwith open("a") as stream, open("b", "rb") as other:\n    pass\n'
        "import os\nos.open(os.devnull, os.O_WRONLY)\nos.open('a', os.O_RDONLY | os.O_NOFOLLOW)\n",
        "sources/watcher.py": '"""Watch."""\nimport watchdog.events\n',
        "sources/agents/__init__.py": '"""Agents."""\n',
        "sources/agents/claude.py": '"""Claude."""\nimport json\nfrom patina_sessions import model, safe\n',
        "journal/render.py": '"""Render."""\nfrom patina_sessions.journal import grammar\n"a".replace("a", "b")\n',
        "journal/grammar.py": '"""Grammar."""\nimport re\nfrom patina_sessions.model import Entry\n',
        "recorder/projection.py": '"""Fold."""\nimport dataclasses\ndataclasses.replace(1)\n',
        "recorder/__main__.py": '"""Recorder."""\ntry:\n    pass\nexcept Exception:\n    pass\n',
        "readers/index.py": '"""Index."""\nimport sqlite3, markdown_it\n',
        "cli/note.py": '"""Note."""\nimport sys, click\ndef note():\n    """Note."""\n    print(1)\n    sys.exit(1)\n',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_sound_house_has_no_breach(skeleton: Path) -> None:
    assert [breach for check in architecture.CHECKS for breach in check(skeleton)] == []


# A check, the module in which the breach is put, the lines of it, and a word of the report.
BREACHES = [
    ("order", "journal/x.py", "from patina_sessions.recorder import drain", "imports recorder"),
    ("order", "journal/x.py", "def f():\n    import patina_sessions.cli.note", "imports cli"),
    ("order", "runs/x.py", "if TYPE_CHECKING:\n    from patina_sessions import session", "imports session"),
    ("order", "safe.py", "from patina_sessions.system.files import write", "imports system"),
    ("order", "errors.py", "import patina_sessions.events", "imports events"),
    ("order", "__init__.py", "from patina_sessions import model", "not above"),
    ("order", "attic/x.py", "", "no room"),
    ("importers", "runs/x.py", "import docker", "docker"),
    ("importers", "readers/x.py", "from docker.errors import APIError", "docker"),
    ("importers", "session/x.py", "def f():\n    from git import Repo", "git"),
    ("importers", "sources/reflog.py", "import watchdog.observers as w", "watchdog"),
    ("importers", "system/git.py", "import click", "click"),
    ("importers", "recorder/x.py", "import markdown_it", "markdown_it"),
    ("importers", "events/x.py", "from subprocess import run", "subprocess"),
    ("importers", "journal/x.py", "import sqlite3", "sqlite3"),
    ("importers", "setup/x.py", "import jinja2", "jinja2"),
    ("importers", "recorder/x.py", "from time import monotonic", "time"),
    ("importers", "journal/x.py", "from . import grammar", "relatively"),
    ("pure", "journal/grammar.py", "from pathlib import Path", "imports pathlib"),
    ("pure", "recorder/projection.py", "def f():\n    import os", "imports os"),
    ("pure", "sources/agents/claude.py", "from os.path import join", "imports os"),
    ("pure", "safe.py", "import urllib.request", "urllib.request"),
    ("pure", "journal/render.py", "from patina_sessions import system", "imports system"),
    ("pure", "runs/outcome.py", "from patina_sessions.system.clock import now", "imports system"),
    ("writes", "readers/x.py", "open('a', 'w')", "open"),
    ("writes", "readers/x.py", "open('a', mode=mode)", "open"),
    ("writes", "readers/x.py", "import os as o\no.open('a', 1)", "os.open"),
    ("writes", "readers/x.py", "import os\nos.open('a', flags)", "os.open"),
    ("writes", "readers/x.py", "import os\nos.open('a', os.O_RDONLY | os.O_CREAT)", "os.open"),
    ("writes", "readers/x.py", "import io\nio.open('a', 'r+')", "io.open"),
    ("writes", "sources/x.py", "path.open('ab')", "path.open"),
    ("writes", "sources/x.py", "(a / b).write_text('x')", "write_text"),
    ("writes", "session/x.py", "self.path.replace(other)", "replace"),
    ("writes", "session/x.py", "from os import rename as r\nr(a, b)", "os.rename"),
    ("writes", "setup/x.py", "import shutil\nshutil.rmtree(a)", "shutil.rmtree"),
    ("writes", "cli/x.py", "path.unlink()", "unlink"),
    ("writes", "cli/x.py", "import tempfile\ntempfile.mkstemp()", "tempfile"),
    ("writes", "cli/x.py", "path.touch(exist_ok=True)", "touch"),
    ("writes", "system/clock.py", "path.mkdir()", "mkdir"),
    ("writes", "recorder/x.py", "import logging\nlogging.FileHandler('a')", "opens a file"),
    ("writes", "recorder/x.py", "import logging\nlogging.basicConfig(level=1, filename='a')", "opens a file"),
    ("endings", "events/x.py", "try:\n    pass\nexcept Exception:\n    raise", "catches everything"),
    (
        "endings",
        "events/x.py",
        "try:\n    pass\nexcept (OSError, Exception):\n    pass",
        "catches everything",
    ),
    ("endings", "events/x.py", "try:\n    pass\nexcept:\n    pass", "catches everything"),
    ("endings", "system/x.py", "try:\n    pass\nexcept BaseException:\n    pass", "catches everything"),
    ("endings", "system/x.py", "from contextlib import suppress\nsuppress(Exception)", "catches everything"),
    ("endings", "recorder/drain.py", "import sys\nsys.exit(0)", "sys.exit"),
    ("endings", "runs/x.py", "from os import _exit\n_exit(0)", "os._exit"),
    ("endings", "runs/x.py", "raise SystemExit(1)", "SystemExit"),
    ("clocks", "session/x.py", "from datetime import datetime\ndatetime.now()", "datetime.now"),
    ("clocks", "session/x.py", "import datetime as d\nd.date.today()", "date.today"),
    ("prints", "session/x.py", "print('done')", "print"),
    ("prints", "system/x.py", "import sys\nsys.stdout.buffer.write(b'')", "sys.stdout"),
    (
        "doors",
        "session/x.py",
        "from patina_sessions.system import files\nfiles.read(r.layout.journal)",
        "reads journal by files",
    ),
    (
        "doors",
        "setup/x.py",
        "from patina_sessions.system import files\nfiles.read(tree.top / 'Makefile')",
        "reads top by files",
    ),
    ("sizes", "events/x.py", "def f():\n    '''F.'''\n" + "    a = 1\n" * 49, "f has 51 lines"),
    ("sizes", "events/x.py", "a = 1\n" * 300, "has 301 lines"),
    ("sizes", "events/x.py", "def f(): ...", "f has no docstring"),
    ("sizes", "events/x.py", "class C: ...", "C has no docstring"),
    ("names", "events/utils.py", "", "drawer"),
    ("names", "session/git_helpers.py", "", "drawer"),
    ("names", "common/__init__.py", "", "drawer"),
]


@pytest.mark.parametrize(("check", "where", "lines", "report"), BREACHES)
def test_a_breach_is_reported(skeleton: Path, check: str, where: str, lines: str, report: str) -> None:
    file = skeleton / where
    file.parent.mkdir(exist_ok=True)
    before = file.read_text() if file.exists() else '"""A module."""\n'
    file.write_text(before + lines)
    found = list(getattr(architecture, check)(skeleton))
    module = where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert any(breach.startswith(f"{module}:") and report in breach for breach in found), found


def test_modules_that_import_each_other_are_reported(skeleton: Path) -> None:
    (skeleton / "model.py").write_text('"""Model."""\nfrom patina_sessions.safe import line\n')
    (skeleton / "safe.py").write_text('"""Safe."""\nfrom patina_sessions import redact\n')
    (skeleton / "redact.py").write_text('"""Redact."""\nimport patina_sessions.model\n')
    assert list(architecture.circles(skeleton)) == [
        "these import each other in a circle: model, redact, safe"
    ]


def test_what_a_pure_module_imports_must_be_pure_too(skeleton: Path) -> None:
    (skeleton / "paths.py").write_text('"""Paths."""\nfrom pathlib import Path\n')
    assert list(architecture.pure(skeleton)) == []
    (skeleton / "redact.py").write_text('"""Redact."""\nfrom patina_sessions.paths import key_file\n')
    assert list(architecture.pure(skeleton)) == [
        "paths:2 is pure, or imported by what is, and imports pathlib"
    ]


def test_a_module_without_a_docstring_and_a_room_that_is_gone_are_reported(skeleton: Path) -> None:
    (skeleton / "events" / "log.py").write_text("import json\n")
    (skeleton / "redact.py").unlink()
    assert list(architecture.sizes(skeleton)) == ["events.log:1 has no docstring"]
    assert list(architecture.order(skeleton)) == ["the list has a room redact that is not there"]
