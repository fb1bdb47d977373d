"""What is kept of a payload's texts: short, redacted, without what is private or our own. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from patina_sessions import redact
from patina_sessions.frozen import dataclass

PROMPT, TITLE, MESSAGE, COMMAND = 300, 60, 400, 160  # characters
_MOST = 20_000  # characters that are redacted: nothing beyond them can come into the first few hundred

_TAG = re.compile(r"<(/?)private\s*>", re.IGNORECASE)
# Gemini gives the context of a hook back as the beginning of the prompt.
_OWN = re.compile(r"\A\s*<hook_context>.*?</hook_context>\s*", re.DOTALL)
# What clients themselves submit as a prompt: a background task has ended, a shell line's output, a context.
_MACHINE = (
    "task-notification|system-reminder|local-command-stdout|local-command-stderr|local-command-caveat|bash-stdout"
    "|bash-stderr|environment_context|user_instructions|turn_aborted|subagent_notification"
)
_MACHINE_ONLY = re.compile(rf"(?:\s*<({_MACHINE})\b[^>]*>.*?</\1>)+\s*\Z", re.DOTALL)
_LINKS = re.compile(r"!?\[([^\]\n]{1,200})\]\([^)\n]{1,500}\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much is kept, and where the working tree is, so that a path can be told from there."""

    top: str = ""
    prompts: str = "short"  # none, title, short
    detail: str = "turns"  # none, turns, tools


def text(payload: Mapping[str, Any], name: str) -> str:
    """Return a field that is a text, "" where it is anything else: payloads are not ours to trust."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def table(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a field that is an object, an empty one where it is anything else."""
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def key(*parts: str) -> str:
    """Return a short name of one thing that happened: the same for both of a double."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def public(prompt: str) -> str:
    """Return a prompt without our own context and without what stands between `<private>` and `</private>`.

    A `<private>` that is never closed reaches to the end; one inside another closes nothing but itself.
    """
    kept: list[str] = []
    depth, end = 0, 0
    said = _OWN.sub("", prompt)
    for tag in _TAG.finditer(said):
        if depth == 0:
            kept.append(said[end : tag.start()])
        depth = max(0, depth - 1) if tag[1] else depth + 1
        end = tag.end()
    return "".join(kept) + (said[end:] if depth == 0 else "")


def is_machine(prompt: str) -> bool:
    """Tell whether a prompt is a client's own: it is made of nothing but what a client wraps in tags of its own."""
    return bool(_MACHINE_ONLY.match(_OWN.sub("", prompt)))


def asked(prompt: str, keep: Keep) -> str:
    """Return a prompt as the journal shows it."""
    if keep.prompts == "none":
        return ""
    flat = _flat(public(prompt))
    return cut(flat, TITLE if keep.prompts == "title" else PROMPT)


def message(said: str) -> str:
    """Return an assistant's last message in short: its first paragraph that says something."""
    clean = redact.redact(_LINKS.sub(r"\1", said[:_MOST]))
    paragraphs = (p.strip() for p in re.split(r"\n\s*\n", clean))
    first = next((p for p in paragraphs if p and not p.startswith(("#", "```", "|", "---"))), clean)
    return cut(" ".join(first.split()), MESSAGE)


def command(line: str) -> str:
    """Return a shell command in short. What follows its first line may be a file's contents, and is left out."""
    first, newline, _ = redact.redact(line.strip()[:_MOST]).partition("\n")
    return cut(" ".join(first.split()), COMMAND) + (" …" if newline else "")


def path(name: str, keep: Keep) -> str:
    """Return a path from the top of the working tree; of one outside only its last part."""
    name = name.strip()[:1000]
    top = keep.top.rstrip("/")
    if top and name.startswith(top + "/"):
        name = name[len(top) + 1 :]
    if name.startswith(("/", "~", "../")):
        name = "outside: " + name.rstrip("/").rpartition("/")[2]
    return redact.redact(" ".join(name.split()))


def cut(flat: str, most: int) -> str:
    """Return text of at most so many characters, cut between words where that is possible."""
    if len(flat) <= most:
        return flat
    head = flat[: most - 1]
    space = head.rfind(" ", most // 2)
    return (head[:space] if space > 0 else head).rstrip(" ,;:") + "…"


def _flat(said: str) -> str:
    return " ".join(redact.redact(said[:_MOST]).split())
