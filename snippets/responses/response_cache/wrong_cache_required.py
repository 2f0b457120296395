from collections.abc import Awaitable, Callable

import redis.asyncio as redis


# --8<-- [start:cached]
async def cached(
    client: redis.Redis, key: str, make: Callable[[], Awaitable[bytes]]
) -> bytes | str:
    found = await client.get(key)
    if found is None:
        found = await make()
        await client.set(key, found)
    return found


# --8<-- [end:cached]
