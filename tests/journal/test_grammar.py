"""A journal is read whole, whatever it holds, and what the recorder changes in it is the only thing that changes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patina_sessions import safe
from patina_sessions.journal import grammar, metadata, render
from tests import corpus

PIECES = (
    [
        b"# Session: x",
        b"## Goals",
        b"## goals ##",
        b"## Activity Log",
        b"## Notes",
        b"### Deeper",
        b"#### 14:03",
    ]
    + [
        b"### 14:03 - Note",
        b"### 14:04 - Note <!-- 7 -->",
        b"### 2025-10-04 00:12 - x <!-- 8 -->",
        b"#### <!-- 9 -->",
    ]
    + [
        b"- [ ] one",
        b"- [x] two",
        b"  * [X] three",
        b"1. [ ] four",
        b"- [ ]",
        b"- plain",
        b"  goes on",
        b"text",
    ]
    + [b"```", b"````", b"```sh", b"~~~", b"   ```", b"    ```", b"- ```", b"``` a ` b", b"~~~ `"]
    + [
        b"---",
        b"id: 5",
        b"git:",
        b"  branch: main",
        b"**ID**: 1",
        b"**A**: b",
        b"<!-- patina: {} -->",
        b"<!-- 5 -->",
    ]
    + [
        b"",
        b"",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xff\xfe",
        b"\xe2\x80\xa8",
        b"\x1b[2J",
        b"\t",
        b" ",
        b"### ",
        b"#",
    ]
)
LINE_ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r"])
JOURNALS = st.lists(
    st.tuples(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), LINE_ENDS).map(b"".join),
    max_size=30,
).map(b"".join)
ANY = st.one_of(JOURNALS, st.binary(max_size=400), JOURNALS.map(lambda j: j.rstrip(b"\r\n")))


def reference() -> grammar.Journal:
    return grammar.parse((corpus.OWN / "20251103-091500.md").read_bytes())


# ------------------------------------------------------------------------------------------------------- lossless


@given(ANY)
@settings(max_examples=500)
def test_every_file_comes_back_byte_for_byte(data: bytes) -> None:
    journal = grammar.parse(data)
    assert grammar.render(journal) == data
    assert [part.offset for part in journal.parts] == [
        sum(len(p.raw) for p in journal.parts[:i]) for i in range(len(journal.parts))
    ]


@pytest.mark.parametrize("path", corpus.own(), ids=lambda p: p.stem)
def test_each_journal_of_our_own_comes_back_byte_for_byte(path: object) -> None:
    data = path.read_bytes()  # type: ignore[attr-defined]
    assert grammar.render(grammar.parse(data)) == data


def test_each_journal_of_the_corpus_comes_back_byte_for_byte_and_is_understood() -> None:
    paths = corpus.journals()
    generations: dict[str, int] = {}
    for path in paths:
        data = path.read_bytes()
        for variant in (data, data.replace(b"\n", b"\r\n"), data.rstrip(b"\n"), b"\xef\xbb\xbf" + data):
            journal = grammar.parse(variant)
            assert grammar.render(journal) == variant, path
            assert journal.title, path
        generation = grammar.parse(data).generation
        generations[generation] = generations.get(generation, 0) + 1
    assert len(paths) == corpus.COUNT
    # By the first lines of the files: 217 begin with `**ID**`, nine with `---`; one more has a `**Starting Commit**`.
    assert generations == {"fields": 218, "front-matter": 9, "free": 19}


def test_in_the_corpus_no_entry_no_goal_and_no_field_is_missed() -> None:
    for path in corpus.journals():
        data = path.read_bytes()
        journal = grammar.parse(data)
        text = data.decode()
        if journal.generation != "free":
            assert journal.field("ID", "id") or path.stem == "20250728-hook-architecture-session", path
            assert journal.field("Started", "created", "Date"), path
        starts = text.count("\n### ") - sum(text.count(f"\n### {w}") for w in _words_after_headings(text))
        assert len(journal.entries) == starts, path
        goals = text.partition("\n## Goals\n")[2].partition("\n## ")[0].replace("\n  ", "\n")
        boxes = goals.count("- [ ] ") + goals.count("- [x] ")
        assert len(journal.goals) == boxes, path


def _words_after_headings(text: str) -> set[str]:
    heads = {line[4:].split(" ")[0] for line in text.split("\n") if line.startswith("### ")}
    return {head for head in heads if not head[:1].isdigit() or ":" not in head}


# ----------------------------------------------------------------------------------------------------- understood


def test_a_journal_of_fields_is_read_with_all_it_says() -> None:
    journal = reference()
    assert journal.generation == "fields"
    assert journal.title == "teach the parser about tables"
    assert list(journal.fields)[:3] == ["ID", "Started", "LLM"]
    assert journal.fields["Reviewer"] == "Grace"
    assert journal.previous_context.startswith("Split the tokenizer")
    assert [(g.number, g.text, g.done) for g in journal.goals] == [
        (1, "Parse a table with a header row", True),
        (2, "Parse a table without one", False),
        (3, "including an empty one", False),
        (4, "Say in the README what is not supported", False),
    ]
    assert [(e.date, e.time, e.what) for e in journal.entries] == [
        (None, "09:15", "Session Start"),
        (None, "09:52", "Commit 8c1d2e3f40: feat: parse tables with a header row"),
        (None, "10:05", "Note [feature/tables@8c1d2e3]"),
        (None, "10:31", "Test failed"),
        (None, "23:50", "Update (covering since 09:15)"),
        ("2025-11-04", "00:12", "Checkout `feature/tables` → `main`"),
    ]
    assert journal.entries[0].body.startswith("Session initialized with goal")
    assert journal.classification["Work Type"] == "experiment"
    assert journal.archived is not None
    assert journal.archived["runs"][0]["failed"] == 2
    assert "patina:" not in journal.classification


def test_a_journal_with_front_matter_is_read_with_all_it_says() -> None:
    journal = grammar.parse((corpus.OWN / "20260119-140210.md").read_bytes())
    assert journal.generation == "front-matter"
    assert journal.title == "the cache: don't trust mtimes"
    assert journal.field("ID", "id") == "20260119-140210"
    assert journal.fields["git.branch"] == "main"
    assert "git" not in journal.fields
    assert [(e.time, e.what) for e in journal.entries] == [
        ("14:02", "Session Start"),
        ("14:05", "Research"),
        ("15:20", "Update (covering since 14:02)"),
    ]
    assert list(journal.sections)[-2:] == ["Session Classification", "User Prompts (2)"]


def test_a_journal_of_free_form_is_read_as_far_as_it_goes() -> None:
    free = grammar.parse((corpus.OWN / "20250611-notes-on-locks.md").read_bytes())
    assert (free.generation, free.title, free.fields["Branch"]) == ("free", "Notes on locks", "spike/locks")
    assert free.sections["Summary"].startswith("Tried `flock`")
    assert not free.entries
    first = grammar.parse((corpus.OWN / "20250812-080000-init.md").read_bytes())
    assert first.generation == "free"
    assert first.fields["Initialized on"] == "2025-08-12T08:00:00.123456+00:00"


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("title: plain words", "plain words"),
        ("title: 'it''s'", "it's"),
        ('title: "a \\"b\\" \\u00e9\\n"', 'a "b" é\n'),
        ("title: a # a comment", "a"),
        ("title: a#b: c", "a#b: c"),
        ("title: folded\n  over two lines", "folded over two lines"),
        ("title: >-\n  a block\n  of text", "a block of text"),
        ("title:\n  - one\n  - 'two'", "one, two"),
        ("title:", ""),
        ("title: '", "'"),
        ("title: a\ntitle: b", "a"),
    ],
)
def test_a_front_matter_of_another_hand_is_read_as_far_as_it_is_flat(yaml: str, value: str) -> None:
    journal = grammar.parse(f"---\ntype: session\n{yaml}\n---\n\n## Goals\n".encode())
    assert journal.fields["title"] == value
    assert list(journal.sections) == ["Goals"]


def test_a_mark_of_the_byte_order_before_the_first_heading_hides_it_not() -> None:
    assert [goal.text for goal in grammar.parse(b"\xef\xbb\xbf## Goals\n- [X] a\n").goals] == ["a"]
    assert grammar.parse(b"\xef\xbb\xbf# Session: x\n**ID**: 1\n").title == "x"


def test_what_people_write_a_little_otherwise_is_understood_all_the_same() -> None:
    journal = grammar.parse(
        b"## Goals ##\n* [X] a\n1) [ ] b\n\n### 9:05 \xe2\x80\x94 C#\n### 10:00\n### 10:05: x\n"
    )
    assert [(goal.text, goal.done) for goal in journal.goals] == [("a", True), ("b", False)]
    assert [(entry.time, entry.what) for entry in journal.entries] == [
        ("09:05", "C#"),
        ("10:00", ""),
        ("10:05", "x"),
    ]


def test_of_two_that_say_the_same_field_the_first_is_believed() -> None:
    twice = grammar.parse(b"# Session: x\n**ID**: 1\n**ID**: 2\n")
    assert twice.fields["ID"] == "1"
    assert grammar.parse(b"---\nLLM: 'claude'\n---\n").fields["LLM"] == "claude"


def test_dashes_that_nothing_closes_are_no_front_matter() -> None:
    journal = grammar.parse(b"---\ntitle: x\n\n# Session: y\n**ID**: 1\n")
    assert (journal.generation, journal.title) == ("fields", "y")


# ------------------------------------------------------------------------------------------------------- fenced code


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("```", "```"),
        ("```sh", "````  "),
        ("   ```", "  ```"),
        ("~~~ `x`", "~~~"),
        ("~~~~\n```\n~~~", "~~~~"),
        ("- ```sh", "  ```"),
        ("1. ~~~", "   ~~~"),
        ("```\n``` sh\n    ```", "```"),
        ("```\n~~~", "```"),
    ],
)
def test_fenced_code_holds_no_heading_no_goal_and_no_number(opening: str, closing: str) -> None:
    quoted = "## Notes\n- [ ] quoted\n### 14:00 - quoted <!-- 5 -->\n# x"
    data = f"# Session: x\n## Goals\n{opening}\n{quoted}\n{closing}\n- [ ] real\n### 14:03 - real <!-- 6 -->\n".encode()
    journal = grammar.parse(data)
    assert [goal.text for goal in journal.goals] == ["real"]
    assert [entry.number for entry in journal.entries] == [6]
    assert list(journal.sections) == ["Goals"]


@pytest.mark.parametrize("fence", ["```", "~~~~ sh", "- ```"])
def test_a_fence_that_was_left_open_hides_no_entry(fence: str) -> None:
    data = f"{fence}\nhalf typed\n\n### 14:03 - Note <!-- 6 -->\n\n### 14:04 - Note <!-- 7 -->\n".encode()
    assert [entry.number for entry in grammar.parse(data).entries] == [6, 7]


# -------------------------------------------------------------------------------------------------- only this changes


@given(
    JOURNALS,
    st.one_of(st.text(max_size=60), st.sampled_from(["## Goals", "- [x] a", "a\n## b", "```", "<!--", ""])),
)
@settings(max_examples=300)
def test_a_goal_that_is_added_is_the_only_change(data: bytes, text: str) -> None:
    added = grammar.add_goal(data, text)
    start = next((i for i in range(len(data)) if added[i] != data[i]), len(data))
    tail = len(data) - start
    assert added[:start] == data[:start]
    assert added[len(added) - tail :] == data[start:]
    before, after = ([(g.text, g.done) for g in grammar.parse(d).goals] for d in (data, added))
    new = (safe.line(text, limit=500), False)
    assert any(goal == new and after[:i] + after[i + 1 :] == before for i, goal in enumerate(after))
    assert render.numbers(added) == render.numbers(data)


def test_a_goal_goes_to_the_end_of_its_list_and_below_what_belongs_to_the_last_one() -> None:
    data = b"# Session: x\n\n## Goals\n- [ ] a\n  - [x] b\n\n    goes on\n  ```\n\n  code\n  ```\n\nA remark.\n\n## Activity Log\n"
    added = grammar.add_goal(data, "c")
    assert added == data.replace(b"  ```\n\nA remark", b"  ```\n- [ ] c\n\nA remark")
    assert [g.text for g in grammar.parse(added).goals] == ["a", "b", "c"]


def test_a_goal_does_not_part_the_last_one_from_its_second_line() -> None:
    data = b"## Goals\n- [ ] a\ngoes on\n\nA remark.\n"
    assert grammar.add_goal(data, "c") == b"## Goals\n- [ ] a\ngoes on\n- [ ] c\n\nA remark.\n"


def test_a_goal_makes_its_section_where_that_is_missing() -> None:
    data = b"# Session: x\r\n\r\n## Activity Log\r\n### 10:00 - Session Start"
    assert grammar.add_goal(data, "c") == data.replace(b"## Act", b"## Goals\r\n- [ ] c\r\n\r\n## Act")
    assert grammar.add_goal(b"", "c") == b"## Goals\n- [ ] c\n"
    assert grammar.add_goal(b"# Session: x", "c") == b"# Session: x\n\n## Goals\n- [ ] c\n"
    assert grammar.add_goal(b"## Goals", "c") == b"## Goals\n- [ ] c\n"


def test_a_goal_never_comes_after_the_archives_comment() -> None:
    comment = b"<!-- patina: {} -->\n"
    assert grammar.add_goal(b"# x\n" + comment, "c") == b"# x\n\n## Goals\n- [ ] c\n" + comment
    assert grammar.add_goal(b"## Goals\n" + comment, "c") == b"## Goals\n- [ ] c\n" + comment


@given(JOURNALS)
def test_the_box_of_a_goal_is_where_its_tick_belongs(data: bytes) -> None:
    goals = grammar.parse(data).goals
    for goal in goals:
        assert grammar.goal_box(data, goal.number) == (goal.box, goal.done)
        assert data[goal.box : goal.box + 1] in (b" ", b"x", b"X")
        ticked = data[: goal.box] + b"x" + data[goal.box + 1 :]
        assert [g.done or g.number == goal.number for g in goals] == [
            g.done for g in grammar.parse(ticked).goals
        ]
    assert grammar.goal_box(data, 0) is None
    assert grammar.goal_box(data, len(goals) + 1) is None


@given(JOURNALS, st.text(max_size=40))
def test_another_title_is_the_only_change(data: bytes, title: str) -> None:
    renamed = grammar.retitle(data, title)
    before, after = grammar.parse(data), grammar.parse(renamed)
    assert [p.raw for p in after.parts[1:]] == [p.raw for p in before.parts[1:]]
    assert len(renamed.split(b"\n")) - len(data.split(b"\n")) in (0, 1)


def test_a_title_is_put_in_place_of_the_old_one() -> None:
    data = b"# Session: a\r\n**ID**: 1\r\n# Session: quoted\r\n"
    assert grammar.retitle(data, "b\n## c") == data.replace(b"Session: a\r", b"Session: b ## c\r")


# ------------------------------------------------------------------------------------------------------ hostile text

FACTS = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.text(),
        st.sampled_from(["--", "-->", "--->", "\\--"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=6), FACTS, max_size=5))
def test_whatever_the_facts_are_their_comment_is_one_line_that_they_cannot_end(
    facts: dict[str, object],
) -> None:
    comment = metadata.comment(facts)
    inside = comment.removeprefix("<!--").removesuffix("-->")
    assert comment.isascii()
    assert "\n" not in comment
    assert "--" not in inside
    data = f"# Session: x\n\n## Session Classification\n- Commits: 1\n\n{comment}\n".encode()
    journal = grammar.parse(data)
    assert journal.archived == facts
    assert journal.parts[-1].kind == "metadata"
    assert journal.classification == {"Commits": "1"}


@pytest.mark.parametrize(
    "line",
    [
        "<!-- patina: { -->",
        "<!-- patina: [1] -->",
        f"<!-- patina: {'[' * 100_000} -->",
        f"<!-- patina: {'9' * 5000} -->",
    ]
    + ["<!-- patina: \udcff -->", "<!-- patina:  -->", "<!-- patina: -->", "<!-- patina: {} -->x"],
)
def test_a_broken_comment_is_no_comment(line: str) -> None:
    data = f"# Session: x\n{line}\n".encode("utf-8", "surrogateescape")
    assert grammar.parse(data).archived is None
    assert grammar.render(grammar.parse(data)) == data


def test_the_comment_is_only_read_from_the_last_line() -> None:
    comment = metadata.comment({"v": 1}).encode()
    assert grammar.parse(comment + b"\nmore\n").archived is None
    assert grammar.parse(comment + b"\n \r\n\n").archived == {"v": 1}
    assert json.loads(comment[len(b"<!-- patina: ") : -len(b" -->")]) == {"v": 1}


# ---------------------------------------------------------------------------------------------------------------- cost


def large(entries: int) -> bytes:
    body = b"### 14:%02d - Commit a1b2c3d4e5: feat: add a parser %d <!-- %d -->\nOn `main`, 1 file, +3 \xe2\x88\x921\n%s\n"
    bullets = b"- changed: `parser/block.py` (+3 \xe2\x88\x921)\n" * 3
    fence = b"```\n### 14:00 - quoted <!-- 1 -->\n```\n"
    return b"# Session: x\n\n## Goals\n- [ ] a\n\n## Activity Log\n" + b"".join(
        body % (i % 60, i, i, fence if i % 100 == 7 else bullets) for i in range(entries)
    )


def best(work: Callable[[], object]) -> float:
    """Return the least processor time of several runs: others may be busy on the machine."""
    times = []
    for _ in range(7):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize("function", [render.numbers, render.unnumbered, grammar.parse])
def test_the_cost_of_a_scan_grows_with_the_size_and_no_faster(function: Callable[[bytes], object]) -> None:
    small, whole = large(500), large(5000)
    assert 900_000 < len(whole) < 1_300_000
    assert len(render.numbers(whole)) >= 5000
    # Ten times the bytes; a square would be a hundred.
    assert best(lambda: function(whole)) < 50 * best(lambda: function(small))


HOSTILE = {
    "opening fences": b"~~~x\n```y\n" * 20_000,
    "shrinking fences": b"".join(b"`" * n + b"x\n" for n in range(600, 2, -1)),
    "blanks": b"## Goals\n- [ ] "
    + b" " * 200_000
    + b"x\n### "
    + b" " * 200_000
    + b"<!-- 1 -->"
    + b" \t" * 100_000
    + b"x",
    "comments": b"### 10:00 - " + b"<!-- 1 --> " * 20_000 + b"\n" + b"<!-- " * 40_000,
    "hashes": b"## a" + b" #" * 100_000 + b" x\n" + b"#" * 200_000,
    "fields": b"# x\n" + b"**" * 100_000 + b": \n" + b"a" * 200_000,
    "front matter": b"---\n" + b"a:\n" * 20_000 + b"".join(b" " * n + b"b:\n" for n in range(400)) + b"---\n",
    "one line": b"x" * 400_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_costs_the_square_of_its_size(name: str) -> None:
    data = HOSTILE[name]
    plain = b"a line of plain text\n" * (len(data) // 21 + 1)

    def whole(given: bytes) -> None:
        journal = grammar.parse(given)
        assert all(isinstance(part.name, str) for part in journal.parts)
        assert isinstance(journal.previous_context, str)
        grammar.add_goal(given, "a")

    assert best(lambda: whole(data)) < 200 * best(lambda: whole(plain)) + 0.2
