# Patina's bell. A hook of git sources this in a subshell of its own, so nothing here reaches the hook that follows.
# It wakes the recorder and is gone; what happened stands in git's reflog, and only a rewrite map is set aside here.
# patina-hook @VERSION@; written by "patina init", which also renews it.
#
# Given: $event, the hook's name; $git, the git common directory; the hook's arguments; for post-rewrite $_patina, its
# input. POSIX only, and builtins but for `cat` and `mv` in post-rewrite: a commit takes 5 ms, and each process one.
# shellcheck shell=sh disable=SC2154

run=@PYTHON@ d=$git/patina
[ -f "$d/repo.json" ] || exit 0
umask @UMASK@
why=
if [ "${PATINA-}" = 0 ]; then why=environment; elif [ ! -x "$run" ]; then why=interpreter; fi
[ ! -e "$d/off" ] && [ ! -e "${GIT_DIR:-.git}/patina-off" ] || why=off
if [ "$why" ]; then
  # Who does nothing says why where "patina doctor" looks: nobody else ever hears of it. Each reason has its own file.
  [ -e "$d/silent-$why" ] && [ ! -f "$d/silent-$why" ] || printf '%s\n' "$event $why" >|"$d/silent-$why"
  exit 0
fi
# A checkout of files moves no HEAD.
[ "$event${3-}" != post-checkout0 ] || exit 0
case $d in /*) ;; *) d=$PWD/$d ;; esac

# Before the ring: who makes it must live to start the recorder. Ignored here stays ignored in the child, from before
# its first line (a terminal that closes right after the commit).
trap '' HUP INT QUIT
set -C # from here > makes a file or fails

# Under its last name before the bell, and whole: by rename.
if [ "$event" = post-rewrite ] && [ "${_patina-}" ]; then
  case ${1-} in amend | rebase) f=$d/spool/rewrite-$1-$$ ;; *) exit 0 ;; esac
  while [ -e "$f.in" ] || [ -e "$f.tmp" ]; do f=$f-; done
  cat >"$f.tmp" <<_PATINA_ && mv "$f.tmp" "$f.in"
$_patina
_PATINA_
fi

if [ ! -e "$d/rung" ] && printf '' >"$d/rung"; then :; else
  # There already: whoever made it has called a recorder that has not begun to read, so this ring is covered. Unless he
  # died: the 64th ring calls again, then the 128th, 256th and so on, so that a recorder that hangs is not joined by many.
  s=
  [ ! -e "$d/marks" ] || [ -f "$d/marks" ] || exit 0
  printf . >>"$d/marks"
  read -r s <"$d/marks"
  n=${#s}
  [ "$n" -ge 64 ] && [ "$((n & (n - 1)))" -eq 0 ] || exit 0
fi
# Git, ssh and pipes wait for whoever holds their ends. An empty part of PYTHONPATH would be the working tree: -E.
"$run" -E -P -m patina_sessions.recorder "$d" "$PWD" "${GIT_DIR-}" </dev/null >/dev/null 2>&1 &
