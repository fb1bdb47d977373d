"""What an agent can try against the host, each tried by a program on a real engine, and each stopped.

Every attempt knows where the canary lies and where the repository is: nothing here rests on a secret path. The canary must not
change and the user's git directory must hash to the same afterwards, also when the user looks at the result in the usual ways.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docker.yolo.conftest import Yolo, tree_of
from tests.waiting import LONG

Tried = Callable[[str, bool], None]
COMMIT = "echo more > b.txt && git add -A && git commit --quiet -m 'feat: more'"


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Return what counts an attempt; one that was not stopped fails the test."""

    def count(what: str, stopped: bool) -> None:
        record_property("yolo-attempt", what)
        assert stopped, f"not stopped: {what}"
        record_property("yolo-stopped", what)

    return count


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text("alive")
    return path


@contextmanager
def unharmed(yolo: Yolo, canary: Path) -> Iterator[None]:
    """Fail unless canary, git directory, index and working tree are as before, after the user has looked at all."""
    yolo.repo.git("status")
    before, tree, objects = tree_of(yolo.repo.path / ".git"), _tree(yolo), _objects(yolo)
    yield
    for look in (
        ["status"],
        ["branch", "-a"],
        ["log", "--all", "--oneline"],
        ["for-each-ref"],
        ["fsck", "--full"],
    ):
        yolo.repo.git(*look)
    for name in yolo.branches():
        yolo.repo.git("diff", "HEAD", name)
        yolo.repo.git("log", "-p", name)
    for words in (["list"], ["show"], ["diff"], ["logs"]):
        said = yolo.run("yolo", *words)
        assert "\x1b" not in said.stdout + said.stderr
    assert canary.read_text() == "alive"
    assert tree_of(yolo.repo.path / ".git") == before
    assert _tree(yolo) == tree
    now = _objects(yolo)
    assert {name: now.get(name) for name in objects} == objects


def _tree(yolo: Yolo) -> dict[str, bytes]:
    top = yolo.repo.path
    return {
        str(path): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and ".git" not in path.parts and ".patina" not in path.parts
    }


def _objects(yolo: Yolo) -> dict[str, bytes]:
    folder = yolo.repo.path / ".git/objects"
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def plants(canary: Path) -> dict[str, str]:
    """Return, by name, shell lines that plant something into the clone's git directory for a git that comes later."""
    evil = f"sh -c 'echo {{}} >> {canary}'"

    def config(key: str, word: str = "") -> str:
        return f'git config {key} "{evil.format(word or key)}"'

    hook = f"""for h in applypatch-msg pre-commit post-commit post-checkout post-merge pre-push pre-receive update post-receive
    do printf '#!/bin/sh\\necho hook >> {canary}\\n' > .git/hooks/$h; done
    for h in reference-transaction post-update post-rewrite fsmonitor-watchman post-index-change pre-auto-gc
    do printf '#!/bin/sh\\necho hook >> {canary}\\n' > .git/hooks/$h; done; chmod +x .git/hooks/*"""
    return {
        "hooks": f"mkdir -p .git/hooks; {hook}",
        "core.hooksPath": "mkdir -p evil && cp .git/hooks/* evil/ && git config core.hooksPath /clone/repo/evil",
        "core.fsmonitor": config("core.fsmonitor"),
        "a clean filter": 'echo "*.txt filter=x" > .gitattributes; git config filter.x.clean "sed s/safe/EVIL/"',
        "a smudge filter": config("filter.x.smudge", "smudge") + "; git config filter.x.required true",
        "info/attributes": 'mkdir -p .git/info; echo "* filter=x diff=x merge=x" > .git/info/attributes',
        "a diff driver": config("diff.external") + "; " + config("diff.x.textconv", "textconv"),
        "a merge driver": config("merge.x.driver", "merge"),
        "a pager and an editor": config("core.pager")
        + "; "
        + config("core.editor")
        + "; "
        + config("sequence.editor"),
        "an alias": 'git config alias.status "!echo alias >> ' + str(canary) + '"',
        "uploadpack.packObjectsHook": config("uploadpack.packObjectsHook"),
        "config.worktree": "git config extensions.worktreeConfig true; git config --worktree core.fsmonitor "
        f'"{evil.format("worktree")}"',
        "an include": f'printf "[core]\\n\\tfsmonitor = {evil.format("include")}\\n" > .git/more; git config include.path more',
        "a signing program": config("gpg.program")
        + "; git config commit.gpgSign true; git config log.showSignature true",
        "an ssh command and a proxy": config("core.sshCommand") + "; " + config("core.gitProxy"),
        "a credential helper": config("credential.helper"),
        "a remote that is a program": 'git config remote.origin.url "ext::'
        + evil.format("ext")
        + '"; git config protocol.ext.allow always',
        "another working tree": f"git config core.worktree {canary.parent}",
        "alternates": f"echo {canary.parent}/objects > .git/objects/info/alternates",
        "a graft": "git rev-parse HEAD > .git/info/grafts",
        "a replaced object": "git replace --graft HEAD 2>/dev/null || true",
        "a shallow boundary": "git rev-parse HEAD > .git/shallow",
    }


