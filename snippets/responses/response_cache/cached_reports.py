# --8<-- [start:program]
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Annotated

import redis.asyncio as redis
from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
SALES: dict[tuple[str, int], list[int]] = defaultdict(list)  # your database
USERS: dict[str, str] = {}  # SHA-256 of a token: name; your login in its place


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, redis.Redis]]:
    pool = redis.BlockingConnectionPool.from_url(
        os.environ["REDIS_URL"],
        timeout=2,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
    )
    async with redis.Redis.from_pool(pool) as client:
        yield {"redis": client}


app = FastAPI(lifespan=lifespan)
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def get_user(bearer: Bearer) -> str:
    digest = sha256(bearer.credentials.encode()).hexdigest()
    if digest not in USERS:
        raise HTTPException(401, "Unknown token", {"WWW-Authenticate": "Bearer"})
    return USERS[digest]


async def get_redis(request: Request) -> redis.Redis:
    client: redis.Redis = request.state.redis
    return client


User = Annotated[str, Depends(get_user)]
Redis = Annotated[redis.Redis, Depends(get_redis)]
Year = Annotated[int, Path(ge=2000, le=2100)]


async def cached(
    client: redis.Redis, key: str, seconds: int, make: Callable[[], Awaitable[bytes]]
) -> bytes | str:
    try:
        found = await client.get(key)
        if found is not None:
            return found
    except RedisError as error:
        logger.warning("cache not read: %s", error)
    body = await make()
    try:
        await client.set(key, body, ex=seconds)
    except RedisError as error:
        logger.warning("cache not written: %s", error)
    return body


class Report(BaseModel):
    year: int
    total: int


def key_of(user: str, year: int) -> str:
    return f"report:v1:{user}:{year}"


@app.get("/reports/{year}", response_model=Report)
async def read_report(user: User, year: Year, client: Redis) -> Response:
    async def make() -> bytes:
        report = Report(year=year, total=sum(SALES.get((user, year), [])))
        return report.model_dump_json().encode()

    body = await cached(client, key_of(user, year), 60, make)
    return Response(body, media_type="application/json")


class Sale(BaseModel):
    amount: int = Field(gt=0, lt=1_000_000)


@app.post("/sales/{year}", status_code=201)
async def add_sale(user: User, year: Year, sale: Sale, client: Redis) -> None:
    SALES[user, year].append(sale.amount)
    try:
        await client.delete(key_of(user, year))
    except RedisError as error:
        logger.warning("cache not cleared: %s", error)


# --8<-- [end:program]
