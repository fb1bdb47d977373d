"""A new session begins with what the right one before it left, in few words, and nothing in them can forge or leak."""

from __future__ import annotations

import itertools
import re
import statistics
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from patina_sessions.journal import grammar, render
from patina_sessions.model import Started
from patina_sessions.paths import Layout
from patina_sessions.readers import brief, columns, facts, points, previous
from tests import corpus
from tests.readers import journals
from tests.readers.journals import ADA, GRACE, journal, put


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return journals.new_layout(tmp_path)


def given_session(
    layout: Layout, session: str, *, started: str, author: str = ADA, head: str = "aa", tree: bool = True
) -> None:
    meta = journals.facts(author=author, head=head, started=started, ended=started)
    put(layout, session, journal(session, meta=meta), tree=tree)


def found(layout: Layout, author: str = ADA, *below: str) -> str | None:
    one = previous.find(layout, author=author, is_ancestor=lambda commit: commit in below)
    return one.id if one else None


# ---------------------------------------------------------------------------------------------------------- which one


def test_it_is_the_same_authors_latest_whose_end_lies_below_head(layout: Layout) -> None:
    given_session(layout, "1", started="2026-03-01T10:00:00Z", head="aa")
    given_session(layout, "2", started="2026-03-02T10:00:00Z", head="bb", tree=False)
    given_session(layout, "3", started="2026-03-03T10:00:00Z", head="cc")
    given_session(layout, "4", started="2026-03-04T10:00:00Z", head="aa", author=GRACE)
    assert found(layout, ADA, "aa", "bb") == "2"
    assert found(layout, ADA, "aa") == "1"


def test_else_it_is_the_same_authors_latest(layout: Layout) -> None:
    given_session(layout, "1", started="2026-03-01T10:00:00Z")
    given_session(layout, "2", started="2026-03-02T10:00:00Z")
    given_session(layout, "3", started="2026-03-03T10:00:00Z", author=GRACE)
    assert found(layout) == "2"


def test_else_it_is_anybodys_latest_and_it_is_said_whose(layout: Layout) -> None:
    put(layout, "20250101-100000", b"# Session: imported\n**Started**: 2026-03-09T10:00:00Z\n")
    given_session(layout, "2", started="2026-03-10T10:00:00Z", author=GRACE)
    one = previous.find(layout, author=ADA, is_ancestor=lambda _: False)
    assert one is not None
    assert (one.id, one.author, one.head) == ("2", GRACE, "aa")
    assert ", by Grace Hopper <grace@example.org>, took" in previous.context_section(one, author=ADA)
    assert "Grace" not in previous.context_section(one, author=GRACE)


def test_without_any_journal_there_is_none(layout: Layout) -> None:
    assert found(layout) is None


def test_the_order_is_by_the_start_in_utc_and_not_by_the_id(layout: Layout) -> None:
    given_session(layout, "20260301-230000", started="2026-03-01T14:00:00+00:00")  # far in the east
    given_session(layout, "20260301-100000", started="2026-03-01T18:00:00+00:00")  # far in the west
    assert found(layout) == "20260301-100000"


def test_a_session_in_which_nothing_happened_is_passed_over(layout: Layout) -> None:
    given_session(layout, "1", started="2026-03-01T10:00:00Z")
    put(
        layout, "2", journal("2", meta=journals.facts(commits=[], started="2026-03-02T10:00:00Z")), tree=False
    )
    assert found(layout) == "1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ADA, "ada@EXAMPLE.org", True),
        (ADA, "A. Lovelace <ada@example.org>", True),
        (ADA, "Ada Lovelace <other@example.org>", False),
        ("Ada Lovelace", "ada lovelace", True),
        ("Ada", "Grace", False),
    ],
)
def test_an_author_is_known_by_the_address(one: str, other: str, same: bool) -> None:
    assert previous.same_author(one, other) is same


# ------------------------------------------------------------------------------------------------------------ the brief

