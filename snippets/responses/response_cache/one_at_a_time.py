# --8<-- [start:cached]
import asyncio
import logging
from collections.abc import Awaitable, Callable

import redis.asyncio as redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


async def cached(
    client: redis.Redis, key: str, seconds: int, make: Callable[[], Awaitable[bytes]]
) -> bytes | str:
    body: bytes | str | None = None
    lock = client.lock(f"{key}:lock", timeout=30)
    try:
        for _ in range(100):  # ten seconds
            if (body := await client.get(key)) is not None:
                return body
            if await lock.acquire(blocking=False):
                try:
                    if (body := await client.get(key)) is None:
                        body = await make()
                        await client.set(key, body, ex=seconds)
                    return body
                finally:
                    await lock.release()
            await asyncio.sleep(0.1)
    except RedisError as error:
        logger.warning("cache not used: %s", error)
    return await make() if body is None else body


# --8<-- [end:cached]
