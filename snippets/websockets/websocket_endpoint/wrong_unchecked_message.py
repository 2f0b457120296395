from fastapi import FastAPI, WebSocket

app = FastAPI()


# --8<-- [start:endpoint]
@app.websocket("/orders")
async def orders(websocket: WebSocket) -> None:
    await websocket.accept()
    async for order in websocket.iter_json():
        total = order["quantity"] * order["price"]
        await websocket.send_json({"total": total})


# --8<-- [end:endpoint]
