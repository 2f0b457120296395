# --8<-- [start:program]
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv6Network, ip_address
from math import ceil

from fastapi import Depends, FastAPI, HTTPException, Request
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    pool = BlockingConnectionPool.from_url(  # waits for a free connection
        os.environ["REDIS_URL"],
        max_connections=20,
        timeout=2,
        socket_connect_timeout=0.5,
        socket_timeout=0.5,
    )
    async with Redis.from_pool(pool) as app.state.redis:
        yield


def client_of(request: Request) -> str:
    """Return the address; of IPv6 the /64, which often is one customer's."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:  # no address, as of a Unix socket
        return host
    if address.version == 4 or address.ipv4_mapped:
        return host
    return str(IPv6Network((int(address), 64), strict=False))


async def too_many(redis: Redis, key: str, limit: int, seconds: int) -> int:
    """Count one request; return 0, or the seconds until the next may come."""
    async with redis.pipeline(transaction=True) as pipe:  # all three, or none
        pipe.incr(key)
        pipe.expire(key, seconds, nx=True)  # the first request starts the window
        pipe.pttl(key)  # milliseconds
        count, _, left = await pipe.execute()
    return max(ceil(left / 1000), 1) if count > limit else 0


async def enforce(
    request: Request, key: str, limit: int, seconds: int, *, closed: bool
) -> None:
    try:
        wait = await too_many(request.app.state.redis, key, limit, seconds)
    except RedisError:
        logger.exception("no rate limit: Redis does not count")
        if closed:
            raise HTTPException(503, "Try again later") from None
        return
    if wait:
        raise HTTPException(429, "Too many requests", {"Retry-After": str(wait)})


def rate_limit(
    name: str, limit: int, seconds: int, *, closed: bool = False
) -> Callable[[Request], Awaitable[None]]:
    async def check(request: Request) -> None:
        key = f"rate:{name}:{seconds}:{client_of(request)}"
        await enforce(request, key, limit, seconds, closed=closed)

    return check


app = FastAPI(lifespan=lifespan, max_body_size=100_000)  # since FastAPI 0.164


@app.get("/search", dependencies=[Depends(rate_limit("search", 3, 60))])
async def search(q: str) -> str:
    return f"results for {q}"


@app.post("/login", dependencies=[Depends(rate_limit("login", 5, 300, closed=True))])
async def login() -> str:
    return "checks the password"


# --8<-- [end:program]