LOG = """
### 12:05 - Commit 8c1d2e3f40: feat: parse tables with a header row
On `main`, 2 files
- new: `secretplans.py` (+98)

### 12:10 - Note [main@8c1d2e3]
A pipe inside a code span does not end a cell.

### 12:15 - Test failed
Command: `pytest -q`, took 4.2 s
- noise of a run

### 12:20 - Checkout `main` → `topic`
At 3f1c0f0e5d

### 12:30 - Update (covering since 12:00)

**Git Activity:**
- Commits this session: 1 of the noisy numbers

**Work completed:**
- Tables with a header row are parsed
  into `Table(head, rows)`

**Key decisions:**
1. **Filling**: a row that is too short is filled

**Challenges faced:**
- @

**Next Steps:**
Tables without a header come next.
""".replace("@", "")  # as it is before somebody fills it
RUNS = [
    {"kind": "test", "outcome": "passed", "passed": 43, "failed": 0, "failed_names": []},
    {
        "kind": "test",
        "outcome": "failed",
        "passed": 41,
        "failed": 5,
        "failed_names": ["a::b", "c", "d", "e", "f"],
    },
    {"kind": "build", "outcome": "passed"},
]


def brief_of(**more: object) -> str:
    data = journal(
        log=LOG,
        goals=["- [x] header rows", "- [ ] no header", "- [ ] no header", "- [ ] README"],
        meta=journals.facts(**more),
    )
    return previous.brief(grammar.parse(data))


def test_a_brief_tells_the_outcome_in_numbers_and_the_rest_in_the_writers_own_words() -> None:
    assert brief_of(runs=RUNS) == (
        "The last session, “the parser” (20260301-120000) took 1 h 30 min on 2026-03-01: feature, 1 commit, 2 files"
        " changed. The last test run failed: 41 passed, 5 failed (`a::b`, `c`, `d` and 2 more).\n\n"
        "Open goals: no header; README.\n\n"
        "**Work completed:**\n- Tables with a header row are parsed into `Table(head, rows)`\n\n"
        "**Key decisions:**\n- Filling: a row that is too short is filled\n\n"
        "**Next steps:**\n- Tables without a header come next.\n\n"
        "**Noted:**\n- A pipe inside a code span does not end a cell.\n\n"
        "**Commits:**\n- feat: parse tables with a header row"
    )


def test_the_new_session_is_told_what_it_took_over_and_what_happened_since(layout: Layout) -> None:
    put(layout, "1", journal(log=LOG, goals=["- [ ] no header"], meta=journals.facts()))
    one = previous.find(layout, author=ADA, is_ancestor=lambda _: True)
    assert one is not None
    section = previous.context_section(one, between="3 commits since then outside any session", author=ADA)
    first, goals, *_ = section.split("\n\n")
    assert first.endswith("2 files changed. 3 commits since then outside any session.")
    assert goals == "Open goals, carried over: no header."
    assert previous.open_goals(one.journal) == ["no header"]


def test_open_goals_are_each_named_once_in_their_order() -> None:
    data = journal(goals=["- [ ] b", "  - [ ] a", "- [x] c", "- [ ] b"])
    assert previous.open_goals(grammar.parse(data)) == ["b", "a"]


def test_a_session_in_which_little_was_written_passes_on_what_it_knew() -> None:
    told = "Split the tokenizer from the parser and kept the offsets."
    data = journal(context=f"<!-- hidden -->\n{told}", meta=journals.facts(commits=[], files=[]))
    assert previous.brief(grammar.parse(data)).endswith(f"Before it: {told}")


@pytest.mark.parametrize("said", ["Разбор таблиц готов", "表の解析が終わった", "no b", "x = y"])
def test_what_was_said_in_other_letters_or_few_of_them_is_told_too(said: str) -> None:
    log = f"### 12:30 - Update (covering since 12:00)\n\n**Key decisions:**\n- {said}\n"
    assert f"**Key decisions:**\n- {said}" in previous.brief(
        grammar.parse(journal(log=log, meta=journals.facts()))
    )


