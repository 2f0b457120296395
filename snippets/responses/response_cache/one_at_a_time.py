# --8<-- [start:cached]
import logging
from collections.abc import Awaitable, Callable

import redis.asyncio as redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


async def cached(
    client: redis.Redis, key: str, seconds: int, make: Callable[[], Awaitable[bytes]]
) -> bytes | str:
    body: bytes | str | None = None
    try:
        if (body := await client.get(key)) is not None:
            return body
        async with client.lock(f"{key}:lock", timeout=30, blocking_timeout=10):
            if (body := await client.get(key)) is not None:
                return body
            body = await make()
            await client.set(key, body, ex=seconds)
    except RedisError as error:
        logger.warning("cache not used: %s", error)
    return await make() if body is None else body


# --8<-- [end:cached]
