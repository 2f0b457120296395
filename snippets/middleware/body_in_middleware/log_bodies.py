import logging

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("bodies")


# --8<-- [start:class]
class LogBodies:
    def __init__(self, app: ASGIApp, limit: int = 1000) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        request_body, response_body = bytearray(), bytearray()

        def keep(log: bytearray, message: Message) -> None:
            log += message.get("body", b"")[: self.limit - len(log)]

        async def receive_and_keep() -> Message:
            message = await receive()
            keep(request_body, message)
            return message

        async def send_and_keep(message: Message) -> None:
            keep(response_body, message)
            await send(message)

        try:
            await self.app(scope, receive_and_keep, send_and_keep)
        finally:
            logger.info("%r -> %r", bytes(request_body), bytes(response_body))


app = FastAPI()
app.add_middleware(LogBodies)
# --8<-- [end:class]


@app.post("/orders")
def order(items: dict[str, int]) -> int:
    return sum(items.values())
