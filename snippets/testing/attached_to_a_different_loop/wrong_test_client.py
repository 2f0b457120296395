import os
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

app = FastAPI()


@app.get("/answer")
async def answer() -> int:
    async with app.state.engine.connect() as connection:
        return int((await connection.execute(text("SELECT 42"))).scalar_one())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def engine(anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(os.environ["DATABASE_URL"])
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 42"))
    yield engine
    await engine.dispose()


# --8<-- [start:check]
@pytest.mark.anyio
async def test_the_answer(engine: AsyncEngine) -> None:
    app.state.engine = engine
    with TestClient(app) as client:
        assert client.get("/answer").json() == 42


# --8<-- [end:check]
