from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request


# --8<-- [start:lifespan]
@asynccontextmanager
async def connection(name: str) -> AsyncIterator[str]:
    print("open", name)
    try:
        yield name
    finally:
        print("close", name)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        opened = {
            name: await stack.enter_async_context(connection(name))
            for name in ("database", "cache")
        }
        yield opened


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lifespan]


@app.get("/")
async def read_root(request: Request) -> list[str]:
    return [request.state.database, request.state.cache]
