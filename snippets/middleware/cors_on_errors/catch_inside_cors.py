# --8<-- [start:catch]
import logging

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)


class AnswerFailures:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            # too late for a 500, or the 413 of max_body_size
            if started or isinstance(error, HTTPException):
                raise
            logger.exception("%s %r failed", scope["method"], scope["path"])
            response = JSONResponse({"detail": "Internal Server Error"}, 500)
            await response(scope, receive, send)


app = FastAPI()
app.add_middleware(AnswerFailures)

# added later, so outside: it sees the 500 as an ordinary response
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
# --8<-- [end:catch]


@app.get("/share")
async def share(total: int, people: int) -> int:
    return total // people