def test_nothing_planted_in_the_git_directory_is_ever_run(yolo: Yolo, canary: Path, tried: Tried) -> None:
    planted = plants(canary)
    lines = "\n".join(
        f"( {line}\n) >/dev/null 2>&1 || echo 'not planted: {name}'" for name, line in planted.items()
    )
    script = f"{COMMIT}; echo safe > filtered.txt\n{lines}\ncat .git/config\nls .git/hooks .git/info\n"
    with unharmed(yolo, canary):
        done = yolo.go(script)
        assert done.returncode == 0, done.stderr
        for word in (
            "fsmonitor",
            "packObjectsHook",
            "hooksPath",
            "worktreeConfig",
            "clean",
            "alias",
            "include",
            "post-checkout",
        ):
            assert word.lower() in done.stdout.lower()  # the attempt was made
    branch = yolo.branch()
    assert yolo.repo.git("show", f"{branch}:filtered.txt") == "safe"
    assert "feat: more" in yolo.repo.git("log", "--format=%s", branch)
    for name in planted:
        tried(name, canary.read_text() == "alive")


SWAPS = {
    "a copy in the place of the git directory": "mv .git .x; cp -r .x .git; rm -rf .x; printf '[core]\\nfsmonitor = false\\n' >> .git/config",
    "a link in its place": "mv .git /tmp/g; ln -s /tmp/g .git",
    "a file in its place": "mv .git /tmp/g; echo 'gitdir: /etc' > .git",
    "nothing in its place": "rm -rf .git",
    "a link in the place of its objects": "mv .git/objects /tmp/o; ln -s /tmp/o .git/objects",
    "refs that are pipes, links and not ids": "mkfifo .git/refs/heads/p; ln -s /etc/passwd .git/refs/heads/l; echo x > .git/refs/heads/w;"
    " head -c 2000000 /dev/zero > .git/packed-refs; printf 'ref: refs/heads/../../../etc/passwd\\n' > .git/refs/heads/up",
    "a HEAD that leads elsewhere": "echo 'ref: refs/heads/$(touch x);`id`' > .git/HEAD",
    "an index that is no index": "head -c 5000000 /dev/urandom > .git/index; touch .git/index.lock .git/HEAD.lock",
}


@pytest.mark.parametrize("name", SWAPS)
def test_a_git_directory_that_is_swapped_or_damaged_harms_nobody_and_the_files_come_back(
    yolo: Yolo, canary: Path, tried: Tried, name: str
) -> None:
    with unharmed(yolo, canary):
        done = yolo.go(f"{COMMIT}; echo kept > kept.txt; {SWAPS[name]}")
        assert done.returncode == 0, done.stderr
    assert yolo.repo.git("show", f"{yolo.branches()[0]}:kept.txt") == "kept"
    tried(name, canary.read_text() == "alive")


