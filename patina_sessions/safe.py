r"""Untrusted text made safe for a journal: it can forge no heading, field, goal or number, and cannot hide itself.

Pure. Everything that came from outside passes here once, on its way into markdown. What is escaped stays readable: a
control or bidirectional character becomes its `\x1b` or `\u202e`, `<!--` becomes `<\!--`, and a line that our
grammar would take for its own gets a backslash, which markdown does not show.
"""

from __future__ import annotations

import re
import unicodedata

# Emoji are built with the zero width joiner and variation selectors; those stay where such a sequence is.
_JOINER, _VARIATION = "\u200d", "\ufe0f"
_MARKS = frozenset(
    "\u2028\u2029\u200b\u200c\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_SPECIAL = re.compile(
    r"#|=+[ \t]*$|-+[ \t]*$|\*\*[^*:]+\*\*:|[-*+][ \t]+\[[ xX]\]|---|\+\+\+|Session:|\ufeff"
)


def _hidden(char: str) -> bool:
    """Tell whether a character does not show, or changes how others show."""
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or 0xE0000 <= code < 0xE1000:
        return True
    return char in _MARKS or (code > 0x7F and unicodedata.category(char) in ("Cf", "Cc", "Zl", "Zp", "Co"))


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as surrogateescape hands it over
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_utf_8(text: str) -> bool:
    """Tell whether a text has no byte that surrogateescape had to hand over."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def visible(text: str) -> str:
    """Return text in which nothing hides: control, bidirectional and invisible characters as escapes.

    Newline and tab are left to the caller. A zero width joiner between two symbols (an emoji) stays.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(text, i) for i in range(len(text)))


def _shown(text: str, at: int) -> str:
    char = text[at]
    if char in "\n\t" or not _hidden(char):
        return char
    if char == _JOINER and 0 < at < len(text) - 1 and _symbol(text[at - 1]) and _symbol(text[at + 1]):
        return char
    return _escape(char)


def _symbol(char: str) -> bool:
    return char == _VARIATION or (ord(char) > 0x2000 and unicodedata.category(char) in ("So", "Sk"))


def _no_comment(text: str) -> str:
    return text.replace("<!--", "<\\!--").replace("-->", "--\\>")


def line(text: str, *, limit: int = 200) -> str:
    """Return text as one line of at most `limit` characters, for a heading, a bullet or a field.

    It starts no structure of its own where it follows `### 14:03 - `, `- ` or `**Field**: `.
    """
    # A cut before the escaping bounds the work; 4 times, since blanks fold.
    flat = visible(" ".join(text[: limit * 4 + 64].split()))
    cut = flat if len(flat) <= limit else flat[: _whole(flat, limit - 1)] + "…"
    safe = _no_comment(cut)
    if _starts_structure(safe):
        safe = "\\" + safe
    return safe or "(empty)"


def _whole(text: str, end: int) -> int:
    """Return the largest cut up to `end` that parts no character from its accents or joiners."""
    while (
        end > 0
        and end < len(text)
        and (unicodedata.combining(text[end]) or text[end] in (_JOINER, _VARIATION))
    ):
        end -= 1
    return end


def _starts_structure(text: str) -> bool:
    return bool(
        re.match(
            r"(#|>|[-*+]($|[ \t])|\d{1,9}[.)]($|[ \t])|`{3,}|~{3,}|\[[ xX]\]($|[ \t])|={3,}|-{3,}|\*\*\*|\|)",
            text,
        )
    )


def code(text: str) -> str:
    """Return one line of text as a code span that nothing in it can close."""
    flat = _no_comment(visible(text.replace("\n", "\\n").replace("\t", "\\t"))) or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    pad = (
        " "
        if flat.startswith("`") or flat.endswith("`") or (flat[0] == flat[-1] == " " and flat.strip())
        else ""
    )
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def path(name: bytes | str) -> str:
    r"""Return a path inside a repository as a code span; bytes that are no UTF-8 as `\xff`.

    A name with a blank, a quote or an arrow in it is quoted inside, so that it cannot be taken for two names.
    """
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    odd = any(c in text for c in ' "\n\t\\') or "→" in text or "->" in text or text != text.strip()
    if odd:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return code(text)


def fence(text: str, *, info: str = "") -> str:
    """Return text as a fenced block whose fence is longer than any inside."""
    body = _no_comment(visible(text.replace("\r\n", "\n"))).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}|~{3,}", body)), default=2)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{line(info, limit=40) if info else ''}\n{body}\n{ticks}"


def block(text: str) -> str:
    """Return prose of several lines: bullets, bold, code and links stay, and no line of it is one of ours.

    Headings, fields, goals, rules and entry numbers are escaped outside fences; a fence that is left open is closed;
    comments are escaped everywhere. A second pass changes nothing.
    """
    lines = _no_comment(visible(re.sub(r"\r\n?", "\n", text)).replace("\t", "    ")).split("\n")
    done: list[str] = []
    opened: str | None = None
    for raw in lines:
        mark = _FENCE.match(raw)
        if opened is not None:
            done.append(raw)
            if mark and mark[1].startswith(opened) and not mark[2].strip():
                opened = None
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            opened = mark[1]
            done.append(raw)
        else:
            done.append(_escaped_line(raw))
    if opened is not None:
        done.append(opened)
    return "\n".join(done)


def _escaped_line(raw: str) -> str:
    bare = raw.lstrip(" ")
    blanks = raw[: len(raw) - len(bare)]
    return f"{blanks}\\{bare}" if _SPECIAL.match(bare) else raw
