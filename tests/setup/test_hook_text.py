"""The words of the hooks."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions import safe
from patina_sessions.paths import FORMAT
from patina_sessions.setup import blocks, hook_text
from tests.bells import SHELLS, found

OURS = [
    b"#!/bin/sh\n",
    b"#! /bin/sh -e\n",
    b"#!/bin/bash\n",
    b"#!/usr/bin/env bash\n",
    b"#!/usr/bin/env -S bash -eu\n",
    b"#!/usr/bin/env -i LC_ALL=C sh\n",
    b"#!/bin/dash\necho\n",
    b"#!/bin/busybox sh\n",
    b"#!/usr/local/bin/bash",
    b"echo no first line\n",
    b"",
    b'#!/bin/sh\nHERE="$(dirname "$0")"\nexec pre-commit "$@"\n',
]
THEIRS = {
    b"#!/usr/bin/env python3\n": "python3",
    b"#!/usr/bin/python3.11 -E\n": "python3.11",
    b"#!/usr/bin/env -S node --no-warnings\n": "node",
    b"#!/usr/bin/ruby\n": "ruby",
    b"#!/bin/busybox awk -f\n": "awk",
    b"#!/usr/bin/fish\n": "fish",
    b"#!/bin/zsh\n": "zsh",  # not tried, so not written into
    b"#!\n": "no interpreter",
    b"#!/usr/bin/env\n": "no interpreter",
    b"#!/bin/sh\r\necho\r\n": "carriage return",
    b"\x7fELF\x02\x01\x01\x00\x00": "a program",
    b"#!/bin/sh\n''':'\nexec python3 \"$0\" \"$@\"\n'''\n": "another program",
    b'#!/bin/sh\n"exec" "python3" "$0" "$@"\n': "another program",
    b'#!/bin/sh\n# \\\nexec tclsh ${0} ${1+"$@"}\n': "another program",
}


@pytest.mark.parametrize("text", OURS)
def test_a_script_of_a_shell_takes_our_lines(text: bytes) -> None:
    assert hook_text.refusal(text) is None


@pytest.mark.parametrize("text", THEIRS)
def test_another_language_does_not_and_it_is_said_why(text: bytes) -> None:
    assert THEIRS[text] in (hook_text.refusal(text) or "")


@given(st.binary(max_size=60))
def test_whatever_a_hook_holds_it_is_judged(rest: bytes) -> None:
    for text in (rest, b"#!" + rest):
        why = hook_text.refusal(text)
        assert why is None or safe.visible(why) == why


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", hook_text.EVENTS)
def test_every_block_is_the_shells_own_language(shell: str, event: str) -> None:
    block = hook_text.block(event, up="../..")
    done = subprocess.run([*SHELLS[shell], "-n"], input=block, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_block_and_the_script_carry_their_version() -> None:
    found_block = blocks.find(hook_text.block("post-commit", up=".."))
    assert found_block is not None
    assert found_block.version == FORMAT
    assert b"patina-hook 7;" in hook_text.script("# patina-hook @VERSION@;", python="/p", umask=0).replace(
        str(FORMAT).encode(), b"7"
    )


@given(st.text(st.characters(exclude_characters="\0\n", codec="utf-8"), min_size=1))
def test_any_path_of_an_interpreter_is_one_word(name: str) -> None:
    script = hook_text.script("printf %s @PYTHON@", python=f"/{name}", umask=0o077)
    done = subprocess.run([found("dash")], input=script, capture_output=True, check=True)
    assert done.stdout == f"/{name}".encode()


def test_git_reads_each_command_from_its_settings_as_we_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_bytes(hook_text.section(hook_text.EVENTS))
    said = subprocess.run(
        ["git", "config", "--file", file, "--list"], capture_output=True, check=True, text=True
    )
    assert said.stdout.count("\n") == 2 * len(hook_text.EVENTS)
    for event in hook_text.EVENTS:
        assert f"hook.patina-{event}.event={event}\n" in said.stdout
