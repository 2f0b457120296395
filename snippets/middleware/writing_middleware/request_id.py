# --8<-- [start:program]
from contextvars import ContextVar
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


class RequestID:
    def __init__(self, app: ASGIApp, header: str) -> None:
        self.app = app
        self.header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        current_request_id.set(request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])  # optional in ASGI
                MutableHeaders(scope=message)[self.header] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


app = FastAPI()
app.add_middleware(RequestID, header="X-Request-ID")


@app.exception_handler(Exception)  # answers outside of RequestID
async def crashed(request: Request, error: Exception) -> JSONResponse:
    headers = {"X-Request-ID": getattr(request.state, "request_id", "-")}
    return JSONResponse({"detail": "Internal Server Error"}, 500, headers)


@app.get("/report")
async def report(request: Request) -> dict[str, str]:
    return {
        "request.state": request.state.request_id,
        "ContextVar": current_request_id.get(),
    }


# --8<-- [end:program]
