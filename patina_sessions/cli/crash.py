"""The report of a fault of ours: what happened, where, with which versions; no environment, no values of arguments."""

from __future__ import annotations

import platform
import secrets
import tempfile
import traceback
from pathlib import Path

from patina_sessions import __version__, redact
from patina_sessions.errors import PatinaError
from patina_sessions.system import clock, files
from patina_sessions.system import repository as repositories


def report(fault: BaseException, argv: list[str]) -> str:
    """Write the report into the git directory, or into the system's temporary folder, and return its path."""
    words = "".join(traceback.format_exception(fault))
    command = " ".join(a if a.startswith("-") or a.isidentifier() else "…" for a in argv)
    versions = f"patina {__version__}, Python {platform.python_version()}, {platform.system()}"
    text = f"{versions}\ncommand: {command}\n\n{words}"
    name = f"crash-{clock.now().strftime('%Y%m%d-%H%M%S')}.txt"
    try:
        folder = repositories.discover(Path.cwd()).common.crashes
        files.make_folder(folder)
        path = folder / name
        files.write(path, redact.redact(text).encode("utf-8", "backslashreplace"))
    except (PatinaError, OSError):
        # That folder is everybody's: the name cannot be guessed, and a file made exclusively follows no link.
        path = Path(tempfile.gettempdir()) / f"patina-{secrets.token_hex(4)}-{name}"
        files.create(path, redact.redact(text).encode("utf-8", "backslashreplace"))
    return str(path)
