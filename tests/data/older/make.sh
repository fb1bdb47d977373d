#!/bin/sh
# Makes the fixture of a release, with the `patina` of that release first on PATH: sh make.sh 0.1.0
# A repository as its owner would have it: a finished session, one in progress, a hook of his own, an interpreter that is gone.
set -e
here=$(cd "$(dirname "$0")" && pwd)
[ "$(patina --version | sed 's/.* //')" = "$1" ]
work=/tmp/older # no name of anybody's folder is in what is kept
rm -rf "$work"
export HOME="$work/home" TZ=UTC LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null PATINA_WATCH_ENABLED=false
export GIT_AUTHOR_NAME="Ada Lovelace" GIT_AUTHOR_EMAIL=ada@example.org
export GIT_COMMITTER_NAME="Ada Lovelace" GIT_COMMITTER_EMAIL=ada@example.org
mkdir -p "$HOME"
git init -q -b main --template= "$work/repo"
cd "$work/repo"
mkdir .git/hooks .git/info
printf '#!/bin/sh\necho mine >>../kept\n' >.git/hooks/post-merge
chmod 755 .git/hooks/post-merge
cp .git/hooks/post-merge "$work/hook"
commit() { echo "$1" >a.txt && git add a.txt && git commit -q -m "$1" && patina record >/dev/null; }
echo 1 >a.txt && git add a.txt && git commit -q -m "the first commit"
patina init >/dev/null
patina session start "the parser" --goal "quotes" --goal "left open" >/dev/null
commit "feat: parse quotes"
patina note "a note of an older Patina" >/dev/null
patina goal --done 1 >/dev/null
git commit -q --amend -m "feat: parse quotes, better"
patina record >/dev/null
patina session end >/dev/null
git add -A && git commit -q -m "the journal"
patina record >/dev/null
sleep 1
patina session start "in progress" --goal "one" >/dev/null
commit "fix: an empty file"
sleep 2
sed -i 's|^run=[^ ]* |run=/opt/older/bin/python |' .git/patina/hook.sh
rm -rf .git/patina/log .git/patina/index.db
tar --sort=name --owner=0 --group=0 --numeric-owner -C "$work" -czf "$here/$1.tar.gz" hook repo
rm -rf "$work"
