from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

events: list[str] = []


# --8<-- [start:app]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.names = {1: "plumbus"}  # a pool, a client, a model …
    events.append("started")
    yield
    events.append("stopped")


app = FastAPI(lifespan=lifespan)


@app.get("/items/{item_id}")
async def read_item(request: Request, item_id: int) -> str:
    name: str = request.app.state.names[item_id]
    return name


# --8<-- [end:app]