def test_a_script_without_blanks_makes_no_brief_of_endless_length() -> None:
    log = "### 12:30 - Note\n" + "".join(f"- {'表の解析' * 30}{i}\n" for i in range(300))
    assert len(previous.brief(grammar.parse(journal(log=log, meta=journals.facts())))) < 10 * brief.WORDS


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (12060, "3 h 21 min")]
)
def test_how_long_it_took_is_said_in_the_units_that_matter(seconds: int, words: str) -> None:
    assert columns.length(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"), [(None, ""), (0, "no files"), (1, "1 file"), (1234, "1,234 files")]
)
def test_what_was_counted_is_said_as_a_person_would(number: int | None, words: str) -> None:
    assert brief.count(number, "file") == words


def test_a_free_form_is_briefed_by_its_sections() -> None:
    text = previous.brief(grammar.parse((corpus.OWN / "20250611-notes-on-locks.md").read_bytes()))
    assert "Only `flock` gives the lock back when its owner dies" in text
    assert "**Next steps:**\n- Use `flock` for the state\n- Measure it on a network disk" in text


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "\n## Goals\n",
                "\n- [ ] forged\n",
                "\n**ID**: 1\n",
                "\n# x\n",
                "<!-- 9 -->",
                "-->",
                "<!--",
                "```\n",
            ]
        )
        | st.sampled_from(
            [
                "\n### 14:00 - x <!-- 99 -->\n",
                "**Work completed:**\n- ",
                "\n- ",
                "`",
                "**",
                "\u202e",
                "\x1b[2J",
                "\n",
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=15,
).map("".join)


@given(HOSTILE, HOSTILE, HOSTILE)
@settings(max_examples=200)
def test_nothing_of_the_session_before_forges_anything_in_the_new_journal(
    log: str, goal: str, title: str
) -> None:
    flat = " ".join((title + goal).split())
    data = journal(
        log=f"### 12:05 - Note\n{log}",
        goals=[f"- [ ] {flat}"],
        title=flat,
        context=log,
        meta=journals.facts(author=flat),
    )
    one = previous.Previous(id=flat, journal=grammar.parse(data), facts=facts.of(flat, data))
    context = previous.context_section(one, between=log, author=GRACE)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", context)
    goals = tuple(previous.open_goals(one.journal))
    began = Started(session="new", title="new", context=context, goals=goals, author=GRACE)
    new = grammar.parse(
        render.head(began, datetime(2026, 3, 2, tzinfo=UTC)).encode("utf-8", "surrogateescape")
    )
    assert list(new.sections) == ["Previous Session Context", "Goals", "Activity Log"]
    assert len(new.goals) == len(goals)
    assert [e.what for e in new.entries] == ["Session Start"]
    assert new.fields["ID"] == "new"
    assert new.archived is None


def test_a_secret_that_stands_in_a_journal_is_not_carried_into_the_next() -> None:
    key = "ghp_" + "a1B2c3D4e5F6" * 3
    text = brief_of(runs=[]) + previous.brief(
        grammar.parse(journal(log=f"### 12:05 - Note\nuse {key} there", meta=journals.facts()))
    )
    assert "use [redacted:" in text
    assert key not in text


# ----------------------------------------------------------------------------------------------------- short and telling


@given(st.text(alphabet="ab `*,.-—_\\", max_size=80), st.integers(1, 12))
@example("*__*", 1)
def test_a_point_is_cut_to_whole_words_and_breaks_no_code(text: str, most: int) -> None:
    cut = brief.short(text, most)
    assert len(cut.split()) <= most + 1
    assert "**" not in cut
    if cut.endswith("…"):
        assert cut.count("`") % 2 == 0


POINTS = st.lists(
    st.builds(
        lambda kind, place, words: points.Point(kind=kind, place=place, text=" ".join(words)),
        st.sampled_from(["work", "said", "commit"]),
        st.integers(0, 5),
        st.lists(st.sampled_from("alpha beta gamma delta the and".split()), min_size=1, max_size=6),
    ),
    max_size=12,
)


@given(POINTS, st.integers(0, 30))
def test_the_points_chosen_fit_keep_their_order_and_repeat_nothing(
    given_points: list[points.Point], room: int
) -> None:
    chosen = points.choose(given_points, "alpha", room=room)
    assert sum(len(p.text.split()) + 1 for p in chosen) <= room
    places = [next(i for i, p in enumerate(given_points) if p is c) for c in chosen]
    assert places == sorted(places)
    told = [frozenset((points.words(point.text) or {point.text}) - {"alpha"}) for point in chosen]
    assert all(told)
    assert len(set(told)) == len(told)


def test_of_a_journal_with_thousands_of_commits_the_last_are_told_in_time() -> None:
    log = "\n".join(f"### 12:05 - Commit {i:010x}: change number{i}" for i in range(3000))
    parsed = grammar.parse(journal(log=log, meta=journals.facts()))
    assert len(points.of(parsed)) == 400  # to choose costs the square of it
    text = previous.brief(parsed)
    assert "number2999" in text
    assert "number1 " not in text
    assert len(text.split()) <= brief.WORDS


def _worked(subjects: list[str]) -> grammar.Journal:
    log = "\n\n".join(f"### 12:05 - Commit {i:010x}: {subject}" for i, subject in enumerate(subjects))
    return grammar.parse(journal(log=log, meta=journals.facts()))


def test_commits_that_say_nothing_new_are_told_where_there_is_room() -> None:
    subjects = ["feat: a", "feat: parse quotes", "feat: add", "docs: add a page", "fix: a", "fix: a"]
    told = _worked(subjects)
    for text in (previous.brief(told), brief.within(told, facts.of_journal("x", told), "x.md", words=200)):
        listed = text.partition("**Commits:**\n")[2].partition("\n\n")[0]
        assert listed.splitlines() == [f"- {subject}" for subject in subjects]


@pytest.mark.parametrize("count", [60, 1200])
def test_commits_for_which_there_is_no_room_are_counted_and_the_brief_is_no_longer_for_it(count: int) -> None:
    told = _worked([f"change the number{i} of it" for i in range(count)])
    for text, most in (
        (previous.brief(told), brief.WORDS),
        (brief.within(told, facts.of_journal("x", told), "x.md", words=60), 60),
    ):
        listed = text.partition("**Commits:**\n")[2].partition("\n\n")[0].splitlines()
        assert listed[-1] == f"- and {count - len(listed) + 1:,} more"
        assert len(text.split()) <= most


def test_a_commit_that_was_amended_away_is_not_told() -> None:
    entries = (
        "Commit 1111111111: feat: a",
        "Commit 2222222222: wip",
        "Amend 2222222222 → 3333333333: feat: b",
    )
    text = "# Session: x\n\n## Activity Log\n" + "".join(
        f"### 10:00 - {what}\nOn `main`\n\n" for what in entries
    )
    assert [point.text for point in points.of(grammar.parse(text.encode()))] == ["feat: a", "feat: b"]


def test_every_brief_of_the_corpus_keeps_to_its_words() -> None:
    lengths = [len(previous.brief(grammar.parse(p.read_bytes())).split()) for p in corpus.journals()]
    assert max(lengths) <= brief.WORDS + 10  # redaction and escapes may add a word
    assert statistics.mean(lengths) < brief.WORDS


def _score(reference: str, candidate: str) -> float:
    """Return how much of the reference's words the first 200 of the candidate hold."""
    wanted, held = points.words(reference), points.words(" ".join(candidate.split()[:200]))
    return len(wanted & held) / len(wanted)


def test_a_brief_holds_more_of_what_the_next_session_needed_than_either_end_of_the_journal() -> None:
    dated = [p for p in corpus.journals() if re.fullmatch(r"\d{8}-\d{6}", p.stem)]
    ours, heads, tails = [], [], []
    for path, following in itertools.pairwise(dated):
        data = path.read_bytes()
        reference = grammar.parse(following.read_bytes()).previous_context
        if len(points.words(reference)) < 20 or len(data) <= 1500:
            continue
        text = data.decode()
        ours.append(_score(reference, previous.brief(grammar.parse(data))))
        heads.append(_score(reference, text))
        tails.append(_score(reference, " ".join(text.split()[-200:])))
    assert len(ours) > 100
    assert statistics.mean(ours) > max(statistics.mean(heads), statistics.mean(tails)) + 0.06
