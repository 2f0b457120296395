from asyncio import sleep

from fastapi import FastAPI, WebSocket

app = FastAPI()


# --8<-- [start:endpoint]
@app.websocket("/prices")
async def prices(websocket: WebSocket) -> None:
    await websocket.accept()
    for price in (10.5, 10.7):  # never receives anything
        await websocket.send_json(price)
        await sleep(0)
    await websocket.close()


# --8<-- [end:endpoint]
