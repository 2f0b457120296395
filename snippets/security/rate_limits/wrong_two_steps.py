from redis.asyncio import Redis


# --8<-- [start:count]
async def count(redis: Redis, key: str, seconds: int) -> int:
    number: int = await redis.incr(key)
    if number == 1:
        await redis.expire(key, seconds)
    return number
    # --8<-- [end:count]
