import json
import logging
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

# --8<-- [start:middleware]
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("shop.access")


class AccessLog:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, complete, begin = 500, False, time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status, complete
            if message["type"] == "http.response.start":
                status = message["status"]
            complete = message["type"] == "http.response.body" and not message.get(
                "more_body", False
            )
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            line = {
                "method": scope["method"],
                "path": scope["path"],
                "endpoint": getattr(scope.get("endpoint"), "__qualname__", None),
                "status": status,
                "complete": complete,
                "seconds": round(time.perf_counter() - begin, 3),
            }
            logger.info(json.dumps(line))


app = FastAPI()
app.add_middleware(AccessLog)  # add it last: it is outermost then
# --8<-- [end:middleware]


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> int:
    return 12 // item_id


@app.get("/report")
async def report() -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ZeroDivisionError

    return StreamingResponse(lines())
