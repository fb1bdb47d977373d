"""The processes of a run inside a container: found by the mark in their environment, ended, and seen to be gone.

The engine has no way to end a command (moby/moby#35703): hanging up leaves it running, and it goes on writing into the
user's tree. The script needs a shell and nothing else, so that it works in an image of almost nothing.
"""

from __future__ import annotations

from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.system import clock
from patina_sessions.system.docker import Engine

MARK = "PATINA_RUN"
TRIES = 10

# Whoever carries the mark; whoever descends from one that does, or is of its session: a child may have cleared its
# environment. Zombies are gone already. `read` of a shell drops NULs, which leaves the mark whole, a word of its own.
_SCRIPT = r"""
mark=$1 signal=$2 family=' ' sessions=' ' all='' left=0
{ IFS= read -r s < /proc/1/stat; } 2>/dev/null
set -- ${s##*) }
first=$4
for d in /proc/[0-9]*; do
  p=${d#/proc/}
  [ "$p" = "$$" ] || [ "$p" = 1 ] && continue
  { IFS= read -r s < "$d/stat"; } 2>/dev/null || continue
  set -- ${s##*) }
  [ "$1" = Z ] && continue
  all="$all $p:$2:$4"
  { while IFS= read -r line || [ -n "$line" ]; do
      case $line in *"$mark"*) family="$family$p "; sessions="$sessions$4 "; break;; esac
    done < "$d/environ"; } 2>/dev/null
done
grown=1
while [ $grown = 1 ]; do
  grown=0
  for one in $all; do
    p=${one%%:*} rest=${one#*:}
    case $family in *" $p "*) continue;; esac
    case $family in *" ${rest%:*} "*) family="$family$p "; grown=1; continue;; esac
    [ "${rest#*:}" = 0 ] || [ "${rest#*:}" = "$first" ] && continue
    case $sessions in *" ${rest#*:} "*) family="$family$p "; grown=1;; esac
  done
done
for p in $family; do
  left=$((left + 1))
  kill -s "$signal" "$p" 2>/dev/null
done
echo $left
"""


def signal(engine: Engine, container: str, run: str, user: str, name: Literal["INT", "TERM", "KILL"]) -> int:
    """Send a signal to all processes of a run and return how many there were."""
    # As the run's user and as root: neither may look into the other's /proc/<pid>/environ, and an engine may refuse the
    # capability that would let root (seen in a container that runs an engine).
    return sum(_signal(engine, container, run, u, name) for u in dict.fromkeys((user, "0:0")))


def _signal(engine: Engine, container: str, run: str, user: str, name: str) -> int:
    said = engine.ask(container, ["/bin/sh", "-c", _SCRIPT, "sh", f"{MARK}={run}", name], user=user)
    count = said.out.strip()
    if said.code or not count.isdigit():
        raise PatinaError("cannot look at the processes in the container", None)
    return int(count)


def end(engine: Engine, container: str, run: str, user: str) -> bool:
    """Kill all processes of a run; return whether they are gone. Children that are born meanwhile are met next time."""
    for pause in [0.0] + [0.02 * 2**n for n in range(TRIES)]:
        clock.sleep(min(pause, 1.0))
        if not signal(engine, container, run, user, "KILL"):
            return True
    return False
