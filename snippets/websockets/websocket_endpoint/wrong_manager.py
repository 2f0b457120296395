from fastapi import FastAPI, WebSocket

app = FastAPI()


# --8<-- [start:manager]
connections: set[WebSocket] = set()  # of this process only


async def broadcast(text: str) -> None:
    for websocket in connections:
        await websocket.send_text(text)


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    connections.add(websocket)
    async for text in websocket.iter_text():
        await broadcast(text)
    connections.discard(websocket)


# --8<-- [end:manager]
