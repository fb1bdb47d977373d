"""From lines to facts: follows HEAD line by line and says what each one made, moved or replayed.

Every line is told as it is read, also in the middle of a rebase: what belongs together is for the projection to say.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import replace

from patina_sessions.model import Data, Fact, Id, Kind, Made, Moved, Rebased
from patina_sessions.paths import Layout
from patina_sessions.redact import redact
from patina_sessions.sources import (
    logbooks,
    reflog_jump,
    reflog_lines,
    reflog_made,
    reflog_replay,
)
from patina_sessions.sources.reflog_branch import Branches
from patina_sessions.sources.reflog_given import Memory, Start
from patina_sessions.sources.reflog_lines import Line, Words
from patina_sessions.sources.reflog_map import Pairs, of_replay
from patina_sessions.sources.reflog_replay import Replay
from patina_sessions.system import clock, objects
from patina_sessions.system.git import Git
from patina_sessions.system.objects import Header


class Walk:
    """One reading: `line` for each line in order, `unseen` where HEAD moved without one; `facts` is what came."""

    def __init__(self, git: Git, layout: Layout, memory: Memory, start: Start) -> None:
        self.facts: list[Fact] = []
        self.last, self.since = start.last, start.since
        self._git, self._layout, self._memory, self._start = git, layout, memory, start
        self._books = logbooks.of(git, layout)
        self._branches = Branches(layout.git, self._books, start.before)
        self._elsewhere = reflog_jump.Elsewhere(
            git, layout, self._books, since=start.since, told=memory.elsewhere
        )
        self._counted: dict[Id, bool] = {}  # the commits of this reading
        self._ours: set[tuple[str, str]] = set()
        self._place = 0
        self._replay = self._open_replay(start.before)
        past = (line.by.seconds for line in start.before if line.by.seconds <= start.now)
        self._time = max(past, default=0)

    # ----------------------------------------------------------------------------------------------------------- lines

    def line(self, place: int) -> None:
        """Tell what one of the fresh lines says, and first what happened unseen before it."""
        line = self._start.fresh[place].line
        self._place = place
        words = reflog_lines.read(line.text)
        key = _key(*line.likeness, self._start.fresh[place].ordinal)
        self._time = min(max(line.by.seconds, self._time), self._start.now)
        began = self._began(line, words)
        if began is not None and began != self.last:
            self.jump(began, key, line)
        if line.gone:  # the first half of a renaming
            return
        self._branches.follow(words)
        self._tell(line, words, key)
        self.last = line.new

    def _began(self, line: Line, words: Words) -> Id | None:
        """Return where HEAD stood when the line was written; None where it had no commit."""
        if line.derived and not line.born and (words.verb == "still" or words.target == "HEAD"):
            return line.new  # a branch was renamed, or HEAD reset to itself
        new = self._git.header(line.new) if line.derived and words.verb in {"commit", "merge"} else None
        if new is None or not new.parents or reflog_made.steps(self._git, line, words, new):
            return None if line.born else line.old
        return new.parents[0]  # the line lacks where it began, but the commit has it

    def _tell(self, line: Line, words: Words, key: str) -> None:
        if words.verb == "forward" and self._replay is not None and words.action == self._replay.action:
            self._phase(line, replace(words, verb="step"), key)  # a pick that is where it belongs already
            return
        if words.verb == "step":
            words = self._as_step(words)
        before = self._replay.before if words.verb == "step" and self._replay is not None else ()
        made = reflog_made.made(
            self._git,
            line,
            words,
            before=before,
            came=lambda i: self._elsewhere(i, line, jumped=False),
            began=self._start.last,
        )
        if made:
            self._commit(line, words, key)
        elif words.verb in {"start", "step", "finish", "abort"}:
            self._phase(line, words, key)
        elif words.verb in {"checkout", "reset", "forward", "push"}:
            self._move(line, words, key)
        elif words.verb != "still" and line.old != line.new and not line.born:
            self.jump(line.new, key, line)

    # ---------------------------------------------------------------------------------------------------- what was made

    def _commit(self, line: Line, words: Words, key: str) -> None:
        new = self._git.header(line.new)
        if new is None or self._recorded(new.id):
            if words.verb == "other":  # HEAD was set to what was made before
                self.jump(line.new, key, line)
            return
        self._ours.add(line.by.who)
        if words.verb == "step":
            self._counted[new.id] = self._replay_counts(new)
            self._phase(line, words, key, new)
            return
        how = reflog_made.how(self._git, line, words, new)
        self._counted[new.id] = self._counts(how, line, new)
        made = Made(
            how=how,
            commit=objects.record(new),
            old=None if line.born else line.old,
            branch=_safe(self._branches.of(line)),
            counted=self._counted[new.id],
        )
        self._add(key, made)

    def _recorded(self, commit: Id) -> bool:
        return commit in self._counted or self._memory.known(commit) or self._memory.elsewhere(commit)

    def _is_counted(self, commit: Id) -> bool:
        return self._counted[commit] if commit in self._counted else self._memory.counted(commit)

    def _counts(self, how: Kind, line: Line, new: Header) -> bool:
        if how in {"cherry-pick", "am"}:
            return reflog_made.same_person(new.author.who, line.by.who)
        return (
            how != "amend"
            or reflog_made.same_person(new.author.who, line.by.who)
            or self._is_counted(line.old)
        )

    def _replay_counts(self, new: Header) -> bool:
        sources = () if self._replay is None else self._replay.sources(new, self._memory.rewrites)
        return any(self._is_counted(source) for source in sources)

    # --------------------------------------------------------------------------------------------------------- replays

    def _open_replay(self, lines: Sequence[Line]) -> Replay | None:
        for line, words in reflog_lines.places(lines):
            if words.verb in {"finish", "abort"}:
                return None
            if words.verb == "start":
                return self._begin(words, line)
        return None

    def _begin(self, words: Words, began: Line | None) -> Replay:
        ahead = (
            n.line for n in itertools.islice(self._start.fresh, self._place, None) if n.line is not began
        )
        return Replay(self._git, self._layout.git, self._books, action=words.action, began=began, ahead=ahead)

    def _as_step(self, words: Words) -> Words:
        """Return the words of a step as they are, or those of anybody's subject when no replay of theirs goes on."""
        if words.sure and self._replay is None:
            began = self._open_replay(self._start.earlier())
            self._replay = began or self._begin(words, None)
        inside = self._replay is not None and words.action == self._replay.action
        return words if words.sure or inside else Words(verb="other", sure=False)

    def _phase(self, line: Line, words: Words, key: str, new: Header | None = None) -> None:
        if words.verb == "start":
            self._replay = self._begin(words, line)
        target = words.target if words.verb in {"finish", "abort"} else None
        pull = words.pull or (self._replay is not None and self._replay.action.startswith("pull"))
        fact = Rebased(
            phase="pick" if words.verb == "step" else words.verb,  # type: ignore[arg-type]
            old=line.old,
            new=line.new,
            commit=None if new is None else objects.record(new),
            counted=new is None or self._counted[new.id],
            branch=_safe(target.removeprefix("refs/heads/") if target else self._branches.around()),
            pull=pull,
            rewrites=self._pairs(line) if words.verb == "finish" else (),
        )
        if words.verb in {"finish", "abort"}:
            self._replay = None
        self._add(key, fact)

    def _pairs(self, end: Line) -> Pairs:
        """Return what the replay that ends here made of what, unless git's own map is here and says it."""
        if self._replay is None or end.new in self._memory.rewrites:
            return ()
        lines = [*self._start.before, *(n.line for n in self._start.fresh[: self._place])]
        return of_replay(self._git, self._replay, end.new, lines, self._start.earlier)

    # ----------------------------------------------------------------------------------------------------------- moves

    def _move(self, line: Line, words: Words, key: str) -> None:
        if words.verb == "checkout":
            if line.old != line.new or words.left != words.target:
                self._add(key, self._checkout(line, words))
        elif line.old != line.new and not line.born:
            came = self._git.rev_list([line.new], [line.old], limit=reflog_jump.MOST)
            left = self._git.rev_list([line.old], [line.new], limit=reflog_jump.MOST)
            move = Moved(
                how={"reset": "reset", "forward": "merge"}.get(words.verb, "moved"),  # type: ignore[arg-type]
                old=line.old,
                new=line.new,
                branch=_safe(self._branches.of(line)),
                source=_safe(words.target),
                pull=words.pull,
                brought=sum(not self._recorded(i) for i in came),
                dropped=len(left),
            )
            self._add(key, move)

    def _checkout(self, line: Line, words: Words) -> Moved:
        return Moved(
            how="checkout",
            old=None if line.born else line.old,
            new=line.new,
            branch=_safe(self._branches.here),
            source=_safe(words.left),
            target=_safe(words.target),
        )

    def jump(self, to: Id, key: str, line: Line | None) -> None:
        """Tell that HEAD went to a commit and nothing says how, and what on the way was made here (rule 6)."""
        jump = reflog_jump.look(
            self._git,
            self.last,
            to,
            began=self._start.last,
            ours=self._ours | {self._git.identity()},
            since=self._start.since,
            known=self._recorded,
            elsewhere=self._elsewhere,
            line=line,
        )
        branch = _safe(self._branches.around())
        self._add(
            f"{key}-jump",
            Moved(
                how="moved",
                old=self.last,
                new=to,
                branch=branch,
                brought=jump.brought,
                dropped=len(jump.left),
            ),
        )
        for new in jump.found:
            counted = self._counted[new.id] = self._found_counts(new, jump.left)
            made = Made(
                how="merge" if len(new.parents) > 1 else "commit",
                commit=objects.record(new),
                old=new.parents[0] if new.parents else None,
                branch=branch,
                counted=counted,
                found=True,
            )
            self._add(_key("found", new.id), made)
        self.last = to

    def _found_counts(self, new: Header, left: Sequence[Id]) -> bool:
        """A filter replays commits as a rebase does; what replays nothing counts when it is ours."""
        sources = reflog_replay.alike(new, reflog_replay.headers(self._git, left))
        if sources:
            return any(self._is_counted(source) for source in sources)
        return reflog_made.same_person(new.author.who, new.committer.who)

    def _add(self, key: str, data: Data) -> None:
        self.facts.append(Fact(time=clock.local(self._time), data=data, key=key))

    def unseen(self, to: Id, mark: str) -> None:
        """Tell of a move that has no line even now: it happened before now, nobody knows when."""
        self._time = self._start.now
        self.jump(to, _key(self.last, to, mark), None)


def _key(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _safe(text: str | None) -> str | None:
    return None if text is None else redact(text)
