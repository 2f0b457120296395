# mypy: disable-error-code="import-untyped"
import asyncio
import os

import asyncpg
import httpx2
import pytest
import redis.asyncio as redis
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql+asyncpg:///shop")
POSTGRESQL = os.environ.get("POSTGRESQL", "")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1")
SERVICE = os.environ.get("SERVICE", "http://127.0.0.1")

# --8<-- [start:check]
app = FastAPI()
engine = create_async_engine(DATABASE_URL)


@app.get("/answer")
async def answer() -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT 42"))).scalar_one())


# --8<-- [end:check]
cache = redis.from_url(REDIS_URL)
service = httpx2.AsyncClient()
lock = asyncio.Lock()
pools: list[asyncpg.Pool] = []


@app.get("/redis")
async def read_redis() -> bool:
    return bool(await cache.ping())


@app.get("/httpx2")
async def read_service() -> int:
    return (await service.get(SERVICE)).status_code


@app.get("/lock")
async def wait_for_lock() -> None:
    async def hold() -> None:
        async with lock:
            await asyncio.sleep(0)

    await asyncio.gather(hold(), hold())


@app.get("/pool")
async def use_pool() -> int:
    if not pools:
        pools.append(await asyncpg.create_pool(POSTGRESQL, min_size=1))
    return int(await pools[0].fetchval("SELECT 42"))


PATHS = ["/answer", "/pool", "/redis", "/httpx2", "/lock"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("time", ["first", "second"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.anyio
async def test_with_an_asynchronous_client(path: str, time: str) -> None:
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get(path)).status_code == 200
