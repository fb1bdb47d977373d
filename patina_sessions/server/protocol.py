"""The door to the package `mcp`: its server on standard input and output, with our tools and journals.

A client that cancels a call, closes our input or ends us has its tests stopped as a person's Ctrl-C stops them. Where
Patina was not given the repository nothing is listed: an agent's settings may name us everywhere.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import mcp.types as types
from anyio.abc import Process
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from patina_sessions import __version__
from patina_sessions.errors import PatinaError
from patina_sessions.server import answers, resources, tools
from patina_sessions.server.answers import Answer
from patina_sessions.server.tools import Call
from patina_sessions.system import processes

PATIENCE = 20.0  # seconds that a command gets to stop, and a container with it
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def serve(folder: Path) -> None:
    """Answer a client on standard input and output until it leaves; `folder` is where the commands run."""
    anyio.run(_Server(folder).run)


class _Server:
    """The folder that is spoken of, and the commands that run just now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: set[Process] = set()

    async def run(self) -> None:
        listed = await self.ask(tools.listed())
        server: Server[Any] = Server(
            "patina",
            version=__version__,
            title="Patina Sessions",
            instructions=None if listed.failed else tools.INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
        )
        async with anyio.create_task_group() as group, stdio_server() as (reads, writes):
            group.start_soon(self.obey)
            await server.run(reads, writes, server.create_initialization_options())
            group.cancel_scope.cancel()

    async def obey(self) -> None:
        """End when we are told to, once what runs has stopped. Reading our input cannot be interrupted."""
        with anyio.open_signal_receiver(*_ENDING) as signals:
            async for number in signals:
                for child in list(self.running):
                    await _stop(child)
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)

    async def ask(self, call: Call) -> Answer:
        code, out, err = await self.command(call)
        return Answer(text=out) if code == 0 else answers.told(code, out, err)

    async def command(self, call: Call) -> tuple[int, str, str]:
        """Run a command of ours and return how it ended and what it said."""
        argv = [*processes.PYTHON, "patina_sessions", *call.words]
        said: dict[str, bytes] = {"out": b"", "err": b""}
        async with self.child(argv) as child:
            assert child.stdin is not None
            await child.stdin.send(call.data)
            await child.stdin.aclose()
            async with anyio.create_task_group() as group:
                group.start_soon(_gather, child.stdout, said, "out")
                group.start_soon(_gather, child.stderr, said, "err")
            code = await child.wait()
        return code, said["out"].decode("utf-8", "replace"), said["err"].decode("utf-8", "replace")

    @asynccontextmanager
    async def child(self, argv: list[str]) -> AsyncIterator[Process]:
        env = {**processes.environment(), "NO_COLOR": "1"}
        child = await anyio.open_process(argv, cwd=self.folder, env=env, start_new_session=True)
        self.running.add(child)
        try:
            yield child
        finally:
            self.running.discard(child)
            with anyio.CancelScope(shield=True):
                await _stop(child)
                await child.aclose()

    async def list_tools(self, _context: Any, _params: Any) -> types.ListToolsResult:
        if (await self.ask(tools.listed())).failed:
            return types.ListToolsResult(tools=[])
        return types.ListToolsResult(tools=[_shown(tool) for tool in tools.TOOLS])

    async def call_tool(self, _context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = tools.NAMED.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {answers.plain(params.name)}")
        try:
            call = _checked(tool, params.arguments or {})
            answer = tool.answer(*await self.command(call))
        except PatinaError as error:
            answer = Answer(text=f"Error: {error.message}\nHint: {error.hint}", failed=True)
        text = types.TextContent(type="text", text=answer.text)
        return types.CallToolResult(content=[text], is_error=answer.failed)

    async def list_resources(
        self, _context: Any, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        listed = await self.ask(tools.listed())
        if listed.failed:
            return types.ListResourcesResult(resources=[])
        part, following = resources.page(resources.journals(listed.text), params.cursor if params else None)
        shown = [
            types.Resource(
                uri=journal.uri,
                name=journal.name,
                description=journal.description,
                mime_type=resources.MARKDOWN,
                annotations=types.Annotations(last_modified=journal.written) if journal.written else None,
            )
            for journal in part
        ]
        return types.ListResourcesResult(resources=shown, next_cursor=following)

    async def list_templates(self, _context: Any, _params: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            uri_template=resources.TEMPLATE,
            name="journal",
            description="One session's journal by its id, or the active one's",
            mime_type=resources.MARKDOWN,
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(
        self, _context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        listed = await self.ask(tools.listed())
        call = None if listed.failed else resources.reading(params.uri, listed.text)
        if call is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no journal {answers.plain(params.uri)}")
        answer = await self.ask(call)
        if answer.failed:
            raise MCPError(types.INTERNAL_ERROR, answer.text)
        text = types.TextResourceContents(
            uri=params.uri, mime_type=resources.MARKDOWN, text=answers.plain(answer.text)
        )
        return types.ReadResourceResult(contents=[text])


def _shown(tool: tools.Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        title=tool.title, read_only_hint=tool.reads, destructive_hint=False, open_world_hint=False
    )
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema,
        annotations=hints,
    )


def _checked(tool: tools.Tool, given: Mapping[str, Any]) -> Call:
    strange = sorted(set(given) - set(tool.takes))
    if strange:
        known = ", ".join(tool.takes) or "nothing"
        raise PatinaError(f"{tool.name} does not take {answers.plain(strange[0])}", f"It takes: {known}")
    return tool.call(given)


async def _gather(stream: Any, said: dict[str, bytes], name: str) -> None:
    pieces = [piece async for piece in stream]
    said[name] = b"".join(pieces)


async def _stop(child: Process) -> None:
    """Interrupt a command that still runs, as Ctrl-C would; kill it only when it does not stop."""
    if child.returncode is not None:
        return
    try:
        child.send_signal(signal.SIGINT)
        with anyio.move_on_after(PATIENCE):
            await child.wait()
            return
        child.kill()
        await child.wait()
    except ProcessLookupError:
        return
