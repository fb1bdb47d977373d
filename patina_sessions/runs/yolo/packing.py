"""The two scripts that a clean container runs over what a program left: they read it, and write to memory alone."""

from __future__ import annotations

from patina_sessions.runs.yolo.checkout import UNREADY

TIPS = 40  # branches and detached heads that come back beside HEAD
ALL = 5000  # of those, where a person asks for the rest

_GIT = r"""
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1 GIT_NO_REPLACE_OBJECTS=1
export GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 GIT_NO_LAZY_FETCH=1 LC_ALL=C HOME=/clean GIT_DIR=/clean/git
export GIT_AUTHOR_NAME='Patina YOLO' GIT_AUTHOR_EMAIL=yolo@patina.invalid
export GIT_COMMITTER_NAME='Patina YOLO' GIT_COMMITTER_EMAIL=yolo@patina.invalid
umask 077
"""

# Names are bytes here (LC_ALL=C), since another locale's tools pass over what is no text in it.
# Refs are read as text, one line of a file each, so that no configuration of the program's is ever read; what names no
# commit is dropped by the clean git. A ref that is a pipe, a link or a folder of a million is none.
SALVAGE = (
    (
        _GIT
        + r"""
tree=$1 base=$2 start=$3 run=$4 format=$5 largest=$6 limit=$7 tips=$8
export GIT_AUTHOR_DATE="@$9 +0000" GIT_COMMITTER_DATE="@$9 +0000"  # a second try makes the same commit
command -v git >/dev/null || exit 127
rm -rf /clean/git /clean/index; mkdir -p /clean
(unset GIT_DIR; cd /clean && git init --quiet --template= --object-format="$format" repo && mv repo/.git git) || exit 3
git config core.bigFileThreshold 8m; git config core.preloadIndex false; git config pack.threads 1
[ -d "$tree" ] && [ ! -L "$tree" ] || { echo "the folder of the clone is gone" >&2; exit 4; }
own=$tree/.git
if [ -d "$own/objects" ] && [ ! -L "$own" ] && [ ! -L "$own/objects" ]; then
  mkdir -p $GIT_DIR/objects/info
  printf '%s\n' "$own/objects" > $GIT_DIR/objects/info/alternates
  [ -f "$own/shallow" ] && [ ! -L "$own/shallow" ] && head -c 1000000 "$own/shallow" > $GIT_DIR/shallow
else
  echo "note its git directory is gone, or was replaced: the files come back without their history"
  own=
fi

read_head() { # a file: its id or the name it points to
  [ -f "$1" ] && [ ! -L "$1" ] || return 1
  IFS= read -r line < "$1" || [ -n "$line" ] || return 1
  printf '%s\n' "$line" | head -c 500
}
list() {
  cd "$own" 2>/dev/null || return
  find refs -type f -size -2 2>/dev/null | head -n 20000 | while IFS= read -r name; do
    IFS= read -r id < "$name" && printf '%s %s\n' "$id" "$name"
  done
  [ -f packed-refs ] && [ ! -L packed-refs ] && head -c 4000000 packed-refs | grep '^[0-9a-f]' | head -n 20000
  find worktrees -maxdepth 2 -type f -name HEAD -size -2 2>/dev/null | head -n 1000 | while IFS= read -r name; do
    IFS= read -r id < "$name" && printf '%s %s\n' "$id" "$name"
  done
  # Of what was stashed, a ref has the last alone; the others stand in its log, the oldest first.
  [ -f logs/refs/stash ] && [ ! -L logs/refs/stash ] && head -c 1000000 logs/refs/stash \
    | awk 'NR <= 1000 { print $2 " refs/stash@" NR }'
}
: > /clean/refs; : > /clean/tips
[ -n "$own" ] && (list) > /clean/refs
# Only those that name a commit, each name once, as "commit name".
grep -E '^[0-9a-f]{40}([0-9a-f]{24})? [^[:space:]]+$' /clean/refs \
  | awk '!seen[$2]++ { print $1 "^{commit} " $2 }' \
  | git cat-file --batch-check='%(objectname) %(objecttype) %(rest)' 2>/dev/null \
  | awk '$2 == "commit" { print $1 " " $3 }' > /clean/tips

head= branch=
if [ -n "$own" ]; then
  word=$(read_head "$own/HEAD")
  case $word in
    "ref: refs/heads/"*) branch=${word#ref: refs/heads/}
      head=$(awk -v name="refs/heads/$branch" '$2 == name { print $1; exit }' /clean/tips);;
    *) head=$(git rev-parse --quiet --verify --end-of-options "$word^{commit}" 2>/dev/null);;
  esac
fi
[ -n "$branch" ] && printf 'head %s\n' "$branch"
[ -n "$head" ] && git cat-file -e "$head^{tree}" 2>/dev/null || head=
have_start=; git cat-file -e "$start^{commit}" 2>/dev/null && have_start=1
[ -n "$have_start" ] || [ -z "$own" ] || echo "note its history no longer has the commit that it began from"

result=$head
# Without an index and with our mark, the files were never checked out: that none is there was nobody's doing.
if [ -n "$head" ] && [ -f "$own/@UNREADY@" ] && [ ! -e "$own/index" ]; then
  echo "note it ended before its files were there: what came back are commits alone"
else
# What is not committed: everything but what is ignored, and files that are too large.
cd "$tree" || exit 4
export GIT_WORK_TREE=$tree GIT_INDEX_FILE=/clean/index
[ -n "$head" ] && git read-tree "$head"
printf '.\0' > /clean/paths
find . -name .git -prune -o -type f -size +"$largest"c \
  -exec sh -c 'for f; do printf ":(exclude,top,literal)%s\0" "${f#./}"; done' sh {} + > /clean/large
cat /clean/large >> /clean/paths
# A working tree of this very repository is no module of it; where it stands, and what it is on, its heads say.
find . -mindepth 2 -name .git -type f -size -2 -exec sh -c 'for f; do
    IFS= read -r line < "$f"; f=${f#./}
    case $line in "gitdir: $0/worktrees/"*) printf ":(exclude,top,literal)%s\0" "${f%/.git}";; esac
  done' "$own" {} + >> /clean/paths
tr '\0\n' '\n?' < /clean/large | sed 's|^:(exclude,top,literal)||' | head -n 10 \
  | while IFS= read -r name; do printf 'left too large to come back: %s\n' "$name" | cut -c1-300; done
find . -mindepth 2 -name .git 2>/dev/null | head -n 1000 | while IFS= read -r name; do
  what='repository of its own, whose files and history do not come back' line=
  [ -f "$name" ] && [ ! -L "$name" ] && line=$(head -c 1000 "$name" | tr -d '\000')
  case $line in "gitdir: $own/worktrees/"*)
    what='working tree beside, whose commits come back, and not what is uncommitted in it';;
  esac
  name=${name%/.git}; word=left
  git check-ignore --quiet -- "$name" && word=note
  printf '%s a %s: %s\n' $word "$what" "$name" | cut -c1-300
done > /clean/inner
# Those that are ignored may be many: they must not push out the one that is work.
for word in left note; do grep "^$word" /clean/inner | head -n 5; done
count=$(grep -c ^left /clean/inner); [ "$count" -gt 5 ] && echo "left $((count - 5)) more like that"
count=$(wc -l < /clean/inner); [ "$count" -ge 1000 ] && echo "left others like that, which were not looked at"
add() { git add --all --ignore-errors --pathspec-from-file=/clean/paths --pathspec-file-nul > /clean/said 2>&1; }
add; code=$?
if [ $code -ge 128 ] && grep -qi encod /clean/said; then
  # A file that is not in the encoding that .gitattributes says ends git: then all come back as the bytes that they are.
  mkdir -p $GIT_DIR/info; echo '* -working-tree-encoding' > $GIT_DIR/info/attributes
  echo "note files that .gitattributes gives an encoding came back in it, as they lay there"
  add; code=$?
fi
why=$(grep -E '^(error|fatal)' /clean/said | head -n 1 | cut -c1-250)
# Whatever ends git, or leaves it without room, has left out work: it is kept where it is.
if [ $code -ge 128 ] || grep -q 'No space left' /clean/said; then
  echo "what is not committed could not be read: $why" >&2; exit 5
fi
[ $code -eq 0 ] || printf 'left not all that is uncommitted could be read: %s\n' "$why"
made=$(git write-tree) || { echo "what is uncommitted could not be packed" >&2; exit 5; }
before=$(git rev-parse --quiet --verify "${head:-0000}^{tree}" 2>/dev/null)
if [ "$made" != "$before" ]; then
  if [ -n "$head" ]; then set -- -p "$head"; else set --; fi
  result=$(git commit-tree "$made" "$@" -m "What was not committed when the run ended") || exit 6
  echo salvaged
fi
git ls-files --others --ignored --exclude-standard --directory 2>/dev/null | head -n 100000 | wc -l \
  | while read -r count; do echo "ignored $count"; done
unset GIT_WORK_TREE GIT_INDEX_FILE
fi

# What else has commits that are new: below neither the result nor the beginning.
known="^$result"; [ -n "$result" ] || known=
[ -n "$have_start" ] && known="$known ^$start"
git cat-file -e "$base^{commit}" 2>/dev/null && known="$known ^$base"
: > /clean/new
awk '!seen[$1]++' /clean/tips > /clean/once
head -n @ALL@ /clean/once | while read -r id name; do
  [ "$id" = "$result" ] && continue
  [ -n "$(git rev-list --max-count=1 "$id" $known 2>/dev/null)" ] && printf '%s %s\n' "$id" "$name" >> /clean/new
done
alone=$(head -n "$tips" /clean/new | cut -d ' ' -f 1 | xargs -r git merge-base --independent 2>/dev/null)
count=$(wc -l < /clean/new); [ "$count" -gt "$tips" ] && echo "dropped $((count - tips))"
count=$(wc -l < /clean/once); [ "$count" -gt @ALL@ ] && echo "left $((count - @ALL@)) branches that were not looked at"
number=0
for id in $alone; do
  number=$((number + 1))
  git update-ref "refs/patina/other-$number" "$id" || exit 7
  grep "^$id " /clean/new | head -n 1 | cut -c1-300 | sed 's/^/other /'
done
if [ -n "$result" ] && [ "$result" != "$base" ]; then
  git update-ref refs/patina/result "$result" || exit 7
  echo "result $result"
fi
[ -n "$have_start" ] && printf '^%s\n' "$start" > /clean/not || : > /clean/not
git for-each-ref --format='%(objectname)' refs/patina | cat - /clean/not > /clean/walk
[ -s /clean/walk ] && git rev-list --objects --no-object-names --stdin < /clean/walk > /clean/objects || exit 8
git cat-file --batch-check='%(objectsize)' < /clean/objects \
  | awk '{ sum += $1; if ($1 > most) most = $1 } END { printf "size %.0f\nlargest %.0f\n", sum, most }'
exit 0
"""
    )
    .replace("@ALL@", str(ALL))
    .replace("@UNREADY@", UNREADY)
)

PACK = (
    _GIT
    + r"""
set -- refs/patina
git for-each-ref --format='%(refname)' refs/patina > /clean/names
if [ -s /clean/not ]; then cat /clean/not >> /clean/names; fi
exec git bundle create --quiet - --stdin < /clean/names
"""
)
