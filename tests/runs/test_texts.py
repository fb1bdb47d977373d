"""The copies of output that Patina keeps: plain text, redacted, bounded, and the lines of it that tell why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.runs.outcome.telling import CHARACTERS, LINES, telling
from patina_sessions.runs.plain import Plain, cleaned
from patina_sessions.runs.run_log import RunLog


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07shown", "shown"),
        ("\x1b]52;c;c2VjcmV0\x1b\\shown", "shown"),
        ("\x1bPq#0\x1b\\shown", "shown"),
        ("10%\r50%\r100%\ndone\n", "100%\ndone\n"),
        ("a line\r\nanother\r\n", "a line\nanother\n"),
        ("bo\x08\x08ne", "ne"),
        ("bell\x07 nul\x00", "bell nul"),
        ("tab\tstays", "tab\tstays"),
        ("kept\r", "kept"),
    ],
)
def test_a_terminal_s_language_is_not_in_the_copy(given_: str, kept: str) -> None:
    assert cleaned(given_) == kept


@given(st.text(alphabet="ab\x1b[;m\r\n]\x07ü", max_size=60), st.lists(st.integers(1, 9)))
def test_output_reads_alike_however_it_is_cut(text: str, cuts: list[int]) -> None:
    data = text.encode()
    plain, at, out = Plain(), 0, ""
    for size in [*cuts, len(data) + 1]:
        out += plain.feed(data[at : at + size])
        at += size
    out += plain.close()
    whole = Plain()
    assert out == whole.feed(data) + whole.close()


def test_a_line_without_end_is_not_held_for_ever() -> None:
    plain = Plain()
    assert sum(len(plain.feed(b"x" * 1000)) for _ in range(100)) > 80_000


def test_the_beginning_and_the_end_of_long_output_are_kept_and_the_rest_counted(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log", limit=2000)
    for n in range(1000):
        log.feed(1, f"line {n}\n".encode())
    output = log.close()
    lines = output.text.splitlines()
    assert lines[0] == "line 0"
    assert lines[-1] == "line 999"
    assert f"{output.dropped:,} bytes of output are not kept" in output.text
    assert (tmp_path / "log").read_text() == output.text
    assert output.size == sum(len(f"line {n}\n") for n in range(1000))


def test_a_secret_that_comes_in_pieces_is_in_no_log(tmp_path: Path) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    log = RunLog(tmp_path / "log", limit=10_000)
    for char in f"the token is {secret} .\n":
        log.feed(1, char.encode())
    assert secret not in log.close().text
    assert secret not in (tmp_path / "log").read_text()


def test_a_value_that_was_handed_on_by_name_is_in_no_log(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log", limit=10_000, hidden=("open sesame", "ab"))
    log.feed(1, b"say open ses")
    log.feed(1, b"ame to ab\n")
    assert log.close().text == "say [redacted:env] to ab\n"


def test_a_value_of_more_than_one_line_is_in_no_log_wherever_it_is_cut(tmp_path: Path) -> None:
    value = "the first line of it\nand the second one"
    log = RunLog(tmp_path / "log", limit=1_000_000, hidden=(value,))
    said = "".join(f"{number}: {value}.\n" for number in range(400)).encode()
    for at in range(0, len(said), 7):
        log.feed(1, said[at : at + 7])
    assert log.close().text == "".join(f"{number}: [redacted:env].\n" for number in range(400))


def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "gone" / "log", limit=1000)
    log.feed(1, b"all the same\n")
    output = log.close()
    assert output.text == "all the same\n"
    assert output.unwritten


@given(st.text(max_size=2000))
def test_telling_lines_are_few_and_from_the_output(output: str) -> None:
    told = telling(output)
    assert len(told) <= CHARACTERS + 2 * LINES
    lines = {line.rstrip()[:240] for line in output.splitlines()} | {"…", ""}
    assert all(line in lines for line in told.splitlines())


def test_what_looks_like_an_error_is_told_and_noise_is_not() -> None:
    noise = "".join(f"compiling module {n}\n" for n in range(300))
    told = telling(f"{noise}src/main.c:3:5: error: 'x' undeclared\n{noise}make: *** [all] Error 1\n")
    assert "src/main.c:3:5: error: 'x' undeclared" in told
    assert "make: *** [all] Error 1" in told
    assert len(told.splitlines()) < 12


def test_output_without_an_error_is_told_by_its_end() -> None:
    told = telling("".join(f"step {n}\n" for n in range(100)))
    assert told.splitlines()[-1] == "step 99"
    assert len(told.splitlines()) == 12
