"""An autonomous run from the command to the branch: what goes in, what it is held to, and what comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.conftest import IMAGE
from tests.docker.yolo.conftest import Yolo, said, tree_of
from tests.repository import Repo
from tests.waiting import until

COMMIT = "echo more > b.txt && git add b.txt && git commit --quiet -m 'feat: more'"


def test_a_run_s_commits_come_back_as_a_branch_and_nothing_else_moves(yolo: Yolo) -> None:
    git = yolo.repo.path / ".git"
    yolo.repo.git("status")
    before, head = tree_of(git), yolo.repo.git("rev-parse", "HEAD")
    done = yolo.go(f"{COMMIT}; echo hello")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    assert tree_of(git) == before
    assert yolo.repo.git("rev-parse", "HEAD") == head
    assert yolo.repo.git("log", "--format=%s", f"HEAD..{yolo.branch()}") == "feat: more"
    assert yolo.repo.git("rev-parse", f"{yolo.branch()}^") == head
    assert "- YOLO run passed" in yolo.journal
    assert f"Branch: {yolo.branch()}" in yolo.entry()
    assert "1 file, +1 -0: b.txt" in yolo.entry()
    assert yolo.left() == {}


def test_nothing_done_makes_no_branch(yolo: Yolo) -> None:
    done = yolo.go("true")
    assert (done.returncode, yolo.branches()) == (0, [])
    assert "It changed nothing: no branch was made" in yolo.entry()
    assert yolo.left() == {}


def test_what_was_not_committed_comes_back_as_a_commit_of_its_own(yolo: Yolo) -> None:
    assert yolo.go(f"{COMMIT}; echo x > new.txt; rm a.txt; chmod +x b.txt").returncode == 0
    branch = yolo.branch()
    assert yolo.repo.git("log", "--format=%s", f"HEAD..{branch}").splitlines() == [
        "What was not committed when the run ended",
        "feat: more",
    ]
    assert "a.txt" not in yolo.repo.git("ls-tree", "--name-only", branch)
    assert yolo.repo.git("show", f"{branch}:new.txt") == "x"
    assert yolo.repo.git("ls-tree", branch, "b.txt").startswith("100755")


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("exit 3", 3, "YOLO run failed"),
        ("exec nonesuch", 127, "127, command not found"),
        ("kill -TERM $$", 143, "143, ended by SIGTERM"),
        ("python3 -c 'a = \"x\" * 10**9'", 137, "YOLO run out of memory"),
    ],
)
def test_each_end_has_its_words_and_loses_nothing(yolo: Yolo, script: str, code: int, words: str) -> None:
    done = yolo.go(f"{COMMIT}; {script}", "--memory", "200m")
    assert done.returncode == code, done.stderr
    assert words in yolo.entry()
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"


def test_a_run_that_ended_before_its_files_were_there_brings_no_commit_that_deletes_them(yolo: Yolo) -> None:
    # What a kill in the middle of the checkout leaves: our mark, no index, half of the files.
    done = yolo.go("touch .git/patina-unready; rm .git/index a.txt")
    assert (done.returncode, yolo.branches()) == (0, []), done.stderr
    assert "Note: it ended before its files were there" in yolo.entry()
    done = yolo.go("touch .git/patina-unready; rm a.txt")  # the mark alone says nothing
    assert "a.txt" not in yolo.repo.git("ls-tree", "--name-only", yolo.branch())


def test_a_timeout_ends_it_and_its_work_comes_back(yolo: Yolo) -> None:
    done = yolo.go(
        f"{COMMIT}; (setsid sleep 4242 &); trap '' TERM; while :; do sleep 1; done", "--timeout", "2"
    )
    assert done.returncode == 124, done.stderr
    assert "YOLO run timed out" in yolo.entry()
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"
    assert yolo.left() == {}


def test_ctrl_c_ends_it_and_its_work_comes_back(yolo: Yolo) -> None:
    with yolo.start("yolo", "run", *yolo.words(f"{COMMIT}; echo ready; exec sleep 4242")) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
    assert "YOLO run interrupted" in yolo.entry()
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"


def test_stop_ends_a_run_and_logs_follows_it(yolo: Yolo) -> None:
    words = yolo.words(f"{COMMIT}; echo ready; exec sleep 4242", "--name", "slow")
    with yolo.start("yolo", "run", *words) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        assert said(yolo.run("yolo", "list", "--json"))["runs"][0]["state"] == "running"
        refused = yolo.run("yolo", "rm", "slow")
        assert (refused.returncode, "goes on" in refused.stderr) == (1, True)
        with yolo.start("yolo", "logs", "-f", "slow") as following:
            assert yolo.run("yolo", "stop", "slow").returncode == 0
            assert following.stdout is not None
            assert following.stdout.read() == b"ready\n"
        running.communicate()
        assert running.returncode == 130
    assert "YOLO run interrupted" in yolo.entry()
    assert yolo.branches()


def test_from_names_the_commit_it_begins_from_and_the_branch_it_is_on(yolo: Yolo) -> None:
    yolo.repo.git("branch", "older", "HEAD~1")
    done = yolo.go(
        "git rev-parse HEAD; git branch --show-current; git tag; git remote; git stash list",
        "--from",
        "older",
    )
    assert done.stdout.split() == [yolo.repo.git("rev-parse", "older"), "older"]
    bad = yolo.go("true", "--from", "nonesuch")
    assert (bad.returncode, "names no commit" in bad.stderr) == (125, True)


def test_uncommitted_work_goes_along_only_when_asked(yolo: Yolo) -> None:
    yolo.repo.write("a.txt", "changed\n")
    yolo.repo.write("fresh.txt", "new\n")
    status = yolo.repo.git("status", "--porcelain")
    index = (yolo.repo.path / ".git/index").read_bytes()
    plain = yolo.go("cat a.txt; ls")
    assert "changed" not in plain.stdout
    assert "2 files that are not committed (--with-changes takes them): a.txt, fresh.txt" in yolo.entry()
    taken = yolo.go("cat a.txt fresh.txt; echo more > b.txt", "--with-changes")
    assert taken.stdout == "changed\nnew\n"
    assert yolo.repo.git("log", "--format=%s", f"HEAD..{yolo.branch()}").splitlines() == [
        "What was not committed when the run ended",
        "What was not committed when the run began",
    ]
    assert yolo.repo.git("status", "--porcelain") == status
    assert (yolo.repo.path / ".git/index").read_bytes() == index
    assert "1 file, +1 -0: b.txt" in yolo.entry()


def test_work_comes_home_from_wherever_git_keeps_it(yolo: Yolo) -> None:
    """Stashes, the later and the earlier; a detached head, the clone's own and those of working trees beside it."""
    yolo.repo.git("checkout", "--quiet", "--detach")
    script = """
set -e
git branch --show-current
for n in one two; do echo $n > b.txt; git add b.txt; echo $n > loose.txt; git stash --quiet -u; done
git checkout --quiet --detach; git commit --quiet --allow-empty -m 'on a detached head'
for place in /tmp/far beside; do
  git worktree add --quiet --detach $place HEAD~1
  (cd $place; echo x > x; git add x; git commit --quiet -m "in $place"; echo loose > loose)
done
"""
    done = yolo.go(script)
    assert (done.returncode, done.stdout) == (0, "yolo\n"), done.stderr
    first, *others = yolo.branches()
    assert yolo.repo.git("log", "--format=%s", f"HEAD..{first}") == "on a detached head"
    assert "beside" not in yolo.repo.git("ls-tree", "--name-only", first)  # it is no module of the project
    found = {yolo.repo.git("log", "-1", "--format=%s", name): name for name in others}
    stashes = [name for name in others if yolo.repo.git("log", "-1", "--format=%s", name).startswith("WIP")]
    assert {yolo.repo.git("show", f"{name}:b.txt") for name in stashes} == {"one", "two"}
    assert {yolo.repo.git("show", f"{name}^3:loose.txt") for name in stashes} == {"one", "two"}
    assert {"in /tmp/far", "in beside"} <= set(found)
    assert len(others) == 4
    told = "Left behind: a working tree beside, whose commits come back, and not what is uncommitted in it: ./beside\n"
    assert told in yolo.entry()
    assert yolo.left()["volumes"]


