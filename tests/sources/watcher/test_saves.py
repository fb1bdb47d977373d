"""A save is one change to one file, by whatever dance of names an editor makes it; what git would not track is nothing."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.shapes import needs
from tests.sources.watcher.watching import Watched, watched
from tests.waiting import events


@pytest.fixture
def here(repo: Repo) -> Iterator[Watched]:
    """Return a watched repository with a few files."""
    repo.commit("first", {"src/a.py": "1\n", "b.txt": "2\n", ".gitignore": "build/\n*.log\n"})
    with watched(repo) as found:
        yield found


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def like_vscode(path: Path, text: str) -> None:
    with open(path, "r+") as stream:  # truncated first, then written, with a moment in between
        stream.truncate(0)
        stream.flush()
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def like_vim(path: Path, text: str) -> None:
    probe = path.with_name("4913")
    probe.write_text("")
    probe.unlink()
    swap = path.with_name(f".{path.name}.swp")
    swap.write_text("b0VIM")
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()
    swap.unlink()


def like_emacs(path: Path, text: str) -> None:
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("ada@example.org.1:1")
    auto = path.with_name(f"#{path.name}#")
    auto.write_text(text)
    shutil.copy2(path, path.with_name(path.name + "~"))  # the backup stays
    path.write_text(text)
    auto.unlink()
    lock.unlink()


def by_rename(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.tmp.4711")
    beside.write_text(text)
    beside.rename(path)


def by_sed(path: Path, text: str) -> None:
    subprocess.run(["sed", "-i", f"1s/.*/{text.strip()}/", str(path)], check=True)


def by_git_apply(path: Path, text: str) -> None:
    old = path.read_text()
    name = path.name
    patch = f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-{old}+{text}"
    subprocess.run(["git", "apply", "-"], cwd=path.parent, input=patch, text=True, check=True)


SAVES = (in_place, like_vscode, like_vim, like_emacs, by_rename, by_sed, by_git_apply)


def test_a_save_is_one_change_to_one_file(here: Watched) -> None:
    for number, save in enumerate(SAVES):
        save(here.repo.path / "b.txt", f"changed by {save.__name__}\n")
        facts = here.facts()
        assert len(facts) == number + 1, save
        assert [(f["status"], f["path"]) for f in facts[-1]["files"]] == [("M", "b.txt")], save
        assert facts[-1]["count"] == 1
        # The truncation of VS Code may be heard as a save of its own.
        assert 1 <= facts[-1]["files"][0]["added"] <= 2
        assert facts[-1]["since"]


def test_a_real_vim_makes_one_change(here: Watched, program: Callable[..., str]) -> None:
    edit = [
        program("vim", "vim.tiny"),
        "-u",
        "NONE",
        "-es",
        "-c",
        "set writebackup",
        "-c",
        "%s/2/changed/",
        "-c",
        "wq",
    ]
    subprocess.run([*edit, "b.txt"], cwd=here.repo.path, stdin=subprocess.DEVNULL, check=True)
    assert (here.repo.path / "b.txt").read_text() == "changed\n"
    assert here.changes() == [("M", "b.txt")]


def in_a_terminal(argv: Sequence[str], folder: Path, keys: Mapping[bytes, bytes]) -> None:
    """Run an editor in a terminal of its own; press these keys once it shows those words."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    env = os.environ | {"TERM": "xterm"}
    with subprocess.Popen(
        argv, cwd=folder, env=env, stdin=follower, stdout=follower, stderr=follower, start_new_session=True
    ) as child:
        os.close(follower)
        shown = b""
        for words, pressed in keys.items():
            while words not in shown:
                shown += os.read(leader, 4096)
            shown = b""
            os.write(leader, pressed)
        with suppress(OSError):  # the end of a terminal
            while os.read(leader, 4096):
                pass
    os.close(leader)
    assert child.returncode == 0


def test_a_real_vim_in_a_terminal_makes_one_change_and_its_swap_file_none(
    here: Watched, program: Callable[..., str]
) -> None:
    vim = program("vim", "vim.tiny")
    keys = {b"b.txt": b":set writebackup updatecount=1\r:%s/2/changed/\r:w\r", b"written": b":q\r"}
    in_a_terminal([vim, "-u", "NONE", "-N", "b.txt"], here.repo.path, keys)
    assert (here.repo.path / "b.txt").read_text() == "changed\n"
    assert here.changes() == [("M", "b.txt")]


