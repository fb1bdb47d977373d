"""A journal's markdown as HTML that nothing in it can leave: no markup of its own, no picture, no link but to the web.

markdown-it-py renders, with HTML off, so that a tag is shown as it was written. What hides (control and bidirectional
characters, also those that came as entities) is made visible after the rendering. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from patina_sessions import safe

MOST = 60_000  # characters of one entry that are rendered: more is nobody's prose
_LINK = re.compile(r"(?:https?://|mailto:)[^\s]+$", re.IGNORECASE)
_ODD = re.compile(r"[^\n\t -~]+")


def html(text: str) -> Markup:
    """Return markdown as HTML."""
    cut = ""
    if len(text) > MOST:
        cut = f'<p class="note">… and {len(text) - MOST:,} more characters: patina show has them</p>'
        text = text[:MOST]
    rendered = visible(_renderer().render(text) + cut)
    # Made of escaped text and of the renderer's own tags alone.
    return Markup(rendered)  # noqa: S704


def line(text: str) -> Markup:
    """Return one line of markdown, as it stands in a heading or a goal, as HTML."""
    if not _MARKED.search(text):
        return Markup(escape(visible(text)))  # noqa: S704 - escaped
    return Markup(visible(_renderer().renderInline(text)))  # noqa: S704 - as above


_MARKED = re.compile(r"[\\`*_\[\]<&!]")


def visible(text: str) -> str:
    """Return text in which nothing hides; newlines and tabs stay."""
    return _ODD.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    return _made_visible(match[0])


@lru_cache(4096)
def _made_visible(text: str) -> str:
    return safe.visible(text)


@cache
def _renderer() -> MarkdownIt:
    # Dashes below a line of text make no heading in the journal's grammar, so they make none here.
    made = MarkdownIt("commonmark", {"html": False}).disable(["lheading", "image", "reference"])
    made.validateLink = _leads_to_the_web  # type: ignore[method-assign]
    for name, rule in (("heading_open", _heading), ("heading_close", _heading), ("link_open", _link)):
        made.add_render_rule(name, rule)
    return made


def _leads_to_the_web(url: str) -> bool:
    return _LINK.match(url) is not None


def _heading(_self: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    # A heading of its own would stand in the outline of the page, at a level that the writer chose.
    return '<p class="heading">' if tokens[at].nesting == 1 else "</p>\n"


def _link(_self: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    target = escape(str(tokens[at].attrs.get("href", "")))
    return f'<a href="{target}" rel="noopener noreferrer nofollow">'
