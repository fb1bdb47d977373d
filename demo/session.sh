#!/bin/sh
# Plays a whole session in a scratch repository, through the command that a user has, and prints the journal.
# Nothing outside the scratch folder is touched. PATINA_DEMO names the folder; without it one is made and kept.
set -eu

root=${PATINA_DEMO:-$(mktemp -d "${TMPDIR:-/tmp}/patina-demo.XXXXXX")}
mkdir -p "$root/home"
HOME=$root/home XDG_CONFIG_HOME=$root/home/.config GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export HOME XDG_CONFIG_HOME GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM
GIT_AUTHOR_NAME='Demo Person' GIT_AUTHOR_EMAIL=demo@example.org
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
unset CLAUDECODE CI GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE 2>/dev/null || :

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi

say() { # WORDS of a command, quoted where a shell would need it
    line=
    for word; do
        case $word in *[!A-Za-z0-9_./~=:-]*) word="'$word'" ;; esac
        line="$line $word"
    done
    printf '\n%s$%s%s\n' "$bold" "$line" "$plain"
}
run() { say "$@"; "$@"; }
commit() { # commit MESSAGE FILE TEXT
    mkdir -p "$(dirname "$2")"
    printf '%s\n' "$3" >>"$2"
    git add -- "$2"
    run git commit --quiet -m "$1"
}

mkdir -p "$root/project"
cd "$root/project"
git init --quiet --initial-branch=main
printf '# Parser\n' >README.md
git add README.md
git commit --quiet -m 'docs: a readme'

run patina init
run patina session start 'Make the parser robust' --goal 'Quotes are parsed' --goal 'The fuzzer runs an hour'
commit 'feat: parse quotes' src/parser.py 'def quotes(): ...'
commit 'test: quotes' tests/test_parser.py 'def test_quotes(): ...'
run patina note 'The tokenizer keeps offsets in bytes, not in characters: that is why the columns were off.'
printf 'def escapes(): ...\n' >>src/parser.py
run git commit --quiet --amend -am 'feat: parse quotes and escapes'
run git switch --quiet -c fuzz HEAD~1
commit 'test: a fuzzer' tests/fuzz.py 'def fuzz(): ...'
commit 'fix: the fuzzer found an endless loop' src/loop.py 'def loop(): ...'
run git rebase --quiet main
run git switch --quiet main
run git merge --quiet --no-ff -m 'Merge the fuzzer' fuzz
run patina goal --done 1
run patina session update \
    --work 'Quotes and escapes are parsed, with tests' \
    --decision 'Offsets are bytes everywhere; columns are computed when shown, since only errors need them' \
    --challenge 'The fuzzer found an endless loop on an empty string' \
    --pattern 'A fuzzer pays for itself in the first minute'
run patina session end --commit
run patina session start 'Let the fuzzer run'

journal=$(find layer/sessions -name '*.md' ! -name README.md | head -n 1)
printf '\n================ the journal of the first session ================\n\n'
cat "$journal"
printf '\n====================================================================\n'
printf 'The journal lies at   %s\n' "$root/project/$journal"
patina session end >/dev/null # so that nothing is left running
