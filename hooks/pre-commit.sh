#!/bin/sh
# Patina's bell for those whose hooks pre-commit or prek keeps: a hook of `.pre-commit-hooks.yaml`, which tells the
# event by variables alone and gives no input. It rings where somebody has run "patina init", and is silent elsewhere.
# shellcheck disable=SC1091,SC2034

[ "${PRE_COMMIT_CHECKOUT_TYPE-}" != 0 ] || exit 0 # a checkout of files moves no HEAD
git=$(git rev-parse --git-common-dir 2>/dev/null) && GIT_DIR=$(git rev-parse --absolute-git-dir 2>/dev/null) || exit 0
(
  event=pre-commit
  set --
  . "$git/patina/hook.sh"
) 2>/dev/null
exit 0
