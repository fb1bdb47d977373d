"""Secrets are taken out wherever they stand, and nothing else is: the rules against made-up secrets and clean text."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patina_sessions import redact
from patina_sessions.redact import rule, stream
from tests import corpus, redact_clean, redact_samples
from tests.redact_samples import Sample

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"\[redacted:[a-z0-9-]+\]")


def _left(sample: Sample) -> bool:
    """Tell whether eight characters of the secret in a row came through."""
    out = redact.redact(sample.text)
    return any(sample.secret[i : i + 8] in out for i in range(max(1, len(sample.secret) - 7)))


def _recall(samples: list[Sample]) -> float:
    missed = [sample for sample in samples if _left(sample)]
    for sample in missed:
        print(f"missed: {sample.kind}, {sample.way}")
    return 1 - len(missed) / len(samples)


def test_of_made_up_secrets_in_prose_shell_json_yaml_and_urls_hardly_one_is_missed() -> None:
    samples = [s for seed in range(3) for s in redact_samples.samples(seed)]
    assert len({s.kind for s in samples}) >= 30 and len(samples) >= 3 * 150
    assert _recall(samples) >= 0.98


def test_of_secrets_in_templates_that_the_rules_were_not_made_for_hardly_one_is_missed() -> None:
    samples = [s for seed in range(3) for s in redact_samples.unseen(seed)]
    made = len(redact_samples.samples(0))
    assert len(samples) / 3 >= made / 2, "a third of all are of the second kind"
    assert _recall(samples) >= 0.98


def test_of_the_forms_that_a_published_detector_finds_hardly_one_is_missed() -> None:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    detectors: dict[str, Any] = get_mapping_from_secret_type_to_class()
    samples = [s for seed in range(3) for s in redact_samples.published(seed)]
    for sample in samples:
        if sample.way == "as it is found":
            detector = detectors[re.sub(r" \d+\Z", "", sample.kind)]()
            assert any(detector.analyze_string(line) for line in sample.text.splitlines()), sample
    kinds = {s.kind for s in redact_samples.samples(0) + redact_samples.published(0)}
    assert len(redact_samples.PUBLISHED) >= len(kinds) / 2, "half of the forms are the detector's"
    assert _recall(samples) >= 0.98


@pytest.mark.parametrize("kind", redact_samples.TOKENS)
def test_what_stands_around_a_token_stays(kind: str) -> None:
    for sample in redact_samples.samples(7):
        if sample.kind == kind:
            before, _, after = sample.text.partition(sample.secret)
            assert re.fullmatch(
                re.escape(before) + MARK.pattern + re.escape(after), redact.redact(sample.text)
            )


def test_a_value_goes_and_its_name_stays() -> None:
    for sample in redact_samples.samples(8):
        if sample.kind in redact_samples.NAMED:
            before, _, after = sample.text.partition(sample.secret)
            out = redact.redact(sample.text)
            assert out.startswith(before) and out.endswith(after) and MARK.search(out), sample
    user = "ada"
    assert (
        redact.redact(f"https://{user}:{'Q7' * 2}x9@host/x")
        == f"https://{user}:[redacted:url-password]@host/x"
    )


def test_journals_of_others_are_left_as_they_are() -> None:
    found = [(path.name, found) for path in corpus.journals() for found in redact.find(path.read_text())]
    assert len(found) <= 2, found


def test_of_a_thousand_clean_but_tricky_lines_at_most_one_is_touched() -> None:
    lines = list(redact_clean.lines(11, 12_000))
    touched = [line for line in lines if redact.find(line)]
    assert len(touched) * 1000 <= len(lines), touched
    assert len(redact.find("\n".join(lines))) * 1000 <= len(lines), "nor as one text"


REFERENCES = [
    "TOKEN=$TOKEN",
    "token: ${{ secrets.DEPLOY_TOKEN }}",
    'key = os.environ["API_KEY"]',
    "token = next(tokens)",
    "password=None",
    "password: <your password>",
    "api_key: op://vault/item/field",
    "PASSWORD_FILE=/run/secrets/db_password",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "secrets: inherit",
    "--token TOKEN",
    "PASS: tests/test_2.sh",
    "the password must be at least 12 characters",
    "postgres://user:password@localhost/app",
    "git@github.com:a/b.git",
    "tokens = tokenizer.encode(text2)",
    'tokenizer = "k3J9x1Zt5Qm7"',
    "token: ./build/tokens2/a1/b2",
    "password: /run/secrets/db2",
    "if token == other.token:\nd8bccd33d87e2a5a5f3626547c7e1b7503ea30bc is not it",
    'auth = "aGVsbG8gd29ybGQhIQ=="',
    "<password> k3J9x1Zt5Qm7 is not its element",
    'read("password") + "k3J9x1Zt5Qm7"',
    "backend_auth: Optional",
    "Basic authentication of a user: Bearer authorization",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b signature=sign.signature_of_a_commit",
]


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_a_placeholder_or_code_is_no_secret(text: str) -> None:
    assert redact.find(text) == []
    assert redact.redact(text) is text


# The kind, a text in which ¤ stands for the value, and the value, which has to be taken whole and without what follows.
READ = [
    ("password", r'{"password": "¤"}', r"a1\"b2c3"),
    ("password", r"{\"password\": \"¤\", \"x\": 1}", r"a1\\\"b2"),
    ("password", r'{"password": "¤"}, "x"', r"a1b2c3\\"),
    ("password", "<password>¤</password>", "a1b2c3"),
    ("password", "Server=x;Password=¤;Port=1", "a1;b2c3"),
    ("password", "connect(password=¤, port=1)", "a1b2c3"),
    ("password", "&quot;password&quot;: &quot;¤&quot;,", "a1b2c3"),
    ("password", "password: >-\n  ¤\nport: 1", "a1b2c3d4"),
    ("password", "password:\n  ¤\nport: 1", "a1b2c3d4"),
    ("password", "tool --password \\\n  ¤ --port 1", "a1b2c3d4"),
    ("password", "the password is ¤, not that", "a1b2c3"),
    ("password", "DB_PASSWORD=¤\n", "swordfish"),
    ("password", "mysql -u ada -p¤ app", "a1b2c3"),
    ("password", "curl -u ada:¤ https://x", "a1b2c3"),
    ("token", "x?access_token=¤&page=1", "a1b2c3d4e5f6"),
    ("secret", "set -x CLIENT_SECRET ¤", "a1b2c3d4e5f6"),
    ("api-key", "OPENAI_KEY=¤", "a1b2c3d4e5f6g7h8i9"),
    ("url-password", "redis://:¤@host:1/0", "a1b2c3"),
    ("url-password", r"\"https:\/\/ada:¤@host\/x\"", "a1b2@c3"),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_a_value_is_read_up_to_its_end(kind: str, text: str, value: str) -> None:
    assert redact.redact(text.replace("¤", value)) == text.replace("¤", f"[redacted:{kind}]")


def test_a_private_key_that_is_cut_off_is_one_up_to_where_it_is_cut() -> None:
    key = redact_samples.private_key(random.Random(4)).splitlines()
    for joint in ("\n", "\\n", "\r\n"):
        text = "see " + joint.join(key[:9])
        assert (
            redact.redact(text + joint + "  quiet again") == f"see [redacted:private-key]{joint}  quiet again"
        )


def test_this_repository_holds_nothing_that_looks_like_a_secret() -> None:
    tracked = [*ROOT.glob("patina_sessions/redact/*.py"), *ROOT.glob("tests/*redact*.py")]
    assert len(tracked) >= 8
    assert [(path.name, found) for path in tracked for found in redact.find(path.read_text())] == []


# ------------------------------------------------------------------------------------------------------- properties

SECRETS = [sample.text for sample in redact_samples.samples(21)]
GLUE = [
    "",
    " ",
    "\n",
    '"',
    "'",
    "\\n",
    '\\"',
    "=",
    ": ",
    "password=",
    "token: ",
    "://a:",
    "@",
    "[redacted:token]",
    ",",
    "x",
    "%20",
]
GLUE += [
    "Cookie: a=",
    "Authorization: Bearer ",
    "-----BEGIN ",
    "é",
    "\u0130",
    "\x1b[31m",
    "{",
    "}",
    "</password>",
    "&",
    "--token ",
]
PIECE = st.sampled_from(SECRETS) | st.sampled_from(GLUE) | st.text(max_size=12)
TEXT = st.lists(PIECE, max_size=8).map("".join)


@given(TEXT)
@settings(max_examples=300)
def test_a_second_pass_finds_nothing(text: str) -> None:
    once = redact.redact(text)
    assert redact.find(once) == []
    assert redact.redact(once) == once


def test_what_a_mark_brings_to_light_goes_too() -> None:
    # The quote is too far from its beginning to be seen once the mark stands between them: what follows is one word.
    drawn = redact_samples.drawn(14)(random.Random(8))
    text = f'"client_secret": "{drawn} or the other {"pass" + "word=a1b2c3"} of the house"'
    out = redact.redact(text)
    assert drawn in text and drawn not in out and redact.find(out) == []
    assert _streamed(text, [5]) == out


@given(TEXT)
def test_what_is_found_lies_in_the_text_in_order_and_apart(text: str) -> None:
    ends = [0, *(at for found in redact.find(text) for at in (found.start, found.end)), len(text)]
    assert ends == sorted(ends)
    assert all(
        found.start < found.end and MARK.fullmatch(f"[redacted:{found.kind}]") for found in redact.find(text)
    )


@given(TEXT, st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=40))
def test_a_text_in_pieces_comes_out_as_the_whole_does(text: str, sizes: list[int]) -> None:
    assert _streamed(text, sizes) == redact.redact(text)


def _streamed(text: str, sizes: list[int]) -> str:
    redactor, out, at, turn = redact.StreamRedactor(), [], 0, 0
    while at < len(text):
        step = sizes[turn % len(sizes)]
        out.append(redactor.feed(text[at : at + step]))
        at, turn = at + step, turn + 1
    return "".join([*out, redactor.close()])


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    sample = redact_samples.samples(5)[-1]
    assert redact.redact("\u0130" * 9 + sample.text) == "\u0130" * 9 + redact.redact(sample.text)


def test_two_rules_that_see_parts_of_one_secret_take_it_as_a_whole() -> None:
    inner = redact_samples.TOKENS["github"](random.Random(1))
    for text, left in (
        (f'password="a!1 {inner} b"', 'password="[redacted:github-token]"'),
        (f"https://ada:{inner}+x@host/", "https://ada:[redacted:github-token]@host/"),
        (f"Cookie: a=1; b={inner}; c=2", "Cookie: [redacted:github-token]"),
    ):
        assert redact.redact(text) == left


def test_what_lies_between_the_lines_of_a_key_far_apart_is_no_key() -> None:
    edge = "PRIVATE" + " KEY-----"
    text = (
        f"-----BEGIN {edge} and much later\n" + ("a" * 30 + " line of a manual\n") * 900 + f"-----END {edge}"
    )
    assert redact.redact(text) is text


def test_every_character_but_one_has_a_lower_case_of_its_own_length() -> None:
    assert [char for char in map(chr, range(sys.maxunicode + 1)) if len(char.lower()) != 1] == ["\u0130"]


# -------------------------------------------------------------------------------------------------------- the stream


def _log(seed: int) -> str:
    """Return a log of some 60 kB in which every kind of secret comes once, between lines that hold none."""
    clean = list(redact_clean.lines(seed, 1200))
    for at, sample in enumerate(redact_samples.samples(seed)[::3]):
        clean.insert(at * 9, sample.text)
    return "\n".join(clean)


@pytest.mark.parametrize("size", [1, 7, 100, 4096, 50_000])
def test_a_long_log_comes_out_as_the_whole_does_whatever_the_pieces_are(size: int) -> None:
    text = _log(3) if size > 1 else _log(3)[:9000]
    assert _streamed(text, [size]) == redact.redact(text)


@pytest.mark.parametrize("cut", range(0, 100, 4))
def test_a_value_that_is_cut_in_two_is_found(cut: int) -> None:
    r = random.Random(cut)
    key = redact_samples.private_key(r)
    for secret in (
        key,
        key.replace("\n", "\nweb_1  | "),
        key.replace("\n", "\\n"),
        redact_samples.web_token(r),
    ):
        text = "quiet line\n" * 300 + f"see {secret} there\n" + "quiet line\n" * 300
        at = text.index(secret) + len(secret) * cut // 100
        redactor = redact.StreamRedactor()
        out = redactor.feed(text[:at]) + redactor.feed(text[at:]) + redactor.close()
        assert out == redact.redact(text) and secret[-30:] not in out


@pytest.mark.parametrize("seed", range(6))
def test_a_line_without_an_end_comes_out_as_the_whole_does(seed: int) -> None:
    r = random.Random(seed)
    makers = [redact_samples.private_key, *redact_samples.TOKENS.values()]
    words = [
        r.choice(makers)(r).replace("\n", "\\n") if n % 9 == 0 else "quiet words " * 9 for n in range(400)
    ]
    assert _streamed(" ".join(words), [r.choice([300, 1000, 30_000])]) == redact.redact(" ".join(words))


def test_what_was_given_is_looked_back_at_and_not_looked_at_anew() -> None:
    run = (
        "k" + redact_samples.TOKENS["openai"](random.Random(2)) + "7qZ" * 300
    )  # no token: it is in a longer word
    size = rule.LONGEST + stream.AHEAD + 50
    before = size - rule.LONGEST - stream.BEHIND - 1
    text = ("quiet " * size)[:before] + run
    text += (" quiet" * size)[: size - len(text)]
    redactor = redact.StreamRedactor()
    assert redactor.feed(text) + redactor.feed(" and more") + redactor.close() == text + " and more"
    assert redact.redact(text) == text


def test_while_a_secret_is_open_not_every_piece_is_a_reason_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def counted(text: str) -> list[redact.Found]:
        looks.append(len(text))
        return redact.find(text)

    monkeypatch.setattr(stream, "find", counted)
    key = redact_samples.private_key(random.Random(6)).splitlines()
    text = "\n".join(f"web | {line}" for line in key[:-1] * 9)
    _streamed(text, [20])
    assert len(text) > 10_000 and len(looks) < 40


def test_what_is_held_back_is_bounded_and_harmless_lines_go_on() -> None:
    redactor = redact.StreamRedactor()
    given = 0
    for turn in range(1, 400):
        given += len(redactor.feed("a harmless line of a build, forty letters\n"))
        assert turn * 42 - given <= 2 * stream.AHEAD
    for turn in range(1, 400):  # no line ends, and no private key
        given += len(redactor.feed("-----BEGIN " + "x" * 200))
        assert 399 * 42 + turn * 211 - given <= rule.LONGEST * 3 // 2


def test_of_a_secret_that_is_longer_than_the_bound_nothing_comes_out() -> None:
    letters = "Q7x9Zt3vB1" * 9000
    redactor = redact.StreamRedactor()
    text = f"first\nAPI_TOKEN={letters} last\n"
    out = "".join(redactor.feed(text[at : at + 1000]) for at in range(0, len(text), 1000)) + redactor.close()
    assert out == "first\nAPI_TOKEN=[redacted:token] last\n"


# -------------------------------------------------------------------------------------------------------------- cost


def _alone(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_importing_and_a_short_harmless_text_compile_no_pattern() -> None:
    code = """
