# --8<-- [start:program]
import logging

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("bodies")


class LogBodies:
    def __init__(self, app: ASGIApp, limit: int = 1000) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        request_body, response_body = bytearray(), bytearray()
        status = "no response"

        def keep(log: bytearray, message: Message) -> None:
            log += message.get("body", b"")[: self.limit - len(log)]

        async def receive_and_keep() -> Message:
            message = await receive()
            keep(request_body, message)
            return message

        async def send_and_keep(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            keep(response_body, message)
            await send(message)

        try:
            await self.app(scope, receive_and_keep, send_and_keep)
        finally:
            bodies = bytes(request_body), bytes(response_body)
            logger.info(
                "%s %r %r -> %s %r",  # %r: a path can contain line ends
                scope["method"],
                scope["path"],
                bodies[0],
                status,
                bodies[1],
            )


app = FastAPI(max_body_size=100_000)  # bytes
app.add_middleware(LogBodies)


@app.post("/orders")
async def order(items: dict[str, int]) -> int:
    return sum(items.values())


# --8<-- [end:program]
