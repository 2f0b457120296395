from asyncio import Queue, TaskGroup, sleep, timeout
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Protocol

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketDisconnected

app = FastAPI()


# --8<-- [start:interface]
class Broker(Protocol):
    async def publish(self, text: str) -> None: ...
    def subscribe(self) -> AbstractContextManager[Queue[str]]: ...


# --8<-- [end:interface]
# --8<-- [start:memory]
class MemoryBroker:
    def __init__(self) -> None:
        self.queues: set[Queue[str]] = set()

    async def publish(self, text: str) -> None:
        for queue in self.queues:
            if queue.full():
                queue.get_nowait()  # a slow client misses the oldest
            queue.put_nowait(text)
        await sleep(0)  # now the tasks can send

    @contextmanager
    def subscribe(self) -> Iterator[Queue[str]]:
        queue: Queue[str] = Queue(maxsize=100)
        self.queues.add(queue)
        try:
            yield queue
        finally:
            self.queues.discard(queue)


# --8<-- [end:memory]
memory = MemoryBroker()


def get_broker() -> Broker:
    return memory


# --8<-- [start:chat]
SEND_SECONDS = 10.0
MAX_CHARACTERS = 2000  # what waits in the queues takes memory


async def forward(websocket: WebSocket, queue: Queue[str]) -> None:
    while True:
        text = await queue.get()
        try:
            async with timeout(SEND_SECONDS):  # a client may never read
                await websocket.send_text(text)
        except RuntimeError as error:  # Uvicorn has just closed it
            raise WebSocketDisconnect(1006) from error


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
                    if len(text) <= MAX_CHARACTERS:
                        await broker.publish(text)
                sender.cancel()
        except* (TimeoutError, WebSocketDisconnect, WebSocketDisconnected):
            pass  # it does not read, or has left


# --8<-- [end:chat]