# Made by Python, since git itself refuses to make them.
_OBJECT = """
import hashlib, os, subprocess, zlib
def put(kind, data):
    raw = kind.encode() + b" " + str(len(data)).encode() + b"\\0" + data
    name = hashlib.sha1(raw).hexdigest()
    folder = ".git/objects/" + name[:2]
    os.makedirs(folder, exist_ok=True)
    open(folder + "/" + name[2:], "wb").write(zlib.compress(raw))
    return name
def tree(*entries):
    return put("tree", b"".join(mode + b" " + name + b"\\0" + bytes.fromhex(one) for mode, name, one in entries))
def commit(tree, parent=None, extra=b""):
    parent = parent or subprocess.check_output(["git", "rev-parse", "HEAD"]).decode().strip()
    lines = f"tree {tree}\\nparent {parent}\\n".encode() + b"author A <a@b.c> 1700000000 +0000\\ncommitter A <a@b.c> 1700000000 +0000\\n"
    name = put("commit", lines + extra + b"\\nevil\\n")
    open(".git/refs/heads/main", "w").write(name + "\\n")
    os.system("rm -rf a.txt .patina layer .gitignore")
blob = put("blob", b"#!/bin/sh\\necho x\\n")
"""
OBJECTS = {
    "a tree with a .git folder": 'commit(tree((b"40000", b".git", tree((b"100755", b"config", blob)))))',
    "a tree with a .GIT folder": 'commit(tree((b"40000", b".GIT", tree((b"100755", b"config", blob)))))',
    "a tree with a short name of .git": 'commit(tree((b"40000", b"git~1", tree((b"100755", b"config", blob)))))',
    "a tree that leads upwards": 'commit(tree((b"40000", b"..", tree((b"100755", b"x", blob)))))',
    "a tree with an absolute path": 'commit(tree((b"100755", b"/etc/passwd", blob)))',
    "a submodule's address that is an option": 'commit(tree((b"100644", b".gitmodules", put("blob", b"[submodule \\"x\\"]\\n\\tpath = x\\n\\turl = --upload-pack=touch\\n"))))',
    "a submodule's name that leads upwards": 'commit(tree((b"100644", b".gitmodules", put("blob", b"[submodule \\"../../x\\"]\\n\\tpath = x\\n\\turl = https://a.b/c\\n"))))',
    "a link in the place of .gitmodules": 'commit(tree((b"120000", b".gitmodules", put("blob", b"/etc/passwd"))))',
    "a name twice in one tree": 'commit(tree((b"100644", b"x", blob), (b"100755", b"x", blob)))',
    "a commit with a zero byte in its head": 'commit(tree((b"100644", b"x", blob)), extra=b"x a\\0b\\n")',
    "an object that is not what its name says": 'n = commit(tree((b"100644", b"x", blob))); open(".git/objects/" + blob[:2] + "/" + blob[2:], "wb").write(zlib.compress(b"blob 3\\0abc"))',
}


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_that_git_finds_malicious_are_not_taken_in(
    yolo: Yolo, canary: Path, tried: Tried, name: str
) -> None:
    with unharmed(yolo, canary):
        done = yolo.go(f"cat > /tmp/x.py <<'E'\n{_OBJECT}{OBJECTS[name]}\nE\npython3 /tmp/x.py")
        assert done.returncode == 125, done.stdout + done.stderr
        assert "Its work is not home" in yolo.entry()
        assert "patina yolo recover" in yolo.entry()
    tried(name, yolo.branches() == [])


