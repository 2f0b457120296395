# --8<-- [start:app]
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await http(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(receive, send)
    elif scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        raise NotImplementedError(scope["type"])


async def http(scope: Scope, receive: Receive, send: Send) -> None:
    size, more = 0, True
    while more:  # the body comes in pieces
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    text = f"{scope['method']} {scope['path']}: {size} bytes\n"
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def websocket(receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is None:  # a binary message
            await send({"type": "websocket.close", "code": 1003})
            return
        await send({"type": "websocket.send", "text": f"echo: {message['text']}"})


async def lifespan(receive: Receive, send: Send) -> None:
    await receive()  # lifespan.startup: open pools, load models
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown: close them
    await send({"type": "lifespan.shutdown.complete"})


# --8<-- [end:app]
