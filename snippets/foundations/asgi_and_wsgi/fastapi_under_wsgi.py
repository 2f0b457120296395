# --8<-- [start:adapter]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from a2wsgi import ASGIMiddleware
from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.started = True
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/started")
async def started(request: Request) -> bool:
    return getattr(request.app.state, "started", False)


application = ASGIMiddleware(app)  # gunicorn main:application
# --8<-- [end:adapter]
