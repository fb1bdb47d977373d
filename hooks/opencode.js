// Patina's ear at OpenCode: what its hooks are told goes, in few words, to the script that all agents' hooks call.
// Written by "patina init --agent opencode", taken out by "patina uninstall". Nothing here may hold OpenCode up or throw.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { homedir } from "node:os"

const data = process.env.XDG_DATA_HOME || `${homedir()}/.local/share`
const script = `${data}/patina/agent.sh`

function tell(kind, directory, payload, heard) {
  try {
    if (!existsSync(script)) return heard("")
    const child = spawn("sh", [script, "opencode", kind], {
      cwd: directory,
      env: { ...process.env, PWD: directory },
      stdio: ["pipe", "pipe", "ignore"],
    })
    let said = ""
    child.on("error", () => heard(""))
    child.on("close", () => heard(said))
    child.stdin.on("error", () => {})
    child.stdout.on("data", (piece) => (said += piece))
    child.stdin.end(JSON.stringify(payload) + "\n")
  } catch {
    heard("")
  }
}

export const Patina = async ({ directory, worktree }) => {
  const at = worktree && worktree !== "/" ? worktree : directory
  const context = new Map() // session -> what its start was given
  const turns = new Map() // session -> { turn, said }
  const say = (kind, name, session, more) =>
    new Promise((heard) =>
      tell(kind, at, { hook_event_name: name, session_id: session, turn_id: turns.get(session)?.turn, ...more }, heard),
    )
  const begin = (session, source) => {
    if (!session || context.has(session)) return context.get(session)
    const given = say("start", "SessionStart", session, { source }).then((said) => {
      try {
        return JSON.parse(said).hookSpecificOutput.additionalContext
      } catch {
        return ""
      }
    })
    context.set(session, given)
    return given
  }
  const words = (parts) => (parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("\n")
  return {
    event: async ({ event }) => {
      const about = event.properties ?? {}
      const session = about.sessionID ?? about.info?.sessionID ?? about.info?.id ?? about.part?.sessionID
      if (event.type === "session.created") await begin(session, "startup")
      if (event.type === "message.part.updated" && about.part?.type === "text" && turns.has(session))
        turns.get(session).said = about.part.text
      if (event.type === "session.idle" && turns.has(session)) {
        await say("turn", "Stop", session, { last_assistant_message: turns.get(session).said ?? "" })
        turns.delete(session)
      }
      if (event.type === "session.compacted") await say("tool", "PostCompact", session, {})
    },
    "chat.message": async (input, output) => {
      const session = input.sessionID
      await begin(session, "resume")
      turns.set(session, { turn: output.message?.id ?? String(Date.now()) })
      await say("prompt", "UserPromptSubmit", session, { prompt: words(output.parts) })
    },
    "tool.execute.after": async (input, output) => {
      const given = input.args ?? output.args ?? output.metadata?.input ?? {}
      await say("tool", "PostToolUse", input.sessionID, {
        tool_name: input.tool,
        tool_use_id: input.callID,
        tool_input: { command: given.command, filePath: given.filePath ?? output.metadata?.filepath },
        exit: output.metadata?.exit,
      })
    },
    "experimental.chat.system.transform": async (input, output) => {
      const told = await context.get(input.sessionID ?? [...context.keys()].pop())
      if (told) output.system.push(told)
    },
    dispose: async () => {
      for (const session of turns.keys()) await say("end", "SessionEnd", session, { reason: "dispose" })
    },
  }
}
