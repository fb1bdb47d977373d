"""The processes of a run inside a container: found by the mark in their environment, ended, and seen to be gone.

The engine has no way to end a command (moby/moby#35703): hanging up leaves it running, and it goes on writing into the
user's tree. The script needs a shell and nothing else, so that it works in an image of almost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.system import clock
from patina_sessions.system.docker import Engine

MARK = "PATINA_RUN"
TRIES = 10

# Whoever carries the mark; whoever descends from one that does, or is of its session: a child may have cleared its
# environment. And where nobody else's run is in here, whoever was born after the run's first process (field 22 of its
# stat): a daemon may have cleared all three. Zombies are gone already. `read` of a shell drops NULs, which leaves the
# mark whole, a word of its own.
_SCRIPT = r"""
name=$1 mark=$1=$2 signal=$3 since=$4 family=' ' sessions=' ' all='' left=0 alone=1 oldest=$4
{ IFS= read -r s < /proc/1/stat; } 2>/dev/null
set -- ${s##*) }
first=$4
for d in /proc/[0-9]*; do
  p=${d#/proc/}
  [ "$p" = "$$" ] || [ "$p" = 1 ] && continue
  { IFS= read -r s < "$d/stat"; } 2>/dev/null || continue
  set -- ${s##*) }
  [ "$1" = Z ] && continue
  ppid=$2 session=$4
  shift 10
  born=${10}
  all="$all $p:$ppid:$session:$born"
  { while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        *"$mark"*)
          family="$family$p "; sessions="$sessions$session "
          [ "$oldest" != 0 ] && [ "$oldest" -le "$born" ] || oldest=$born
          break;;
        *"$name="*) alone=0; break;;
      esac
    done < "$d/environ"; } 2>/dev/null
done
grown=1
while [ $grown = 1 ]; do
  grown=0
  for one in $all; do
    p=${one%%:*} rest=${one#*:} born=${one##*:}
    session=${rest#*:}; session=${session%:*}
    case $family in *" $p "*) continue;; esac
    case $family in *" ${rest%%:*} "*) family="$family$p "; grown=1; continue;; esac
    [ "$session" = 0 ] || [ "$session" = "$first" ] && continue
    case $sessions in *" $session "*) family="$family$p "; grown=1; continue;; esac
    [ $alone = 1 ] && [ "$since" != 0 ] && [ "$born" -ge "$since" ] && { family="$family$p "; grown=1; }
  done
done
for p in $family; do
  left=$((left + 1))
  kill -s "$signal" "$p" 2>/dev/null
done
echo $left $oldest
"""


@dataclass(slots=True, kw_only=True)
class Tree:
    """The processes of one run. `since` is learned at the first look that finds one: when the oldest was born."""

    engine: Engine
    container: str
    run: str
    user: str
    since: int = 0

    def signal(self, name: Literal["INT", "TERM", "KILL"]) -> int:
        """Send a signal to all processes of the run and return how many there were."""
        # As the run's user and as root: neither may look into the other's /proc/<pid>/environ, and an engine may
        # refuse the capability that would let root (seen in a container that runs an engine).
        return sum(self._signal(user, name) for user in dict.fromkeys((self.user, "0:0")))

    def _signal(self, user: str, name: str) -> int:
        words = [MARK, self.run, name, str(self.since)]
        said = self.engine.ask(self.container, ["/bin/sh", "-c", _SCRIPT, "sh", *words], user=user)
        counts = said.out.split()
        if said.code or len(counts) != 2 or not all(count.isdigit() for count in counts):
            raise PatinaError("cannot look at the processes in the container", None)
        self.since = int(counts[1])
        return int(counts[0])

    def end(self) -> bool:
        """Kill all processes of the run; return whether they are gone. Who is born meanwhile is met next time."""
        for pause in [0.0] + [0.02 * 2**n for n in range(TRIES)]:
            clock.sleep(min(pause, 1.0))
            if not self.signal("KILL"):
                return True
        return False
