"""The YAML front matter of the second generation of journals: the flat subset of it that was ever written. Pure.

A whole YAML parser would be a dependency, and one more way for a hostile file to cost time; what this reader does not
understand it passes over.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"( *)([^\s:#'\"\[{&*!|>%@`-][^:]*):(?:[ \t]+(.*))?$")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "a": "\a", "b": "\b"}
_BLOCK = re.compile(r"[|>][+-]?[0-9]?$")


def span(data: bytes) -> int:
    """Return how many bytes of the file its front matter takes, with both its lines of dashes; 0 where it has none."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    if re.match(rb"---[ \t]*\r?\n", data[start : start + 80]) is None:
        return 0
    end = re.compile(rb"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.MULTILINE).search(
        data, data.index(b"\n", start) + 1
    )
    return end.end() if end else 0


def fields(text: str) -> dict[str, str]:
    """Return the values of a front matter by key, in order; a key within another is called `outer.inner`."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#") or line.startswith(("---", "...")):
            continue
        match = _KEY.match(line)
        indent = len(line) - len(line.lstrip(" "))
        if match is None or (above and indent > above[-1][0] and found.get(name)):
            _continue(found, name, line.strip())
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        name = ".".join([*(key for _, key in above), match[2].strip()])
        above.append((indent, match[2].strip()))
        value = scalar(match[3] or "")
        found.setdefault(name, "" if _BLOCK.match(value) else value)
    return {key: value for key, value in found.items() if value or not _is_parent(key, found)}


def _continue(found: dict[str, str], name: str, more: str) -> None:
    """Add a line that goes on with the value before it: folded text, or an item of a list."""
    if name in found:
        item = more.startswith("- ")
        more = scalar(more[2:]) if item else more
        found[name] += (", " if item else " ") * bool(found[name]) + more


def _is_parent(key: str, found: dict[str, str]) -> bool:
    return any(other.startswith(key + ".") for other in found)


def scalar(text: str) -> str:
    """Return what a YAML scalar on one line stands for."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _ESCAPE.sub(_unescape, text[1:-1])
    return text.split(" #", 1)[0].rstrip() if not text.startswith("#") else ""


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _ESCAPED.get(match[4], match[4])
    return chr(int(code, 16)) if int(code, 16) < 0x110000 else match[0]
