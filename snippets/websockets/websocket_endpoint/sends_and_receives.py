from asyncio import Queue, TaskGroup, timeout

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketDisconnected

app = FastAPI()
SEND_SECONDS = 10.0


# --8<-- [start:endpoint]
queues: set[Queue[str]] = set()


def publish(text: str) -> None:
    # call it on the event loop, not from `def`
    for queue in queues:
        if queue.full():
            queue.get_nowait()  # drop the oldest
        queue.put_nowait(text)


async def send_news(websocket: WebSocket, queue: Queue[str]) -> None:
    while True:
        text = await queue.get()
        try:
            async with timeout(SEND_SECONDS):
                await websocket.send_text(text)
        except RuntimeError as error:  # Uvicorn has just closed it
            raise WebSocketDisconnect(1006) from error


@app.websocket("/news")
async def news(websocket: WebSocket) -> None:
    await websocket.accept()
    queue: Queue[str] = Queue(maxsize=100)
    queues.add(queue)
    try:
        async with TaskGroup() as tasks:
            sending = send_news(websocket, queue)
            sender = tasks.create_task(sending)
            async for _ in websocket.iter_text():
                pass  # until the client leaves
            sender.cancel()
    except* (TimeoutError, WebSocketDisconnect, WebSocketDisconnected):
        pass  # it does not read, or has left
    finally:
        queues.discard(queue)


# --8<-- [end:endpoint]
