# --8<-- [start:cached]
import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

import redis.asyncio as redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


async def attempt(step: Awaitable[object]) -> None:
    try:
        await step
    except RedisError as error:
        logger.warning("cache not written: %s", error)


async def cached(
    client: redis.Redis, key: str, seconds: int, make: Callable[[], Awaitable[bytes]]
) -> bytes | str:
    lock, held = client.lock(f"{key}:lock", timeout=30), False
    stop = monotonic() + 10
    body: bytes | str | None = None
    try:
        try:
            while monotonic() < stop:
                if (body := await client.get(key)) is not None:
                    return body
                if held := await lock.acquire(blocking=False):
                    body = await client.get(key)  # stored since the last look?
                    break
                await asyncio.sleep(0.1)
        except RedisError as error:
            logger.warning("cache not read: %s", error)
        if body is None:
            body = await make()  # once, whatever it raises
            if held:
                await attempt(client.set(key, body, ex=seconds))
        return body
    finally:
        if held:
            await attempt(lock.release())


# --8<-- [end:cached]
