"""The door to drawsvg: SVG without a style, a script, a random name or a date in it. Pure.

drawsvg escapes the text between tags, and not the values of attributes (2.4, tried): all that goes into one passes
here. Colours and type are the style sheet's, by class, so that both themes and print have their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import drawsvg
from markupsafe import Markup

from patina_sessions.readers.report.prose import visible


class _Link(drawsvg.DrawingParentElement):  # type: ignore[misc]  # drawsvg has no types
    TAG_NAME = "a"


def drawing(width: float, height: float, shapes: Iterable[Any], *, label: str, kind: str) -> Markup:
    """Return a picture of that size as one `svg` element that a screen reader reads as an image with that label.

    Without a label it is an ornament, and is passed over.
    """
    read = {"role": "img", "aria_label": _safe(label)} if label else {"aria_hidden": "true"}
    made = drawsvg.Drawing(width, height, class_=_safe(kind), **read)
    made.extend(shapes)
    return _inline(made)


def plan(width: float, height: float, shapes: Iterable[Any], *, label: str, kind: str) -> Markup:
    """Return a picture with links in it, which a screen reader reads one by one."""
    made = drawsvg.Drawing(width, height, class_=_safe(kind), role="group", aria_label=_safe(label))
    made.extend(shapes)
    return _inline(made)


def _inline(made: drawsvg.Drawing) -> Markup:
    text = made.as_svg(header="", skip_js=True, skip_css=True)
    text = text.replace("<defs>\n</defs>\n", "").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return Markup(text)  # noqa: S704 - made of numbers, of our words, and of text that was escaped


def box(
    x: float, y: float, width: float, height: float, kind: str, *, title: str = "", round_: float = 0
) -> Any:
    """Return a rectangle."""
    made = drawsvg.Rectangle(_n(x), _n(y), _n(width), _n(height), class_=_safe(kind), **_round(round_))
    return _titled(made, title)


def _round(radius: float) -> dict[str, float]:
    return {"rx": radius} if radius else {}


def words(text: str, x: float, y: float, kind: str) -> Any:
    """Return a text; its size is the style sheet's."""
    return drawsvg.Text(visible(text), None, _n(x), _n(y), class_=_safe(kind))


def path(steps: str, kind: str) -> Any:
    """Return a path of steps that are made here, of letters and numbers alone."""
    return drawsvg.Path(d=steps, class_=_safe(kind))


def link(anchor: str, shapes: Iterable[Any], *, title: str) -> Any:
    """Return shapes that lead to a place in the page, with what they are in words."""
    made = _Link(href=f"#{_safe(anchor)}", aria_label=_safe(title))
    for shape in shapes:
        made.append(shape)
    return _titled(made, title)


def _titled(made: Any, title: str) -> Any:
    if title:
        made.append_title(visible(title))
    return made


def _safe(text: str) -> str:
    return escape(visible(text), quote=True)


def _n(value: float) -> float | int:
    """Return a number as short as a picture needs it."""
    short = round(value, 1)
    return int(short) if short == int(short) else short
