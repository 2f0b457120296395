from asyncio import Queue, QueueFull, TaskGroup, timeout
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
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


# --8<-- [start:forward]
SEND_SECONDS = 10.0


async def forward(websocket: WebSocket, queue: Queue[str | None]) -> None:
    while (text := await queue.get()) is not None:
        async with timeout(SEND_SECONDS):  # a client may never read
            await websocket.send_text(text)
    raise TimeoutError  # its queue was full


async def close(websocket: WebSocket, code: int, reason: str) -> None:
    with suppress(TimeoutError, WebSocketDisconnect):
        async with timeout(SEND_SECONDS):
            await websocket.close(code, reason)


# --8<-- [end:forward]
# --8<-- [start:chat]
@app.websocket("/chat")
async def chat(
    websocket: WebSocket, broker: Annotated[Broker, Depends(get_broker)]
) -> None:
    await websocket.accept()
    with broker.subscribe() as queue:
        try:
            async with TaskGroup() as tasks:
                sender = tasks.create_task(forward(websocket, queue))
                async for text in websocket.iter_text():
                    await broker.publish(text)
                sender.cancel()
        except* WebSocketDisconnect:
            pass  # gone
        except* TimeoutError:
            await close(websocket, 1013, "too slow")


# --8<-- [end:chat]
