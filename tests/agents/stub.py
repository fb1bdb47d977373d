"""A model on loopback that answers from a script: enough of three vendors' interfaces to drive their real clients."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Step = dict[str, Any]  # {"text": …} or {"tool": name, "input": …}, and "wait" for seconds before it


@dataclass
class Model:
    """The script that is left, and the bodies of all requests that wanted a step of it."""

    script: list[Step]
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def heard(self, words: str) -> bool:
        """Whether these words stood in any request."""
        return any(words in json.dumps(body, ensure_ascii=False) for body in self.requests)

    def next(self, body: dict[str, Any]) -> tuple[int, Step]:
        with self.lock:
            self.requests.append(body)
            step: Step = self.script.pop(0) if self.script else {"text": "Nothing is left to do."}
            number = len(self.requests)
        time.sleep(float(step.get("wait", 0)))
        return number, step


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Model

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the library gives it
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._send(b"", "text/plain")

    def do_GET(self) -> None:
        self._send(b'{"data":[],"models":[],"has_more":false}', "application/json")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body = {}
        if "/responses" in self.path:
            self._send(_events(_openai(*self.model.next(body))), "text/event-stream")
        elif "enerateContent" in self.path:
            self._gemini(body)
        elif "/messages" in self.path and "count_tokens" not in self.path:
            # A request without tools asks for a title or a summary; it takes no step of the script.
            number, step = self.model.next(body) if body.get("tools") else (0, {"text": "A title"})
            self._anthropic(number, step, stream=bool(body.get("stream")))
        else:
            self._send(b'{"input_tokens":10,"totalTokens":10}', "application/json")

    def _gemini(self, body: dict[str, Any]) -> None:
        if "stream" not in self.path:
            answer = {
                "candidates": [
                    {"content": {"role": "model", "parts": [{"text": "{}"}]}, "finishReason": "STOP"}
                ]
            }
            self._send(json.dumps(answer).encode(), "application/json")
            return
        number, step = self.model.next(body)
        part: dict[str, Any] = {"text": step.get("text", "")}
        if "tool" in step:
            part = {"functionCall": {"id": f"call{number}", "name": step["tool"], "args": step["input"]}}
        content = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
        told = {"candidates": [content], "usageMetadata": {"totalTokenCount": 9}, "modelVersion": "stub"}
        self._send(f"data: {json.dumps(told)}\n\n".encode(), "text/event-stream")

    def _anthropic(self, number: int, step: Step, *, stream: bool) -> None:
        block, stop = _anthropic_block(number, step)
        usage = {"input_tokens": 9, "output_tokens": 9}
        whole = {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": "stub",
            "content": [block],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        }
        if not stream:
            self._send(json.dumps(whole).encode(), "application/json")
            return
        self._send(_events(_anthropic_stream(whole, block)), "text/event-stream")

    def _send(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass  # the client was killed


def _events(events: Sequence[dict[str, Any]]) -> bytes:
    return "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()


def _anthropic_block(number: int, step: Step) -> tuple[dict[str, Any], str]:
    if "tool" in step:
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": step["tool"], "input": step["input"]}
        return call, "tool_use"
    return {"type": "text", "text": step["text"]}, "end_turn"


def _anthropic_stream(whole: dict[str, Any], block: dict[str, Any]) -> list[dict[str, Any]]:
    empty: dict[str, Any]
    if block["type"] == "text":
        empty, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
    else:
        empty = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    ends = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    return [
        {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ends, "usage": whole["usage"]},
        {"type": "message_stop"},
    ]


def _openai(number: int, step: Step) -> list[dict[str, Any]]:
    item: dict[str, Any] = {"id": f"item_{number}", "status": "completed"}
    if "tool" in step:
        call = {"type": "function_call", "call_id": f"call_{number}", "name": step["tool"]}
        item |= {**call, "arguments": json.dumps(step["input"])}
    else:
        text = {"type": "output_text", "text": step["text"], "annotations": []}
        item |= {"type": "message", "role": "assistant", "content": [text]}
    usage = {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}
    details = {"input_tokens_details": None, "output_tokens_details": None}
    done = {"id": f"resp_{number}", "output": [item], "usage": {**usage, **details}}
    return [
        {"type": "response.created", "response": {"id": f"resp_{number}"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]


@contextmanager
def model(*script: Step, host: str = "127.0.0.1") -> Iterator[Model]:
    """Answer from this script, on loopback or where a container can reach it."""
    found = Model(list(script))
    handler = type("Handler", (_Handler,), {"model": found})
    server = ThreadingHTTPServer((host, 0), handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
