"""A client that speaks ASGI with an application: its lifespan, requests and WebSockets."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import LIFESPAN
from ..event_loop.loop import InlineLoop
from ..exchanges.outcome import Answer
from ..exchanges.text import Request

Message = MutableMapping[str, Any]
Emit = Callable[[str, dict[str, Any]], None]
Application = Callable[[Any, Any, Any], Awaitable[None]]
PATIENCE = 0.5
"""Seconds for the answer to a message, where the application goes on by itself."""
SERVER, CLIENT = ("127.0.0.1", 8000), ("127.0.0.1", 50000)


class Lifespan:
    """The life of an application, from its startup until it is shut down."""

    def __init__(self, app: Application, loop: InlineLoop) -> None:
        """Belong to ``app``, which runs in ``loop``."""
        self.app, self.loop = app, loop
        self.state = dict[str, Any]()
        self.is_up = False

    def start(self) -> None:
        """Start it; raise what it raises. An application without a lifespan is left alone."""
        self.to_app, self.from_app = asyncio.Queue[Message](), asyncio.Queue[Message]()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        running = self.app(scope, self.to_app.get, self.from_app.put)
        self.task = self.loop.create_task(_awaited(running), name=LIFESPAN)
        self.is_up = self.tell("startup")

    def stop(self) -> None:
        """Shut it down; raise what that raises."""
        if self.is_up:
            self.is_up = False
            self.tell("shutdown")

    def tell(self, event: str) -> bool:
        """Send an event and wait for the answer; return whether the application has a lifespan."""
        self.to_app.put_nowait({"type": f"lifespan.{event}"})
        self.loop.pump(lambda: self.task.done() or not self.from_app.empty(), until_idle=True)
        answer = None if self.from_app.empty() else self.from_app.get_nowait()
        if answer and answer["type"] == f"lifespan.{event}.failed":
            self.loop.pump(self.task.done)
            self.task.result()
            raise RuntimeError(answer.get("message") or f"{event} failed")
        return answer is not None


async def _awaited(running: Awaitable[None]) -> None:
    await running


def scope_of(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    """Return the scope of a request, as a server on this machine would make it."""
    parts = urlsplit(request.target)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.sent_headers
    ]
    if not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", b"127.0.0.1:8000"))
    is_socket = request.method == "WEBSOCKET"
    kind: dict[str, Any] = (
        {"type": "websocket", "scheme": "ws", "subprotocols": []}
        if is_socket
        else {"type": "http", "scheme": "http", "method": request.method}
    )
    return kind | {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": headers,
        "server": SERVER,
        "client": CLIENT,
        "state": dict(state),
    }


async def send(
    app: Application,
    request: Request,
    state: dict[str, Any],
    number: int,
    emit: Emit,
    answer: Answer,
) -> None:
    """Send a request; tell of its response as it comes, and put it into ``answer``."""
    complete = asyncio.Event()
    content: list[bytes] = [request.content]

    async def receive() -> Message:
        if content:
            return {"type": "http.request", "body": content.pop(), "more_body": False}
        await complete.wait()
        return {"type": "http.disconnect"}

    async def respond(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", [])
            ]
            head = {"status": answer.status, "phrase": answer.phrase, "headers": answer.headers}
            emit("response", {"number": number, "request": str(request).split("\n")[0], **head})
        elif message["type"] == "http.response.body":
            piece = bytes(message.get("body", b""))
            if request.method != "HEAD":
                answer.body += piece
                emit("body", {"number": number, "text": piece.decode("utf-8", "replace")})
            if not message.get("more_body", False):
                complete.set()

    await app(scope_of(request, state), receive, respond)


def talk(
    app: Application, request: Request, state: dict[str, Any], emit: Emit, loop: InlineLoop
) -> None:
    """Open a WebSocket, send its messages one by one, and leave when nothing more can come."""
    to_app = asyncio.Queue[Message]()
    is_closed = False

    async def respond(message: Message) -> None:
        nonlocal is_closed
        kind = message["type"].removeprefix("websocket.")
        is_closed = is_closed or kind == "close" or kind.startswith("http.response")
        told = message.get("text")
        if told is None and message.get("bytes") is not None:
            told = repr(message["bytes"])
        details = [str(message[key]) for key in ("code", "reason", "status") if message.get(key)]
        emit("message", {"from": "server", "kind": kind, "text": told or " ".join(details)})

    task = loop.create_task(_awaited(app(scope_of(request, state), to_app.get, respond)))
    to_app.put_nowait({"type": "websocket.connect"})

    def answered() -> Callable[[], bool]:
        end = loop.time() + PATIENCE
        return lambda: task.done() or loop.time() > end

    loop.pump(answered(), until_idle=True)
    for line in request.body.split("\n") if request.body else []:
        if task.done() or is_closed:
            break
        emit("message", {"from": "client", "kind": "send", "text": line})
        to_app.put_nowait({"type": "websocket.receive", "text": line})
        loop.pump(answered(), until_idle=True)
    loop.pump(lambda: task.done() or is_closed, until_idle=True)
    if not task.done():
        if not is_closed:
            emit("message", {"from": "client", "kind": "close", "text": "1000"})
        to_app.put_nowait({"type": "websocket.disconnect", "code": 1000, "reason": ""})
        loop.pump(task.done, until_idle=True)
    if task.done():
        task.result()
    else:
        task.cancel()
