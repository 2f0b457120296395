# --8<-- [start:program]
import os

from redis import Redis


def tell(order_id: int, status: str) -> None:
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        redis.publish(f"orders:{order_id}", status)


# --8<-- [end:program]
