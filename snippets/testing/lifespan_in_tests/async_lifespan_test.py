# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.names = ["plumbus"]
    try:
        yield
    finally:
        app.state.names = []


app = FastAPI(lifespan=lifespan)


@app.get("/items")
async def read_items() -> list[str]:
    names: list[str] = app.state.names
    return names


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_the_items_are_read() -> None:
    transport = ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        assert (await client.get("/items")).json() == ["plumbus"]


# --8<-- [end:program]
