from asyncio import Queue, QueueFull, TaskGroup
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Protocol

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


# --8<-- [start:interface]
class Broker(Protocol):
    async def publish(self, text: str) -> None: ...
    def subscribe(self) -> AbstractContextManager[Queue[str | None]]: ...


# --8<-- [end:interface]
# --8<-- [start:memory]
class MemoryBroker:
    def __init__(self) -> None:
        self.queues: set[Queue[str | None]] = set()

    async def publish(self, text: str) -> None:
        for queue in self.queues.copy():
            try:
                queue.put_nowait(text)
            except QueueFull:  # a slow client: let it go
                self.queues.discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    @contextmanager
    def subscribe(self) -> Iterator[Queue[str | None]]:
        queue: Queue[str | None] = Queue(maxsize=100)
        self.queues.add(queue)
        try:
            yield queue
        finally:
            self.queues.discard(queue)


# --8<-- [end:memory]
memory = MemoryBroker()


def get_broker() -> Broker:
    return memory


# --8<-- [start:endpoint]
async def forward(websocket: WebSocket, queue: Queue[str | None]) -> None:
    try:
        while (text := await queue.get()) is not None:
            await websocket.send_text(text)
        await websocket.close(1013, "too slow")
    except WebSocketDisconnect:
        pass


@app.websocket("/chat")
async def chat(
    websocket: WebSocket, broker: Annotated[Broker, Depends(get_broker)]
) -> None:
    await websocket.accept()
    with broker.subscribe() as queue:
        async with TaskGroup() as tasks:
            sender = tasks.create_task(forward(websocket, queue))
            async for text in websocket.iter_text():
                await broker.publish(text)
            sender.cancel()


# --8<-- [end:endpoint]
