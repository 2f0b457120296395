from fastapi import FastAPI, WebSocket, WebSocketException

app = FastAPI()
users = {"token-of-alice": "alice"}


# --8<-- [start:endpoint]
@app.websocket("/inbox")
async def inbox(websocket: WebSocket, token: str) -> None:
    if token not in users:
        raise WebSocketException(1008)
    await websocket.accept()
    await websocket.send_text(f"inbox of {users[token]}")
    await websocket.close()


# --8<-- [end:endpoint]
