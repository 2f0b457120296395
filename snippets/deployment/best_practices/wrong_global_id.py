import logging
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger("shop")
app = FastAPI()


async def database() -> None:
    """Wait for a row."""


# --8<-- [start:logs]
request_id = "-"


class RequestId:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        global request_id
        request_id = uuid4().hex
        await self.app(scope, receive, send)


# --8<-- [end:logs]
app.add_middleware(RequestId)


@app.get("/orders/{number}")
async def order(number: int) -> dict[str, int]:
    await database()
    log.info("%s order %d read", request_id, number)
    return {"number": number}
