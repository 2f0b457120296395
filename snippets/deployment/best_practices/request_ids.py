import json
import logging
from contextvars import ContextVar
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger("shop")
app = FastAPI()

# --8<-- [start:logs]
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestId:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            request_id.set(uuid4().hex)
        await self.app(scope, receive, send)


class Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname, "event": record.getMessage()}
        line["request_id"] = request_id.get()
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


app.add_middleware(RequestId)


# --8<-- [end:logs]
# --8<-- [start:endpoint]
@app.get("/orders/{number}")
def order(number: int) -> dict[str, int]:
    log.info("order %d read", number)
    return {"number": number}


# --8<-- [end:endpoint]
