from fastapi import FastAPI, WebSocket

app = FastAPI()

# --8<-- [start:route]
sockets: list[WebSocket] = []


@app.websocket("/changes")
async def changes(websocket: WebSocket) -> None:
    await websocket.accept()
    sockets.append(websocket)
    async for _ in websocket.iter_text():
        pass


@app.put("/orders/{order_id}")
async def change(order_id: int, status: str) -> None:
    for websocket in sockets:
        await websocket.send_text(status)


# --8<-- [end:route]