def test_submodules_and_pointers_of_lfs_come_home_as_what_they_are(yolo: Yolo) -> None:
    inner = Repo.create(yolo.repo.path.parent / "inner")
    inner.commit("inner", x="1")
    yolo.repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "lib")
    yolo.repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345"
    for name in ("kept.bin", "changed.bin"):
        yolo.repo.write(name, f"{pointer}\n")
    yolo.repo.git("add", "--all")
    yolo.repo.git("commit", "--quiet", "-m", "modules and pointers")
    script = """
set -e
ls -A lib; cat kept.bin
git init --quiet /tmp/other; (cd /tmp/other; echo x > x; git add x; git -c user.name=a -c user.email=a@b commit --quiet -m x)
git -c protocol.file.allow=always submodule --quiet add /tmp/other mod; git commit --quiet -m 'a module'
sed -i s/12345/777/ changed.bin
"""
    done = yolo.go(script)
    assert (done.returncode, done.stdout) == (0, f"{pointer}\n"), done.stderr
    branch, entry = yolo.branch(), yolo.entry()
    assert "Not taken along: submodules stay empty: lib\n" in entry
    assert "Not taken along: files in LFS go in as their pointers, without their contents\n" in entry
    changed = yolo.repo.git("diff-tree", "-r", "--name-only", "HEAD", branch).split()
    assert changed == [".gitmodules", "changed.bin", "mod"]  # an empty lib is not a removed one
    assert yolo.repo.git("show", f"{branch}:changed.bin") == pointer.replace("12345", "777")
    assert yolo.repo.git("ls-tree", branch, "mod").startswith("160000 commit ")
    assert "These run on your machine, by git, as a submodule: mod\n" in entry
    assert "Only pointers of LFS, their contents did not come along: changed.bin\n" in entry
    assert "whose files and history do not come back: ./mod\n" in entry


