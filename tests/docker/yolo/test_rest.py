"""What of a run's work cannot come home is named and kept, until a person takes it, or lets it go."""

from __future__ import annotations

from tests.docker.yolo.conftest import Yolo, said

LARGE = "head -c 3000000 /dev/urandom > large.bin; echo small > small.txt"
SMALL = {"PATINA_YOLO_MAX_FILE": "1m"}


def test_a_file_that_is_too_large_is_kept_and_comes_when_it_is_asked_for(yolo: Yolo) -> None:
    done = yolo.go(LARGE, env=SMALL)
    assert done.returncode == 0, done.stderr
    assert yolo.repo.git("show", f"{yolo.branch()}:small.txt") == "small"
    assert "Left behind: too large to come back: large.bin" in yolo.entry()
    (volume,) = yolo.left()["volumes"]
    run = said(yolo.run("yolo", "list", "--json"))["runs"][0]
    assert (run["state"], run["recover"]) == ("a rest waits", f"patina yolo recover {run['id']}")
    told = f"That is kept in the volume {volume}: patina yolo recover {run['id']} --max-file SIZE"
    assert told in yolo.entry()
    assert told in done.stderr
    assert "is not home" not in yolo.run("session", "status").stderr  # said once, and in the list: no alarm
    assert "kept: the work of" in yolo.run("clean", "--force").stdout

    first = yolo.branch()
    again = yolo.run("yolo", "recover", run["id"], "--max-file", "10m")
    assert again.returncode == 0, again.stderr
    branches = yolo.branches()
    assert branches == [first, f"{first}-0-again-1"]
    assert yolo.repo.git("cat-file", "-s", f"{branches[1]}:large.bin") == "3000000"
    assert yolo.left() == {}
    run = said(yolo.run("yolo", "list", "--json"))["runs"][0]
    assert (run["state"], run["recover"], run["branches"]) == ("passed", None, branches)


def test_a_rest_that_nobody_wants_goes_without_force(yolo: Yolo) -> None:
    assert yolo.go(LARGE, env=SMALL).returncode == 0
    assert yolo.left()["volumes"]
    assert yolo.run("yolo", "rm", "last").returncode == 0
    assert yolo.left() == {}
    assert len(yolo.branches()) == 1


def test_more_branches_than_come_home_by_themselves_are_kept_and_come_when_they_are_asked_for(
    yolo: Yolo,
) -> None:
    many = """
t=$(git rev-parse HEAD^{tree})
for n in $(seq 1 45); do git update-ref refs/heads/b$n $(git commit-tree $t -p HEAD -m "work $n"); done
"""
    done = yolo.go(many)
    assert done.returncode == 0, done.stderr
    assert len(yolo.branches()) == 40
    assert "Left behind: 5 more branches, since there are too many" in yolo.entry()
    assert yolo.run("yolo", "recover").returncode == 0
    assert len(yolo.branches()) == 45
    subjects = {yolo.repo.git("log", "-1", "--format=%s", name) for name in yolo.branches()}
    assert subjects == {f"work {n}" for n in range(1, 46)}
    assert yolo.left() == {}


def test_a_file_that_nobody_can_read_is_named_and_kept(yolo: Yolo) -> None:
    done = yolo.go("echo x > secret.txt; chmod 000 secret.txt; echo small > small.txt")
    assert done.returncode == 0, done.stderr
    assert yolo.repo.git("show", f"{yolo.branch()}:small.txt") == "small"
    assert "Left behind: not all that is uncommitted could be read: error: open(" in yolo.entry()
    assert yolo.left()["volumes"]


def test_a_branch_beyond_the_first_two_thousand_is_seen(yolo: Yolo) -> None:
    flood = """
t=$(git rev-parse HEAD^{tree}); h=$(git rev-parse HEAD)
for n in $(seq 1 3000); do echo "create refs/heads/a$n $h"; done | git update-ref --stdin
git update-ref refs/heads/z-work $(git commit-tree $t -p HEAD -m "the work")
"""
    assert yolo.go(flood).returncode == 0
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "the work"


def test_a_repository_inside_the_repository_is_named_and_kept_unless_it_is_ignored(yolo: Yolo) -> None:
    inner = "git init --quiet {0} && (cd {0} && echo x > x && git add x && git -c user.name=a -c user.email=a@b commit --quiet -m inner)"
    many = "for n in 1 2 3 4 5 6 7 8; do mkdir -p cache/$n/.git; done"  # they are told up to a number
    script = f"{many}; {inner.format('tool')}; echo cache/ > .gitignore; {inner.format('cache/dep')}"
    done = yolo.go(script)
    assert done.returncode == 0, done.stderr
    left, note = "Left behind: a repository of its own", "Note: a repository of its own"
    assert f"{left}, whose files and history do not come back: ./tool\n" in yolo.entry()
    assert yolo.entry().count(f"{note}, whose files and history do not come back: ./cache/") == 5
    assert yolo.left()["volumes"]
