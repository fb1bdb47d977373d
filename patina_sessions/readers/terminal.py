"""Markdown as text for a terminal. Pure.

What stands in the text is made visible after markdown has read it, since `&#27;` is an escape character too. With and
without colour the text is the same, but for the sequences of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from patina_sessions import safe
from patina_sessions.frozen import dataclass
from patina_sessions.journal import front, grammar
from patina_sessions.readers import columns
from patina_sessions.readers.columns import Span, painted, wrap

_BOLD, _DIM, _ITALIC, _CYAN = "1", "2", "3", "36"
_UNDERLINES = {"h1": "=", "h2": "-"}
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NARROW = 10  # columns; nothing is wrapped to fewer


def text(data: bytes, *, color: bool, width: int | None = None) -> str:
    """Return a journal as text; lines that are longer than `width` columns are cut at blanks."""
    matter = front.span(data)
    source = data[matter:].decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    # Dashes below a line of text make no heading in our grammar, so an unfilled `- ` must not make one here.
    tokens = MarkdownIt("commonmark").disable("lheading").parse(source)
    page = _Page(source=re.split(r"\r\n?|\n", source))
    lines = [*_plain(grammar.text(data[:matter])), [], *page.blocks(SyntaxTreeNode(tokens).children, width)]
    return "".join(f"{painted(line, color=color).rstrip()}\n" for line in _trimmed(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The text that is shown; a block keeps the empty line that it has before it there."""

    source: list[str]

    def blocks(self, nodes: Iterable[SyntaxTreeNode], room: int | None) -> Iterator[list[Span]]:
        for node in nodes:
            if self._is_apart(node):
                yield []
            yield from self._block(node, room)

    def _is_apart(self, node: SyntaxTreeNode) -> bool:
        start = node.map[0] if node.map else 0
        return node.type == "heading" or (start > 0 and not self.source[start - 1].strip(" \t>"))

    def _block(self, node: SyntaxTreeNode, room: int | None) -> Iterator[list[Span]]:
        match node.type:
            case "heading":
                yield from _heading(node, room)
            case "paragraph" | "inline":
                yield from wrap(list(_inline(node, "")), room)
            case "bullet_list" | "ordered_list":
                yield from self._list(node, room)
            case "blockquote":
                yield from self._indented(node, "> ", "> ", room)
            case "fence" | "code_block":
                yield from ([("    ", ""), *line] for line in _plain(node.content, _CYAN))
            case "html_block":
                yield from _plain(_COMMENT.sub("", node.content))
            case "hr":
                yield [("---", _DIM)]
            case _:
                yield from self.blocks(node.children, room)

    def _list(self, node: SyntaxTreeNode, room: int | None) -> Iterator[list[Span]]:
        number = int(node.attrs.get("start", 1))
        for at, item in enumerate(node.children):
            mark = "- " if node.type == "bullet_list" else f"{number + at}. "
            if at and self._is_apart(item):
                yield []
            yield from self._indented(item, mark, " " * len(mark), room)

    def _indented(
        self, node: SyntaxTreeNode, first: str, rest: str, room: int | None
    ) -> Iterator[list[Span]]:
        """Yield what stands in a block, `first` before its first line and `rest` before the others."""
        inner = max(_NARROW, room - len(first)) if room is not None else None
        lines = list(_trimmed(self.blocks(node.children, inner))) or [[]]
        for at, line in enumerate(lines):
            yield [(rest if at else first, ""), *line]


def _trimmed(lines: Iterable[list[Span]]) -> Iterator[list[Span]]:
    """Yield the lines without empty ones at the beginning, at the end, and two together."""
    before = seen = False
    for line in lines:
        empty = not any(said.strip() for said, _ in line)
        if not empty:
            if before and seen:
                yield []
            yield line
            seen = True
        before = empty


def _plain(said: str, style: str = "") -> Iterator[list[Span]]:
    """Yield text line by line as it is."""
    for line in said.rstrip("\n").split("\n") if said else ():
        yield [(_shown(line), style)]


def _shown(said: str) -> str:
    return safe.visible(said).replace("\t", "    ")


def _heading(node: SyntaxTreeNode, room: int | None) -> Iterator[list[Span]]:
    lines = list(wrap(list(_inline(node, _BOLD)), room))
    yield from lines
    if node.tag in _UNDERLINES:
        longest = max(sum(columns.width(said) for said, _ in line) for line in lines)
        yield [(_UNDERLINES[node.tag] * longest, _DIM)]


def _inline(node: SyntaxTreeNode, style: str) -> Iterator[Span]:
    for child in node.children:
        match child.type:
            case "text" | "text_special":
                yield _shown(child.content), style
            case "softbreak" | "hardbreak":
                yield "\n", ""
            case "code_inline":
                yield _shown(child.content), _joined(style, _CYAN)
            case "strong":
                yield from _inline(child, _joined(style, _BOLD))
            case "em":
                yield from _inline(child, _joined(style, _ITALIC))
            case "html_inline":
                yield _shown(_COMMENT.sub("", child.content)), style
            case "link":
                yield from _link(child, style)
            case _:
                yield from _inline(child, style)


def _link(node: SyntaxTreeNode, style: str) -> Iterator[Span]:
    """Yield a link's words, and where it leads if they do not say so: a terminal shows no target."""
    words = list(_inline(node, style))
    target = _shown(str(node.attrs.get("href", ""))).removeprefix("mailto:")
    yield from words
    if target and target not in "".join(said for said, _ in words):
        yield f" ({target})", _joined(style, _DIM)


def _joined(style: str, more: str) -> str:
    return f"{style};{more}" if style else more
