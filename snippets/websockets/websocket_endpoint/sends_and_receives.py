from asyncio import Queue, TaskGroup

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
queues: set[Queue[str]] = set()


# --8<-- [start:endpoint]
async def send_news(websocket: WebSocket, queue: Queue[str]) -> None:
    try:
        while True:
            await websocket.send_text(await queue.get())
    except WebSocketDisconnect:
        pass  # the reader sees it as well


@app.websocket("/news")
async def news(websocket: WebSocket) -> None:
    await websocket.accept()
    queue: Queue[str] = Queue(maxsize=100)
    queues.add(queue)
    try:
        async with TaskGroup() as tasks:
            sender = tasks.create_task(send_news(websocket, queue))
            async for _ in websocket.iter_text():
                pass  # until the client has left
            sender.cancel()
    finally:
        queues.discard(queue)


# --8<-- [end:endpoint]
