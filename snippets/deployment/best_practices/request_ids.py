# --8<-- [start:program]
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import uuid4

from fastapi import FastAPI
from opentelemetry import trace
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger("shop")
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
        span = trace.get_current_span().get_span_context()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            "request_id": request_id.get(),
            "trace_id": f"{span.trace_id:032x}" if span.is_valid else "-",
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Json())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ["uvicorn", "uvicorn.access"]:  # their lines go the same way
        theirs = logging.getLogger(name)
        theirs.propagate = theirs.hasHandlers()  # none with --no-access-log
        theirs.handlers.clear()
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # INFO has whole addresses
    yield


app = FastAPI(lifespan=lifespan)
app.add_middleware(RequestId)


@app.get("/orders/{number}")
def order(number: int) -> dict[str, int]:
    log.info("order %d read", number)
    return {"number": number}


# --8<-- [end:program]
