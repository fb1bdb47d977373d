"""What people and programs do to a repository, one function a kind. Each takes the world and the worktree it happens in."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from tests.repository import Repo
from tests.sources.world import World, dated

Operation = Callable[[World, Repo], None]

_OLD = dated(978307200)
_ODD = (
    "fix (start): checkout main",
    "x: fast-forward",
    "docs: Fast-forward",
    "checkout: moving from a to b",
    "rebase (finish): returning to refs/heads/main",
    "feat (pick): nothing",
    "push",
    "revert: fast-forward",
    "reset: moving to HEAD~1",
    "merge main: Fast-forward",
    "clone: from here",
    "commit (amend): not one",
    "am --abort",
)


# ----------------------------------------------------------------------------------------------------------- commits


def commit(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "-m", w.subject())


def commit_without_hooks(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "--no-verify", "-m", w.subject())


def commit_of_nothing(w: World, r: Repo) -> None:
    w.do(r, "commit", "-q", "--allow-empty", "-m", w.subject())


def commit_by_another_author(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "--author", "Carol <carol@example.org>", "-m", w.subject())


def commit_with_an_odd_subject(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "-m", w.random.choice(_ODD))


def commit_of_2001(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "-m", w.subject(), env=_OLD)


def commit_under_another_action(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "-m", w.subject(), env={"GIT_REFLOG_ACTION": "my tool"})


def amend(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", "--amend", "-m", w.subject())


def amend_nothing(w: World, r: Repo) -> None:
    w.do(r, "commit", "-q", "--amend", "--no-edit")


def amend_the_author(w: World, r: Repo) -> None:
    w.do(r, "commit", "-q", "--amend", "--no-edit", "--reset-author")


def commit_by_gitpython(w: World, r: Repo) -> None:
    import git

    w.change(r)
    with git.Repo(r.path) as repo:
        date = datetime.fromtimestamp(w.clock, UTC) if w.spaced else None
        subject = w.random.choice((*_ODD[5:6], w.subject(), w.subject(), w.subject()))
        repo.index.commit(subject, skip_hooks=True, commit_date=date, author_date=date)
    w.told.append(f"{r.path.name}: GitPython commits {subject!r}")


def commit_by_dulwich(w: World, r: Repo) -> None:
    from dulwich import porcelain

    if _is_shared(w):  # two worktrees on one branch, and no line in either's reflog: nothing says whose it is
        return
    w.change(r)
    who, now = b"Ada Lovelace <ada@example.org>", w.clock if w.spaced else None
    porcelain.commit(
        r.path,
        message=w.subject().encode(),
        author=who,
        committer=who,
        commit_timestamp=now,
        commit_timezone=0,
    )
    w.told.append(f"{r.path.name}: dulwich commits")


def commit_by_plumbing(w: World, r: Repo) -> None:
    env = _now(w)
    for _ in range(w.random.randint(1, 3)):
        made = r.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", w.subject(), env=env)
        if w.random.random() < 0.7:
            w.do(r, "update-ref", "HEAD", made)
        else:
            w.do(r, "update-ref", "-m", w.random.choice(("done", "tool: done")), "HEAD", made)


def commit_by_fast_import(w: World, r: Repo) -> None:
    ref = r.git("symbolic-ref", "-q", "HEAD", check=False)
    if not ref or _is_shared(w):
        return
    when = w.clock if w.spaced else int(datetime.now().timestamp())
    stream = (
        f"commit {ref}\ncommitter Ada Lovelace <ada@example.org> {when} +0000\ndata <<END\n{w.subject()}\nEND\n"
        f"from {r.git('rev-parse', 'HEAD')}\nM 100644 inline imported\ndata <<END\n{w.number}\nEND\n\n"
    )
    file = w.path / "stream"
    file.write_text(stream)
    os.system(f"cd '{r.path}' && git fast-import --quiet < '{file}'")
    w.told.append(f"{r.path.name}$ git fast-import")
    w.do(r, "reset", "-q", "--hard")


def _is_shared(w: World) -> bool:
    heads = {r.git("symbolic-ref", "-q", "HEAD", check=False) for r in (w.main, w.linked)}
    return len(heads) == 1 and heads != {""}


def _now(w: World) -> dict[str, str]:
    return dated(w.clock) if w.spaced else {}


# ------------------------------------------------------------------------------------------------- merges and picks


def merge(w: World, r: Repo) -> None:
    w.do(r, "merge", "-q", "--no-ff", "--no-edit", w.branch(r))


def merge_if_it_is_forward(w: World, r: Repo) -> None:
    w.do(r, "merge", "-q", "--ff-only", w.branch(r))


def merge_as_it_comes(w: World, r: Repo) -> None:
    w.do(r, "merge", "-q", "--no-edit", w.branch(r))


def merge_many(w: World, r: Repo) -> None:
    others = w.random.sample(w.branches(), min(3, len(w.branches())))
    w.do(r, "merge", "-q", "--no-edit", *others)


def merge_squashed(w: World, r: Repo) -> None:
    w.do(r, "merge", "-q", "--squash", w.branch(r))
    w.do(r, "commit", "-q", "-m", w.subject())


def merge_under_another_action(w: World, r: Repo) -> None:
    w.do(r, "merge", "-q", "--no-edit", w.branch(r), env={"GIT_REFLOG_ACTION": "my tool"})


def pick(w: World, r: Repo) -> None:
    w.do(r, "cherry-pick", "--allow-empty", w.branch(r))


def pick_some(w: World, r: Repo) -> None:
    w.do(r, "cherry-pick", f"{w.branch(r)}~2..{w.branch(r)}")


def pick_forward(w: World, r: Repo) -> None:
    w.number += 1
    w.do(r, "checkout", "-q", "-b", f"forward/{w.number}", "HEAD~1")
    w.do(r, "cherry-pick", "--ff", "HEAD@{1}")


def pick_of_another_person(w: World, r: Repo) -> None:
    w.do(r, "cherry-pick", w.random.choice(("origin/main", "origin/main~1")))


def revert(w: World, r: Repo) -> None:
    w.do(r, "revert", "--no-edit", w.random.choice(("HEAD", "HEAD~1")))


def revert_a_merge(w: World, r: Repo) -> None:
    found = r.git("log", "--merges", "-1", "--format=%H")
    w.do(r, "revert", "--no-edit", "-m", "1", found or "HEAD")


def apply_mail(w: World, r: Repo) -> None:
    _apply(w, r, w.random.choice((w.branch(r), "origin/main")))


def apply_mail_with_its_dates(w: World, r: Repo) -> None:
    _apply(w, r, w.branch(r), "--committer-date-is-author-date")


def apply_mail_and_stop(w: World, r: Repo) -> None:
    _apply(w, r, w.branch(r))
    w.do(r, "am", "--abort")


def _apply(w: World, r: Repo, of: str, *options: str) -> None:
    # With its own dates, and on its own parent, a mail of one's own is the very commit that it was made from.
    w.number += 1
    text = r.git("format-patch", "--stdout", "-2", of, check=False)
    lines = [f"{line} ({w.number})" if line.startswith("Subject: ") else line for line in text.split("\n")]
    mail = w.path / "mail"
    mail.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    w.do(r, "am", "-q", "-3", *options, str(mail))


# ----------------------------------------------------------------------------------------------------------- rebases


def rebase(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", w.branch(r))


def rebase_by_apply(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", "--apply", w.branch(r))


def rebase_with_dates(w: World, r: Repo) -> None:
    backend = w.random.choice(("--apply", "--merge"))
    w.do(r, "rebase", "-q", backend, "--committer-date-is-author-date", "--force-rebase", w.branch(r))


def rebase_with_merges(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", "-r", w.branch(r))


def rebase_onto(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", "--onto", w.branch(r), "HEAD~2")


def rebase_forced(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", "--no-ff", "HEAD~2")


def rebase_another_branch(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", w.branch(r), w.branch(r))


def rebase_detached(w: World, r: Repo) -> None:
    w.do(r, "checkout", "-q", "--detach")
    w.do(r, "rebase", "-q", w.branch(r))


def rebase_with_commands(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", "--exec", "git commit -q --allow-empty -m 'by a command'", "HEAD~2")


def rebase_under_another_action(w: World, r: Repo) -> None:
    w.do(r, "rebase", "-q", w.branch(r), env={"GIT_REFLOG_ACTION": "my tool"})


def rebase_by_hand(w: World, r: Repo) -> None:
    """Reorder, squash, fix up, drop, reword, edit."""
    base = w.random.choice(("HEAD~3", "HEAD~4", w.branch(r)))
    commits = [
        c
        for c in r.git("rev-list", "--reverse", "--no-merges", f"{base}..HEAD", check=False).split("\n")
        if c
    ]
    if not commits or "fatal" in commits[0]:
        return
    if w.random.random() < 0.4:
        w.random.shuffle(commits)
    verbs = [w.random.choice(("pick", "pick", "squash", "fixup", "reword", "edit", "drop")) for _ in commits]
    verbs[0] = w.random.choice(("pick", "edit", "reword"))
    w.plan.write_text("".join(f"{v} {c}\n" for v, c in zip(verbs, commits, strict=True)))
    env = {
        "GIT_SEQUENCE_EDITOR": f"cp '{w.plan}'",
        "GIT_EDITOR": f'sh -c \'printf "other words {w.number}\\n" > "$1"\' -',
    }
    w.number += 1
    w.do(r, "rebase", "-q", "-i", base, env=env)
    if w.is_busy(r) and w.random.random() < 0.5:
        w.change(r)
        w.do(r, "commit", "-q", *w.random.choice((("--amend", "--no-edit"), ("-m", w.subject()))))


def rebase_autosquashed(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "commit", "-q", w.random.choice(("--fixup", "--squash")), "HEAD~1", "--no-edit")
    w.do(r, "rebase", "-q", "-i", "--autosquash", "HEAD~3")


# ------------------------------------------------------------------------------------------------------ other people


def another_person_pushes(w: World, r: Repo) -> None:
    w.do(w.bob, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    w.tidy(w.bob)
    for _ in range(w.random.randint(1, 2)):
        commit(w, w.bob)
    w.do(w.bob, "push", "-q", "origin", "HEAD:main")


def my_other_clone_pushes(w: World, r: Repo) -> None:
    if w.forgetful:
        return
    w.do(w.other, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    w.tidy(w.other)
    commit(w, w.other)
    w.do(w.other, "push", "-q", "origin", "HEAD:main")


def a_push_comes_into_the_checkout(w: World, r: Repo) -> None:
    branch = w.main.git("branch", "--show-current")
    if not branch:
        return
    clone = w.bob if w.forgetful else w.random.choice((w.other, w.bob))
    w.do(clone, "fetch", "-q", str(w.main.path), branch)
    w.do(clone, "checkout", "-q", "--detach", "FETCH_HEAD")
    commit(w, clone)
    w.do(clone, "push", "-q", str(w.main.path), f"HEAD:{branch}")
    w.do(clone, "checkout", "-q", "main")


def pull(w: World, r: Repo) -> None:
    w.do(r, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")


def pull_and_rebase(w: World, r: Repo) -> None:
    w.do(r, "pull", "-q", "--rebase", "origin", "main")


def pull_forward(w: World, r: Repo) -> None:
    w.do(r, "pull", "-q", "--ff-only", "origin", "main")


def fetch_and_move(w: World, r: Repo) -> None:
    w.do(r, "fetch", "-q", "origin")
    w.number += 1
    w.do(r, "checkout", "-q", "-b", f"followed/{w.number}", "origin/main~1")
    w.do(r, "update-ref", "HEAD", "origin/main")
    w.do(r, "reset", "-q", "--hard")


def push(w: World, r: Repo) -> None:
    w.do(r, "push", "-q", "origin", "HEAD:main")


def push_by_force(w: World, r: Repo) -> None:
    w.do(r, "push", "-q", "--force", "origin", "HEAD:refs/heads/mine")


# ------------------------------------------------------------------------------------------------------------- moves


def reset(w: World, r: Repo) -> None:
    w.do(
        r,
        "reset",
        "-q",
        "--hard",
        w.random.choice(("HEAD", "HEAD~1", "HEAD~2", "ORIG_HEAD", "origin/main", "HEAD@{1}")),
    )


def reset_and_squash(w: World, r: Repo) -> None:
    w.do(r, "reset", "-q", "--soft", "HEAD~2")
    w.do(r, "commit", "-q", "-m", w.subject())


def checkout(w: World, r: Repo) -> None:
    w.do(r, "checkout", "-q", w.branch(r))


def checkout_new(w: World, r: Repo) -> None:
    w.number += 1
    w.do(r, "checkout", "-q", "-b", f"topic/{w.number}", w.random.choice(("HEAD", "HEAD~1", "origin/main")))


def checkout_detached(w: World, r: Repo) -> None:
    w.do(r, "checkout", "-q", "--detach", w.random.choice(("HEAD", "HEAD~1", "v0", "origin/main")))


def orphan(w: World, r: Repo) -> None:
    w.number += 1
    w.do(
        r, "checkout", "-q", "--detach"
    )  # writes down where HEAD was: the next command writes no line at all
    w.do(r, "switch", "-q", "--orphan", f"orphan/{w.number}")
    commit(w, r)
    if w.random.random() < 0.5:
        commit(w, r)


def symbolic(w: World, r: Repo) -> None:
    w.do(r, "symbolic-ref", "HEAD", f"refs/heads/{w.branch(r)}")
    w.do(r, "reset", "-q", "--hard")


def rename(w: World, r: Repo) -> None:
    w.number += 1
    w.do(r, "branch", "-m", f"renamed/{w.number}")


def delete(w: World, r: Repo) -> None:
    w.do(r, "branch", "-q", "-D", w.branch(r))


def stash(w: World, r: Repo) -> None:
    w.change(r)
    w.do(r, "stash", "-q", *w.random.choice(((), ("-u",))))
    if w.random.random() < 0.7:
        w.do(r, "stash", "pop", "-q")
        w.do(r, "commit", "-q", "-m", w.subject())


def bisect(w: World, r: Repo) -> None:
    w.do(r, "bisect", "start", "HEAD", "HEAD~3")
    w.do(r, "bisect", w.random.choice(("good", "bad")))
    w.do(r, "bisect", "reset")


def another_worktree_on_the_same_branch(w: World, r: Repo) -> None:
    branch = w.main.git("branch", "--show-current")
    if branch and r is w.linked:
        w.do(r, "checkout", "-q", "--ignore-other-worktrees", branch)
        commit(w, r)
        w.do(r, "checkout", "-q", "--detach")


def pack(w: World, r: Repo) -> None:
    w.do(r, "pack-refs", "--all")
    keep = ("-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never")
    w.do(r, *keep, "gc", "-q", "--no-prune")


# Only what is read before may be taken out of a reflog: these are for worlds that are read all the time.


def expire_the_reflog(w: World, r: Repo) -> None:
    w.do(r, "reflog", "expire", "--expire=now", "--all")


def expire_what_is_old(w: World, r: Repo) -> None:
    w.do(r, "gc", "-q", "--no-prune")  # a line of 2001 is older than ninety days


def delete_from_the_reflog(w: World, r: Repo) -> None:
    w.do(r, "reflog", "delete", *w.random.choice(((), ("--rewrite",))), f"HEAD@{{{w.random.randint(0, 3)}}}")


OFTEN: tuple[Operation, ...] = (commit, commit, commit, amend, checkout, checkout, rebase, merge_as_it_comes)
EVERY: tuple[Operation, ...] = tuple(
    f
    for name, f in list(globals().items())
    if callable(f)
    and not name.startswith(("_", "expire", "delete_from"))
    and getattr(f, "__module__", "") == __name__
)
NOT_IN_TABLES = frozenset({commit_by_gitpython, commit_by_dulwich})  # these cannot write to reftables
UNREADABLE: tuple[Operation, ...] = (expire_the_reflog, expire_what_is_old, delete_from_the_reflog)


def happen(w: World, operations: tuple[Operation, ...]) -> None:
    """Let one thing happen in one of the worktrees, whole or stopped in the middle and brought to an end."""
    operation = w.random.choice(operations if w.random.random() < 0.7 else OFTEN)
    worktree = "main" if w.random.random() < 0.75 else "linked"
    repo: Repo = getattr(w, worktree)
    w.clock += w.random.randint(1, 90)
    w.told.append(f"-- {operation.__name__} in {worktree}")
    operation(w, repo)
    w.tidy(repo)
    w.settle(worktree, others=operation.__name__ in _ABROAD)


_ABROAD = {
    another_person_pushes.__name__,
    my_other_clone_pushes.__name__,
    a_push_comes_into_the_checkout.__name__,
}