_PROBES = r"""
import ctypes, os, socket, subprocess
def tell(what, got): print(f"{what}: {'GOT' if got else 'stopped'}", flush=True)
def works(do):
    try: return bool(do())
    except Exception: return False
def reach(family, where):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(1); s.connect(where); return True
libc = ctypes.CDLL(None, use_errno=True)
tell("the engine's socket", any(map(os.path.exists, ("/var/run/docker.sock", "/run/docker.sock", ENGINE))))
tell("a folder of the host", os.path.exists(CANARY) or os.path.exists(REPOSITORY))
tell("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0) == 0)
tell("a bind of the root", libc.mount(b"/", b"/tmp", None, 4096, 0) == 0)
tell("unshare with a user namespace", libc.unshare(0x10000000) == 0 and libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0) == 0)
tell("chroot", libc.chroot(b"/tmp") == 0)
tell("a device", works(lambda: os.mknod("/tmp/disk", 0o060666, os.makedev(8, 0)) or True))
tell("devices of the host", any(n.startswith(("sd", "nvme", "vd", "loop", "mem", "kmsg", "fuse")) for n in os.listdir("/dev")))
tell("setuid", works(lambda: os.setuid(0) or True))
tell("a setuid program", works(lambda: subprocess.run(["su", "-c", "id"], stdin=-3, capture_output=True).returncode == 0))
tell("a file for the kernel", any(works(lambda p=p: open(p, "w")) for p in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper", "/proc/sys/vm/drop_caches")))
tell("the kernel's own memory", any(works(lambda p=p: open(p, "rb").read(1)) for p in ("/proc/kcore", "/proc/kmsg", "/dev/mem", "/proc/kallsyms_")))
tell("a cgroup's release agent", any(works(lambda p=p: open(p, "w")) for p in ("/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/cgroup.procs")))
tell("processes of the host", len([p for p in os.listdir("/proc") if p.isdigit()]) > 20)
tell("a kernel module", libc.syscall(313, 0, b"", 0) == 0)
tell("keys of the kernel", libc.syscall(250, 0, -3, 1) > 0)
tell("bpf", libc.syscall(321, 0, 0, 0) >= 0)
tell("another clock", works(lambda: __import__("time").clock_settime(0, 0) or True))
tell("the root file system", any(works(lambda p=p: open(p + "/x", "w")) for p in ("/", "/etc", "/usr/bin", "/var", "/clone")))
tell("a port of the host", any(works(lambda a=a: reach(socket.AF_INET, (a, PORT))) for a in ADDRESSES))
tell("the metadata address", works(lambda: reach(socket.AF_INET, ("169.254.169.254", 80))))
tell("another address by number", works(lambda: reach(socket.AF_INET, ("1.1.1.1", 443))))
tell("IPv6", works(lambda: reach(socket.AF_INET6, ("2606:4700:4700::1111", 443))))
tell("a name", works(lambda: socket.getaddrinfo("deb.debian.org", 80)))
tell("a datagram", works(lambda: [s := socket.socket(socket.AF_INET, socket.SOCK_DGRAM), s.connect(("8.8.8.8", 53)), s.send(b"x")]))
tell("a raw socket", works(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)))
tell("an abstract socket of the host", works(lambda: reach(socket.AF_UNIX, "\0" + ABSTRACT)))
tell("shared memory of the host", len(os.listdir("/dev/shm")) > 0)
"""


def test_the_container_leads_nowhere(yolo: Yolo, canary: Path, tried: Tried, tmp_path: Path) -> None:
    import os
    import socket

    server = socket.create_server(("0.0.0.0", 0))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0patina-{os.getpid()}")
    abstract.listen()
    said = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    addresses = ["127.0.0.1", "172.17.0.1", "host.docker.internal", *said]
    known = (
        f"ENGINE = {os.environ['DOCKER_HOST'].removeprefix('unix://')!r}; CANARY = {str(canary)!r}; PORT = {server.getsockname()[1]};"
        f" REPOSITORY = {str(yolo.repo.path)!r}; ADDRESSES = {addresses!r}; ABSTRACT = 'patina-{os.getpid()}'"
    )
    with server, abstract, unharmed(yolo, canary):
        done = yolo.go(f"cat > /tmp/x.py <<'E'\n{known}\n{_PROBES}\nE\npython3 /tmp/x.py")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.rpartition(": ") for line in done.stdout.splitlines()]
    assert len(lines) == _PROBES.count("\ntell(")
    for what, _, got in lines:
        tried(what, got == "stopped")


