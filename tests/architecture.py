"""What holds the house up, as checks that take the folder of a package and return the breaches, one line each.

The list of rooms is the package's own docstring. Everything is read from the source and nothing is imported, so the
checks see what the code says and not what an import does.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "patina_sessions"

SINGLE_IMPORTERS = {
    "anyio": ("server",),
    "click": ("cli",),
    "docker": ("system.docker",),
    "drawsvg": ("readers.report.shapes",),
    "fcntl": ("system",),
    "git": (),  # a third of what a commit costs, to load it: the tests have it, as another program that commits
    "jinja2": ("readers.report.page",),
    "markdown_it": ("readers",),
    "markupsafe": ("readers.report",),
    "mcp": ("server",),
    "requests": ("system.docker",),
    "sqlite3": ("readers",),
    "subprocess": ("system",),
    "time": ("system.clock",),
    "watchdog": ("sources.watcher",),
}
PURE = (
    "model",
    "safe",
    "redact",
    "journal.grammar",
    "journal.render",
    "recorder.projection",
    "runs.outcome",
    "server.resources",
    "server.tools",
    "sources.agents",
)
IMPURE = set(
    "asyncio click ctypes docker fcntl ftplib getpass git glob http io locale mmap multiprocessing os pathlib"
    " platform pty pwd random resource secrets select selectors shutil signal smtplib socket sqlite3 ssl"
    " subprocess sys tempfile termios threading time tty urllib.request uuid watchdog webbrowser".split()
)
WRITERS = ("system.disk", "system.files")
BOUNDARIES = ("cli", "recorder.__main__", "sources.watcher.__main__")
PRINTERS = ("cli",)
CLOCKS = ("system.clock",)
LOG_KEEPERS = ("system", "recorder.__main__", "sources.watcher.__main__")

WRITING = {
    *(
        f"os.{name}"
        for name in "chmod chown ftruncate lchown link makedirs mkdir mkfifo mknod remove removedirs rename"
        " renames replace rmdir symlink truncate unlink utime".split()
    ),
    *(f"shutil.{name}" for name in "copy copy2 copyfile copymode copystat copytree move rmtree".split()),
    *(
        f"tempfile.{name}"
        for name in "NamedTemporaryFile SpooledTemporaryFile TemporaryDirectory TemporaryFile mkdtemp mkstemp".split()
    ),
}
WRITING_METHODS = set("chmod hardlink_to mkdir rename rmdir symlink_to unlink write_bytes write_text".split())
LOG_FILES = {
    "logging.FileHandler",
    "logging.handlers.RotatingFileHandler",
    "logging.handlers.TimedRotatingFileHandler",
    "logging.handlers.WatchedFileHandler",
}
READING_FLAGS = {"os.O_RDONLY", "os.O_CLOEXEC", "os.O_DIRECTORY", "os.O_NOFOLLOW", "os.O_NONBLOCK"}
LEAVING = {"sys.exit", "os._exit", "os.abort", "exit", "quit", "SystemExit"}
BROAD = {"Exception", "BaseException"}
MOMENTS = {"now", "today", "utcnow"}
WORKING_TREE = frozenset(
    {"journal", "local", "sessions", "top"}
)  # names of paths to what strangers may have laid
BAD_NAMES = set("common handler handlers helper helpers manager managers misc util utils".split())
LONGEST_FUNCTION = 50
LONGEST_MODULE = 300
# The words that everybody speaks are a list, and so are the settings: they have no flow to lose in their length.
LONGEST_OF_LISTS = {"model": 400}


@dataclass(frozen=True)
class Module:
    """A file of the package: its dotted name within it (`journal.render`, `` for the package itself) and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def below(self, names: tuple[str, ...]) -> bool:
        """Whether the module is one of these or lies in one of them."""
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)

    def at(self, node: ast.AST) -> str:
        return f"{self.name or '__init__'}:{getattr(node, 'lineno', 1)}"

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @functools.cached_property
    def imports(self) -> tuple[tuple[ast.stmt, str], ...]:
        """Every import wherever it stands, in a function or under TYPE_CHECKING, as full dotted names."""
        found: list[tuple[ast.stmt, str]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(node, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(node, f"{node.module or '.'}.{alias.name}") for alias in node.names]
        return tuple(found)

    @functools.cached_property
    def calls(self) -> tuple[tuple[ast.Call, str], ...]:
        """Every call with the full name of what it calls, as far as imports tell it."""
        known: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                known.update({a.asname: a.name for a in node.names if a.asname})
            elif isinstance(node, ast.ImportFrom):
                known.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
        return tuple((n, _dotted(n.func, known)) for n in self.nodes if isinstance(n, ast.Call))


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return "?"


def read(root: Path) -> list[Module]:
    """Return the modules of the package in this folder."""
    found = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found.append(_module(name, path, text))
    return found


@functools.cache
def _module(name: str, path: Path, text: str) -> Module:
    """Return a module, read once for all that is asked of it."""
    return Module(name, path, text, ast.parse(text))


def rooms(root: Path) -> dict[str, int]:
    """Return each room with its floor, from the package's docstring; names on one line share a floor."""
    words = ast.get_docstring(ast.parse((root / "__init__.py").read_text(encoding="utf-8"))) or ""
    lines = re.findall(r"^    (\w+(?: \w+)*)  +\S", words, re.MULTILINE)
    return {room: floor for floor, line in enumerate(lines) for room in line.split(" ")}


def _own(name: str) -> str | None:
    """Return the part of a full name that lies in our package, None for a foreign one."""
    return (
        name.removeprefix(PACKAGE).removeprefix(".") if f"{name}.".startswith((f"{PACKAGE}.", "..")) else None
    )


def _room(name: str) -> str:
    return "cli" if name == "__main__" else name.partition(".")[0]


def order(root: Path) -> Iterator[str]:
    """A module belongs to a floor, and imports only from floors above its own, its own room, and its own floor."""
    floors = rooms(root)
    for module in read(root):
        room = _room(module.name)
        if room and room not in floors:
            yield f"{module.at(module.tree)} belongs to no room of the list"
            continue
        for node, name in module.imports:
            target = _own(name)
            if target is None or target == "__version__":
                continue
            there = _room(target)
            if room == "" or (there != room and floors.get(there, 99) > floors[room]):
                yield f"{module.at(node)} imports {there or PACKAGE}, which is not above {room or PACKAGE}"
    for room in floors:
        if not _stands(root, room):
            yield f"the list has a room {room} that is not there"


def _stands(root: Path, room: str) -> bool:
    return (root / f"{room}.py").exists() or (root / room / "__init__.py").exists()


def circles(root: Path) -> Iterator[str]:
    """No module imports itself by way of others; only a package may name its own files in a function's body."""
    modules = {module.name: module for module in read(root)}
    edges = {name: _needs(module, modules) for name, module in modules.items()}
    left = set(edges)
    while loose := {name for name in left if not edges[name] & left}:
        left -= loose
    # What is left leads into a circle; keep what a circle also leads to.
    while loose := {name for name in left if not any(name in edges[other] for other in left)}:
        left -= loose
    if left:
        yield f"these import each other in a circle: {', '.join(sorted(left))}"


def _needs(module: Module, modules: dict[str, Module]) -> set[str]:
    """Return what a module imports, but for the files of its own that a package leaves to the call that needs them."""
    at_once = set(module.tree.body)
    later = {target for node, target in _named(module, modules) if node not in at_once}
    return (
        _targets(module, modules)
        - {name for name in later if name.startswith(f"{module.name}.")}
        - {module.name}
    )


def _targets(module: Module, modules: dict[str, Module]) -> set[str]:
    return {target for _, target in _named(module, modules)}


def _named(module: Module, modules: dict[str, Module]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the modules that the imports name; `from room import thing` names `room.thing` where that is a module."""
    for node, name in module.imports:
        target = _own(name)
        while target and target not in modules:
            target = target.rpartition(".")[0]
        if target:
            yield node, target


def importers(root: Path) -> Iterator[str]:
    """Each foreign package has one importer, and only `system` starts processes or takes locks."""
    for module in read(root):
        for node, name in module.imports:
            top = name.partition(".")[0]
            if top in SINGLE_IMPORTERS and not module.below(SINGLE_IMPORTERS[top]):
                yield f"{module.at(node)} imports {top}, which is for {' and '.join(SINGLE_IMPORTERS[top])}"
            if top == "":
                yield f"{module.at(node)} imports relatively"


def pure(root: Path) -> Iterator[str]:
    """The pure modules, and all that they import, know no system, clock or path."""
    modules = {module.name: module for module in read(root)}
    reached = {name for name, module in modules.items() if module.below(PURE)}
    todo = list(reached)
    while todo:
        new = _targets(modules[todo.pop()], modules) - reached
        reached |= new
        todo += new
    for name in sorted(reached):
        for node, target in modules[name].imports:
            own = _own(target)
            words = target.split(".")
            foul = IMPURE & {words[0], ".".join(words[:2])} if own is None else {"system"} & {_room(own)}
            if foul:
                yield f"{modules[name].at(node)} is pure, or imported by what is, and imports {foul.pop()}"


def writes(root: Path) -> Iterator[str]:
    """Only `system.files` makes, changes, moves or removes a file; a log's is opened where a process begins."""
    for module in read(root):
        for node, name in module.calls:
            if _writes(node, name) and not module.below(WRITERS):
                yield f"{module.at(node)} calls {name}, which writes"
            configures = name == "logging.basicConfig" and any(
                word.arg == "filename" for word in node.keywords
            )
            if (name in LOG_FILES or configures) and not module.below(LOG_KEEPERS):
                yield f"{module.at(node)} calls {name}, which opens a file"


def _writes(node: ast.Call, name: str) -> bool:
    receiver, _, verb = name.rpartition(".")
    if name == "os.open":
        return not node.args or not (_dotted(node.args[0], {}) == "os.devnull" or _only_reads(node.args[1:2]))
    if name in WRITING:
        return True
    if verb == "open" and receiver.partition(".")[0] not in {"os", "tarfile", "zipfile", "webbrowser"}:
        mode_at = 1 if receiver in {"", "io", "codecs", "gzip"} else 0
        given = [word.value for word in node.keywords if word.arg == "mode"] + node.args[
            mode_at : mode_at + 1
        ]
        return any(not isinstance(mode, ast.Constant) or set("wax+") & set(str(mode.value)) for mode in given)
    if receiver.partition(".")[0] in {"os", "shutil", "dataclasses", PACKAGE}:
        return False  # a function with a method's name: ours are looked at where they stand
    # `a.replace(b)` is a path's; a string's takes two arguments, a moment's and a dataclass's take names.
    if verb == "touch":
        return not node.args
    return verb in WRITING_METHODS or (verb == "replace" and len(node.args) == 1 and not node.keywords)


def _only_reads(flags: list[ast.expr]) -> bool:
    parts = [part for flag in flags for part in ast.walk(flag) if isinstance(part, (ast.Attribute, ast.Call))]
    return bool(parts) and all(_dotted(part, {}) in READING_FLAGS for part in parts)


def endings(root: Path) -> Iterator[str]:
    """Only a boundary catches everything, or ends the process."""
    for module in read(root):
        if module.below(BOUNDARIES):
            continue
        for node in module.nodes:
            if isinstance(node, ast.ExceptHandler) and _catches_all(node):
                yield f"{module.at(node)} catches everything"
        for call, name in module.calls:
            if name in LEAVING:
                yield f"{module.at(call)} calls {name}, which ends the process"
            if name == "contextlib.suppress" and any(_dotted(arg, {}) in BROAD for arg in call.args):
                yield f"{module.at(call)} catches everything"


def _catches_all(node: ast.ExceptHandler) -> bool:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    broad = any(kind is None or _dotted(kind, {}) in BROAD for kind in kinds)
    # Cleaning up and letting it go on is not catching; `except Exception` is not how one says it.
    passed_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
    return broad and not (passed_on and isinstance(node.type, ast.Name) and node.type.id == "BaseException")


def clocks(root: Path) -> Iterator[str]:
    """Only `system.clock` asks what time it is; `time` itself has one importer."""
    for module in read(root):
        for node, name in module.calls:
            words = name.split(".")
            if words[-1] in MOMENTS and words[-2:-1] in (["datetime"], ["date"]) and not module.below(CLOCKS):
                yield f"{module.at(node)} calls {name}, which reads the clock"


def prints(root: Path) -> Iterator[str]:
    """Only `cli` writes to the terminal."""
    for module in read(root):
        for node, name in module.calls:
            if re.fullmatch(r"print|input|sys\.(stdout|stderr)\..*", name) and not module.below(PRINTERS):
                yield f"{module.at(node)} calls {name}; only cli speaks to the terminal"


def doors(root: Path) -> Iterator[str]:
    """What lies in the working tree is read through `untrusted`: a link or a pipe may lie there."""
    for module in read(root):
        for node, name in module.calls:
            places = [one.attr for a in node.args for one in ast.walk(a) if isinstance(one, ast.Attribute)]
            if name == "patina_sessions.system.files.read" and (seen := WORKING_TREE.intersection(places)):
                yield f"{module.at(node)} reads {min(seen)} by files; that is for untrusted"


def sizes(root: Path) -> Iterator[str]:
    """A module has a docstring and at most 300 lines, a function at most 50, and what is public says its promise."""
    for module in read(root):
        lines = len(module.text.splitlines())
        if lines > LONGEST_OF_LISTS.get(module.name, LONGEST_MODULE):
            yield f"{module.at(module.tree)} has {lines} lines"
        if not ast.get_docstring(module.tree):
            yield f"{module.at(module.tree)} has no docstring"
        for node in module.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    yield f"{module.at(node)} {node.name} has {length} lines"
        for node in module.tree.body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                yield f"{module.at(node)} {node.name} has no docstring"


def names(root: Path) -> Iterator[str]:
    """A module is a noun of the design, not a drawer."""
    for module in read(root):
        if BAD_NAMES & set(module.name.rpartition(".")[2].split("_")):
            yield f"{module.at(module.tree)} has the name of a drawer"


CHECKS = (order, circles, importers, pure, writes, endings, clocks, prints, doors, sizes, names)
