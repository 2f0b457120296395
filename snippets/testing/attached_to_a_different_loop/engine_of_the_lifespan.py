# --8<-- [start:program]
import os
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.engine = create_async_engine(os.environ["DATABASE_URL"])
    try:
        yield
    finally:
        async with timeout(5):  # asyncpg waits for the server
            await app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/answer")
async def answer(request: Request) -> int:
    async with request.app.state.engine.connect() as connection:
        return int((await connection.execute(text("SELECT 42"))).scalar_one())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(anyio_backend: str) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


@pytest.mark.anyio
async def test_the_answer(client: AsyncClient) -> None:
    assert (await client.get("/answer")).json() == 42


@pytest.mark.anyio
async def test_the_answer_again(client: AsyncClient) -> None:
    assert (await client.get("/answer")).json() == 42


# --8<-- [end:program]