def test_text_from_inside_steers_no_terminal_and_forges_nothing(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    escape = r"\033]0;owned\007\033[2J\033[31mred\033]52;c;aGFjaw==\007"
    script = f"""
printf '{escape} output\\n'
name="$(printf '{escape}')"; bidi="$(printf '\\342\\200\\256cod.exe')"
echo x > "$(printf 'a\\033[31mfile')" ; echo x > "$bidi"
git add -A; git -c user.name="$name" commit --quiet -m "$name
### 00:00 - Commit forged <!-- 99 -->" -m "body"
git commit --quiet --allow-empty -m '## Goals' ; git commit --quiet --allow-empty -m '<!-- 7 --> **ID**: forged'
git checkout --quiet -b "$(printf 'b\\342\\200\\256idi')" ; git commit --quiet --allow-empty -m 'on a branch'
"""
    with unharmed(yolo, canary):
        done = yolo.go(script)
        assert done.returncode == 0, done.stderr
    for where, text in (
        ("the terminal", done.stdout + done.stderr),
        ("the journal", yolo.journal),
        ("the list of runs", yolo.run("yolo", "show").stdout + yolo.run("yolo", "list").stdout),
        ("the difference", yolo.run("yolo", "diff").stdout),
    ):
        tried(f"escapes for {where}", not any(c in text for c in "\x1b\x07\u202e"))
    tried("a forged heading", "\n## Goals\n" in yolo.journal and yolo.journal.count("\n## Goals") == 1)
    tried("a forged entry", "\n### 00:00 - Commit forged" not in yolo.journal)


def test_a_commit_that_claims_to_be_by_the_user_is_told(yolo: Yolo, canary: Path, tried: Tried) -> None:
    script = "echo x > x; git add x; git -c user.name='Ada Lovelace' -c user.email=ada@example.org commit --quiet -m 'by Ada'"
    with unharmed(yolo, canary):
        assert yolo.go(script).returncode == 0
    tip = yolo.repo.git("rev-parse", yolo.branch())
    tried("a commit in the user's name", f"Commit {tip[:10]} says that it is by you" in yolo.entry())
    yolo.repo.patina("record")
    tried(
        "a commit counted as made here",
        f"Commit {tip[:10]}: by Ada" not in yolo.journal.replace("- Commit", ""),
    )


def test_files_that_run_on_the_user_s_machine_are_told_and_never_checked_out(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    script = f"""
mkdir -p .vscode .devcontainer .github/workflows .claude
for f in .vscode/tasks.json .devcontainer/devcontainer.json .github/workflows/ci.yml .claude/settings.json .envrc Makefile conftest.py
do echo '{{"x": "touch {canary}"}}' > $f; done
echo '{{"scripts": {{"postinstall": "echo x > {canary}"}}}}' > package.json
ln -s {canary} link; ln -s /etc/passwd passwd; mkfifo pipe; printf '#!/bin/sh\\n' > tool; chmod +x tool
"""
    with unharmed(yolo, canary):
        assert yolo.go(script).returncode == 0
    entry = yolo.entry()
    for who, name in (
        ("an editor", ".vscode/tasks.json"),
        ("a container", ".devcontainer/devcontainer.json"),
        ("CI", ".github/workflows/ci.yml"),
        ("an agent", ".claude/settings.json"),
        ("a shell", ".envrc"),
        ("a package manager or build", "Makefile, package.json"),
        ("a test runner or tool", "conftest.py"),
        ("whoever follows a link", "link, passwd"),
        ("you, as a program", "tool"),
    ):
        tried(f"a file for {who}", f"These run on your machine, by {who}: {name}" in entry)


def test_a_fork_bomb_ends_with_its_container(yolo: Yolo, canary: Path, tried: Tried) -> None:
    with unharmed(yolo, canary):
        done = yolo.go(
            f"{COMMIT}; b() {{ b | b & }}; b; sleep 4242", "--timeout", "4", env={"PATINA_YOLO_PIDS": "64"}
        )
    assert done.returncode == 124, done.stderr
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"
    tried("a fork bomb", yolo.left() == {})


def test_endless_output_ends_with_the_run_and_the_log_is_bounded(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    with unharmed(yolo, canary):
        argv = yolo.words(f"{COMMIT}; exec yes a line that never ends", "--timeout", "3")
        with yolo.start("yolo", "run", *argv) as running:
            assert running.stdout is not None
            while running.stdout.read(1 << 20):
                pass
            assert running.wait() == 124
    log = next((yolo.repo.path / ".git/patina").rglob("*.log"), None)
    assert log is not None
    tried("endless output", log.stat().st_size < 11_000_000)
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"


# Zeros that are packed small: one packed piece of them as often as it takes, and the sum of them all by a formula.
_ZEROS = """
import binascii, hashlib, os, struct, sys, zlib
def zeros(size, head=b""):
    c = zlib.compressobj(9)
    yield c.compress(head) + c.flush(zlib.Z_FULL_FLUSH)
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = c.compress(bytes(1 << 20)) + c.flush(zlib.Z_FULL_FLUSH)
    for _ in range(size >> 20):
        yield piece
    low, high = zlib.adler32(head) & 65535, zlib.adler32(head) >> 16
    yield zlib.compressobj(9, zlib.DEFLATED, -15).flush() + struct.pack(">HH", (high + size * low) % 65521, low)
"""
# The name is what git gives to ten gigabytes of zeros.
_TEN = """
size, name = 10 << 30, "1119181c4708377b56e8dedc83bba16a2ce4a254"
os.makedirs(".git/objects/" + name[:2], exist_ok=True)
with open(".git/objects/" + name[:2] + "/" + name[2:], "wb") as f:
    f.writelines(zeros(size, b"blob %d\\0" % size))
"""
# A pack of one file that says 2 MB of itself and holds a quarter of a gigabyte; git would not make its index.
_LIAR = """
said, name = 2 << 20, "a" * 40
head, rest = bytes([0x80 | 3 << 4 | said & 15]), said >> 4
while rest:
    head, rest = head + bytes([(0x80 if rest > 127 else 0) | rest & 127]), rest >> 7
entry = head + b"".join(zeros(1 << 28))
pack = b"PACK" + struct.pack(">II", 2, 1) + entry
pack += hashlib.sha1(pack).digest()
index = b"\\377tOc" + struct.pack(">I", 2) + b"".join(struct.pack(">I", n >= 0xaa) for n in range(256))
index += bytes.fromhex(name) + struct.pack(">II", binascii.crc32(entry), 12) + pack[-20:]
index += hashlib.sha1(index).digest()
for end, data in (("pack", pack), ("idx", index)):
    open(".git/objects/pack/pack-" + pack[-20:].hex() + "." + end, "wb").write(data)
"""
_ITS_TREE = "t=$(printf '100644 blob %s\\tzeros\\n' NAME | git mktree --missing); git update-ref refs/heads/main $(git commit-tree $t -p HEAD -m zeros)"


def test_ten_gigabytes_of_zeros_in_a_small_bundle_stay_where_they_are(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    """What counts is what it becomes, which its head says: nothing is unpacked for that."""
    tree = _ITS_TREE.replace("NAME", "1119181c4708377b56e8dedc83bba16a2ce4a254")
    began = time.monotonic()
    with unharmed(yolo, canary):
        done = yolo.go(f"{COMMIT}; python3 - <<'E'\n{_ZEROS}{_TEN}E\n{tree}; git cat-file -s HEAD:zeros")
        assert (done.returncode, done.stdout) == (125, "10737418240\n"), done.stderr
        assert "a file in its history has 10,737,418,240 bytes, more than 104,857,600" in yolo.entry()
        assert "--max-file" in yolo.entry()
        larger = yolo.run("yolo", "recover", "--max-file", "20g")
        assert "Error: its work has 10,737,4" in larger.stderr
    tried("ten gigabytes in a small bundle", yolo.branches() == [])
    tried("the time that ten gigabytes take", time.monotonic() - began < LONG)


def test_a_file_that_says_less_of_itself_than_it_holds_is_not_taken_in(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    tree = _ITS_TREE.replace("NAME", "a" * 40)
    began = time.monotonic()
    with unharmed(yolo, canary):
        done = yolo.go(f"{COMMIT}; python3 - <<'E'\n{_ZEROS}{_LIAR}E\n{tree}; git cat-file -s HEAD:zeros")
    assert (done.returncode, done.stdout) == (125, "2097152\n"), done.stderr
    assert "Its work is not home" in yolo.entry()
    tried("a file that says less of itself than it holds", yolo.branches() == [])
    tried("the time that it takes", time.monotonic() - began < LONG)


def test_a_sparse_file_of_terabytes_is_named_and_left(yolo: Yolo, canary: Path, tried: Tried) -> None:
    with unharmed(yolo, canary):
        done = yolo.go(f"{COMMIT}; truncate -s 8T huge; echo kept > kept.txt")
    assert done.returncode == 0, done.stderr
    assert yolo.repo.git("show", f"{yolo.branch()}:kept.txt") == "kept"
    tried("a sparse file", "too large to come back: huge" in yolo.entry())


def test_trees_that_stand_for_more_files_than_can_be_counted_cost_a_bounded_time(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    script = r"""
b=$(echo x | git hash-object -w --stdin)
t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '100644 blob %s\tf%s\n' $b $i; done | git mktree)
for level in 1 2 3 4 5 6 7 8 9; do t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\td%s\n' $t $i; done | git mktree); done
git update-ref refs/heads/bomb $(git commit-tree $t -p HEAD -m bomb)
echo kept > kept.txt
"""
    with_bomb = yolo.go(script)
    assert with_bomb.returncode == 0, with_bomb.stderr
    tried("a bomb of trees", f"Branch: {yolo.branches()[0]}" in yolo.entry())
    assert len(yolo.branches()) == 2


def test_the_next_run_finds_nothing_of_the_one_before(yolo: Yolo, canary: Path, tried: Tried) -> None:
    with unharmed(yolo, canary):
        yolo.go(
            "echo x > ~/.bashrc; echo x > /tmp/left; mkdir -p ~/.npm; echo x > ~/.npm/left; echo x > .git/left"
        )
        done = yolo.go("ls -A ~ /tmp .git/left 2>/dev/null | grep -v :")
    tried("a home that is left for the next run", done.stdout.split() == [])


def test_objects_of_the_user_s_repository_cannot_be_rewritten(yolo: Yolo, canary: Path, tried: Tried) -> None:
    script = "find .git/objects -type f -exec stat -c %h {} + | sort -u; chmod -R u+w .git; find .git/objects -type f -exec sh -c 'echo x > $1' _ {} \\;"
    with unharmed(yolo, canary):
        done = yolo.go(script)
    assert done.stdout.split() == ["1"]
    assert yolo.repo.git("fsck", "--full") == ""
    tried("borrowed objects", yolo.branches() == [] or "no longer has" in yolo.entry())


def test_no_file_that_runs_hides_from_the_report(yolo: Yolo, canary: Path, tried: Tried) -> None:
    script = """
git checkout --quiet -b side; mkdir -p .vscode; echo x > .vscode/tasks.json; echo x > .envrc
git add -A -f; git commit --quiet -m side; git checkout --quiet -
mkdir -p .claude
for i in 1 2 3 4; do echo x > .claude/$(printf 'a%.0s' $(seq 200))$i; done; echo x > .claude/settings.json
"""
    with unharmed(yolo, canary):
        done = yolo.go(script)
        assert done.returncode == 0, done.stderr
    entry = yolo.entry()
    tried("a file that runs, on a branch beside", "by a shell: .envrc" in entry)
    tried("a file that runs, behind long names", "by an agent: .claude/settings.json" in entry)


def test_a_commit_in_the_user_s_name_does_not_hide_below_others_or_behind_capitals(
    yolo: Yolo, canary: Path, tried: Tried
) -> None:
    claim = "git -c user.name='ada  LOVELACE' -c user.email=x@y commit --quiet --allow-empty -m hers"
    mail = "git -c user.name=x -c user.email=ADA@Example.org commit --quiet --allow-empty -m hers"
    more = "for i in $(seq 220); do git commit --quiet --allow-empty -m more; done"
    with unharmed(yolo, canary):
        assert yolo.go(f"{claim}; {mail}; {more}").returncode == 0
    for back in (220, 221):
        made = yolo.repo.git("rev-parse", f"{yolo.branch()}~{back}")
        told = f"Commit {made[:10]} says that it is by you" in yolo.entry()
        tried(f"a commit in the user's name, {back} before the last", told)


def test_a_secret_that_is_handed_on_comes_back_by_no_name(yolo: Yolo, canary: Path, tried: Tried) -> None:
    value = "correct-horse-battery"
    script = """
echo "it is $MY_WORD"; echo x > "file-$MY_WORD"; mkdir .vscode; echo x > ".vscode/$MY_WORD"
git add -A; git commit --quiet -m "feat: $MY_WORD"; git checkout --quiet -b "side-$MY_WORD" HEAD~1
git commit --quiet --allow-empty -m "$MY_WORD"; git checkout --quiet -
"""
    with unharmed(yolo, canary):
        done = yolo.go(script, "--env", "MY_WORD", env={"MY_WORD": value})
        assert done.returncode == 0, done.stderr
    yolo.repo.patina("record")
    state = (p for p in (yolo.repo.path / ".git/patina").rglob("*") if p.is_file())
    tried("a secret in the journal", value not in yolo.journal)
    tried("a secret in what is printed", value not in done.stdout.partition("it is")[0] + done.stderr)
    tried("a secret in what Patina keeps", [p for p in state if value.encode() in p.read_bytes()] == [])
    tried("a secret in the name of a branch", not any(value in name for name in yolo.branches()))


def test_names_that_are_no_text_come_home_as_all_else(yolo: Yolo, canary: Path, tried: Tried) -> None:
    script = r"""
n="$(printf 'a\377b')"; echo x > "$n"; mkdir .vscode; echo x > ".vscode/$n"
git add -A; git commit --quiet -m "feat: $n"
git update-ref "refs/heads/$n" $(git commit-tree HEAD^{tree} -p HEAD -m "$n")
printf '\377' > uncommitted
"""
    with unharmed(yolo, canary):
        done = yolo.go(script)
    assert done.returncode == 0, done.stderr
    tried("names that are no text", len(yolo.branches()) == 2)


LOST = {
    "an encoding that a file does not have": "printf '*.txt working-tree-encoding=UTF-16\\n' > .gitattributes",
    "a .gitmodules that is none": "printf '[submodule \"x\\n\\tpath = [[[\\n' > .gitmodules",
    "a repository without a commit": "git init --quiet inner; echo x > inner/x",
    "a sparse .git of terabytes": "mkdir inner; echo x > inner/x; truncate -s 8T inner/.git",
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_not_committed_is_lost_by_nothing_that_stops_git(
    yolo: Yolo, canary: Path, tried: Tried, name: str
) -> None:
    with unharmed(yolo, canary):
        yolo.go(f"{COMMIT}; echo work > work.txt; {LOST[name]}")
    assert yolo.repo.git("show", f"{yolo.branch()}:work.txt") == "work"
    tried(f"work that is lost by {name}", "is not home" not in yolo.entry())
