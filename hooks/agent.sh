# Patina's ear at a coding agent. The agent's hook runs this with one payload on standard input; it is set aside for the
# recorder, and the agent goes on. What happens to it, and what of it is kept, is the recorder's to say.
# patina-agent 2; written by "patina init --agent", which also renews it; "patina uninstall" takes it out.
#
# Given: $1, the agent; $2, what happened: start, prompt, tool, turn or end; or line, which asks for the status line. Not
# a word on standard output, except for that and at a start, what the recorder has written ahead; always exit 0. POSIX
# only, and an agent waits for each process that starts here: one moves the bytes, one sees to it that this ends.
# The script that is sourced is written by "patina init"; its variables are set in a subshell on purpose. `-O` is in dash,
# busybox, bash, ksh and zsh, and not in POSIX: a shell without it asks git.
# shellcheck disable=SC1091,SC2016,SC2030,SC2031,SC3067

exec 2>/dev/null
[ "${PATINA-}" != 0 ] && [ ! -t 0 ] || exit 0
trap '' HUP INT QUIT # the session's last word comes while its terminal closes

# The worktree, without git: up from here, or from where the agent was started when it has gone out of the repository.
seek() {
  top=$1
  case $top in /*) ;; *) return 1 ;; esac
  until [ -e "$top/.git" ]; do
    [ "$top" ] || return 1
    top=${top%/*}
  done
  git=$top/.git
  if [ -f "$git" ]; then
    IFS= read -r git <"$top/.git" || [ "$git" ] || return 1
    git=${git#gitdir: }
    case $git in /*) ;; *) git=$top/$git ;; esac
  fi
  common=$git up=
  if [ -f "$git/commondir" ]; then
    IFS= read -r up <"$git/commondir" || [ "$up" ] || return 1
    case $up in /*) common=$up ;; *) common=$git/$up ;; esac
  fi
  [ -f "$common/patina/repo.json" ] && [ -d "$common/patina/spool" ] &&
    [ ! -e "$common/patina/off" ] && [ ! -e "$git/patina-off" ] || return 1
  # What stands in somebody else's git directory is not run and not told: git says whether the user trusts it.
  { [ -O "$top/.git" ] && [ -O "$git" ] && [ -O "$common" ]; } || git -C "$top" rev-parse
}
seek "$PWD" || seek "${CLAUDE_PROJECT_DIR-}" || exit 0

# Where this worktree's state is; nowhere before its first session.
own() {
  key=
  [ ! -f "$git/patina-id" ] || IFS=' ' read -r key _ <"$git/patina-id"
  state=$common/patina/worktrees/$key
  [ "$key" ] && [ -d "$state" ]
}

said=
if [ "$2" = line ]; then
  ! own || ! IFS= read -r said <"$state/statusline" || printf '%s\n' "$said"
  exit 0
fi

umask 077
set -C # from here > makes a file or fails
f=$common/patina/spool/agent-$1-$$
while [ -e "$f.in" ]; do f=$f-; done

# Whether a person sits there: Claude Code says it; of the others a terminal tells.
attended=${CLAUDE_CODE_SESSION_ATTENDED--} owner=${CLAUDE_PID:-$PPID}
case $1 in claude) ;; *) if [ "$2" = prompt ] && true </dev/tty; then attended=1; fi ;; esac
case $attended in 0 | 1) ;; *) attended=- ;; esac

# Whole when its last line is a dot: `mv` would cost as much as all the rest. A client that never closes its end must not
# hold itself up.
{
  printf 'patina-agent 2 %s %s %s\n%s\n' "$1" "$attended" "$owner" "$git"
  timeout 5 cat || [ $? -ne 127 ] || cat
  printf '\n.\n'
} >"$f.in"
[ "$2" != tool ] || exit 0

if [ "$2" = start ]; then
  { IFS= read -r said; IFS= read -r said; IFS= read -r said; } <"$f.in"
fi

# From here it is git's bell, told where we are, since a hook of an agent may run anywhere. In a session of its own where
# that can be had: a client that ends takes its hooks' process group with it.
ring() (
  cd "$top" || exit 0
  set +C
  unset GIT_DIR
  export event=agent git="$common"
  set --
  if [ ! -e "$common/patina/rung" ] && command -v setsid; then exec setsid sh -c '. "$git/patina/hook.sh"'; fi
  . "$git/patina/hook.sh"
)
if [ "$2" != start ]; then
  ring >/dev/null
  exit 0
fi

# The prompt rings again, so nobody waits for this one.
ring >/dev/null </dev/null &
# Who goes on has heard it already: a second copy would stand beside the first.
case $said in
  *'"source":"resume"'* | *'"source": "resume"'* | *'"source":"fork"'* | *'"source": "fork"'*) exit 0 ;;
esac
own && [ -f "$state/start.json" ] || state=$common/patina
[ ! -f "$state/start.json" ] || exec cat "$state/start.json"
exit 0
