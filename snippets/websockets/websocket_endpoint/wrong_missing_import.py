from fastapi import FastAPI, WebSocket

app = FastAPI()


# --8<-- [start:endpoint]
@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            text = await websocket.receive_text()
            await websocket.send_text(text)
    except WebSocketDisconnect:
        print("client left")


# --8<-- [end:endpoint]
