"""A client that speaks ASGI with an application: requests and WebSockets."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from ..event_loop.loop import InlineLoop
from ..exchanges.outcome import Answer
from ..exchanges.text import Request
from .lifespan import Application, Message, awaited

Emit = Callable[[str, dict[str, Any]], None]
PATIENCE = 0.5
"""Seconds for the answer to a message, where the application goes on by itself."""
SERVER, CLIENT = ("127.0.0.1", 8000), ("127.0.0.1", 50000)


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

    task = loop.create_task(awaited(app(scope_of(request, state), to_app.get, respond)))
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
