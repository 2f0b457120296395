# --8<-- [start:program]
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            text = await websocket.receive_text()
            await websocket.send_text(f"you said {text}")
    except WebSocketDisconnect:
        pass  # the client has left


# --8<-- [end:program]
