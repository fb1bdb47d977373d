"""Files in a branch that run on the machine of whoever checks it out: told, since nothing can stop them. Pure.

By name, as editors, shells, package managers, test runners, agents, containers and CI look for them. The list is for a
person who reads a report: it is long on purpose, and no promise that what is not on it is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from patina_sessions.runs.yolo.work import Change

_END = 300  # characters
EXECUTABLE, LINK, MODULE = "100755", "120000", "160000"

# By whom, and the names: a folder ends in a slash and holds for all below it; others are a file's own name anywhere.
_BY = {
    "an editor": r"""
        \.vscode/ \.idea/ \.zed/ \.fleet/ \.vim/ \.nvim/ \.vs/ .+\.code-workspace \.exrc \.nvimrc
        \.nvim\.lua \.vimrc \.dir-locals(-2)?\.el .+\.sublime-project \.project \.classpath \.settings/
        \.theia/
    """,
    "a shell": r"""
        \.envrc \.env(\..+)? \.bashrc \.bash_profile \.profile \.zshrc \.zshenv \.autoenv(\.zsh)? \.in
        \.out \.?mise(\..+)?\.toml \.tool-versions \.rtx\.toml flake\.nix shell\.nix default\.nix
        \.direnv/ devbox\.json devenv\.nix
    """,
    "git": r"""
        \.gitmodules \.gitattributes \.gitconfig \.githooks/ \.husky/ hooks/ lefthook.*\.ya?ml
        \.lefthook.*\.ya?ml \.pre-commit-(config|hooks)\.yaml \.overcommit\.yml \.lintstagedrc.* \.jj/
    """,
    "a package manager or build": r"""
        package\.json \.npmrc \.yarnrc(\.yml)? \.yarn/ \.pnpmfile\.cjs pnpm-workspace\.yaml binding\.gyp
        bunfig\.toml setup\.py setup\.cfg pyproject\.toml pip\.conf requirements.*\.txt .+\.pth
        sitecustomize\.py usercustomize\.py build\.rs Cargo\.toml \.cargo/ rust-toolchain(\.toml)?
        go\.work Gemfile .+\.gemspec Rakefile composer\.json pom\.xml \.mvn/ mvnw(\.cmd)? gradlew(\.bat)?
        gradle/ .+\.gradle(\.kts)? gradle\.properties build\.sbt project/ .+\.(cs|fs|vb)proj
        Directory\.Build\.(props|targets) .+\.sln nuget\.config mix\.exs [Mm]akefile GNUmakefile .+\.mk
        [Jj]ustfile \.justfile Taskfile\.ya?ml CMakeLists\.txt CMakePresets\.json .+\.cmake meson\.build
        SConstruct wscript configure BUILD(\.bazel)? WORKSPACE(\.bazel)? MODULE\.bazel .+\.bzl \.bazelrc
        \.bazelversion Podfile Package\.swift deno\.jsonc? .+\.cabal Setup\.hs stack\.yaml rebar\.config
    """,
    "a test runner or tool": r"""
        conftest\.py noxfile\.py tox\.ini tasks\.py fabfile\.py dodo\.py pytest\.ini \.coveragerc
        [a-z-]+\.config\.[cm]?[jt]s (vite|webpack|karma|gulp|babel)\.[cm]?[jt]s \.[a-z]+rc\.[cm]?js
        Gruntfile\.js gulpfile\.js \.mocharc.* \.rspec \.irbrc \.pryrc \.ipython/ \.pdbrc \.gdbinit
        \.lldbinit
    """,
    "an agent": r"""
        \.claude/ \.mcp\.json CLAUDE(\.local)?\.md AGENTS?(\.override)?\.md GEMINI\.md \.cursor/
        \.cursorrules \.codex/ \.gemini/ \.opencode/ opencode\.jsonc? \.windsurf/ \.windsurfrules
        \.clinerules \.roo/ \.aider.* \.continue/ \.goosehints \.github/copilot-instructions\.md \.junie/
        \.kiro/ \.amp/ \.patina/
    """,
    "a container": r"""
        \.devcontainer/ \.devcontainer\.json (.+\.)?[Dd]ockerfile(\..+)? [Cc]ontainerfile(\..+)?
        (docker-)?compose(\..+)?\.ya?ml Vagrantfile \.gitpod\.ya?ml Tiltfile skaffold\.ya?ml
    """,
    "CI": r"""
        \.github/workflows/ \.github/actions/ action\.ya?ml \.gitlab-ci\.yml \.gitlab/ \.circleci/
        Jenkinsfile azure-pipelines.*\.ya?ml \.azure-pipelines/ \.travis\.yml \.buildkite/
        bitbucket-pipelines\.yml \.drone\.yml \.woodpecker(\.ya?ml|/) appveyor\.yml \.appveyor\.yml \.ci/
        cloudbuild\.ya?ml renovate\.json \.cirrus\.yml
    """,
}


def _pattern(names: str) -> re.Pattern[str]:
    parts = [f"{name}.*" if name.endswith("/") else name for name in names.split()]
    # A slash in the middle of a folder is written out; the rest is looked for at any depth, in any case: file systems
    # that do not tell `Makefile` from `makefile` run both.
    return re.compile(rf"(?:.*/)?(?:{'|'.join(parts)})", re.IGNORECASE | re.DOTALL)


_PATTERNS = tuple((by, _pattern(names)) for by, names in _BY.items())


def by(path: str) -> str:
    """Return who runs a file of this name on a person's machine, nothing where nobody is known to.

    Of a very long name only the ends are looked at: thousands of those would cost minutes.
    """
    ends = (path,) if len(path) <= 2 * _END else (path[:_END], path[-_END:])
    return next((who for end in ends for who, pattern in _PATTERNS if pattern.fullmatch(end)), "")


def listed(changes: Iterable[Change]) -> dict[str, list[str]]:
    """Return the changed files that run on somebody's machine, by whom; links and programs are groups of their own."""
    found: dict[str, list[str]] = {}
    for change in changes:
        if not change.mode:
            continue  # it is gone
        who = by(change.path)
        if change.mode == LINK:
            who = "whoever follows a link"
        elif change.mode == MODULE:
            who = "git, as a submodule"
        elif not who and change.mode == EXECUTABLE:
            who = "you, as a program"
        if who:
            found.setdefault(who, []).append(change.path)
    return found