import sys; sys.path.insert(0, ".")
import dataclasses, typing, re
compiled = []
inner = re._compile
def watched(pattern, flags):
    compiled.append(pattern)
    return inner(pattern, flags)
re._compile = watched
from patina_sessions import redact
redact.redact("Move the parser of src/patina/journal/grammar.py; its tests pass, see the task list")
print(len(compiled))
redact.redact("token=1")
print(len(compiled))
"""
    none, some = map(int, _alone(code).split())
    assert none == 0 < some


def test_importing_loads_nothing_that_the_words_everybody_speaks_do_not() -> None:
    code = "import sys; sys.path.insert(0, '.'); import patina_sessions.{}; print(*sys.modules)"
    own = {"binascii", "patina_sessions.redact"}
    extra = set(_alone(code.format("redact")).split()) - set(_alone(code.format("model")).split())
    assert {name for name in extra if not name.startswith("patina_sessions.redact")} <= own


HARD = {
    "prose": "The quick brown fox keeps a key decision in path/to/file.py at 12:30. ",
    "names": "token=",
    "quoted names": 'password="a1!',
    "name after name": "api_key secret password token ",
    "prefixes": "ghp_sk-xoxb-AKIA",
    "edges": "\\nsk-ant-\\neyJ",
    "web tokens": "eyJaaaaaaaaaa.",
    "keys begin": "-----BEGIN " + "PRIVATE KEY-----",
    "keys begin and go on": "-----BEGIN " + "PRIVATE KEY-----\n" + "A" * 40 + "\n",
    "URLs": "x://a:b@",
    "no URL": "://a:",
    "headers": "authorization: bearer ",
    "cookies": "cookie: a=",
    "logins": "login password ",
    "tools": "curl -u a",
    "backslashes": "\\",
    "quotes": '"',
    "escaped quotes": 'password="' + '\\"' * 30,
    "one word": "a",
    "lines": "\n",
    "fields": "name: token\n",
    "paths": "token=" + "ab.cd/" * 40,
}


def _seconds(work: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    work(text)
    return time.process_time() - start


def _is_linear(work: Callable[[str], object], whole: str) -> bool:
    """Tell whether four times the text takes four times the time or, where a machine is busy, up to eight.

    Of a text that takes long, a part is enough: what grows as a square shows in a third of a second.
    """
    size = min(len(whole), 2**14)
    work(whole[:size])  # compiles what there is to compile
    while size < len(whole) and _seconds(work, whole[: size // 4]) < 0.3:
        size = min(len(whole), 2 * size)
    text, quarter = whole[:size], whole[: size // 4]
    return any(_seconds(work, text) <= 8 * _seconds(work, quarter) + 0.02 for _ in range(3))


@pytest.mark.parametrize("kind", HARD)
def test_four_times_the_text_costs_four_times_the_time(kind: str) -> None:
    assert _is_linear(redact.find, (HARD[kind] * (2**18 // len(HARD[kind]) + 1))[: 2**18])


def test_a_stream_in_small_pieces_costs_no_more_for_being_long() -> None:
    assert _is_linear(
        lambda text: _streamed(text, [200]), "a harmless line of a build, with a token of thanks\n" * 5000
    )
