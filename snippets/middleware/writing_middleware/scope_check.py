from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class NoRobots:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    # --8<-- [start:call]
    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if "bot" in headers.get("User-Agent", ""):
                answer = PlainTextResponse("No robots", 403)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    # --8<-- [end:call]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.rates = {"EUR": 1.0}
    yield


app = FastAPI(lifespan=lifespan)
app.add_middleware(NoRobots)


@app.get("/rates")
async def rates(request: Request) -> dict[str, float]:
    found: dict[str, float] = request.app.state.rates
    return found
