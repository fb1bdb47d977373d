"""What a hook does while git waits, under every shell that may run it and with nothing but POSIX utilities on PATH."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from patina_sessions.setup.hook_text import EVENTS
from tests.bells import SHELLS, Bell, fake_recorder, found
from tests.waiting import until

Hang = Callable[..., Bell]


@pytest.fixture(params=SHELLS)
def hang(request: pytest.FixtureRequest, tmp_path: Path) -> Hang:
    """Return what makes the bell under one of the shells."""

    def make(**given: object) -> Bell:
        return Bell.hang(tmp_path, SHELLS[request.param], **given)  # type: ignore[arg-type]

    return make


@pytest.fixture
def bell(hang: Hang) -> Bell:
    return hang()


def rewrites(count: int) -> bytes:
    """Return what git gives a post-rewrite hook."""
    return b"".join(b"%040x %040x\n" % (n, n + 1) for n in range(count))


# What git gives each hook.
ARGUMENTS = {"post-checkout": ("old", "new", "1"), "post-merge": ("0",), "post-rewrite": ("rebase",)}
every_hook = pytest.mark.parametrize("event", EVENTS)


# ------------------------------------------------------------------------------------------------------------ the ring


@every_hook
def test_a_ring_starts_the_recorder_with_the_state_the_folder_and_git_dir(bell: Bell, event: str) -> None:
    done = bell.run(bell.hook(event), *ARGUMENTS.get(event, ()), env={"GIT_DIR": ".git/worktrees/x"})
    until(bell.called, "the recorder to be called")
    state = f"{bell.top}/.git/hooks/../patina"
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert bell.called() == [
        ["-P", "-m", "patina_sessions.recorder", state, str(bell.top), ".git/worktrees/x"]
    ]


def test_of_sixteen_rings_at_the_same_time_one_calls(bell: Bell) -> None:
    hook = bell.hook("post-commit")
    rings = [subprocess.Popen(bell.argv(hook), cwd=bell.top, env=bell.env) for _ in range(16)]
    assert [ring.wait() for ring in rings] == [0] * 16
    until(bell.called, "the recorder to be called")
    assert len(bell.called()) == 1
    assert (bell.state / "marks").read_bytes() == b"." * 15


@pytest.mark.parametrize(
    ("before", "calls"), [(0, 0), (62, 0), (63, 1), (64, 0), (126, 0), (127, 1), (191, 0), (255, 1)]
)
def test_rings_that_nobody_answers_call_again_ever_more_rarely(bell: Bell, before: int, calls: int) -> None:
    (bell.state / "rung").touch()
    (bell.state / "marks").write_bytes(b"." * before)
    assert bell.run(bell.hook("post-commit")).returncode == 0
    assert (bell.state / "marks").read_bytes() == b"." * (before + 1)
    if calls:
        until(bell.called, "the recorder to be called again")
    assert len(bell.called()) == calls


def test_a_ring_after_the_last_was_taken_down_calls_anew(bell: Bell) -> None:
    hook = bell.hook("post-commit")
    for count in (1, 2):
        bell.run(hook)
        until(lambda n=count: len(bell.called()) == n, "the recorder to be called")  # type: ignore[misc]
        (bell.state / "rung").unlink()


def test_a_checkout_of_files_does_not_ring(bell: Bell) -> None:
    hook = bell.hook("post-checkout")
    bell.run(hook, "old", "new", "0")
    assert not (bell.state / "rung").exists()
    bell.run(hook, "old", "new", "1")
    assert (bell.state / "rung").exists()


def test_what_a_hook_makes_is_its_owners_alone(bell: Bell) -> None:
    bell.run(bell.hook("post-rewrite"), "amend", stdin=rewrites(1))
    bell.run(bell.hook("post-commit"))
    made = [bell.state / "rung", bell.state / "marks", *(bell.state / "spool").iterdir()]
    assert {oct(path.stat().st_mode & 0o777) for path in made} == {"0o600"}


# -------------------------------------------------------------------------------------------------------------- silence


def _silent(bell: Bell, *, env: dict[str, str] | None = None) -> bool:
    """Say whether every hook does nothing, says nothing and succeeds."""
    results = []
    for event in EVENTS:
        done = bell.run(bell.hook(event), "amend", stdin=rewrites(2), env=env)
        results.append((done.returncode, done.stdout, done.stderr))
    return (
        results == [(0, b"", b"")] * len(EVENTS) and not (bell.state / "rung").exists() and not bell.called()
    )


def test_without_a_state_folder_a_hook_is_silent(bell: Bell) -> None:
    shutil.rmtree(bell.state)
    assert _silent(bell)


def test_without_consent_a_hook_is_silent(bell: Bell) -> None:
    (bell.state / "repo.json").unlink()
    assert _silent(bell)


def test_without_the_interpreter_a_hook_is_silent(hang: Hang, tmp_path: Path) -> None:
    assert _silent(hang(python=tmp_path / "gone" / "python"))


def test_switched_off_by_the_environment_a_hook_is_silent(bell: Bell) -> None:
    assert _silent(bell, env={"PATINA": "0"})


@pytest.mark.parametrize("options", [(), ("-eufC",)])
def test_a_hook_that_does_nothing_leaves_the_reason_where_doctor_finds_it(
    bell: Bell, options: tuple[str, ...]
) -> None:
    hook = bell.hook("post-commit")

    def reasons(**env: str) -> dict[str, str]:
        assert bell.run(hook, options=options, env=env).returncode == 0
        return {path.name: path.read_text() for path in bell.state.glob("silent*")}

    found = {"silent-environment": "post-commit environment\n"}
    assert reasons(PATINA="0") == reasons(PATINA="0") == found
    (bell.state / "off").touch()
    found["silent-off"] = "post-commit off\n"
    assert reasons() == found
    (bell.state / "off").unlink()
    (bell.git.parents[1] / "the recorder's").unlink()
    found["silent-interpreter"] = "post-commit interpreter\n"
    assert reasons() == found
    assert not bell.called()


def test_a_reason_is_left_in_no_pipe(bell: Bell) -> None:
    os.mkfifo(bell.state / "silent-environment")
    done = subprocess.run(
        bell.argv(bell.hook("post-commit")), cwd=bell.top, env={**bell.env, "PATINA": "0"}, timeout=60
    )
    assert done.returncode == 0


def test_where_nothing_can_be_written_a_hook_is_silent(bell: Bell) -> None:
    # Folders in the place of the files: that refuses root too.
    for name in ("rung", "marks"):
        (bell.state / name).mkdir()
    shutil.rmtree(bell.state / "spool")
    for event in ("post-commit", "post-rewrite"):
        done = bell.run(bell.hook(event, "#!/bin/sh\ncat\n"), "amend", stdin=rewrites(2))
        assert (done.returncode, done.stdout, done.stderr) == (0, rewrites(2), b"")
    assert not bell.called()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may enter, which those of pytest are not."""
    folder = Path(mkdtemp(prefix="patina-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_repository_of_somebody_else_a_hook_is_silent(open_folder: Path, shell: str) -> None:
    bell = Bell.hang(open_folder, SHELLS[shell])
    hook = bell.hook("post-commit", "#!/bin/sh\necho mine\n")
    nobody = 65534 if os.geteuid() == 0 else None
    if nobody is None:
        bell.state.chmod(0o555)
    done = subprocess.run(
        bell.argv(hook), cwd=bell.top, env=bell.env, capture_output=True, user=nobody, group=nobody
    )
    bell.state.chmod(0o755)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mine\n", b"")
    assert not (bell.state / "rung").exists()
    assert not bell.called()


# ------------------------------------------------------------------------------------------- the hook around our block

# Everything of a shell that a line of ours could disturb. Names that count or remember by themselves are left out.
SEEN = """\
set -o
umask
pwd
trap
echo "$# $* $0 $-"
set | while IFS= read -r line; do
  case $line in _=* | LINENO=* | RANDOM=* | SECONDS=* | EPOCH* | SRANDOM=* | BASH_* | PPID=* | OPTIND=*) ;;
  *) printf '%s\\n' "$line" ;; esac
done
cat
exit 7
"""


@pytest.mark.parametrize("options", [(), ("-e",), ("-u",), ("-f",), ("-C",), ("-a",), ("-eufC",)])
@every_hook
def test_the_hook_around_our_block_runs_as_if_it_were_not_there(
    bell: Bell, event: str, options: tuple[str, ...]
) -> None:
    plain = bell.git / "hooks" / event
    plain.write_text("#!/bin/sh\n" + SEEN)
    without = bell.run(plain, "amend", "two words", stdin=rewrites(3), options=options)
    with_block = bell.run(
        bell.hook(event, "#!/bin/sh\n" + SEEN), "amend", "two words", stdin=rewrites(3), options=options
    )
    assert with_block.stdout == without.stdout
    assert (with_block.returncode, with_block.stderr) == (without.returncode, without.stderr) == (7, b"")
    assert rewrites(3) in with_block.stdout
    until(bell.called, "the recorder to be called")


@pytest.mark.parametrize("option", ["-x", "-v"])
def test_a_hook_that_shows_its_steps_still_works(bell: Bell, option: str) -> None:
    hook = bell.hook("post-rewrite", "#!/bin/sh\ncat\nexit 7\n")
    done = bell.run(hook, "amend", stdin=rewrites(3), options=[option])
    assert (done.returncode, done.stdout) == (7, rewrites(3))


@pytest.mark.parametrize("count", [1, 49, 50, 800, 20_000])
def test_the_rewrite_map_is_set_aside_whole_and_given_back_whole(bell: Bell, count: int) -> None:
    hook = bell.hook("post-rewrite", "#!/bin/sh\ncat\n")
    done = bell.run(hook, "rebase", stdin=rewrites(count))
    assert done.stdout == rewrites(count)
    (spooled,) = (bell.state / "spool").iterdir()
    assert spooled.read_bytes() == rewrites(count)
    assert spooled.name.startswith("rewrite-rebase-")
    assert spooled.suffix == ".in"


def test_a_hook_that_reads_nothing_leaves_git_nothing_to_wait_for(bell: Bell) -> None:
    done = bell.run(bell.hook("post-rewrite", "#!/bin/sh\nexit 3\n"), "rebase", stdin=rewrites(20_000))
    assert (done.returncode, done.stderr) == (3, b"")


def test_an_empty_rewrite_map_is_given_back_empty(bell: Bell) -> None:
    done = bell.run(bell.hook("post-rewrite", "#!/bin/sh\ncat\n"), "rebase")
    assert (done.returncode, done.stdout) == (0, b"")
    assert not list((bell.state / "spool").iterdir())


@pytest.mark.parametrize("kind", ["../../x", "other", ""])
def test_a_rewrite_of_a_kind_that_git_does_not_name_is_passed_over(bell: Bell, kind: str) -> None:
    done = bell.run(bell.hook("post-rewrite", "#!/bin/sh\ncat\n"), kind, stdin=rewrites(1))
    assert (done.returncode, done.stdout, done.stderr) == (0, rewrites(1), b"")
    assert not list((bell.state / "spool").iterdir())


@every_hook
def test_a_closed_standard_input_hangs_no_hook(bell: Bell, event: str) -> None:
    hook = bell.hook(event, "#!/bin/sh\necho mine\n")
    closed = " ".join(f"'{word}'" for word in bell.argv(hook, "amend")) + " <&-"
    done = subprocess.run(
        [found("sh"), "-c", closed], cwd=bell.top, env=bell.env, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mine\n", b"")


def test_a_person_who_starts_a_hook_by_hand_is_not_waited_for(bell: Bell) -> None:
    ours, terminal = os.openpty()
    hook = bell.hook("post-rewrite", "#!/bin/sh\necho mine\n")
    try:
        done = subprocess.run(
            bell.argv(hook, "amend"),
            cwd=bell.top,
            env=bell.env,
            stdin=terminal,
            capture_output=True,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(terminal)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mine\n", b"")


def test_an_input_that_cannot_be_read_ends_no_strict_hook(bell: Bell) -> None:
    hook = bell.hook("post-rewrite", "#!/bin/sh\necho mine\n")
    folder = os.open("/", os.O_RDONLY)
    try:
        done = subprocess.run(
            bell.argv(hook, "amend", options=["-e"]),
            cwd=bell.top,
            env=bell.env,
            stdin=folder,
            capture_output=True,
        )
    finally:
        os.close(folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mine\n", b"")


def test_a_spool_that_the_same_process_number_left_is_not_written_over(bell: Bell) -> None:
    """Numbers come round, in a container soon."""
    hook = bell.hook("post-rewrite")
    # The hook's own number is known only to it, so it makes the files that are in its way.
    text = hook.read_text().replace(
        "#!/bin/sh\n", "#!/bin/sh\nprintf old >.git/patina/spool/rewrite-amend-$$.in\n"
    )
    hook.write_text(text)
    bell.run(hook, "amend", stdin=rewrites(2))
    kept = sorted(path.read_bytes() for path in (bell.state / "spool").iterdir())
    assert kept == sorted([b"old", rewrites(2)])


# ---------------------------------------------------------------------------------------------------------- the process


@every_hook
def test_nobody_waits_for_the_recorder_and_nothing_of_git_stays_open(hang: Hang, event: str) -> None:
    """Git, ssh and pipes wait for whoever holds their ends: here a recorder that would hold them for a minute."""
    bell = hang(also="sleep=$(command -v sleep || echo /bin/sleep); $sleep 60 & echo $! >> pids; wait")
    hook = bell.hook(event, "#!/bin/sh\necho mine\n")
    done = bell.run(hook, *ARGUMENTS.get(event, ()), stdin=rewrites(2))  # returns when both pipes are closed
    assert done.stdout == b"mine\n"
    until(lambda: (bell.top / "pids").exists() and (bell.top / "pids").read_text(), "the recorder to begin")
    alive = int((bell.top / "pids").read_text())
    os.kill(alive, 0)  # it is still at work
    os.kill(alive, 9)


@every_hook
def test_a_terminal_that_closes_and_ctrl_c_do_not_reach_the_recorder(
    hang: Hang, default_signals: None, event: str
) -> None:
    bell = hang(also="kill -HUP $$; kill -INT $$; kill -QUIT $$")
    bell.run(bell.hook(event), *ARGUMENTS.get(event, ()), stdin=rewrites(2))
    until(bell.called, "the recorder to live through the signals")


@pytest.fixture
def default_signals() -> Iterator[None]:
    """Let signals do what they do in a terminal: these tests may run under nohup, and what is ignored is inherited."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGHUP, signal.SIGQUIT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@every_hook
def test_output_that_nobody_reads_breaks_nothing(bell: Bell, event: str) -> None:
    hook = bell.hook(event)
    process = subprocess.Popen(
        bell.argv(hook, *ARGUMENTS.get(event, ())),
        cwd=bell.top,
        env=bell.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == 0
    until(bell.called, "the recorder to be called")


def test_a_path_with_every_strange_character_is_only_a_path(tmp_path: Path) -> None:
    strange = tmp_path / 'it\'s "so" $HOME `x` \\n ; & 日本'
    strange.mkdir()
    bell = Bell.hang(
        strange, SHELLS["dash"], python=fake_recorder(strange / "a 'recorder' $x", tmp_path / "calls")
    )
    bell.run(bell.hook("post-commit"))
    until((tmp_path / "calls").exists, "the recorder to be called")


def test_the_script_has_no_name_that_is_not_filled_in() -> None:
    bell_text = (Path(__file__).parents[2] / "hooks" / "git.sh").read_text()
    names = {word for word in bell_text.split("@") if word.isupper() and " " not in word and "\n" not in word}
    assert names == {"VERSION", "PYTHON", "UMASK"}


def test_every_shell_of_the_list_is_here() -> None:
    for shell in SHELLS.values():
        assert found(shell[0])