def test_a_real_nano_makes_one_change(here: Watched, program: Callable[..., str]) -> None:
    keys = {b"b.txt": b"more\x0f\r", b"Wrote 1 line": b"\x18"}
    in_a_terminal([program("nano"), "--ignorercfiles", "b.txt"], here.repo.path, keys)
    assert (here.repo.path / "b.txt").read_text() == "more2\n"
    assert here.changes() == [("M", "b.txt")]


def test_new_deleted_and_renamed_files_are_told_as_such(here: Watched) -> None:
    here.repo.write("new/deep/er/file.py", "x\n")
    (here.repo.path / "src/a.py").unlink()
    (here.repo.path / "b.txt").rename(here.repo.path / "c.txt")
    (here.repo.path / "link").symlink_to("c.txt")
    assert here.changes() == [("A", "link"), ("A", "new/deep/er/file.py"), ("D", "src/a.py"), ("R", "c.txt")]
    [renamed] = [f for fact in here.facts() for f in fact["files"] if f["status"] == "R"]
    assert renamed["old_path"] == "b.txt"


def test_a_file_that_came_and_went_again_is_nothing(here: Watched) -> None:
    here.repo.write("scratch.tmp", "x").unlink()
    here.repo.write("folder/scratch", "x")
    shutil.rmtree(here.repo.path / "folder")
    assert here.facts() == []


def test_opening_reading_and_changing_modes_is_nothing(here: Watched) -> None:
    file = here.repo.path / "b.txt"
    for _ in range(3):
        file.read_text()
        file.chmod(0o755)
        file.chmod(0o644)
        os.utime(file)
        list(here.repo.path.rglob("*"))
    here.repo.git("status")
    here.repo.git("log", "--stat")
    assert here.facts() == []


def touched(path: Path) -> None:
    subprocess.run(["touch", str(path)], check=True)


def test_a_touch_and_a_save_of_the_same_bytes_are_nothing(here: Watched) -> None:
    top = here.repo.path
    for path in (top / "src/a.py", top / "b.txt"):
        touched(path)
        path.write_bytes(path.read_bytes())
        by_rename(path, path.read_text())
    assert here.facts() == []
    # And so it is for a file that differs from what git has, or is new to it.
    for name in ("b.txt", "new.txt"):
        here.repo.write(name, "worked on\n")
    assert here.changes() == [("A", "new.txt"), ("M", "b.txt")]
    for name in ("b.txt", "new.txt"):
        touched(top / name)
        here.told()
        here.repo.write(name, "worked on\n")
    assert len(here.changes()) == 2
    here.repo.write("new.txt", "worked in\n")  # of the same size
    here.repo.write("b.txt", "2\n")  # as git has it, and it was not
    assert here.changes()[2:] == [("M", "b.txt"), ("M", "b.txt")]
    assert here.changes()[:2] == [("A", "new.txt"), ("A", "new.txt")]


def test_a_touch_is_nothing_when_git_looks_at_the_file_at_once(here: Watched) -> None:
    touched(here.repo.path / "b.txt")
    here.repo.git("update-index", "--refresh")  # as `git status` does it: the index is written
    assert here.facts() == []
    here.repo.write("b.txt", "x\n")
    here.told()
    here.repo.git("checkout", "b.txt")
    assert here.counts() == {"named": 1, "restore": 1}


def test_a_deleted_file_that_is_brought_back_as_it_was_is_told(here: Watched) -> None:
    (here.repo.path / "b.txt").unlink()
    here.told()
    here.repo.write("b.txt", "2\n")
    assert here.changes() == [("D", "b.txt"), ("M", "b.txt")]


def test_what_was_changed_before_it_began_is_known_by_its_content(repo: Repo) -> None:
    repo.commit("first", {"b.txt": "2\n", "c.txt": "2\n"})
    for name in ("b.txt", "new.txt", "c.txt"):
        repo.write(name, "worked on\n")
    time.sleep(1.1)  # a file that was changed just now may change again while it is read
    with watched(repo) as here:
        touched(repo.path / "b.txt")
        touched(repo.path / "new.txt")
        assert here.facts() == []
        repo.write("c.txt", "2\n")
        repo.write("new.txt", "worked in\n")
        assert here.changes() == [("A", "new.txt"), ("M", "c.txt")]


