# --8<-- [start:program]
from asyncio import Queue, TaskGroup, timeout
from collections.abc import Iterator
from contextlib import contextmanager
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
                queue.get_nowait()  # a slow client misses the oldest
            queue.put_nowait(text)
        return len(queues)


app = FastAPI()
app.state.hub = Hub()
Status = Literal["new", "paid", "sent"]
orders: dict[int, Status] = {7: "new"}  # stands for a database


async def get_hub(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


@app.put("/orders/{order_id}")
async def change(
    order_id: int,
    status: Annotated[Status, Body(embed=True)],
    hub: Annotated[Hub, Depends(get_hub)],
) -> dict[str, int]:
    if order_id not in orders:
        raise HTTPException(404)
    orders[order_id] = status
    return {"told": hub.publish(order_id, status)}


async def forward(websocket: WebSocket, queue: Queue[str]) -> None:
    while True:
        text = await queue.get()
        try:
            async with timeout(10):  # a client may never read
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
        queue.put_nowait(orders[order_id])  # what holds now
        await websocket.accept()
        try:
            async with TaskGroup() as tasks:
                sender = tasks.create_task(forward(websocket, queue))
                while (await websocket.receive())["type"] != "websocket.disconnect":
                    pass  # until the client leaves
                sender.cancel()
        except* (TimeoutError, WebSocketDisconnect):
            pass  # it does not read, or has left


# --8<-- [end:program]