def test_the_container_is_held_as_it_is_said(yolo: Yolo) -> None:
    script = """
id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t' ; pwd
for place in / /etc /usr /clone /proc/sys/kernel; do touch $place/x 2>/dev/null && echo "wrote $place"; done
for place in /tmp "$HOME" /clone/repo; do touch $place/x && echo "may write $place"; done
cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null
cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null
ls /sys/class/net; ulimit -n
mount | grep -c ' /clone '
cat /sys/fs/cgroup/cpu.max 2>/dev/null || paste -d ' ' /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us
"""
    done = yolo.go(script, "--memory", "300m", "--cpus", "0.5")
    assert done.stdout.splitlines() == [
        "1000",
        "CapEff:0000000000000000",
        "CapBnd:0000000000000000",
        "NoNewPrivs:1",
        "Seccomp:2",
        "/clone/repo",
        "may write /tmp",
        "may write /home/agent",
        "may write /clone/repo",
        str(300 << 20),
        "1024",
        "lo",
        "8192",
        "1",
        "50000 100000",  # microseconds of each tenth of a second
    ], done.stderr


def test_a_secret_reaches_the_program_and_nothing_else(
    yolo: Yolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = 'it\'s "quoted" $HOME `id` \\n\nsecond line'
    monkeypatch.setenv("TOKEN_OF_MINE", value)
    (tmp_path / "secret").write_text("from-a-file-4242\n")
    script = 'printf "%s|%s" "$TOKEN_OF_MINE" "$OTHER"; cat; tr "\\0" "\\n" < /proc/1/cmdline; tr "\\0" "\\n" < /proc/1/environ | grep -c TOKEN_OF'
    words = yolo.words(
        f"{script}; echo; echo ready; exec sleep 4242",
        "--env",
        "TOKEN_OF_MINE",
        "--secret",
        f"OTHER={tmp_path}/secret",
    )
    with yolo.start("yolo", "run", *words) as running:
        assert running.stdout is not None
        shown = b""
        while not shown.endswith(b"ready\n"):
            shown += running.stdout.readline()
        assert shown.startswith(f"{value}|from-a-file-4242".encode())
        import docker

        client = docker.from_env()
        (container,) = yolo.left()["containers"]
        seen = json.dumps(client.api.inspect_container(container))
        client.close()
        assert "from-a-file-4242" not in seen
        assert "second line" not in seen
        running.send_signal(signal.SIGINT)
        running.wait()
    log = yolo.run("yolo", "logs").stdout
    kept = b"".join(p.read_bytes() for p in (yolo.repo.path / ".git/patina").rglob("*") if p.is_file())
    assert "[redacted:env]" in log
    assert b"from-a-file-4242" not in kept
    assert b"second line" not in kept
    missing = yolo.go("true", "--env", "NOT_SET_ANYWHERE")
    assert (missing.returncode, "NOT_SET_ANYWHERE is not set" in missing.stderr) == (125, True)


def test_an_image_without_git_or_shell_runs_and_its_work_comes_back(yolo: Yolo) -> None:
    network = {"PATINA_DOCKER_BUILD_NETWORK": "host"}  # where ours is not built yet
    done = yolo.go("echo made > made.txt", "--image", IMAGE, env=network)
    assert done.returncode == 0, done.stderr
    assert yolo.repo.git("show", f"{yolo.branch()}:made.txt") == "made"
    bare = yolo.run("yolo", "run", "--image", "patina-test-hello", "--", "/hello", "echo", "hi", env=network)
    assert "hello: applet not found" in bare.stderr  # it was run, by nobody else
    assert "It changed nothing" in yolo.entry()


def test_an_image_that_is_not_there_is_named(yolo: Yolo) -> None:
    done = yolo.go("true", "--image", "nobody/has-it:3")
    assert done.returncode == 125
    assert "does not have the image nobody/has-it:3" in done.stderr
    assert yolo.run("yolo", "list").stdout.startswith("No autonomous run yet")


def test_its_output_steers_no_terminal(yolo: Yolo) -> None:
    done = yolo.go("printf '\\033]0;title\\007\\033[31mred\\033[0m \\033]52;c;aGk=\\007end\\n'")
    assert done.stdout == "red end\n"
    assert yolo.run("yolo", "logs").stdout == "red end\n"


def test_a_task_in_words_goes_to_the_agent_of_the_settings(yolo: Yolo) -> None:
    settings = Path(os.environ["HOME"]) / ".config/patina/config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"""
yolo.agent = "stub"
yolo.image = "{yolo.image}"
[yolo.agents.stub]
command = ["sh", "-c", 'printf %s "$1" > task; git add task; git commit --quiet -m "feat: by the stub"', "stub", "{{task}}"]
[yolo.agents.online]
command = "online --yes {{task}}"
hosts = ["api.example.org"]
""")
    task = "fix the 'flaky' test; $(touch /tmp/x) --now"
    done = yolo.run("yolo", task)
    assert done.returncode == 0, done.stderr
    branch = yolo.branch()
    assert yolo.repo.git("show", f"{branch}:task") == task
    assert yolo.repo.git("log", "--format=%s", f"HEAD..{branch}") == "feat: by the stub"
    said_so = yolo.run("yolo", "run", "--agent", "online", "--dry-run", "do it").stdout
    assert "would run: online --yes 'do it'\n" in said_so
    assert "network api.example.org\n" in said_so


def test_dry_run_says_what_would_be_and_makes_nothing(yolo: Yolo) -> None:
    yolo.repo.write("a.txt", "changed\n")
    done = yolo.go("true", "--dry-run", "--timeout", "5m")
    assert done.returncode == 0
    assert "would run: sh -c true" in done.stdout
    assert "at most 300 s" in done.stdout
    assert "not taken along: 1 file" in done.stdout
    assert (yolo.left(), yolo.branches()) == ({}, [])


def test_a_branch_named_yolo_that_exists_is_left_alone(yolo: Yolo) -> None:
    yolo.repo.git("branch", "yolo")
    before = yolo.repo.git("rev-parse", "yolo")
    assert yolo.go(COMMIT).returncode == 0
    run = yolo.runs()[0]["id"]
    assert yolo.repo.git("log", "-1", "--format=%s", f"yolo-{run}") == "feat: more"
    assert yolo.repo.git("rev-parse", "yolo") == before
    assert "+more" in yolo.run("yolo", "diff").stdout


def test_a_patina_that_is_killed_loses_nothing_and_the_next_command_says_so(yolo: Yolo) -> None:
    value = "no-pattern-knows-this-4242"
    script = f'{COMMIT}; git commit --quiet --allow-empty -m "$OURS"; echo "$OURS" >"$OURS"; echo ready; exec sleep 4242'
    words, env = yolo.words(script, "--env", "OURS"), {**os.environ, "OURS": value}
    with yolo.start("yolo", "run", *words, env=env) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGKILL)
    run = said(yolo.run("yolo", "list", "--json"))["runs"][0]["id"]
    recover = f"patina yolo recover {run}"
    assert recover in yolo.run("session", "status").stderr
    assert f"What it did is kept: {recover}" in yolo.entry()
    assert recover in yolo.run("yolo", "list").stderr
    assert "kept: the work of" in yolo.run("clean", "--force").stdout
    assert yolo.left()["volumes"]
    refused = yolo.run("yolo", "rm", run)
    assert (refused.returncode, "is not home" in refused.stderr) == (1, True)
    done = yolo.run("yolo", "recover", run)
    assert done.returncode == 0, done.stderr
    subjects = yolo.repo.git("log", "-3", "--format=%s", yolo.branch()).splitlines()
    assert subjects == ["What was not committed when the run ended", value, "feat: more"]
    assert "Brought home by patina yolo recover" in yolo.entry()
    assert "[redacted:env]" in yolo.entry()
    assert value not in yolo.journal + done.stdout + done.stderr
    state = [path for path in (yolo.repo.path / ".git/patina").rglob("*") if path.is_file()]
    assert [path for path in state if value.encode() in path.read_bytes()] == []
    assert "recover" not in yolo.run("session", "status").stderr
    assert yolo.left() == {}
    again = yolo.run("yolo", "recover", run)
    assert (again.returncode, "no work of a run" in again.stderr) == (125, True)


def test_rm_takes_the_branches_of_its_run_and_no_others_and_says_where_they_stood(yolo: Yolo) -> None:
    assert yolo.go(COMMIT).returncode == 0
    made = yolo.branch()
    mine = f"{made}-review"
    yolo.repo.git("branch", mine, made)
    stood = yolo.repo.git("rev-parse", made)
    yolo.repo.git("checkout", "--quiet", made)
    refused = yolo.run("yolo", "rm", "last", "--branch")
    assert (refused.returncode, f"the branch {made} stays" in refused.stderr) == (1, True)
    yolo.repo.git("checkout", "--quiet", "main")
    done = yolo.run("yolo", "rm", "last", "--branch")
    assert f"Deleted branch {made} (was {stood[:10]})" in done.stdout
    assert yolo.branches() == [mine]


def test_a_kill_while_a_run_is_cleared_away_leaves_nothing_that_cannot_be_cleared(yolo: Yolo) -> None:
    with yolo.start("yolo", "run", *yolo.words(f"{COMMIT}; echo ready; exec sleep 4242")) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGKILL)
    killed = (
        "import os; from patina_sessions.system.docker import Engine; from patina_sessions.cli import answer;"
        " gone = Engine.remove_volume; Engine.remove_volume = lambda e, n: (gone(e, n), os._exit(137));"
        " answer(['yolo', 'recover'])"
    )
    argv = [sys.executable, "-P", "-c", killed]
    assert subprocess.run(argv, cwd=yolo.repo.path, capture_output=True).returncode == 137
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"
    again = yolo.run("yolo", "recover")
    assert (again.returncode, "There is nothing to bring home" in again.stderr) == (0, True)
    assert yolo.left() == {}


def test_rm_loses_work_only_by_force(yolo: Yolo) -> None:
    with yolo.start("yolo", "run", *yolo.words(f"{COMMIT}; echo ready; exec sleep 4242")) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGKILL)
    assert yolo.run("yolo", "rm", "last", "--force").returncode == 0
    assert (yolo.left(), yolo.branches()) == ({}, [])


def test_the_user_s_hooks_filters_and_git_settings_take_no_part(
    yolo: Yolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-commit", "reference-transaction", "post-merge", "pre-commit"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {canary}\n")
        (hooks / name).chmod(0o755)
    config = tmp_path / "config"
    config.write_text(
        f"[core]\n\thooksPath = {hooks}\n[filter \"x\"]\n\tsmudge = sh -c 'echo smudge >> {canary}; cat'\n"
    )
    yolo.repo.write(".gitattributes", "*.txt filter=x\n")
    yolo.repo.git("add", "--all")
    yolo.repo.git("commit", "--quiet", "-m", "attributes")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert yolo.go(COMMIT).returncode == 0
    assert yolo.branches()
    assert not canary.exists(), canary.read_text()


def test_nothing_in_the_clone_names_the_user_or_the_machine(yolo: Yolo) -> None:
    done = yolo.go(
        "cat .git/config; ls -a .git; cat .git/packed-refs .git/FETCH_HEAD .git/logs/HEAD; cat .git/objects/info/alternates; env"
    )
    assert str(yolo.repo.path) not in done.stdout
    assert "ada@example.org" not in done.stdout
    assert os.uname().nodename not in done.stdout.splitlines()
    assert "alternates" not in done.stdout


def test_the_run_s_json_and_report_say_the_same(yolo: Yolo) -> None:
    done = said(yolo.go(COMMIT, "--json"))
    assert (done["code"], done["home"], done["commits"], done["files"]) == (0, True, 1, 1)
    assert done["branches"] == yolo.branches()
    shown = yolo.run("yolo", "show").stdout
    for detail in done["run"]["details"]:
        assert detail in shown
    until(lambda: yolo.runs()[0]["kind"] == "yolo", "the run to be listed")