def test_a_mode_counts_where_it_counts_for_git(here: Watched) -> None:
    file = here.repo.path / "b.txt"
    subprocess.run(["chmod", "g-r", str(file)], check=True)
    assert here.facts() == []
    subprocess.run(["chmod", "+x", str(file)], check=True)
    assert here.changes() == [("M", "b.txt")]
    subprocess.run(["chmod", "-x", str(file)], check=True)
    assert here.changes() == [("M", "b.txt")] * 2
    here.repo.git("config", "core.fileMode", "false")
    subprocess.run(["chmod", "+x", str(here.repo.path / "src/a.py")], check=True)
    assert len(here.changes()) == 2


def test_a_touch_of_very_many_files_is_nothing_and_a_save_among_them_is_told(repo: Repo) -> None:
    repo.commit("first", {f"f{n}": "1\n" for n in range(300)})
    with watched(repo) as here:
        for number in range(300):
            touched(repo.path / f"f{number}")
        repo.write("f7", "2\n")
        assert here.changes() == [("M", "f7")]


@pytest.mark.parametrize("alike", [True, False])
def test_a_git_mv_is_told_with_both_names(here: Watched, *, alike: bool) -> None:
    here.repo.git("mv", "b.txt", "c.txt")
    if not alike:
        here.repo.write("c.txt", "nothing like it\n" * 20)
        here.repo.git("add", "c.txt")
    [renamed] = [f for fact in here.facts() for f in fact["files"]]
    assert (renamed["status"], renamed["old_path"], renamed["path"]) == ("R", "b.txt", "c.txt")
    assert here.counts() == {"named": 1}
    here.repo.patina("session", "update", env={"PATINA_WATCH_ENABLED": "1"})
    assert "- renamed: `b.txt` → `c.txt`" in here.journal()


def test_a_git_rm_is_told_as_deleted(here: Watched) -> None:
    here.repo.git("rm", "-q", "b.txt")
    here.repo.git("rm", "-qr", "src")
    assert here.changes() == [("D", "b.txt"), ("D", "src/a.py")]
    assert here.counts() == {"named": 2}


def test_a_new_file_that_is_gone_when_another_is_committed_is_told_as_deleted(here: Watched) -> None:
    scratch = here.repo.write("scratch.txt", "x\n")
    here.told()
    scratch.unlink()
    here.repo.commit("feat: another", {"b.txt": "3\n"})
    assert [letter for letter, path in here.changes() if path == "scratch.txt"] == ["A", "D"]


def test_what_a_person_moved_while_git_wrote_its_index_is_not_git_s_doing(here: Watched) -> None:
    here.repo.write("docs/unheard.md", "x\n")
    here.told()
    (here.repo.path / "docs/unheard.md").rename(here.repo.path / "docs/heard.md")
    (here.repo.path / "docs").rename(here.repo.path / "notes")
    for number in range(5):
        here.repo.write(f"notes/n{number}", "x\n")
    here.repo.git("add", "-A")
    here.told()
    assert set(here.counts()) == {"named"}
    told = here.changes()
    assert {("A", f"notes/n{number}") for number in range(5)} <= set(told)
    # Two names at one moment; where the machine was slow, git added them after the move was told.
    assert ("R", "notes/heard.md") in told or {("A", "notes/heard.md"), ("D", "docs/unheard.md")} <= set(told)


def test_a_folder_moved_by_git_is_told_with_both_names(here: Watched) -> None:
    here.repo.git("mv", "src", "lib")
    [renamed] = [f for fact in here.facts() for f in fact["files"]]
    assert (renamed["status"], renamed["old_path"], renamed["path"]) == ("R", "src/a.py", "lib/a.py")
    assert here.counts() == {"named": 1}


def test_swap_files_that_stay_are_nothing(here: Watched) -> None:
    for name in (".b.txt.swp", "b.txt~", "#b.txt#", ".goutputstream-ABC123", "src/.a.py.swx"):
        here.repo.write(name, "x")
    assert here.facts() == []


def test_a_new_lock_file_of_a_package_manager_is_a_file_like_others(here: Watched) -> None:
    here.repo.write("Cargo.lock", "x")
    assert here.changes() == [("A", "Cargo.lock")]


def test_ignored_files_and_folders_are_nothing(here: Watched) -> None:
    before = here.report()["folders"]
    here.repo.write("a.log", "x")
    here.repo.write("src/build/out.o", "x")
    here.repo.write("build/deep/out.o", "x")
    here.repo.write("src/seen.py", "x")
    assert here.changes() == [("A", "src/seen.py")]
    assert here.report()["folders"] == before


