# --8<-- [start:imports]
import asyncio
import logging
import os
from asyncio import Queue, TaskGroup, timeout
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated, Literal

from fastapi import (
    Body,
    Depends,
    FastAPI,
    HTTPException,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from fastapi.requests import HTTPConnection
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

# --8<-- [end:imports]
Status = Literal["new", "paid", "sent"]
orders: dict[int, Status] = {7: "new"}
logger = logging.getLogger(__name__)


class Hub:
    def __init__(self) -> None:
        self.queues: dict[int, set[Queue[str]]] = {}

    @contextmanager
    def subscribe(self, order_id: int) -> Iterator[Queue[str]]:
        queue: Queue[str] = Queue(maxsize=100)
        queues = self.queues.setdefault(order_id, set())
        queues.add(queue)
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues:
                del self.queues[order_id]

    def publish(self, order_id: int, text: str) -> int:
        queues = self.queues.get(order_id, set())
        for queue in queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(text)
        return len(queues)


# --8<-- [start:listen]
async def listen(pubsub: PubSub, hub: Hub) -> None:
    while True:
        try:
            if not pubsub.subscribed:
                await pubsub.psubscribe("orders:*")
            message = await pubsub.get_message(timeout=10)
        except RedisError:
            logger.exception("no messages from Redis")
            pubsub.patterns.clear()  # so that the next round subscribes again
            await asyncio.sleep(1)
            continue
        if message is None or message["type"] != "pmessage":
            continue
        try:
            order_id = int(message["channel"].removeprefix(b"orders:"))
            hub.publish(order_id, message["data"].decode())
        except ValueError:
            logger.exception("not a message of ours")
        await asyncio.sleep(0)  # in a burst too the tasks can send


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    url = os.environ["REDIS_URL"]
    pool = BlockingConnectionPool.from_url(  # waits for a free connection
        url,
        timeout=2,
        socket_timeout=1,
        socket_connect_timeout=1,  # also of a host that is gone
        retry=Retry(NoBackoff(), 1),  # where a connection of the pool was lost
    )
    hub = Hub()
    async with Redis.from_pool(pool) as redis, redis.pubsub() as pubsub:
        with suppress(RedisError):  # the listener tries it again
            await pubsub.psubscribe("orders:*")
        listener = asyncio.create_task(listen(pubsub, hub))
        app.state.hub, app.state.redis = hub, redis
        try:
            yield
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener


app = FastAPI(lifespan=lifespan)
# --8<-- [end:listen]


async def get_hub(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


async def get_redis(connection: HTTPConnection) -> Redis:
    redis: Redis = connection.app.state.redis
    return redis


# --8<-- [start:route]
@app.put("/orders/{order_id}")
async def change(
    order_id: int,
    status: Annotated[Status, Body(embed=True)],
    redis: Annotated[Redis, Depends(get_redis)],
) -> None:
    if order_id not in orders:
        raise HTTPException(404)
    orders[order_id] = status
    try:
        await redis.publish(f"orders:{order_id}", status)
    except RedisError:  # the change holds, so the answer is a success
        logger.exception("nobody was told of order %s", order_id)


# --8<-- [end:route]


async def forward(websocket: WebSocket, queue: Queue[str]) -> None:
    while True:
        text = await queue.get()
        try:
            async with timeout(10):
                await websocket.send_text(text)
        except RuntimeError as error:  # Uvicorn has just closed the connection
            raise WebSocketDisconnect(1006) from error


@app.websocket("/orders/{order_id}/changes")
async def changes(
    websocket: WebSocket, order_id: int, hub: Annotated[Hub, Depends(get_hub)]
) -> None:
    if order_id not in orders:
        raise WebSocketException(1008, "unknown order")
    with hub.subscribe(order_id) as queue:
        queue.put_nowait(orders[order_id])
        await websocket.accept()
        try:
            async with TaskGroup() as tasks:
                sender = tasks.create_task(forward(websocket, queue))
                while (await websocket.receive())["type"] != "websocket.disconnect":
                    pass
                sender.cancel()
        except* (TimeoutError, WebSocketDisconnect):
            pass
