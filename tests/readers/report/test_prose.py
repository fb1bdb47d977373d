"""Whatever a journal holds, the HTML that is made of it says it, and does nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.readers.report import diffs, prose, shapes
from patina_sessions.system.history import Patch
from tests.readers.journals import hides

ALLOWED = set("p a em strong code pre ul ol li blockquote hr br".split())


class _Tags(HTMLParser):
    """The tags and attributes of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def check(html: str) -> _Tags:
    """Return what is in the HTML; anything that could act, fetch or hide fails the test."""
    found = _Tags(html)
    for tag, attributes in found.tags:
        assert tag in ALLOWED, html
        assert set(attributes) <= {"href", "rel", "class", "start"}, html
        href = attributes.get("href")
        assert href is None or href.lower().startswith(("http://", "https://", "mailto:")), html
    assert not [char for char in found.text if hides(char) and char not in "\n\t"], html
    return found


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "</article></main></body></html><h1>forged</h1>",
    "</script><script>alert(1)</script>",
    "<!-- --><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](//evil.example/) [r](../x)",
    '<javascript:alert(1)> <https://example.org/"onclick=alert(1)>',
    "![x](http://evil.example/pixel.png) ![y](data:image/svg+xml,<svg onload=alert(1)>)",
    '[x][y]\n\n[y]: javascript:alert(1) "title"',
    '```"><script>alert(1)</script>\n</pre></code><script>alert(1)</script>\n```',
    "`<b onmouseover=alert(1)>`",
    "{{ 7 * 7 }} {% raw %} ${7*7} {{ config }} {%- include 'x' -%}",
    "&#x202e;gnp.exe &lt;script&gt; \u202egnp \u200b \x1b[31m \x00",
    "# h1\n## h2\n###### h6\nsetext\n===",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/><meta http-equiv=refresh content=0>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_is_shown_and_does_nothing(text: str) -> None:
    check(prose.html(text))
    check(prose.line(text.replace("\n", " ")))


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=40), max_size=6).map("\n".join))
def test_whatever_is_written_nothing_acts(text: str) -> None:
    check(prose.html(text.encode("utf-8", "replace").decode()))


def test_plain_markdown_looks_as_it_was_meant() -> None:
    html = check(
        prose.html("*a* **b** `c` [d](https://example.org/x?y=1&z=2)\n\n- e\n- f\n\n> g\n\n```\nh < i\n```")
    )
    tags = [tag for tag, _ in html.tags]
    assert tags == ["p", "em", "strong", "code", "a", "ul", "li", "li", "blockquote", "p", "pre", "code"]
    assert html.tags[4][1]["href"] == "https://example.org/x?y=1&z=2"
    assert "h < i" in html.text


def test_an_entry_of_a_megabyte_is_cut_and_says_so() -> None:
    html = prose.html("word " * 200_000)
    assert len(html) < prose.MOST + 200
    assert f"{1_000_000 - prose.MOST:,} more characters" in html


def test_a_text_that_would_take_markdown_for_ever_is_soon_done() -> None:
    for piece in ("[", "*a_", "`", "![](", "> ", "- ", "<", "\\[", "&"):
        check(prose.html(piece * 20_000))


def test_what_goes_into_a_picture_cannot_leave_it() -> None:
    bad = '"><script>alert(1)</script>'
    shape = shapes.link(
        bad, [shapes.box(0, 0, 1, 1, bad, title=bad), shapes.words(bad, 0, 0, bad)], title=bad
    )
    html = shapes.plan(10, 10, [shape], label=bad, kind=bad)
    tags = _Tags(str(html)).tags
    assert [tag for tag, _ in tags] == ["svg", "a", "rect", "title", "text", "title"]
    assert not [
        name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"
    ]


def test_a_diff_is_redacted_shows_what_hides_and_is_cut_aloud() -> None:
    commit = "ab" * 20
    secret = "ghp_" + "Zx9Qm2Lr8Tb4Wc7Vn1Kd6Hs3Jf5Gp0Ya2Be"
    text = f"+token = '{secret}'\n+\u202eevil\x1b[2J\r\n+caf\xe9\n".encode() + b"+\xff\0\n"
    where = diffs.places([("d-one", [commit])])
    (pack,) = diffs.packs([Patch(id=commit, text=text, left_out=1234)], where, most=10_000)
    shown = unpacked(pack.data)[0]
    assert secret not in shown
    assert "[redacted:" in shown
    assert not [char for char in shown if hides(char) and char not in "\n\t"]
    assert "caf\xe9" in shown
    assert shown.endswith(f"… 1,234 more bytes: git show {commit[:12]}")


def unpacked(data: str) -> list[str]:
    """Return the diffs of a pack as the page gets them."""
    import base64
    import zlib

    return zlib.decompress(base64.b64decode(data), -15).decode().split(diffs.BETWEEN)


def test_a_report_full_of_diffs_leaves_the_last_ones_out() -> None:
    ids = [f"{n:040x}" for n in range(3)]
    where = diffs.places((f"d-{n}", [name]) for n, name in enumerate(ids))
    patches = [Patch(id=name, text=b"+some text\n" * 20, left_out=0) for name in ids]
    (one,) = diffs.packs(patches[:1], where, most=10_000)
    two = list(diffs.packs(patches, where, most=2 * len(one.data)))
    assert [pack.name for pack in two] == ["d-0", "d-1"]


def test_a_commit_of_two_sessions_has_one_place() -> None:
    where = diffs.places([("d-a", ["1", "2"]), ("d-b", ["2", "3", "1", "4"])])
    assert {name: (place.pack, place.number) for name, place in where.items()} == {
        "1": ("d-a", 0),
        "2": ("d-a", 1),
        "3": ("d-b", 0),
        "4": ("d-b", 1),
    }