def test_a_tracked_file_in_an_ignored_folder_is_told(repo: Repo) -> None:
    repo.commit("first", {".gitignore": "vendor/\n", "a": "1"})
    repo.write("vendor/x/kept.c", "1")
    repo.write("vendor/x/other.c", "1")
    repo.git("add", "-f", "vendor/x/kept.c")
    repo.git("commit", "-qm", "kept")
    with watched(repo) as here:
        repo.write("vendor/x/kept.c", "2")
        repo.write("vendor/x/other.c", "2")
        assert here.changes() == [("M", "vendor/x/kept.c")]


def test_a_rule_added_in_mid_session_holds_from_then_on(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\texcludesFile = {tmp_path}/ignore\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    repo.commit("first", {"src/a.py": "1\n"})
    places = (repo.path / ".gitignore", repo.path / "src/.gitignore", repo.path / ".git/info/exclude")
    with watched(repo) as here:
        for number, rules in enumerate((*places, tmp_path / "ignore")):
            repo.write(f"src/out{number}/before", "x")
            here.told()
            with_it = here.report()["folders"]
            rules.parent.mkdir(exist_ok=True)  # a git without templates makes no .git/info
            with open(rules, "a") as stream:
                stream.write(f"out{number}/\n")
            repo.write(f"src/b{number}.py", "x")  # rules outside the tree are looked at with the next batch
            here.told()
            assert here.report()["folders"] == with_it - 1, rules
            repo.write(f"src/out{number}/after", "x")
            repo.write(f"src/out{number}/deep/after", "x")
            repo.write(f"src/c{number}.py", "x")
        told = [path for _, path in here.changes()]
    assert [path for path in told if "after" in path] == []
    for number in range(4):
        assert {f"src/out{number}/before", f"src/b{number}.py", f"src/c{number}.py"} <= set(told)


def test_a_rule_taken_away_lets_its_folder_join(here: Watched) -> None:
    here.repo.write("build/early", "x")
    here.told()
    here.repo.write(".gitignore", "*.log\n")
    here.told()
    here.repo.write("build/late", "x")
    assert ("A", "build/late") in here.changes()


def test_nested_repositories_and_submodules_are_theirs(repo: Repo, new_repo: Callable[..., Repo]) -> None:
    needs("submodule")
    other = new_repo("other")
    other.commit("theirs", x="1\n")
    repo.commit("first", a="1\n")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    repo.git("commit", "-qm", "sub")
    Repo.create(repo.path / "nested")
    with watched(repo) as here:
        (repo.path / "sub/x.txt").write_text("2\n")
        (repo.path / "nested/y.txt").write_text("2\n")
        repo.git("clone", "-q", str(other.path), "cloned")
        (repo.path / "cloned/z.txt").write_text("2\n")
        repo.write("seen", "x")
        assert here.changes() == [("A", "seen")]


def test_a_folder_moved_in_is_told_and_watched_and_moved_out_it_is_gone(
    here: Watched, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "sub/in.py").write_text("x")
    outside.rename(here.repo.path / "inside")
    assert here.changes() == [("A", "inside/sub/in.py")]
    here.repo.write("inside/sub/more.py", "x")
    assert ("A", "inside/sub/more.py") in here.changes()
    (here.repo.path / "src").rename(tmp_path / "away")
    (here.repo.path / "inside").rename(tmp_path / "away-too")
    told = here.changes()
    assert {("D", "src/a.py"), ("D", "inside/sub/in.py"), ("D", "inside/sub/more.py")} <= set(told)
    before = len(told)
    (tmp_path / "away/a.py").write_text("somewhere else\n")
    (tmp_path / "away-too/sub/in.py").write_text("somewhere else\n")
    assert len(here.changes()) == before


def test_a_folder_renamed_within_is_told_by_its_files_and_watched_on(here: Watched) -> None:
    (here.repo.path / "src").rename(here.repo.path / "lib")
    assert here.changes() == [("R", "lib/a.py")]
    here.repo.write("lib/a.py", "2\n")
    assert ("A", "lib/a.py") in here.changes()


NAMES = (
    "naïve/日本語/emoji 🎉.txt",
    "a -> b",
    "-dash",
    ":(top)magic",
    "tab\there",
    "new\nline",
    '"quoted"',
    "*star[0]?",
    "back\\slash",
    os.fsdecode(b"latin-\xe9.txt"),
    os.fsdecode(b"\xff\xfe/dir/\x80"),
)


def test_every_name_that_a_file_can_have_is_told_as_it_is(here: Watched) -> None:
    for name in NAMES:
        here.repo.write(name, "x")
    assert here.changes() == sorted(("A", name) for name in NAMES)
    for name in NAMES:
        here.repo.write(name, "y")
    here.repo.git("add", "-A")
    here.repo.patina("session", "update", env={"PATINA_WATCH_ENABLED": "1"})
    text = here.journal()
    assert "\nline" not in text  # no name breaks out of its line
    assert "naïve/日本語/emoji" in text


def test_a_deep_path_is_told(here: Watched) -> None:
    deep = "/".join(f"a-folder-with-a-name-{n}" for n in range(60)) + "/file"
    here.repo.write(deep, "x")
    assert here.changes() == [("A", deep)]


def test_only_the_folders_of_the_setting_are_watched(repo: Repo) -> None:
    repo.commit("first", {"src/a/a.py": "1\n", "docs/b.md": "2\n", "c": "3\n"})
    with watched(repo, PATINA_WATCH_PATHS="src, ../elsewhere, /etc") as here:
        for name in ("src/a/a.py", "docs/b.md", "c", "src/new/d"):
            repo.write(name, "x")
        assert here.changes() == [("A", "src/new/d"), ("M", "src/a/a.py")]
        assert here.report()["folders"] == 3


def test_its_own_files_never_wake_it(here: Watched) -> None:
    here.repo.patina("note", "a note", env={"PATINA_WATCH_ENABLED": "1"})
    here.repo.patina("session", "update", env={"PATINA_WATCH_ENABLED": "1"})
    assert here.facts() == []


def test_commits_say_their_files_themselves_and_the_digest_says_the_rest(here: Watched) -> None:
    here.repo.write("b.txt", "committed\n")
    here.repo.write("src/a.py", "not committed\n")
    here.told()  # two saves within a moment are one to the kernel
    here.repo.write("src/a.py", "not committed yet\n")
    here.told()
    here.repo.git("commit", "-qm", "only b", "b.txt")
    here.told()
    digest, commit = here.journal().split("Files worked on since")[1].split("Commit ")
    assert "`src/a.py` (2 saves)" in digest
    assert "b.txt" not in digest
    assert "b.txt" in commit
    here.repo.git("commit", "-qam", "the rest")
    here.told()
    assert here.journal().count("Files worked on since") == 1


def test_a_commit_of_all_that_was_saved_needs_no_digest(here: Watched) -> None:
    here.repo.write("b.txt", "x\n")
    here.told()
    here.repo.git("commit", "-qam", "all")
    here.repo.write("src/a.py", "y\n")
    here.repo.git("commit", "-qam", "at once")
    here.told()
    assert "Files worked on" not in here.journal()
    assert here.journal().count("Commit ") == 2


def test_an_update_tells_what_was_saved_a_moment_before(here: Watched) -> None:
    here.repo.write("b.txt", "x\n")
    here.repo.patina("session", "update", env={"PATINA_WATCH_ENABLED": "1"})
    digest, update = here.journal().split("Files worked on")[1].split("Update (covering")
    assert "- `b.txt`\n" in digest
    assert "b.txt" not in update


def test_the_end_tells_what_was_saved_a_moment_before(here: Watched) -> None:
    here.repo.write("b.txt", "x\n")
    here.repo.write("src/new.py", "x\n")
    here.repo.patina("session", "end")
    [archived] = here.repo.path.glob(".git/patina/archive/2*.md")
    text = archived.read_text()
    assert "- `b.txt`\n" in text
    assert "- new: `src/new.py`\n" in text


def test_what_a_watcher_tells_survives_a_recorder_that_is_killed(here: Watched) -> None:
    here.repo.write("b.txt", "x\n")
    here.told()
    code = (
        "import os, sys\n"
        "from patina_sessions.system import files\n"
        "files.remove = lambda path: os._exit(9)\n"
        "from patina_sessions.recorder.__main__ import main\n"
        "main(sys.argv[1:])\n"
    )
    here.repo.write("src/a.py", "x\n")
    home = here.repo.path / ".git/patina"
    subprocess.run([sys.executable, "-P", "-c", code, str(home), str(here.repo.path), ""], check=False)
    told = [e["data"] for e in events(here.repo) if e["type"] == "files.changed"]
    assert [f["path"] for fact in told for f in fact["files"]] == ["b.txt"]
    assert here.changes() == [("M", "b.txt"), ("M", "src/a.py")]
