from asyncio import Queue

from fastapi import FastAPI, WebSocket

app = FastAPI()
queues: set[Queue[str]] = set()


# --8<-- [start:endpoint]
@app.websocket("/news")
async def news(websocket: WebSocket) -> None:
    await websocket.accept()
    queue: Queue[str] = Queue()
    queues.add(queue)
    try:
        while True:
            await websocket.send_text(await queue.get())
    finally:
        queues.discard(queue)


# --8<-- [end:endpoint]
