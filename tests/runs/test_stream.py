"""A command's stream, whatever the engine sends and however it breaks: nothing is lost, nothing is taken for success."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.runs import attached
from patina_sessions.runs.attached import Attached, Watch
from patina_sessions.runs.outcome import Ended, verdict
from patina_sessions.runs.run_log import RunLog
from patina_sessions.runs.tree import Tree
from patina_sessions.system import docker
from patina_sessions.system.docker.frames import Frames
from tests.fake_engine import FakeEngine, Script, frame


@dataclass
class Heard:
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    details: list[str] = field(default_factory=list)
    ended: Ended = field(default_factory=lambda: Ended(code=None))


Play = Callable[..., Heard]


@pytest.fixture(params=["socket", "tcp"])
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Play:
    """Return a player of scripts: what was heard of a command in such an engine, and how it ended.

    Spoken to over a socket, and by the SDK over TCP.
    """
    path = tmp_path / "s" if request.param == "socket" else None

    def run(
        script: Script, *, watch: Watch | None = None, hear: Callable[[int, bytes], None] | None = None
    ) -> Heard:
        heard = Heard()

        def both(stream: int, data: bytes) -> None:
            (heard.err if stream == 2 else heard.out).extend(data)

        with FakeEngine(path, script) as fake:
            monkeypatch.setenv("DOCKER_HOST", fake.host)
            with docker.connect() as engine:
                command = engine.prepare("box", ["true"])
                one = Attached(
                    engine=engine,
                    container="box",
                    run="r1",
                    tree=Tree(engine=engine, container="box", run="r1", user="0:0"),
                    command=command,
                    stream=engine.begin(command),
                    watch=watch or Watch(),
                    hear=hear or both,
                )
                heard.ended = one.follow()
                heard.details = one.details
        if path is not None:
            path.unlink()
        return heard

    return run


def packets(*given: bytes, pause: float = 0.0) -> Callable[[], Iterator[bytes]]:
    def send() -> Iterator[bytes]:
        for one in given:
            yield one
            time.sleep(pause)

    return send


def test_a_first_frame_in_the_packet_of_the_answer_is_heard(play: Play) -> None:
    heard = play(Script(after_head=frame(1, b"early\n"), packets=packets(frame(2, b"late\n"))))
    assert (bytes(heard.out), bytes(heard.err)) == (b"early\n", b"late\n")
    assert verdict(heard.ended).word == "passed"


def test_a_frame_s_head_may_come_byte_by_byte(play: Play) -> None:
    whole = frame(1, b"one ") + frame(2, b"two ") + frame(1, b"three")
    heard = play(Script(packets=packets(*[whole[i : i + 1] for i in range(len(whole))])))
    assert (bytes(heard.out), bytes(heard.err)) == (b"one three", b"two ")
    assert heard.ended == Ended(code=0)


@pytest.mark.parametrize("cut", [1, 7, 8, 12])
def test_a_stream_that_is_cut_within_a_frame_is_output_lost_and_not_passed(play: Play, cut: int) -> None:
    heard = play(Script(packets=packets(frame(1, b"whole\n"), frame(1, b"in the middle\n")[:cut])))
    assert heard.out.startswith(b"whole\n")
    assert verdict(heard.ended).word == "output lost"
    assert verdict(heard.ended).code == 125


def test_a_command_that_failed_has_failed_though_its_output_was_cut(play: Play) -> None:
    heard = play(Script(packets=packets(frame(1, b"x")[:4]), code=3))
    assert (verdict(heard.ended).word, verdict(heard.ended).code) == ("failed", 3)


def test_what_is_no_frame_is_output_lost(play: Play) -> None:
    heard = play(Script(packets=packets(frame(1, b"good\n"), b"HTTP/1.1 500 oh\r\n\r\n")))
    assert heard.out == b"good\n"
    assert verdict(heard.ended).word == "output lost"


def test_a_stream_that_never_ends_does_not_hold_a_command_that_is_over(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached, "LOOK", 0.2)
    monkeypatch.setattr(attached, "LATE", 0.5)
    heard = play(Script(packets=packets(frame(1, b"done\n")), hangs=True, code=7))
    assert heard.out == b"done\n"
    assert verdict(heard.ended).code == 7


def test_a_command_that_goes_on_after_its_stream_is_waited_for_and_not_called_passed(play: Play) -> None:
    heard = play(Script(packets=packets(frame(1, b"closed\n")), runs_for=2.0, code=0))
    assert verdict(heard.ended).word == "output lost"
    assert any("before the command did" in detail for detail in heard.details)


def test_a_command_that_ends_soon_after_its_stream_has_its_own_code(play: Play) -> None:
    heard = play(Script(packets=packets(frame(1, b"x")), runs_for=0.3, code=0))
    assert heard.ended == Ended(code=0)


def test_an_exit_code_that_is_not_there_yet_is_waited_for(play: Play) -> None:
    heard = play(Script(packets=packets(frame(1, b"x")), nulls=3, code=4))
    assert verdict(heard.ended).code == 4


def test_an_engine_that_dies_is_engine_lost(play: Play) -> None:
    heard = play(Script(packets=packets(frame(1, b"so far\n")), lost=True))
    assert heard.out == b"so far\n"
    assert (verdict(heard.ended).word, verdict(heard.ended).code) == ("engine lost", 125)


def test_an_engine_that_hangs_without_closing_its_socket_is_engine_lost(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached, "LOOK", 0.1)
    monkeypatch.setattr(docker.Engine, "answers", lambda _: False)
    heard = play(Script(packets=packets(frame(1, b"so far\n")), hangs=True, runs_for=60))
    assert heard.out == b"so far\n"
    assert (verdict(heard.ended).word, verdict(heard.ended).code) == ("engine lost", 125)


def test_a_timeout_is_told_apart_from_a_failure(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "LATE", 0.5)
    heard = play(
        Script(packets=packets(frame(1, b"x")), hangs=True, runs_for=1.0, code=143), watch=Watch(timeout=0.3)
    )
    assert (verdict(heard.ended).word, verdict(heard.ended).code) == ("timed out", 124)


def test_output_without_end_is_ended_by_the_timeout(play: Play, tmp_path: Path) -> None:
    script = Script(code=143)
    log = RunLog(tmp_path / "log", limit=100_000)

    def send() -> Iterator[bytes]:
        while "POST /exec/ours/start" not in script.asked:  # until its processes are ended
            yield frame(1, b"y\n" * 1000)

    script.packets = send
    heard = play(script, watch=Watch(timeout=0.3), hear=log.feed)
    assert (verdict(heard.ended).word, verdict(heard.ended).code) == ("timed out", 124)
    output = log.close()
    assert output.dropped > 0
    assert len(output.text) < 110_000


def test_a_reader_who_leaves_ends_the_command(play: Play) -> None:
    def closed(_stream: int, _data: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        play(Script(packets=packets(frame(1, b"x")), hangs=True, runs_for=60), hear=closed)


def test_a_character_whose_bytes_come_apart_is_whole_in_the_log(play: Play, tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log", limit=1000)
    snowman = "☃ and ☂\n".encode()
    play(Script(packets=packets(*[frame(1, snowman[i : i + 1]) for i in range(len(snowman))])), hear=log.feed)
    assert log.close().text == "☃ and ☂\n"
    assert (tmp_path / "log").read_text() == "☃ and ☂\n"


def test_a_gigabyte_of_output_takes_no_more_memory_than_a_little(play: Play, tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log", limit=2_000_000)
    piece = frame(1, b"0123456789abcdef" * 4096)
    count = 1_000_000_000 // len(piece)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    play(Script(packets=lambda: (piece for _ in range(count))), hear=log.feed)
    output = log.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert output.size == count * (len(piece) - 8)
    assert output.size - output.dropped <= 2_000_000 + len(piece)
    assert grown < 100_000  # kB
    assert (tmp_path / "log").stat().st_size < 2_200_000


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))), st.lists(st.integers(1, 30)))
def test_frames_come_out_alike_however_they_are_cut(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = b"".join(frame(stream, piece) for stream, piece in frames)
    taken = Frames()
    heard: dict[int, bytes] = {1: b"", 2: b""}
    at = 0
    for size in [*cuts, len(data)]:
        for stream, piece in taken.feed(data[at : at + size]):
            heard[stream] += piece
        at += size
    assert heard == {n: b"".join(piece for stream, piece in frames if stream == n) for n in (1, 2)}
    assert taken.whole


@given(st.binary(min_size=8, max_size=8).filter(lambda b: b[0] > 2 or b[1:4] != b"\0\0\0"))
def test_a_head_that_is_none_is_refused(head: bytes) -> None:
    frames = Frames()
    assert frames.feed(head + b"more") == []
    assert frames.broken
    assert not frames.whole
